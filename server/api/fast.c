#include "api/fast.h"

#include "api/outcome.h"
#include "api/port.h"
#include "base/log.h"
#include "http/reply.h"

#include <assert.h>
#include <string.h>

/* One request's way through its stages; lives in the request's memory and is used again by its next run. */
struct run {
    struct request *rq;
    const struct fast_stage *stage;
    void *state;
    struct db_call call;
    int stage_count;
    bool active;
    const struct fast_stage *again; /* what fast_run_again asked for meanwhile */
    void *again_state;
};

static db_call_fn on_rows;

static struct run *run_of(struct request *rq)
{
    void **slot = request_lane_slot(rq);
    if (!*slot) {
        struct run *made = request_alloc(rq, sizeof *made);
        made->rq = rq;
        *slot = made;
    }
    return *slot;
}

/* The end of a run; the request may be gone afterwards. */
static void end_run(struct run *run)
{
    struct request *rq = run->rq;
    run->active = false;
    const struct fast_stage *again = run->again;
    run->again = NULL;
    if (again && !request_is_gone(rq))
        fast_run(rq, again, run->again_state);
    request_release(rq);
}

static void fail(struct run *run, enum err err)
{
    if (!request_is_replied(run->rq)) /* an open stream stays open and asks again at its next wake */
        reply_error(run->rq, err, NULL);
    end_run(run);
}

static void begin_stage(struct run *run)
{
    if (run->stage_count++ >= FAST_STAGES_MAX) {
        log_error("fast.too_many_stages", LOG_TEXT("statement", run->stage->statement));
        fail(run, ERR_INTERNAL);
        return;
    }
    run->call = (struct db_call){
        .name = run->stage->statement, .repeatable = run->stage->repeatable, .done = on_rows, .context = run};
    if (run->stage->bind && !run->stage->bind(run->rq, run->state, &run->call)) {
        end_run(run);
        return;
    }
    db_fast_submit(api_port_of(run->rq)->fast, &run->call);
}

/* The run ends here, so that `then` may start another one for the same request. */
static void run_then(struct run *run)
{
    struct request *rq = run->rq;
    run->active = false;
    log_set_request(request_id(rq), request_trace_id(rq));
    run->stage->then(rq, run->state);
    log_set_request(NULL, NULL);
    request_release(rq);
}

static enum fast_next next_of(struct run *run, const struct db_rows *rows, const struct fast_stage **ret_next)
{
    if (run->stage->next)
        return run->stage->next(run->rq, run->state, rows, ret_next);
    fast_reply_outcome(run->rq, rows);
    return FAST_REPLIED;
}

static void on_rows(struct db_call *call, enum err err, const struct db_rows *rows)
{
    struct run *run = call->context;
    if (err) {
        fail(run, err);
        return;
    }
    const struct fast_stage *next = NULL;
    log_set_request(request_id(run->rq), request_trace_id(run->rq));
    enum fast_next what = next_of(run, rows, &next);
    log_set_request(NULL, NULL);
    if (what == FAST_STAGE) {
        assert(next);
        run->stage = next;
        begin_stage(run);
        return;
    }
    if (what == FAST_THEN) {
        run_then(run);
        return;
    }
    if (what == FAST_REPLIED && !request_is_replied(run->rq)) {
        log_error("fast.no_reply", LOG_TEXT("statement", run->stage->statement));
        reply_error(run->rq, ERR_INTERNAL, NULL);
    }
    end_run(run);
}

void fast_run(struct request *rq, const struct fast_stage *stage, void *state)
{
    struct run *run = run_of(rq);
    assert(!run->active);
    request_hold(rq);
    run->active = true;
    run->stage = stage;
    run->state = state;
    run->stage_count = 0;
    begin_stage(run);
}

bool fast_is_running(const struct request *rq)
{
    const struct run *run = *request_lane_slot((struct request *)(uintptr_t)rq);
    return run && run->active;
}

void *fast_state(const struct request *rq)
{
    const struct run *run = *request_lane_slot((struct request *)(uintptr_t)rq);
    return run ? run->state : NULL;
}

void fast_run_again(struct request *rq, const struct fast_stage *stage, void *state)
{
    if (!fast_is_running(rq)) {
        fast_run(rq, stage, state);
        return;
    }
    struct run *run = run_of(rq);
    run->again = stage;
    run->again_state = state;
}

void fast_reply_outcome(struct request *rq, const struct db_rows *rows)
{
    outcome_reply(rq, rows);
}

void fast_bind_token(struct request *rq, struct db_params *params)
{
    const struct principal *principal = request_principal(rq);
    if (principal->kind == PRINCIPAL_SESSION)
        db_bind_bytes(params, principal->token_sha256, SHA256_BYTES);
    else
        db_bind_null(params);
}

void fast_order_by_desk(struct db_call *call, const struct uuid *desk_id)
{
    memcpy(&call->order_key, desk_id->bytes + UUID_BYTES - sizeof call->order_key, sizeof call->order_key);
}

bool fast_bind_target(struct request *rq, void *state, struct db_call *call)
{
    const struct uuid *id = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, id->bytes);
    return true;
}

void fast_bind_agent(struct request *rq, struct db_params *params)
{
    const struct principal *principal = request_principal(rq);
    db_bind_uuid(params, principal->kind == PRINCIPAL_AGENT ? principal->agent_id : NULL);
}

void fast_bind_key(struct request *rq, struct db_params *params)
{
    const struct uuid *key = request_key(rq);
    db_bind_uuid(params, key ? key->bytes : NULL);
}

void fast_bind_body_sha256(struct request *rq, struct db_params *params)
{
    uint8_t *digest = request_alloc(rq, SHA256_BYTES);
    request_body_sha256(rq, digest);
    db_bind_bytes(params, digest, SHA256_BYTES);
}
