/* The plan behind a plan row: built from what the row holds and nothing else, so the same row gives the same
 * bytes, then sealed for its agent. Keys and writes exist only inside this call. */
#ifndef CARDWRIGHT_FLOW_PLAN_TASK_H
#define CARDWRIGHT_FLOW_PLAN_TASK_H

#include "crypto/aead.h"

#include <jansson.h>

/* `body`: what fn_plan_take returned. Gives the sealed plan as hex text, allocated, or NULL with the reason
 * in `ret_problem` (a row that cannot be built is our fault, but for a reading that misses blocks). */
char *plan_task_seal(json_t *body, const struct seal_context *context, const char **ret_problem);

#endif
