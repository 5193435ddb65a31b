#include "serve_port.h"

#include "api/desk_wake.h"
#include "api/sweep.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Names of this server in Host: those set by hand, the address it listens on, and the host of its public URL.
 */
static void hosts_of(const struct conf *conf, char hosts[static HTTP_HOSTS_BYTES_MAX])
{
    const char *url = strstr(conf->http_public_url, "://");
    int url_bytes = url ? (int)strcspn(url + 3, ":/") : 0;
    bool is_v6 = strchr(conf->http_listen, ':') != NULL;
    snprintf(hosts, HTTP_HOSTS_BYTES_MAX, is_v6 ? "%s,[%s],%.*s" : "%s,%s,%.*s", conf->http_hosts,
             conf->http_listen, url_bytes, url ? url + 3 : "");
}

/* Last hook of each turn: a stopping port ends as soon as nothing is under way. */
static int end_when_idle(void *context)
{
    struct serve_port *port = context;
    if (!port->stop_at_ms)
        return -1;
    int busy = http_server_busy(port->api.server);
    if (busy == 0) {
        loop_stop(port->api.loop);
        return -1;
    }
    if (loop_now_ms(port->api.loop) < port->stop_at_ms)
        return STOP_LOOK_MS;
    /* Requests that other threads still work on cannot be taken away from them; what they have open is rolled
     * back. */
    log_warn("serve.stop_forced", LOG_INT("requests", busy));
    _exit(0);
}

static void begin_stop(struct loop_task *task)
{
    struct serve_port *port =
        (struct serve_port *)(void *)((char *)task - offsetof(struct serve_port, stop_task));
    if (port->stop_at_ms)
        return;
    port->stop_at_ms = loop_now_ms(port->api.loop) + STOP_MS_MAX;
    http_server_quiesce(port->api.server);
}

static bool open_http(struct serve_port *port)
{
    const struct conf *conf = port->api.conf;
    bool is_operator = port->api.kind == PORT_OPERATOR;
    char hosts[HTTP_HOSTS_BYTES_MAX];
    hosts_of(conf, hosts);
    const struct http_options options = {
        .loop = port->api.loop,
        .name = is_operator ? "operator" : "device",
        .listen = is_operator ? conf->http_listen : conf->http_device_listen,
        .port = (int)(is_operator ? conf->http_operator_port : conf->http_device_port),
        .connections_max = is_operator ? HTTP_OPERATOR_CONNECTIONS_MAX : HTTP_DEVICE_CONNECTIONS_MAX,
        .tls_cert_file = conf->http_tls_cert_file,
        .tls_key_file = conf->http_tls_key_file,
        .behind_proxy = conf->http_behind_proxy,
        .hosts =
            is_operator ? hosts : NULL, /* machines know us by address, and no browser speaks to that port */
        .webroot = is_operator ? conf->http_webroot : NULL,
        .routes = port->routes,
        .dispatch = routes_dispatch,
        .context = &port->api,
    };
    port->api.server = http_server_new(&options);
    return port->api.server != NULL;
}

/* What keeps streams and polls up to date: hints between servers, and the look every two seconds. */
static bool open_news(struct serve_port *port, const struct serve_shared *shared)
{
    port->api.listen =
        db_listen_new(port->api.loop, shared->database, shared->conf->database_notify, desk_wake_hint, NULL);
    desk_wake_start(&port->api);
    sweep_start(&port->api);
    return port->api.listen != NULL;
}

bool serve_port_open(struct serve_port *port, enum port_kind kind, const struct serve_shared *shared)
{
    size_t route_count;
    const struct route *routes = routes_of(kind, &route_count);
    port->api = (struct api_port){.kind = kind, .conf = shared->conf, .pool = shared->pool};
    port->stop_task.run = begin_stop;
    port->routes = route_table_new(routes, route_count);
    port->api.loop = loop_new(kind == PORT_OPERATOR ? "operator" : "device");
    if (!port->routes || !port->api.loop || !open_http(port))
        return false;
    /* After HTTP: what a turn's requests ask for leaves in the same turn. */
    port->api.fast =
        db_fast_new(port->api.loop, shared->database, (int)shared->conf->database_fast_connections);
    bool opened = port->api.fast && (kind != PORT_OPERATOR || open_news(port, shared));
    loop_turn_add(port->api.loop, end_when_idle, port);
    return opened;
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

bool serve_port_run(struct serve_port *port)
{
    int failed = pthread_create(&port->thread, NULL, run_loop, port->api.loop);
    if (failed)
        log_error("serve.no_thread", LOG_ERRNO(failed));
    port->running = failed == 0;
    return port->running;
}

void serve_port_stop(struct serve_port *port)
{
    if (port->running)
        loop_post(port->api.loop, &port->stop_task);
}

void serve_port_join(struct serve_port *port)
{
    if (port->running)
        pthread_join(port->thread, NULL);
    port->running = false;
}

void serve_port_close(struct serve_port *port)
{
    if (port->api.kind == PORT_OPERATOR)
        desk_wake_stop();
    if (port->api.listen)
        db_listen_free(port->api.listen);
    if (port->api.fast)
        db_fast_free(port->api.fast);
    http_server_free(port->api.server);
    loop_free(port->api.loop);
    route_table_free(port->routes);
}
