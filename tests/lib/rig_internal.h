/* What the files of the rig share. */
#ifndef CARDWRIGHT_TESTS_LIB_RIG_INTERNAL_H
#define CARDWRIGHT_TESTS_LIB_RIG_INTERNAL_H

#include "tests/lib/rig.h"

#include <stdint.h>

int64_t rig_now_ms(void); /* monotonic */
int rig_wait_ms(const struct rig_desk *desk);

/* Puts a sentence into desk->problem. Always false. */
bool rig_problem(struct rig_desk *desk, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sends a request as whoever holds `cookie`; see rig_call. */
struct rig_request {
    const char *method;
    const char *path;
    const char *body; /* single quotes for strings; NULL: none */
    const char *key;
    const char *cookie;
    const char *step_up; /* token of a second password; NULL: none */
};
int rig_send(struct rig_desk *desk, const struct rig_request *request, json_t **ret_answer);

/* "code: title" of an error answer into desk->problem. Always false. */
bool rig_refused(struct rig_desk *desk, const char *what, int status, json_t *answer);

/* Text of a member by path ("card.state", "legs.0.state"); "" if absent. */
const char *rig_text(const json_t *value, const char *path);

/* rig_events.c */
bool rig_stream_open(struct rig_desk *desk);
void rig_stream_close(struct rig_desk *desk);

/* rig_trace.c: with RIG_TRACE=1 in the environment, prints all that is known of the desk after a wait in
 * vain. */
void rig_trace(struct rig_desk *desk);

/* rig_agent.c */
bool rig_agent_spawn(struct rig_desk *desk, const char *pairing_code);

#endif
