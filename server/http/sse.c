/* Server-sent events: a response without end, whose reader suspends the connection while there is nothing to
 * send. */
#include "base/log.h"
#include "http/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define READ_BLOCK_BYTES 4096

struct stream {
    struct request *rq;
    struct sse_options options;
    struct link by_key; /* in a bucket, or among the due; in none: ended */
    struct link by_heartbeat;
    int64_t heartbeat_ms;
    struct buf out;
    size_t sent; /* bytes at the start of `out` that MHD has taken */
    bool ended;  /* no more events; what is in `out` still goes */
};

static void end_stream(struct stream *stream)
{
    if (stream->ended)
        return;
    stream->ended = true;
    list_remove(&stream->by_key);
    list_remove(&stream->by_heartbeat);
    stream->rq->server->waits.stream_count--;
    if (stream->options.closed)
        stream->options.closed(stream->rq);
    server_resume_later(stream->rq);
}

static void on_client_gone(void *context, uint32_t events)
{
    (void)events;
    struct request *rq = context;
    watch_stop(rq);
    rq->abandoned = true;
    end_stream(rq->stream);
}

/* MHD's content reader: the bytes, or suspended. Returning 0 without suspending would spin. */
static ssize_t read_stream(void *context, uint64_t position, char *out, size_t capacity)
{
    (void)position;
    struct request *rq = context;
    struct stream *stream = rq->stream;
    size_t waiting = stream->out.count - stream->sent;
    if (rq->abandoned)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (waiting == 0) {
        if (stream->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        watch_start(rq, on_client_gone);
        server_suspend(rq);
        return 0;
    }
    size_t count = waiting < capacity ? waiting : capacity;
    memcpy(out, stream->out.bytes + stream->sent, count);
    stream->sent += count;
    if (stream->sent == stream->out.count)
        stream->out.count = stream->sent = 0;
    return (ssize_t)count;
}

static struct MHD_Response *build(struct request *rq)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, READ_BLOCK_BYTES, read_stream, rq, NULL);
    if (!response)
        return NULL;
    MHD_add_response_header(response, "Content-Type", "text/event-stream; charset=utf-8");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Accel-Buffering", "no"); /* nginx would hold events back */
    MHD_add_response_header(response, "X-Request-Id", request_id(rq));
    return response;
}

bool sse_open(struct request *rq, const struct sse_options *options)
{
    struct http_server *server = rq->server;
    assert(!rq->stream && !rq->reply.done && !rq->detached);
    struct MHD_Response *response = NULL;
    if (!server->quiescing && server->waits.stream_count < HTTP_STREAMS_MAX)
        response = build(rq);
    if (!response) {
        reply_error(rq, ERR_UNAVAILABLE, "Too many event streams are open.");
        return false;
    }
    struct stream *stream = request_alloc(rq, sizeof *stream);
    stream->rq = rq;
    stream->options = *options;
    stream->out = buf_make(HTTP_SSE_BUFFER_BYTES_MAX);
    stream->heartbeat_ms = loop_now_ms(server->loop) + HTTP_SSE_HEARTBEAT_MS;
    list_append(&server->waits.streams[wait_bucket(options->key)], &stream->by_key);
    list_append(&server->waits.heartbeats, &stream->by_heartbeat);
    server->waits.stream_count++;
    rq->stream = stream;
    rq->reply.prebuilt = response;
    rq->reply.status = 200;
    rq->reply.done = true;
    reply_schedule(rq);
    return true;
}

void *sse_state(const struct request *rq)
{
    return rq->stream ? rq->stream->options.state : NULL;
}

/* Appends text that `compose` wrote; a reader that lags behind the bound loses its stream and comes back by
 * itself. */
static bool push(struct stream *stream, const struct buf *text)
{
    if (stream->ended)
        return false;
    buf_drop(&stream->out, stream->sent);
    stream->sent = 0;
    if (text->full || !buf_add(&stream->out, text->bytes, text->count)) {
        log_info("http.stream_too_slow", LOG_TEXT("request_id", request_id(stream->rq)));
        end_stream(stream);
        return false;
    }
    server_resume_later(stream->rq);
    return true;
}

bool sse_send(struct request *rq, int64_t id, const char *event, const char *data_json)
{
    assert(!strpbrk(data_json, "\r\n") && !strpbrk(event, "\r\n"));
    if (!rq->stream || rq->stream->ended)
        return false;
    struct buf text = buf_make(HTTP_SSE_BUFFER_BYTES_MAX);
    buf_printf(&text, "id: %" PRId64 "\nevent: %s\ndata: ", id, event);
    buf_text(&text, data_json);
    buf_text(&text, "\n\n");
    bool pushed = push(rq->stream, &text);
    buf_free(&text);
    rq->server->counters.sse_events += pushed;
    return pushed;
}

void sse_retry(struct request *rq, int retry_ms)
{
    if (!rq->stream || rq->stream->ended)
        return;
    struct buf text = buf_make(64);
    buf_printf(&text, "retry: %d\n\n", retry_ms);
    push(rq->stream, &text);
    buf_free(&text);
}

void sse_close(struct request *rq)
{
    if (rq->stream)
        end_stream(rq->stream);
}

int64_t sse_last_event_id(const struct request *rq)
{
    const char *text = request_header(rq, "Last-Event-ID");
    if (!text || !*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
        return -1;
    return strtoll(text, NULL, 10);
}

bool sse_exists(const struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES])
{
    const struct link *bucket = &server->waits.streams[wait_bucket(key)];
    for (const struct link *at = bucket->next; at != bucket; at = at->next)
        if (memcmp(CONTAINER_OF(at, struct stream, by_key)->options.key, key, WAIT_KEY_BYTES) == 0)
            return true;
    return false;
}

void sse_wake(struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES])
{
    struct link *bucket = &server->waits.streams[wait_bucket(key)];
    for (struct link *at = bucket->next, *next; at != bucket; at = next) {
        next = at->next;
        if (memcmp(CONTAINER_OF(at, struct stream, by_key)->options.key, key, WAIT_KEY_BYTES) != 0)
            continue;
        list_remove(at);
        list_append(&server->waits.due_streams, at);
    }
}

static void run_due(struct http_server *server, struct stream *stream)
{
    list_remove(&stream->by_key);
    list_append(&server->waits.streams[wait_bucket(stream->options.key)], &stream->by_key);
    if (stream->options.wake)
        stream->options.wake(stream->rq);
}

static void beat(struct http_server *server, struct stream *stream)
{
    static char colon[] = ":\n\n";
    const struct buf comment = {.bytes = colon, .count = sizeof colon - 1};
    list_remove(&stream->by_heartbeat);
    stream->heartbeat_ms = loop_now_ms(server->loop) + HTTP_SSE_HEARTBEAT_MS;
    list_append(&server->waits.heartbeats, &stream->by_heartbeat);
    if (push(stream, &comment) && stream->options.heartbeat)
        stream->options.heartbeat(stream->rq);
}

int sse_next_ms(const struct http_server *server)
{
    const struct waits *waits = &server->waits;
    if (!list_is_empty(&waits->due_streams))
        return 0;
    if (list_is_empty(&waits->heartbeats))
        return -1;
    const struct stream *stream = CONTAINER_OF(waits->heartbeats.next, struct stream, by_heartbeat);
    int64_t left_ms = stream->heartbeat_ms - loop_now_ms(server->loop);
    return left_ms > 0 ? (int)left_ms : 0;
}

void sse_run(struct http_server *server)
{
    struct waits *waits = &server->waits;
    for (int budget = HTTP_WAKES_PER_TURN; budget > 0 && sse_next_ms(server) == 0; budget--) {
        if (!list_is_empty(&waits->due_streams))
            run_due(server, CONTAINER_OF(waits->due_streams.next, struct stream, by_key));
        else
            beat(server, CONTAINER_OF(waits->heartbeats.next, struct stream, by_heartbeat));
    }
}

void sse_quiesce(struct http_server *server)
{
    struct waits *waits = &server->waits;
    while (!list_is_empty(&waits->heartbeats))
        end_stream(CONTAINER_OF(waits->heartbeats.next, struct stream, by_heartbeat));
}

void sse_forget(struct request *rq)
{
    if (!rq->stream)
        return;
    end_stream(rq->stream);
    buf_free(&rq->stream->out);
}
