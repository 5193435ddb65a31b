/* Receipts: asked for by the screen, printed by the browser or by the printer of the desk's agent. */
#include "api/agent_message.h"
#include "api/desk_wake.h"
#include "api/fast.h"
#include "api/outcome.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/receipt.h"
#include "http/in.h"
#include "http/reply.h"
#include "http/wait.h"

#include <stdlib.h>
#include <string.h>

/* ---- POST /api/v1/desks/:desk_id/receipts ---- */

struct asked {
    struct uuid id;
    struct uuid desk_id;
    struct uuid operation_id;
    bool browser;
    bool given_up;
    int64_t until_ms;
};

static void receipt_look(struct request *rq, struct asked *asked);

static bool ask_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct asked *asked = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, asked->id.bytes);
    db_bind_uuid(&call->params, asked->desk_id.bytes);
    db_bind_uuid(&call->params, asked->operation_id.bytes);
    db_bind_bool(&call->params, asked->browser);
    db_bind_text(&call->params, request_id(rq));
    fast_order_by_desk(call, &asked->desk_id);
    return true;
}

static bool look_bind(struct request *rq, void *state, struct db_call *call)
{
    struct asked *asked = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, asked->id.bytes);
    asked->given_up = clock_monotonic_ms() >= asked->until_ms;
    db_bind_bool(&call->params, asked->given_up);
    fast_order_by_desk(call, &asked->desk_id);
    return true;
}

static void reply_receipt(struct request *rq, const struct db_rows *rows)
{
    json_t *facts = json_loads(db_text(rows, 0, 1), 0, NULL);
    json_t *lines = receipt_lines(facts);
    json_t *body = json_object();
    static const char *const members[] = {"id",     "operation_id", "kind",     "made_by", "copy_no",
                                          "number", "paper_mm",     "language", NULL};
    for (size_t i = 0; members[i]; i++)
        json_object_set(body, members[i], json_object_get(facts, members[i]));
    if (lines) {
        json_object_set_new(body, "lines", lines);
        reply_json_t(rq, 200, body);
    } else {
        log_error("receipt.lines", LOG_TEXT("reason", "the facts make no receipt"));
        reply_error(rq, ERR_INTERNAL, NULL);
    }
    json_decref(body);
    json_decref(facts);
}

/* Waits for the agent's answer, woken by it under the id of the printing; one that another server took is
 * found by looking again each RE_READ_MS. The last look gives it up, so that nothing is printed that nobody
 * waits for. */
static void receipt_woken(struct request *rq, enum wait_why why)
{
    (void)why;
    receipt_look(rq, fast_state(rq));
}

static enum fast_next state_next(struct request *rq, void *state, const struct db_rows *rows,
                                 const struct fast_stage **ret_next)
{
    (void)ret_next;
    const struct asked *asked = state;
    const char *outcome = db_text(rows, 0, 0);
    int64_t left_ms = asked->until_ms - clock_monotonic_ms();
    desk_wake_rows(rows, "wake");
    if (strcmp(outcome, "waiting") == 0) {
        wait_park(rq, asked->id.bytes,
                  left_ms > RE_READ_MS ? RE_READ_MS
                  : left_ms > 1        ? (int)left_ms
                                       : 1,
                  receipt_woken);
        return FAST_PARKED;
    }
    if (strcmp(outcome, "done") == 0)
        reply_receipt(rq, rows);
    else
        outcome_reply(rq, rows);
    return FAST_REPLIED;
}

static void receipt_look(struct request *rq, struct asked *asked)
{
    static const struct fast_stage look = {
        .statement = "receipt_read", .bind = look_bind, .next = state_next, .repeatable = true};
    fast_run(rq, &look, asked);
}

void desks_desk_receipts_post(struct request *rq)
{
    static const struct fast_stage ask = {
        .statement = "receipt_ask", .bind = ask_bind, .next = state_next, .repeatable = true};
    struct asked *asked = request_alloc(rq, sizeof *asked);
    asked->id = uuid_make_v7();
    const struct in_field spec[] = {IN_UUID_OPT("id", &asked->id, NULL),
                                    IN_UUID("operation_id", &asked->operation_id),
                                    IN_BOOL_OPT("browser", &asked->browser, NULL), IN_END};
    if (!request_param_uuid(rq, "desk_id", &asked->desk_id) || !in_read(rq, spec))
        return;
    asked->until_ms = clock_monotonic_ms() + RECEIPT_WAIT_MS;
    fast_run(rq, &ask, asked);
}

/* ---- POST /agent/v1/printed ---- */

static const char *const problem_words[] = {"absent", "paper", "cover", "stalled", "broken", NULL};

static bool printed_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_uuid(&call->params, message->subject_id.bytes);
    db_bind_text(&call->params, message->kind);
    return true;
}

static enum fast_next printed_next(struct request *rq, void *state, const struct db_rows *rows,
                                   const struct fast_stage **ret_next)
{
    (void)ret_next;
    const struct agent_message *message = state;
    wait_wake(request_server(rq), message->subject_id.bytes);
    outcome_reply(rq, rows);
    return FAST_REPLIED;
}

static void printed_read(struct request *rq, const struct agent_identity *agent)
{
    static const struct fast_stage store = {
        .statement = "receipt_done", .bind = printed_bind, .next = printed_next, .repeatable = true};
    struct agent_message *message = agent_message_new(rq, agent);
    int problem = -1;
    bool has_problem = false;
    const struct in_field spec[] = {IN_HEX("run", &message->run, AGENT_RUN_BYTES, AGENT_RUN_BYTES),
                                    IN_UUID("id", &message->subject_id),
                                    IN_ENUM_OPT("problem", &problem, problem_words, &has_problem), IN_END};
    if (!in_read(rq, spec))
        return;
    message->kind = has_problem ? problem_words[problem] : NULL;
    fast_run(rq, &store, message);
}

void agent_printed_post(struct request *rq)
{
    agent_auth_then(rq, printed_read);
}
