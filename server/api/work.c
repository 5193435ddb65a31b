#include "api/work.h"

#include "api/outcome.h"
#include "api/port.h"
#include "base/log.h"
#include "http/reply.h"

/* A request on its way to the pool and back. The task that brings it back is part of it. */
struct errand {
    struct loop_task task; /* first: the loop gives it back to us */
    struct request *rq;
    work_handler_fn *handler;
};

static work_guard_fn *installed_guard;

void work_guard_set(work_guard_fn *guard)
{
    installed_guard = guard;
}

/* Deny by default: a route above PERM_PUBLIC runs only behind a guard. */
static bool may_run(struct request *rq, struct db_conn *db)
{
    if (installed_guard)
        return installed_guard(rq, db);
    if (request_route(rq)->perm == PERM_PUBLIC)
        return true;
    reply_error(rq, ERR_UNAUTHENTICATED, NULL);
    return false;
}

static void bring_back(struct loop_task *task)
{
    struct errand *errand = (struct errand *)task;
    struct request *rq = errand->rq; /* the errand lies in its memory */
    request_finish(rq);
    request_release(rq);
}

static void run_errand(struct db_conn *db, void *context)
{
    struct errand *errand = context;
    struct request *rq = errand->rq;
    log_set_request(request_id(rq), request_trace_id(rq));
    if (may_run(rq, db))
        errand->handler(rq, db);
    log_set_request(NULL, NULL);
    loop_post(http_server_loop(request_server(rq)), &errand->task);
}

void work_dispatch(struct request *rq, work_handler_fn *handler)
{
    struct errand *errand = request_alloc(rq, sizeof *errand);
    errand->task.run = bring_back;
    errand->rq = rq;
    errand->handler = handler;
    request_hold(rq);
    request_detach(rq);
    enum err err = work_submit(api_port_of(rq)->pool, run_errand, errand);
    if (err) { /* never called, so the request is still ours */
        reply_error(rq, err, NULL);
        bring_back(&errand->task);
    }
}

void work_reply_outcome(struct request *rq, const struct db_rows *rows)
{
    outcome_reply(rq, rows);
}
