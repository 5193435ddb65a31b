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

/* ---- for transfers of one's own ---- */

struct curl_slist;
/* Adds "name: value"; without a value (NULL) nothing. */
struct curl_slist *rig_header(struct curl_slist *list, const char *name, const char *value);
/* What a browser sends with the cookie; `key` may be NULL. The caller frees the list. */
struct curl_slist *rig_headers(const char *cookie, const char *key);
/* A CURLOPT_WRITEFUNCTION: adds to the text at its CURLOPT_WRITEDATA, a char * that is NULL at first and the
 * caller's to free. More than 1 MiB ends the transfer. */
size_t rig_take(char *bytes, size_t size, size_t count, void *text);

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
