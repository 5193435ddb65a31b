/* Desk acts on cards: prepare (issue, un-issue, recharge, withdraw), read, cancel, undo. The database
 * decides; here only the shape of a request is checked. */
#include "api/desk_wake.h"
#include "api/fast.h"
#include "api/routes.h"
#include "api/step_up.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/money.h"
#include "http/in.h"
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

static void json_release(json_t **json)
{
    json_decref(*json);
}

struct act {
    struct uuid desk_id;
    struct uuid operation_id;
    const char *text; /* what the money function takes, as JSON */
    bool scrap;
    const char *reason; /* of a cancel; NULL: none given */
};

static void set_uuid(json_t *act, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    json_object_set_new(act, name, json_string(text));
}

static void set_bytes(json_t *act, const char *name, const uint8_t *bytes, size_t count)
{
    char text[2 * SHA256_BYTES + 1];
    bytes_to_hex(bytes, count, text);
    json_object_set_new(act, name, json_string(text));
}

/* Completes an act with key, body hash and request id. */
static struct act *act_new(struct request *rq, json_t *json, const struct uuid *desk_id)
{
    struct act *act = request_alloc(rq, sizeof *act);
    uint8_t digest[SHA256_BYTES];
    request_body_sha256(rq, digest);
    set_bytes(json, "request_sha256", digest, sizeof digest);
    set_uuid(json, "key", request_key(rq));
    set_uuid(json, "desk_id", desk_id);
    const uint8_t *step_up = step_up_sha256(rq);
    if (step_up)
        set_bytes(json, "step_up", step_up, SHA256_BYTES);
    json_object_set_new(json, "request_id", json_string(request_id(rq)));
    CLEANUP(cleanup_free) char *text = json_dumps(json, JSON_COMPACT);
    act->desk_id = *desk_id;
    act->text = request_copy(rq, text ? text : "{}");
    return act;
}

static bool act_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct act *act = state;
    fast_bind_token(rq, &call->params);
    db_bind_text(&call->params, act->text);
    fast_order_by_desk(call, &act->desk_id);
    return true;
}

/* Row: outcome, body, extra, status, wake. */
static enum fast_next act_next(struct request *rq, void *state, const struct db_rows *rows,
                               const struct fast_stage **ret_next)
{
    (void)state;
    (void)ret_next;
    desk_wake_rows(rows, "wake");
    const char *outcome = db_text(rows, 0, 0);
    bool replayed = strcmp(outcome, "replayed") == 0;
    if (!replayed && strcmp(outcome, "done") != 0) {
        reply_error_extra_text(rq, err_from_code(outcome), db_text(rows, 0, 2));
        return FAST_REPLIED;
    }
    if (replayed)
        reply_header(rq, "Idempotent-Replayed", "true");
    reply_json(rq, (int)db_int64(rows, 0, 3), db_text(rows, 0, 1));
    return FAST_REPLIED;
}

static const struct fast_stage issue_stage = {
    .statement = "operation_issue", .bind = act_bind, .next = act_next, .repeatable = true};
static const struct fast_stage unissue_stage = {
    .statement = "operation_unissue", .bind = act_bind, .next = act_next, .repeatable = true};
static const struct fast_stage prepare_stage = {
    .statement = "operation_prepare", .bind = act_bind, .next = act_next, .repeatable = true};
static const struct fast_stage reverse_stage = {
    .statement = "operation_reverse", .bind = act_bind, .next = act_next, .repeatable = true};

enum act_kind { ACT_ISSUE, ACT_UNISSUE, ACT_RECHARGE, ACT_WITHDRAW };
static const char *const act_kinds[] = {"issue", "unissue", "recharge", "withdraw", NULL};
static const struct fast_stage *const act_stages[] = {&issue_stage, &unissue_stage, &prepare_stage,
                                                      &prepare_stage};

struct act_fields {
    int kind;
    struct uuid presentation_id;
    struct uuid person_id;
    const char *printed_no;
    const char *reason;
    int64_t consumption_minor;
    int64_t water_minor;
    int64_t times;
    int64_t price_minor; /* what the screen says the times cost */
    bool has_person, has_printed_no, has_reason, has_consumption, has_water, has_times, has_price;
};

/* Which fields belong to which act. */
static bool act_check(struct request *rq, const struct act_fields *f)
{
    bool money = f->has_consumption || f->has_water || f->has_times;
    bool whole_card = f->kind == ACT_ISSUE || f->kind == ACT_UNISSUE;
    if (f->kind == ACT_ISSUE && !f->has_person)
        field_error_add(rq, "/person_id", "missing", "name the person who gets the card");
    if (f->kind == ACT_UNISSUE && !f->has_reason)
        field_error_add(rq, "/reason", "missing", "say why the card is taken back");
    if (whole_card && money)
        field_error_add(rq, "/kind", "conflict", "a card is issued and taken back empty: move money apart");
    if (f->kind != ACT_ISSUE && (f->has_person || f->has_printed_no))
        field_error_add(rq, "/kind", "conflict", "person_id and printed_no belong to issue");
    if (f->kind != ACT_UNISSUE && f->has_reason)
        field_error_add(rq, "/reason", "conflict", "a reason belongs to unissue and to an undo");
    if (f->has_times && (f->has_consumption || f->has_water))
        field_error_add(rq, "/times", "conflict", "times are an operation of their own: send money apart");
    if (f->has_price && !f->has_times)
        field_error_add(rq, "/price_minor", "conflict", "a price belongs to times");
    return in_done(rq);
}

static bool act_read(struct request *rq, struct act_fields *f)
{
    struct in_field spec[] = {
        IN_ENUM("kind", &f->kind, act_kinds),
        IN_UUID("presentation_id", &f->presentation_id),
        IN_UUID_OPT("person_id", &f->person_id, &f->has_person),
        IN_TEXT_OPT("printed_no", &f->printed_no, 1, 40, &f->has_printed_no),
        IN_TEXT_OPT("reason", &f->reason, 1, 200, &f->has_reason),
        IN_MINOR_OPT("consumption_minor", &f->consumption_minor, 1, PURSE_CONSUMPTION_MINOR_MAX,
                     &f->has_consumption),
        IN_MINOR_OPT("water_minor", &f->water_minor, 1, PURSE_CONSUMPTION_MINOR_MAX, &f->has_water),
        IN_INT_OPT("times", &f->times, 1, TIMES_MAX, &f->has_times),
        IN_MINOR_OPT("price_minor", &f->price_minor, 0, MONEY_MINOR_MAX, &f->has_price),
        IN_END};
    return in_read(rq, spec) && act_check(rq, f);
}

void desk_operations_post(struct request *rq)
{
    struct uuid desk_id;
    struct act_fields f = {0};
    if (!request_param_uuid(rq, "desk_id", &desk_id) || !act_read(rq, &f))
        return;
    CLEANUP(json_release) json_t *json = json_object();
    json_object_set_new(json, "kind", json_string(act_kinds[f.kind]));
    set_uuid(json, "presentation_id", &f.presentation_id);
    if (f.has_person)
        set_uuid(json, "person_id", &f.person_id);
    if (f.has_printed_no)
        json_object_set_new(json, "printed_no", json_string(f.printed_no));
    if (f.has_reason)
        json_object_set_new(json, "reason", json_string(f.reason));
    if (f.has_consumption)
        json_object_set_new(json, "consumption_minor", json_integer(f.consumption_minor));
    if (f.has_water)
        json_object_set_new(json, "water_minor", json_integer(f.water_minor));
    if (f.has_times)
        json_object_set_new(json, "times", json_integer(f.times));
    if (f.has_price)
        json_object_set_new(json, "price_minor", json_integer(f.price_minor));
    fast_run(rq, act_stages[f.kind], act_new(rq, json, &desk_id));
}

void operation_reverse_post(struct request *rq)
{
    struct uuid operation_id;
    struct uuid desk_id;
    struct uuid presentation_id;
    const char *reason;
    struct in_field spec[] = {IN_UUID("desk_id", &desk_id), IN_UUID("presentation_id", &presentation_id),
                              IN_TEXT("reason", &reason, 1, 200), IN_END};
    if (!request_param_uuid(rq, "operation_id", &operation_id) || !in_read(rq, spec))
        return;
    CLEANUP(json_release) json_t *json = json_object();
    set_uuid(json, "presentation_id", &presentation_id);
    set_uuid(json, "reverses", &operation_id);
    json_object_set_new(json, "reason", json_string(reason));
    fast_run(rq, &reverse_stage, act_new(rq, json, &desk_id));
}

/* ---- read and cancel ---- */

static bool operation_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct act *act = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, act->operation_id.bytes);
    return true;
}

static bool cancel_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct act *act = state;
    operation_bind(rq, state, call);
    db_bind_bool(&call->params, act->scrap);
    db_bind_text(&call->params, request_id(rq));
    db_bind_text(&call->params, act->reason);
    return true;
}

static const struct fast_stage read_stage = {
    .statement = "operation_read", .bind = operation_bind, .repeatable = true};
static const struct fast_stage cancel_stage = {
    .statement = "operation_cancel", .bind = cancel_bind, .next = act_next, .repeatable = true};

void operation_get(struct request *rq)
{
    struct act *act = request_alloc(rq, sizeof *act);
    if (request_param_uuid(rq, "operation_id", &act->operation_id))
        fast_run(rq, &read_stage, act);
}

void operation_cancel_post(struct request *rq)
{
    struct act *act = request_alloc(rq, sizeof *act);
    act->reason = NULL;
    struct in_field spec[] = {IN_BOOL_OPT("scrap", &act->scrap, NULL),
                              IN_TEXT_OPT("reason", &act->reason, 1, 200, NULL), IN_END};
    if (request_param_uuid(rq, "operation_id", &act->operation_id) && in_read(rq, spec))
        fast_run(rq, &cancel_stage, act);
}
