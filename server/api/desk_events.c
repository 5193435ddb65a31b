/* A stream knows the number of the last event it sent and reads on from there, whoever woke it: so nothing is
 * lost or sent twice, on whichever server the browser comes back with its Last-Event-ID. */
#include "api/desk_events.h"

#include "api/fast.h"
#include "api/routes.h"
#include "base/limits.h"
#include "db/rows.h"
#include "http/reply.h"
#include "http/wait.h"

#include <string.h>

struct desk_stream {
    struct request *rq;
    struct uuid desk_id;
    int64_t last_no;
    bool is_open;
    struct desk_stream *next;
    struct desk_stream **at; /* what points to it in the list of streams */
};

static struct desk_stream *streams;

static void stream_read(struct desk_stream *stream);

static bool desk_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct desk_stream *stream = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, stream->desk_id.bytes);
    return true;
}

static bool events_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct desk_stream *stream = state;
    desk_bind(rq, state, call);
    db_bind_int64(&call->params, stream->last_no);
    db_bind_int64(&call->params, DESK_EVENTS_PER_READ);
    return true;
}

/* Rows: no, kind, body. A NULL no: the session has ended. */
static enum fast_next events_next(struct request *rq, void *state, const struct db_rows *rows,
                                  const struct fast_stage **ret_next)
{
    (void)ret_next;
    struct desk_stream *stream = state;
    int count = db_rows_count(rows);
    for (int row = 0; row < count; row++) {
        if (db_is_null(rows, row, 0)) {
            sse_close(rq);
            return FAST_PARKED;
        }
        int64_t no = db_int64(rows, row, 0);
        if (!sse_send(rq, no, db_text(rows, row, 1), db_text(rows, row, 2)))
            return FAST_PARKED;
        stream->last_no = no;
    }
    if (count == DESK_EVENTS_PER_READ)
        stream_read(stream);
    return FAST_PARKED;
}

static const struct fast_stage events_stage = {
    .statement = "desk_events_after", .bind = events_bind, .next = events_next, .repeatable = true};

static void stream_read(struct desk_stream *stream)
{
    if (stream->is_open)
        fast_run_again(stream->rq, &events_stage, stream);
}

void desk_events_read_all(void)
{
    for (struct desk_stream *stream = streams, *next; stream; stream = next) {
        next = stream->next;
        stream_read(stream);
    }
}

static void stream_wake(struct request *rq)
{
    stream_read(sse_state(rq));
}

static void stream_closed(struct request *rq)
{
    struct desk_stream *stream = sse_state(rq);
    stream->is_open = false;
    *stream->at = stream->next;
    if (stream->next)
        stream->next->at = stream->at;
}

static bool stream_open(struct desk_stream *stream)
{
    struct sse_options options = {
        .wake = stream_wake, .heartbeat = stream_wake, .closed = stream_closed, .state = stream};
    memcpy(options.key, stream->desk_id.bytes, WAIT_KEY_BYTES);
    if (!sse_open(stream->rq, &options))
        return false;
    stream->is_open = true;
    stream->next = streams;
    stream->at = &streams;
    if (streams)
        streams->at = &stream->next;
    streams = stream;
    return true;
}

/* Row: outcome, body (snapshot), first (oldest number kept), no (newest). */
static enum fast_next open_next(struct request *rq, void *state, const struct db_rows *rows,
                                const struct fast_stage **ret_next)
{
    (void)ret_next;
    struct desk_stream *stream = state;
    if (strcmp(db_text(rows, 0, 0), "done") != 0) {
        reply_error(rq, err_from_code(db_text(rows, 0, 0)), NULL);
        return FAST_REPLIED;
    }
    int64_t oldest = db_int64(rows, 0, 2);
    int64_t newest = db_int64(rows, 0, 3);
    int64_t seen = sse_last_event_id(rq);
    if (!stream_open(stream))
        return FAST_REPLIED;
    sse_retry(rq, DESK_EVENTS_RETRY_MS);
    if (seen >= 0 && seen + 1 >= oldest && seen <= newest) {
        stream->last_no = seen;
        stream_read(stream);
    } else {
        stream->last_no = newest;
        sse_send(rq, newest, "snapshot", db_text(rows, 0, 1));
    }
    return FAST_PARKED;
}

static const struct fast_stage open_stage = {
    .statement = "desk_stream_open", .bind = desk_bind, .next = open_next, .repeatable = true};

void desk_events_get(struct request *rq)
{
    struct desk_stream *stream = request_alloc(rq, sizeof *stream);
    stream->rq = rq;
    if (request_param_uuid(rq, "desk_id", &stream->desk_id))
        fast_run(rq, &open_stage, stream);
}

/* The same snapshot as one answer, for callers without a stream. */
static const struct fast_stage live_stage = {
    .statement = "desk_live_read", .bind = desk_bind, .repeatable = true};

void desk_live_get(struct request *rq)
{
    struct desk_stream *stream = request_alloc(rq, sizeof *stream);
    if (request_param_uuid(rq, "desk_id", &stream->desk_id))
        fast_run(rq, &live_stage, stream);
}
