#include "http/wait.h"

#include "base/log.h"
#include "http/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

unsigned wait_bucket(const uint8_t key[static WAIT_KEY_BYTES])
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (int i = 0; i < WAIT_KEY_BYTES; i++)
        hash = (hash ^ key[i]) * UINT64_C(1099511628211);
    return (unsigned)(hash >> 32) % WAIT_BUCKETS;
}

void waits_init(struct waits *waits)
{
    for (int i = 0; i < WAIT_BUCKETS; i++) {
        list_init(&waits->parked[i]);
        list_init(&waits->streams[i]);
    }
    list_init(&waits->deadlines);
    list_init(&waits->heartbeats);
    list_init(&waits->due);
    list_init(&waits->due_streams);
}

/* ---- clients that go ----
 * MHD does not look at the socket of a suspended connection, so its descriptor is in our own epoll set
 * meanwhile, for the hang-up only: pipelined bytes must not wake us. It is out again before MHD gets the
 * connection back. */

void watch_start(struct request *rq, loop_fd_fn *fn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info || rq->wait.watched)
        return;
    rq->wait.fd = info->connect_fd;
    rq->wait.watched = loop_fd_add(rq->server->loop, rq->wait.fd, EPOLLRDHUP, fn, rq) == 0;
    if (!rq->wait.watched) /* the wait is bounded, so this costs time only */
        log_warn("http.watch_failed", LOG_ERRNO(errno));
}

void watch_stop(struct request *rq)
{
    if (rq->wait.watched)
        loop_fd_delete(rq->server->loop, rq->wait.fd);
    rq->wait.watched = false;
}

static void on_client_gone(void *context, uint32_t events)
{
    (void)events;
    struct request *rq = context;
    wait_forget(rq);
    rq->abandoned = true;
    server_resume_later(rq);
}

/* ---- parking ---- */

static bool is_parked(const struct request *rq)
{
    return rq->wait.by_deadline.next != NULL;
}

void wait_forget(struct request *rq)
{
    watch_stop(rq);
    if (is_parked(rq))
        rq->server->waits.parked_count--;
    list_remove(&rq->wait.by_key);
    list_remove(&rq->wait.by_deadline);
}

/* Most waits have the same length, so the place is nearly always at the end. */
static void insert_by_deadline(struct waits *waits, struct request *rq)
{
    struct link *at = waits->deadlines.previous;
    while (at != &waits->deadlines &&
           CONTAINER_OF(at, struct request, wait.by_deadline)->wait.deadline_ms > rq->wait.deadline_ms)
        at = at->previous;
    list_insert_before(at->next, &rq->wait.by_deadline);
}

void wait_park(struct request *rq, const uint8_t key[static WAIT_KEY_BYTES], int wait_ms, wait_wake_fn *wake)
{
    struct http_server *server = rq->server;
    assert(!is_parked(rq) && !rq->detached && !rq->reply.done && wait_ms > 0 && wait_ms <= HTTP_WAIT_MS_MAX);
    if (server->quiescing) {
        reply_error(rq, ERR_UNAVAILABLE, "The server is stopping.");
        return;
    }
    memcpy(rq->wait.key, key, WAIT_KEY_BYTES);
    rq->wait.wake = wake;
    rq->wait.deadline_ms = loop_now_ms(server->loop) + wait_ms;
    list_append(&server->waits.parked[wait_bucket(key)], &rq->wait.by_key);
    insert_by_deadline(&server->waits, rq);
    server->waits.parked_count++;
    watch_start(rq, on_client_gone);
}

void wait_wake(struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES])
{
    struct link *bucket = &server->waits.parked[wait_bucket(key)];
    for (struct link *at = bucket->next, *next; at != bucket; at = next) {
        next = at->next;
        const struct request *rq = CONTAINER_OF(at, struct request, wait.by_key);
        if (memcmp(rq->wait.key, key, WAIT_KEY_BYTES) != 0)
            continue;
        list_remove(at);
        list_append(&server->waits.due, at);
    }
    sse_wake(server, key);
    loop_wake(server->loop);
}

bool wait_exists(const struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES])
{
    const struct link *bucket = &server->waits.parked[wait_bucket(key)];
    for (const struct link *at = bucket->next; at != bucket; at = at->next)
        if (memcmp(CONTAINER_OF(at, struct request, wait.by_key)->wait.key, key, WAIT_KEY_BYTES) == 0)
            return true;
    return sse_exists(server, key);
}

static void run_wake(struct request *rq, enum wait_why why)
{
    wait_wake_fn *wake = rq->wait.wake;
    wait_forget(rq);
    log_set_request(request_id(rq), request_trace_id(rq));
    wake(rq, why);
    log_set_request(NULL, NULL);
}

int waits_next_ms(const struct http_server *server)
{
    const struct waits *waits = &server->waits;
    if (!list_is_empty(&waits->due))
        return 0;
    if (list_is_empty(&waits->deadlines))
        return -1;
    const struct request *rq = CONTAINER_OF(waits->deadlines.next, struct request, wait.by_deadline);
    int64_t left_ms = rq->wait.deadline_ms - loop_now_ms(server->loop);
    return left_ms > 0 ? (int)left_ms : 0;
}

void waits_run(struct http_server *server)
{
    struct waits *waits = &server->waits;
    for (int budget = HTTP_WAKES_PER_TURN; budget > 0 && waits_next_ms(server) == 0; budget--) {
        if (!list_is_empty(&waits->due))
            run_wake(CONTAINER_OF(waits->due.next, struct request, wait.by_key), WAIT_WOKEN);
        else
            run_wake(CONTAINER_OF(waits->deadlines.next, struct request, wait.by_deadline), WAIT_TIMED_OUT);
    }
}

void waits_quiesce(struct http_server *server)
{
    struct waits *waits = &server->waits;
    while (!list_is_empty(&waits->deadlines))
        run_wake(CONTAINER_OF(waits->deadlines.next, struct request, wait.by_deadline), WAIT_TIMED_OUT);
}
