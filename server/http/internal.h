/* What the files of this folder share: the insides of a request and of a server. Nobody else includes it. */
#ifndef CARDWRIGHT_HTTP_INTERNAL_H
#define CARDWRIGHT_HTTP_INTERNAL_H

#include "base/buf.h"
#include "base/limits.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/server.h"
#include "http/wait.h"

#include <microhttpd.h>

#define REQUEST_MAGIC 0x72657175u /* "requ": a request travels through void * */

/* Doubly linked lists with a head that is a node too. */
struct link {
    struct link *previous;
    struct link *next;
};

static inline void list_init(struct link *head)
{
    head->previous = head->next = head;
}

static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}

static inline void list_insert_before(struct link *place, struct link *node)
{
    node->previous = place->previous;
    node->next = place;
    place->previous->next = node;
    place->previous = node;
}

static inline void list_append(struct link *head, struct link *node)
{
    list_insert_before(head, node);
}

/* Does nothing for a node that is in no list. */
static inline void list_remove(struct link *node)
{
    if (!node->next)
        return;
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->previous = node->next = NULL;
}

#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t capacity;
    _Alignas(max_align_t) uint8_t bytes[];
};

struct reply_header {
    const char *name;
    const char *value;
};

struct reply {
    bool done;
    bool is_file;
    bool is_shared; /* `prebuilt` belongs to the file cache */
    int status;
    const char *content_type; /* NULL: no body */
    const char *body;         /* in the arena */
    size_t body_bytes;
    struct reply_header headers[HTTP_REPLY_HEADERS_MAX];
    int header_count;
    struct MHD_Response *prebuilt; /* ours to release unless shared */
};

enum request_phase {
    PHASE_HEADERS,   /* the first call of MHD for this request has not come */
    PHASE_BODY,      /* headers are accepted, the body may be coming */
    PHASE_RUNNING,   /* dispatched */
    PHASE_ANSWERING, /* the response is queued */
};

struct stream; /* sse.c */

struct request {
    uint32_t magic;
    enum request_phase phase;
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL: the connection's part is over */
    struct arena_chunk *chunks;        /* newest first; the oldest stays for the next request */
    const char *method_text;
    enum http_method method;
    bool is_head;
    bool is_secure;
    bool close_after; /* the framing cannot be trusted any more */
    bool suspended;   /* in MHD */
    bool detached;    /* another thread has it */
    bool abandoned;   /* the client went while it was parked */
    bool counted;     /* in the metrics */
    int holds;
    const char *target;
    const char *path; /* raw, without the query */
    struct route_match match;
    const char *param_values[HTTP_ROUTE_PARAMS_MAX]; /* decoded */
    struct {
        const char *name;
        const char *value;
    } query[HTTP_QUERY_PARAMS_MAX];
    int query_count;
    char id[HTTP_REQUEST_ID_BYTES_MAX + 1];
    char trace_id[33];
    char client_ip[46];
    struct principal principal;
    struct uuid key;
    bool has_key;
    struct buf body;
    size_t discarded_bytes;
    json_t *json;
    json_t *field_errors;
    struct reply reply;
    int64_t started_us;
    struct link ready; /* in server->ready */
    struct {           /* parked */
        struct link by_key;
        struct link by_deadline;
        uint8_t key[WAIT_KEY_BYTES];
        int64_t deadline_ms;
        wait_wake_fn *wake;
        bool watched; /* its descriptor is in the loop's epoll set */
        int fd;
    } wait;
    struct stream *stream;
    void *lane; /* of request_lane_slot */
};

#define WAIT_BUCKETS 1024
#define SECONDS_BUCKETS 12

struct waits {
    struct link parked[WAIT_BUCKETS];  /* by hash of the key */
    struct link streams[WAIT_BUCKETS]; /* the same for streams */
    struct link deadlines;             /* parked requests, soonest first */
    struct link heartbeats;            /* streams, soonest first */
    struct link due;                   /* woken requests, by their by_key link */
    struct link due_streams;
    int parked_count;
    int stream_count;
};

struct http_counters {
    size_t route_count;
    uint64_t (*by_route)[6]; /* [route, then files, then unmatched][status / 100; 0: no answer] */
    uint64_t seconds[LANE_STREAM + 1][SECONDS_BUCKETS + 1];
    uint64_t seconds_sum_us[LANE_STREAM + 1];
    uint64_t turns;
    uint64_t connections;
    uint64_t abandoned;
    uint64_t sse_events;
};

struct file_cache; /* files.c */

struct http_server {
    struct MHD_Daemon *daemon;
    struct loop *loop;
    const char *name;
    int port;
    int listen_fd; /* MHD's after the start; -1 then */
    int epoll_fd;  /* MHD's */
    bool behind_proxy;
    bool tls;
    bool quiescing;
    bool check_hosts;
    const char *hosts[HTTP_HOSTS_MAX]; /* lower case */
    int host_count;
    char *hosts_text;
    char *tls_cert;
    char *tls_key;
    const struct route_table *routes;
    void (*dispatch)(struct request *rq);
    void *context;
    struct link ready; /* requests to resume before the next MHD_run */
    struct waits waits;
    struct file_cache *files;
    struct request *free_requests; /* by `ready.next` */
    int free_count;
    int requests_open;
    int suspended_count;
    int held_count;
    size_t bodies_bytes;
    struct http_counters counters;
};

/* claims.c: the value of an Authorization header. False: it is none of an agent. */
bool agent_claim_parse(const char *text, struct agent_claim *ret_claim);

/* request.c */
struct request *request_new(struct http_server *server, const char *target);
void request_complete(struct request *rq); /* the connection's part is over */
void request_pool_free(struct http_server *server);
bool request_parse_target(struct request *rq); /* path, query; false: replied */

/* guard.c: everything that is checked before the body. Replies when something is wrong. */
void guard_headers(struct request *rq);
bool guard_body_end(struct request *rq); /* reads JSON; false: replied */
size_t guard_body_max(const struct request *rq);
bool hosts_parse(struct http_server *server, const char *hosts);

/* reply.c */
enum MHD_Result reply_send(struct request *rq);
void reply_release(struct request *rq);  /* the prebuilt response */
void reply_schedule(struct request *rq); /* a reply is complete: send it when the request is ours */

/* wait.c */
void waits_init(struct waits *waits);
void waits_run(struct http_server *server);          /* what is due, at most one turn's share */
int waits_next_ms(const struct http_server *server); /* until something is due; -1: nothing waits */
void waits_quiesce(struct http_server *server);
void wait_forget(struct request *rq); /* out of every list */
void watch_start(struct request *rq, loop_fd_fn *fn);
void watch_stop(struct request *rq);
unsigned wait_bucket(const uint8_t key[static WAIT_KEY_BYTES]);

/* sse.c */
void sse_run(struct http_server *server); /* as waits_run */
int sse_next_ms(const struct http_server *server);
bool sse_exists(const struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES]);
void sse_wake(struct http_server *server, const uint8_t key[static WAIT_KEY_BYTES]);
void sse_quiesce(struct http_server *server);
void sse_forget(struct request *rq); /* the connection has ended */

/* server.c */
void server_suspend(struct request *rq);
void server_resume_later(struct request *rq);

/* listen.c */
int listen_open(const char *address, int port, int *ret_port); /* -1: the reason is in the log */
char *listen_read_file(const char *path);                      /* a PEM file, NUL-terminated; NULL: logged */
void listen_free_secret(char *text);                           /* wipes; NULL is fine */

/* files.c */
struct file_cache *files_new(const char *webroot);
void files_free(struct file_cache *files);
bool files_serve(struct request *rq); /* replied, or false: no such file */

/* metrics.c */
bool metrics_init(struct http_server *server);
void metrics_free(struct http_server *server);
void metrics_count(struct request *rq);
int64_t metrics_now_us(void);

/* url.c: decodes %XX in place into `out` of at least bytes + 1; false: malformed, a NUL, or not UTF-8 */
bool url_decode(const char *text, size_t bytes, bool plus_is_blank, char *out);

#endif
