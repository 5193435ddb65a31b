/* JSON the careful way: bounded, every key once, and memory that is wiped when it is given back, because the
 * texts of plans hold card keys. */
#ifndef CARDWRIGHT_AGENT_STRICT_JSON_H
#define CARDWRIGHT_AGENT_STRICT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Makes jansson wipe all memory it frees. Once, before the first use of jansson; texts of json_dumps go back
 * with strict_json_free_text. */
void strict_json_wipe_memory(void);
void strict_json_free_text(char *text);

/* Reads one JSON object of at most `bytes_max` bytes and JSON_DEPTH_MAX levels; NULL: it is not one. */
json_t *strict_json_load(const char *text, size_t text_bytes, size_t bytes_max);

/* True if the object has no member beside those named (the list ends with NULL). */
bool strict_json_has_only(const json_t *object, const char *const *names);

/* For CLEANUP. */
void strict_json_release(json_t **json);

#endif
