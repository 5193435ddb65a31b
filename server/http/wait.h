/* Requests that wait: long polls and server-sent events. All of it in the loop thread of the server
 * concerned; other threads post a task to its loop first. Every wait is bounded; clients that have gone are
 * noticed and dropped. */
#ifndef CARDWRIGHT_HTTP_WAIT_H
#define CARDWRIGHT_HTTP_WAIT_H

#include "http/request.h"

#define WAIT_KEY_BYTES 16

enum wait_why { WAIT_WOKEN, WAIT_TIMED_OUT };

/* What continues a parked request. It replies, parks again, or starts stages (fast_run). */
typedef void wait_wake_fn(struct request *rq, enum wait_why why);

/* Parks a request until wait_wake names its key or `wait_ms` (1..HTTP_WAIT_MS_MAX) have passed. A client that
 * leaves meanwhile is dropped without a call of `wake`. */
void wait_park(struct request *rq, const uint8_t key[static WAIT_KEY_BYTES], int wait_ms, wait_wake_fn *wake);

/* Wakes everyone parked under `key` and every stream opened under it, at most HTTP_WAKES_PER_TURN a turn;
 * those that park again after this call are not woken by it. */
void wait_wake(struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES]);

/* True if a request is parked or a stream open under this key. */
bool wait_exists(const struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES]);

struct sse_options {
    uint8_t key[WAIT_KEY_BYTES];
    void (*wake)(
        struct request *rq); /* news under the key: read it and sse_send; never called after `closed` */
    void (*heartbeat)(
        struct request *rq); /* each HTTP_SSE_HEARTBEAT_MS, after ":" was sent: check the session; or NULL */
    void (*closed)(struct request *rq); /* last call of all, the client has gone or sse_close; or NULL */
    void *state;                        /* the stream's own; sse_state gives it back */
};

/* Answers 200 text/event-stream and keeps the stream open. False: too many streams, and UNAVAILABLE was
 * replied. */
bool sse_open(struct request *rq, const struct sse_options *options);
void *sse_state(const struct request *rq);

/* One event. `data_json` must be one line. False: the stream is closed or its buffer
 * (HTTP_SSE_BUFFER_BYTES_MAX) is full; then the stream is ended, and the browser comes back with
 * Last-Event-ID. */
bool sse_send(struct request *rq, int64_t id, const char *event, const char *data_json);

/* Tells the browser how long to wait before it comes back; before the first event if at all. */
void sse_retry(struct request *rq, int retry_ms);
void sse_close(struct request *rq);

/* Last-Event-ID of the request, or -1. */
int64_t sse_last_event_id(const struct request *rq);

#endif
