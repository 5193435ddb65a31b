/* Agents on plans (agent/PROTOCOL.md): the long poll for tasks, and the report of a plan. */
#include "api/agent_message.h"
#include "api/desk_wake.h"
#include "api/routes.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/plan_task.h"
#include "flow/receipt.h"
#include "http/reply.h"
#include "http/server.h"
#include "http/wait.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void json_release(json_t **json)
{
    json_decref(*json);
}

/* ---- poll ---- */

static const char *const reader_states[] = {"ok", "absent", "silent", NULL};

static bool poll_bind(struct request *rq, void *state, struct db_call *call)
{
    struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_text(&call->params, message->kind);
    message->wake_count = desk_wake_count(&message->agent->desk_id);
    message->subject_id = uuid_make_v7(); /* a new plan row's id */
    db_bind_uuid(&call->params, message->subject_id.bytes);
    return true;
}

static const struct fast_stage poll_stage;
static void poll_wake(struct request *rq, enum wait_why why);
static enum fast_next training_next(struct request *rq, void *state, const struct db_rows *rows,
                                    const struct fast_stage **ret_next);
static enum fast_next print_next(struct request *rq, void *state, const struct db_rows *rows,
                                 const struct fast_stage **ret_next);

static enum fast_next poll_park(struct request *rq, struct agent_message *message)
{
    int64_t left_ms = message->poll_until_ms - loop_now_ms(http_server_loop(request_server(rq)));
    if (left_ms <= 0) {
        reply_json(rq, 200, "{\"tasks\":[]}");
        return FAST_REPLIED;
    }
    if (desk_wake_count(&message->agent->desk_id) != message->wake_count) {
        fast_run_again(rq, &poll_stage, message); /* news came while the database was asked */
        return FAST_PARKED;
    }
    wait_park(rq, message->agent->desk_id.bytes, left_ms < RE_READ_MS ? (int)left_ms : RE_READ_MS, poll_wake);
    return FAST_PARKED;
}

static bool desk_bind(struct request *rq, void *state, struct db_call *call)
{
    (void)rq;
    const struct agent_message *message = state;
    db_bind_uuid(&call->params, message->agent->desk_id.bytes);
    return true;
}

static const struct fast_stage training_stage = {
    .statement = "training_take", .bind = desk_bind, .next = training_next, .repeatable = true};

static const struct fast_stage print_stage = {
    .statement = "receipt_take", .bind = desk_bind, .next = print_next, .repeatable = true};

static bool unbuilt_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_uuid(&call->params, message->subject_id.bytes);
    db_bind_text(&call->params, message->text);
    return true;
}

/* Noted. Its row may have got through as a plan before, so it is burnt, if it can be, by the agent. */
static enum fast_next unbuilt_next(struct request *rq, void *state, const struct db_rows *rows,
                                   const struct fast_stage **ret_next)
{
    (void)ret_next;
    const struct agent_message *message = state;
    if (!agent_message_done(rq, rows))
        return FAST_REPLIED;
    desk_wake_rows(rows, "wake");
    char plan[UUID_TEXT_BYTES];
    uuid_format(&message->subject_id, plan);
    reply_json(rq, 200, request_printf(rq, "{\"tasks\":[{\"task\":\"cancel\",\"plan\":\"%s\"}]}", plan));
    return FAST_REPLIED;
}

static const struct fast_stage unbuilt_stage = {
    .statement = "plan_unbuilt", .bind = unbuilt_bind, .next = unbuilt_next, .repeatable = true};

/* Nothing is written of a row that cannot be built: the reason goes into it, a card without a free record
 * gets a case (card design 3.4), and after three times for one reason there are no more rows for a while. */
static enum fast_next plan_reply(struct request *rq, struct agent_message *message,
                                 const struct db_rows *rows, const struct fast_stage **ret_next)
{
    CLEANUP(json_release) json_t *body = json_loads(db_text(rows, 0, 2), 0, NULL);
    const char *plan = json_string_value(json_object_get(body, "plan"));
    uint8_t key[AGENT_KEY_BYTES];
    struct seal_context context = {.agent_key = key, .agent_id = message->agent->agent_id};
    const char *problem = "the plan cannot be sealed for this agent";
    CLEANUP(cleanup_free) char *sealed = NULL;
    bool has_id = plan && uuid_parse(plan, &context.id);
    if (has_id && agent_auth_key(message->agent, key))
        sealed = plan_task_seal(body, &context, &problem);
    sodium_memzero(key, sizeof key);
    if (sealed) {
        reply_json(rq, 200,
                   request_printf(rq, "{\"tasks\":[{\"task\":\"plan\",\"plan\":\"%s\",\"sealed\":\"%s\"}]}",
                                  plan, sealed));
        return FAST_REPLIED;
    }
    message->text = problem ? problem : "no memory";
    log_error("agent.plan", LOG_TEXT("plan", plan ? plan : "-"), LOG_TEXT("reason", message->text));
    if (!has_id) {
        reply_error(rq, ERR_INTERNAL, NULL);
        return FAST_REPLIED;
    }
    message->subject_id = context.id;
    *ret_next = &unbuilt_stage;
    return FAST_STAGE;
}

/* What is no money comes last: simulated cards, then waiting. */
static enum fast_next poll_rest(struct request *rq, struct agent_message *message,
                                const struct fast_stage **ret_next)
{
    if (!message->agent->simulated)
        return poll_park(rq, message);
    *ret_next = &training_stage;
    return FAST_STAGE;
}

static enum fast_next poll_next(struct request *rq, void *state, const struct db_rows *rows,
                                const struct fast_stage **ret_next)
{
    struct agent_message *message = state;
    if (!agent_message_done(rq, rows))
        return FAST_REPLIED;
    desk_wake_rows(rows, "wake");
    const char *task = db_text(rows, 0, 1);
    if (strcmp(task, "plan") == 0)
        return plan_reply(rq, message, rows, ret_next);
    if (strcmp(task, "cancel") == 0) {
        CLEANUP(json_release) json_t *body = json_loads(db_text(rows, 0, 2), 0, NULL);
        const char *plan = json_string_value(json_object_get(body, "plan"));
        reply_json(rq, 200, request_printf(rq, "{\"tasks\":[{\"task\":\"cancel\",\"plan\":\"%s\"}]}", plan));
        return FAST_REPLIED;
    }
    if (strcmp(task, "read") == 0) {
        reply_json(rq, 200, "{\"tasks\":[{\"task\":\"read\"}]}");
        return FAST_REPLIED;
    }
    if (strcmp(task, "print") == 0) {
        *ret_next = &print_stage;
        return FAST_STAGE;
    }
    return poll_rest(rq, message, ret_next);
}

/* Row: facts of a receipt, or none. One that cannot be made stays unanswered; who waits for it is told in
 * time. */
static enum fast_next print_next(struct request *rq, void *state, const struct db_rows *rows,
                                 const struct fast_stage **ret_next)
{
    const struct agent_message *message = state;
    if (db_rows_count(rows) == 0 || db_is_null(rows, 0, 0))
        return poll_rest(rq, state, ret_next);
    CLEANUP(json_release) json_t *facts = json_loads(db_text(rows, 0, 0), 0, NULL);
    const char *id = json_string_value(json_object_get(facts, "id"));
    uint8_t key[AGENT_KEY_BYTES];
    struct seal_context context = {.agent_key = key, .agent_id = message->agent->agent_id};
    CLEANUP(cleanup_free) char *sealed = NULL;
    if (id && uuid_parse(id, &context.id) && agent_auth_key(message->agent, key))
        sealed = receipt_seal(facts, &context);
    sodium_memzero(key, sizeof key);
    if (!sealed) {
        log_error("agent.print", LOG_TEXT("print", id ? id : "-"),
                  LOG_TEXT("reason", "no receipt can be made of it"));
        return poll_rest(rq, state, ret_next);
    }
    reply_json(
        rq, 200,
        request_printf(rq, "{\"tasks\":[{\"task\":\"print\",\"id\":\"%s\",\"sealed\":\"%s\"}]}", id, sealed));
    return FAST_REPLIED;
}

/* Row: body of the task, or none. */
static enum fast_next training_next(struct request *rq, void *state, const struct db_rows *rows,
                                    const struct fast_stage **ret_next)
{
    (void)ret_next;
    if (db_rows_count(rows) == 0 || db_is_null(rows, 0, 0))
        return poll_park(rq, state);
    reply_json(rq, 200, request_printf(rq, "{\"tasks\":[%s]}", db_text(rows, 0, 0)));
    return FAST_REPLIED;
}

static const struct fast_stage poll_stage = {
    .statement = "plan_take", .bind = poll_bind, .next = poll_next, .repeatable = true};

static void poll_wake(struct request *rq, enum wait_why why)
{
    (void)why; /* woken or not, the database says what there is */
    fast_run(rq, &poll_stage, fast_state(rq));
}

static void poll_read(struct request *rq, const struct agent_identity *agent)
{
    struct agent_message *message = agent_message_new(rq, agent);
    json_t *reader;
    int64_t at;
    int state = 0;
    const char *name;
    struct in_field spec[] = {IN_HEX("run", &message->run, 16, 16), IN_OBJECT("reader", &reader),
                              IN_INT("at", &at, 0, INT64_MAX), IN_END};
    struct in_field reader_spec[] = {IN_ENUM("state", &state, reader_states),
                                     IN_TEXT("name", &name, 0, READER_NAME_CHARACTERS_MAX), IN_END};
    if (!in_read(rq, spec))
        return;
    in_object(rq, "/reader", reader, reader_spec);
    if (!in_done(rq))
        return;
    message->kind = reader_states[state];
    message->poll_until_ms = loop_now_ms(http_server_loop(request_server(rq))) + AGENT_POLL_WAIT_MS;
    fast_run(rq, &poll_stage, message);
}

void agent_poll_post(struct request *rq)
{
    agent_auth_then(rq, poll_read);
}

/* ---- report ---- */

static bool report_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_uuid(&call->params, message->subject_id.bytes);
    db_bind_text(&call->params, message->text);
    return true;
}

static const struct fast_stage report_stage = {
    .statement = "plan_report", .bind = report_bind, .next = agent_message_woken, .repeatable = true};

static const char *const report_results[] = {"written", "unknown", "burnt", NULL};

/* [[leg id, epoch_no], …]: what fn_plan_report compares with the plan row. */
static bool legs_good(json_t *legs)
{
    size_t i;
    json_t *leg;
    json_array_foreach(legs, i, leg)
    {
        struct uuid id;
        const char *text = json_string_value(json_array_get(leg, 0));
        if (json_array_size(leg) != 2 || !text || !uuid_parse(text, &id) ||
            !json_is_integer(json_array_get(leg, 1)))
            return false;
    }
    return true;
}

static bool blocks_good(json_t *blocks)
{
    const char *number;
    json_t *block;
    json_object_foreach(blocks, number, block)
    {
        uint8_t bytes[CARD_BLOCK_BYTES];
        const char *text = json_string_value(block);
        size_t digits = strspn(number, "0123456789");
        if (digits == 0 || digits > 3 || number[digits] != '\0' || !text ||
            !bytes_from_hex(text, bytes, sizeof bytes))
            return false;
    }
    return true;
}

static void report_read(struct request *rq, const struct agent_identity *agent)
{
    struct agent_message *message = agent_message_new(rq, agent);
    int result;
    json_t *legs;
    json_t *blocks;
    struct uuid presentation;
    const char *reason;
    int64_t commands;
    int64_t card_ms;
    bool given = false;
    struct in_field spec[] = {IN_HEX("run", &message->run, 16, 16),
                              IN_UUID("plan", &message->subject_id),
                              IN_ENUM("result", &result, report_results),
                              IN_ARRAY("legs", &legs, 0, 4),
                              IN_OBJECT("blocks", &blocks),
                              IN_UUID_OPT("presentation", &presentation, &given),
                              IN_TEXT("reason", &reason, 1, 40),
                              IN_INT("commands", &commands, 0, 100000),
                              IN_INT("card_ms", &card_ms, 0, 10000000),
                              IN_END};
    if (!in_read(rq, spec))
        return;
    if (!legs_good(legs))
        field_error_add(rq, "/legs", "shape", "must be a list of [leg id, epoch number]");
    if (!blocks_good(blocks))
        field_error_add(rq, "/blocks", "shape", "must map block numbers to 32 hex digits");
    if (!in_done(rq))
        return;
    CLEANUP(cleanup_free) char *text = json_dumps(request_body_json(rq), JSON_COMPACT);
    message->text = request_copy(rq, text ? text : "{}");
    fast_run(rq, &report_stage, message);
}

void agent_report_post(struct request *rq)
{
    agent_auth_then(rq, report_read);
}
