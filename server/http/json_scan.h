/* Reads a JSON text from outside: UTF-8, depth and duplicate keys are checked, and a fault says where. */
#ifndef CARDWRIGHT_HTTP_JSON_SCAN_H
#define CARDWRIGHT_HTTP_JSON_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct json_fault {
    int line;   /* from 1 */
    int column; /* characters from 1 */
    char message[160];
};

/* One JSON object with at most JSON_DEPTH_MAX levels, every key once in its object. NULL: `ret_fault` says
 * what and where. The caller owns the result. */
json_t *json_scan_object(const char *text, size_t bytes, struct json_fault *ret_fault);

#endif
