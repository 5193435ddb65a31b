/* Reading a card that an agent presents: the sealed read plan out, the evidence of its answer back. Pure
 * stages of the FAST lane: no I/O. */
#ifndef CARDWRIGHT_FLOW_READING_H
#define CARDWRIGHT_FLOW_READING_H

#include "crypto/aead.h"
#include "flow/card_view.h"

/* The sealed read plan as hex text, allocated; NULL: the view gives no plan. `context->id` is the read id. */
char *reading_plan_seal(const struct card_view *view, const struct seal_context *context);

/* What reading_merge takes from the agent's message. */
struct reading_answer {
    const char *presentation_id;
    const char *presence_id;
    json_t *message; /* object with "blocks" and "sectors" as the agent sent them */
};

/* Decodes the answer and merges its evidence: the object that fn_presentation takes, new reference. NULL: the
 * message is wrong, and `ret_problem` says what. */
json_t *reading_merge(const struct card_view *view, const struct reading_answer *answer,
                      const char **ret_problem);

#endif
