/* MHD lives here. Its daemon runs in external mode: its epoll descriptor is one of the loop's, and MHD_run is
 * called once a turn. Its own epoll threads stall when a multiple of 128 events is ready at once, so they are
 * not used. */
#include "base/log.h"
#include "http/internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TLS_PRIORITIES ((void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2")

/* ---- suspend and resume ---- */

void server_suspend(struct request *rq)
{
    assert(!rq->suspended && rq->connection);
    MHD_suspend_connection(rq->connection);
    rq->suspended = true;
    rq->server->suspended_count++;
}

/* MHD loses a resume that lands inside MHD_run, so requests are only listed here and resumed at the start of
 * a turn. */
void server_resume_later(struct request *rq)
{
    if (!rq->suspended || rq->ready.next)
        return;
    list_append(&rq->server->ready, &rq->ready);
    loop_wake(rq->server->loop);
}

static void resume_ready(struct http_server *server)
{
    while (!list_is_empty(&server->ready)) {
        struct request *rq = CONTAINER_OF(server->ready.next, struct request, ready);
        list_remove(&rq->ready);
        watch_stop(rq);
        rq->suspended = false;
        server->suspended_count--;
        MHD_resume_connection(rq->connection);
    }
}

static int sooner(int left_ms, int right_ms)
{
    if (left_ms < 0 || right_ms < 0)
        return left_ms < 0 ? right_ms : left_ms;
    return left_ms < right_ms ? left_ms : right_ms;
}

static int turn(void *context)
{
    struct http_server *server = context;
    server->counters.turns++;
    waits_run(server);
    sse_run(server);
    resume_ready(server);
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG library_ms;
    int sleep_ms = -1;
    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES)
        sleep_ms = library_ms > 60000 ? 60000 : (int)library_ms;
    /* Asked after MHD_run, for its handlers may have parked. */
    return sooner(sleep_ms, sooner(waits_next_ms(server), sse_next_ms(server)));
}

/* The turn hook does the work; the event only ends the loop's sleep. */
static void on_readable(void *context, uint32_t events)
{
    (void)context;
    (void)events;
}

/* ---- one request ---- */

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    return request_new(context, target);
}

static void read_client_ip(struct request *rq)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, rq->client_ip,
                  sizeof rq->client_ip);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, rq->client_ip,
                  sizeof rq->client_ip);
    rq->is_secure = rq->server->tls;
    if (!rq->server->behind_proxy)
        return;
    /* Only the last address was written by our own proxy; those before it are what the client claims. */
    const char *forwarded = request_header(rq, "X-Forwarded-For");
    const char *last = forwarded ? strrchr(forwarded, ',') : NULL;
    const char *ip = last ? last + 1 + strspn(last + 1, " ") : forwarded;
    if (ip && strlen(ip) < sizeof rq->client_ip)
        memcpy(rq->client_ip, ip, strlen(ip) + 1);
    const char *scheme = request_header(rq, "X-Forwarded-Proto");
    rq->is_secure = scheme && strcasecmp(scheme, "https") == 0;
}

/* First call: headers only. A refused request with a body is answered now, before the body comes, and the
 * connection ends; any other answer waits for the next call, else the library would close the connection as
 * well. */
static enum MHD_Result begin(struct request *rq, struct MHD_Connection *connection, const char *method)
{
    rq->connection = connection;
    rq->phase = PHASE_BODY;
    rq->method_text = request_copy(rq, method);
    rq->method = method_parse(method);
    rq->is_head = strcmp(method, "HEAD") == 0;
    read_client_ip(rq);
    guard_headers(rq);
    if (rq->reply.done &&
        (rq->close_after || request_header(rq, "Content-Length") || request_header(rq, "Transfer-Encoding")))
        return reply_send(rq);
    return MHD_YES;
}

static enum MHD_Result take_body(struct request *rq, const char *data, size_t *bytes)
{
    size_t count = *bytes;
    *bytes = 0;
    if (!rq->reply.done) {
        size_t capacity_before = rq->body.capacity;
        if (rq->body.count_max == 0)
            rq->body.count_max = guard_body_max(rq);
        if (buf_add(&rq->body, data, count)) {
            rq->server->bodies_bytes += rq->body.capacity - capacity_before;
            return MHD_YES;
        }
        reply_error(rq, ERR_BODY_TOO_LARGE, "The body may have %zu bytes here.", guard_body_max(rq));
        rq->close_after = true;
    }
    /* Only a chunked body gets here. No answer can be queued while it comes, so a little more is read and
     * dropped. */
    rq->discarded_bytes += count;
    return rq->discarded_bytes > HTTP_DISCARD_BYTES_MAX ? MHD_NO : MHD_YES;
}

/* The request is complete. Afterwards it has a reply, or it waits for one. */
static void dispatch(struct request *rq)
{
    rq->phase = PHASE_RUNNING;
    if (!rq->match.route) {
        if (!files_serve(rq))
            reply_error(rq, ERR_NOT_FOUND, NULL);
        return;
    }
    if (guard_body_end(rq)) {
        log_set_request(request_id(rq), request_trace_id(rq));
        rq->server->dispatch(rq);
        log_set_request(NULL, NULL);
    }
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_bytes, void **request)
{
    (void)context;
    (void)url;
    (void)version;
    struct request *rq = *request;
    if (!rq)
        return MHD_NO;
    assert(rq->magic == REQUEST_MAGIC);
    if (rq->phase == PHASE_HEADERS)
        return begin(rq, connection, method);
    if (*upload_bytes > 0)
        return take_body(rq, upload, upload_bytes);
    if (rq->abandoned)
        return MHD_NO;
    if (rq->phase == PHASE_BODY && !rq->reply.done)
        dispatch(rq);
    if (!rq->detached && rq->reply.done) /* while detached, the reply is the other thread's */
        return reply_send(rq);
    server_suspend(rq);
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    struct request *rq = *request;
    *request = NULL;
    if (rq)
        request_complete(rq);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)connection;
    (void)socket_context;
    struct http_server *server = context;
    server->counters.connections += what == MHD_CONNECTION_NOTIFY_STARTED;
}

/* What the library complains about is what clients did wrong, so it is of interest when looking for something
 * only. */
static void on_library_log(void *context, const char *format, va_list arguments)
{
    const struct http_server *server = context;
    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    char text[256];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http.library", LOG_TEXT("port", server->name), LOG_TEXT("text", text));
}

/* ---- start and stop ---- */

static struct MHD_Daemon *start_daemon(struct http_server *server, const struct http_options *options)
{
    unsigned flags =
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (server->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_library_log, server},
        {MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, options->connections_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_TIMEOUT_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {server->tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, server->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, 0, NULL, NULL, on_access, server, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

static bool start(struct http_server *server, const struct http_options *options)
{
    server->daemon = start_daemon(server, options);
    if (!server->daemon) {
        log_error("http.start_failed", LOG_TEXT("port", server->name), LOG_BOOL("tls", server->tls));
        return false;
    }
    server->listen_fd = -1;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    server->epoll_fd = info ? info->epoll_fd : -1;
    if (server->epoll_fd < 0 ||
        loop_fd_add(server->loop, server->epoll_fd, EPOLLIN, on_readable, server) != 0) {
        log_error("http.epoll_failed", LOG_TEXT("port", server->name), LOG_ERRNO(errno));
        server->epoll_fd = -1;
        return false;
    }
    loop_turn_add(server->loop, turn, server);
    return true;
}

static bool configure(struct http_server *server, const struct http_options *options)
{
    server->tls = options->tls_cert_file && *options->tls_cert_file;
    server->check_hosts = options->hosts != NULL;
    if (options->hosts && !hosts_parse(server, options->hosts)) {
        log_error("http.too_many_hosts", LOG_INT("hosts_max", HTTP_HOSTS_MAX));
        return false;
    }
    if (server->tls) {
        server->tls_cert = listen_read_file(options->tls_cert_file);
        server->tls_key = listen_read_file(options->tls_key_file);
        if (!server->tls_cert || !server->tls_key)
            return false;
    }
    if (options->webroot) {
        server->files = files_new(options->webroot);
        if (!server->files)
            return false;
    }
    server->listen_fd = listen_open(options->listen, options->port, &server->port);
    return server->listen_fd >= 0;
}

struct http_server *http_server_new(const struct http_options *options)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->loop = options->loop;
    server->name = options->name;
    server->listen_fd = server->epoll_fd = -1;
    server->behind_proxy = options->behind_proxy;
    server->routes = options->routes;
    server->dispatch = options->dispatch;
    server->context = options->context;
    list_init(&server->ready);
    waits_init(&server->waits);
    if (!metrics_init(server) || !configure(server, options) || !start(server, options)) {
        http_server_free(server);
        return NULL;
    }
    log_info("http.listening", LOG_TEXT("port_name", server->name), LOG_TEXT("address", options->listen),
             LOG_INT("port", server->port), LOG_BOOL("tls", server->tls));
    return server;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void *http_server_context(const struct http_server *server)
{
    return server->context;
}

struct loop *http_server_loop(const struct http_server *server)
{
    return server->loop;
}

void http_server_quiesce(struct http_server *server)
{
    if (server->quiescing)
        return;
    server->quiescing = true;
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
    waits_quiesce(server);
    sse_quiesce(server);
    loop_wake(server->loop);
}

int http_server_busy(const struct http_server *server)
{
    return server->suspended_count + server->held_count;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    assert(http_server_busy(server) == 0);
    if (server->epoll_fd >= 0) {
        loop_fd_delete(server->loop, server->epoll_fd);
        loop_turn_delete(server->loop, turn, server);
    }
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    request_pool_free(server);
    files_free(server->files);
    metrics_free(server);
    free(server->hosts_text);
    free(server->tls_cert);
    listen_free_secret(server->tls_key);
    free(server);
}
