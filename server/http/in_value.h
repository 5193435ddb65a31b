/* One declared field against one value. The only user is in.c. */
#ifndef CARDWRIGHT_HTTP_IN_VALUE_H
#define CARDWRIGHT_HTTP_IN_VALUE_H

#include "http/in.h"

/* What is wrong with a value: a stable word and a sentence; both NULL when nothing is. */
struct in_fault {
    const char *code;
    const char *message;
};

/* Checks a JSON value (not null) and stores it. */
struct in_fault in_value_json(struct request *rq, const struct in_field *field, json_t *value);

/* The same for the text of a query parameter. */
struct in_fault in_value_text(struct request *rq, const struct in_field *field, const char *text);

#endif
