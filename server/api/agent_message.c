#include "api/agent_message.h"

#include "api/desk_wake.h"
#include "http/reply.h"

#include <string.h>

struct agent_message *agent_message_new(struct request *rq, const struct agent_identity *agent)
{
    struct agent_message *message = request_alloc(rq, sizeof *message);
    message->agent = agent;
    return message;
}

void agent_message_bind(struct request *rq, const struct agent_message *message, struct db_call *call)
{
    fast_bind_agent(rq, &call->params);
    db_bind_bytes(&call->params, message->run.bytes, message->run.count);
    fast_order_by_desk(call, &message->agent->desk_id);
}

bool agent_message_done(struct request *rq, const struct db_rows *rows)
{
    const char *outcome = db_text(rows, 0, 0);
    if (strcmp(outcome, "done") == 0 || strcmp(outcome, "replayed") == 0)
        return true;
    reply_error(rq, err_from_code(outcome), NULL);
    return false;
}

enum fast_next agent_message_woken(struct request *rq, void *state, const struct db_rows *rows,
                                   const struct fast_stage **ret_next)
{
    (void)state;
    (void)ret_next;
    if (agent_message_done(rq, rows)) {
        desk_wake_rows(rows, "wake");
        reply_json(rq, 200, "{}");
    }
    return FAST_REPLIED;
}
