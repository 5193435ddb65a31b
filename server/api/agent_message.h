/* What the handlers of agent messages share. */
#ifndef CARDWRIGHT_API_AGENT_MESSAGE_H
#define CARDWRIGHT_API_AGENT_MESSAGE_H

#include "api/agent_auth.h"
#include "api/fast.h"
#include "http/in.h"

/* What one message keeps over its stages and waits; lives in the memory of its request. */
struct agent_message {
    const struct agent_identity *agent;
    struct in_bytes run;
    struct uuid presence_id;
    struct uuid subject_id; /* presentation of a reading, plan of a report, id of a new plan row of a poll */
    struct in_bytes uid;
    struct in_bytes sak;
    const char *kind; /* of a presence; state of the reader of a poll */
    const char *text; /* JSON for the database */
    int tries;
    int64_t poll_until_ms;
    uint64_t wake_count; /* of the desk when the poll was read */
};

struct agent_message *agent_message_new(struct request *rq, const struct agent_identity *agent);

/* Binds agent and run, and sorts the call by desk. */
void agent_message_bind(struct request *rq, const struct agent_message *message, struct db_call *call);

/* True if the row says done or replayed; else the refusal has been replied. */
bool agent_message_done(struct request *rq, const struct db_rows *rows);

/* The last stage of messages that answer {}: wakes whom the column `wake` names. */
enum fast_next agent_message_woken(struct request *rq, void *state, const struct db_rows *rows,
                                   const struct fast_stage **ret_next);

#endif
