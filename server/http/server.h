/* One port: an MHD daemon with an external epoll set, driven by a loop. One loop may drive several servers.
 */
#ifndef CARDWRIGHT_HTTP_SERVER_H
#define CARDWRIGHT_HTTP_SERVER_H

#include "base/loop.h"
#include "http/request.h"
#include "http/route.h"

struct http_options {
    struct loop *loop;
    const char *name;   /* "operator", "device": label in logs and metrics */
    const char *listen; /* address without port: "127.0.0.1", "::", "" = every address */
    int port;           /* 0: any free one, see http_server_port */
    int connections_max;
    const char *tls_cert_file; /* both or neither (NULL or "") */
    const char *tls_key_file;
    bool behind_proxy; /* a proxy that ends TLS and sets X-Forwarded-For stands in front */
    const char
        *hosts; /* names accepted in Host, comma-separated, beside localhost; NULL: Host is not checked */
    const char *webroot; /* static files; NULL: none */
    const struct route_table *routes;
    void (*dispatch)(struct request *rq); /* loop thread: the matched, checked request */
    void *context;                        /* http_server_context */
};

/* NULL: cannot listen or start; the reason is in the log. Registers itself with the loop; create it BEFORE
 * the database side registers its turn hook, so that what a turn's requests ask goes out in the same turn. */
struct http_server *http_server_new(const struct http_options *options);
int http_server_port(const struct http_server *server);
void *http_server_context(const struct http_server *server);
struct loop *http_server_loop(const struct http_server *server);

/* Stop order, all in the loop thread: quiesce (no new connections, waits end, streams close), then let the
 * loop turn until http_server_busy is 0, then free. */
void http_server_quiesce(struct http_server *server);
int http_server_busy(const struct http_server *server);
void http_server_free(struct http_server *server);

/* Appends this server's lines of /metrics. Loop thread. */
struct buf;
void http_server_metrics(const struct http_server *server, struct buf *out);

#endif
