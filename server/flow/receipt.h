/* What a receipt says, line by line, in the language of its desk. Every printer gets the same lines: the
 * browser through the API, the desk's own printer through its agent. Pure: values in, lines out. */
#ifndef CARDWRIGHT_FLOW_RECEIPT_H
#define CARDWRIGHT_FLOW_RECEIPT_H

#include "crypto/aead.h"

#include <jansson.h>

/* `facts`: what fn_receipt_body gives. Returns a new list of lines, top to bottom:
 *   {"style": "title"|"head"|"note", "text"}     centred; a title is large, a head is bold
 *   {"style": "row"|"strong", "text", "value"}   name left, value right; strong is bold
 *   {"style": "rule"}                            a line across
 * NULL: members are missing. */
json_t *receipt_lines(const json_t *facts);

/* The task of an agent: {"print": id, "paper_mm", "language", "lines"}, sealed for it, as hex. The caller
 * frees it. NULL: the facts make no receipt, or it does not fit into RECEIPT_JSON_BYTES_MAX. */
char *receipt_seal(const json_t *facts, const struct seal_context *context);

#endif
