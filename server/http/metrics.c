/* Counters of one port as Prometheus text. Labels are routes and status classes: a fixed, small number of
 * lines. */
#include "base/buf.h"
#include "http/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static const uint64_t seconds_bounds_us[SECONDS_BUCKETS] = {250,   500,   1000,   2500,   5000,    10000,
                                                            25000, 50000, 100000, 250000, 1000000, 5000000};

int64_t metrics_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool metrics_init(struct http_server *server)
{
    server->counters.route_count = server->routes ? route_count(server->routes) : 0;
    server->counters.by_route = calloc(server->counters.route_count + 2, sizeof *server->counters.by_route);
    return server->counters.by_route != NULL;
}

void metrics_free(struct http_server *server)
{
    free(server->counters.by_route);
}

void metrics_count(struct request *rq)
{
    struct http_counters *counters = &rq->server->counters;
    if (rq->counted || rq->phase == PHASE_HEADERS)
        return;
    rq->counted = true;
    counters->abandoned += rq->abandoned;
    int status_class = rq->reply.status / 100;
    if (status_class < 1 || status_class > 5)
        status_class = 0; /* no answer: the client left, or the connection broke */
    size_t row = counters->route_count + (rq->reply.is_file ? 0 : 1);
    if (rq->match.route)
        row = route_index(rq->server->routes, rq->match.route);
    counters->by_route[row][status_class]++;
    if (!rq->match.route || rq->stream)
        return;
    int64_t took_us = metrics_now_us() - rq->started_us;
    int bucket = 0;
    while (bucket < SECONDS_BUCKETS && (uint64_t)took_us > seconds_bounds_us[bucket])
        bucket++;
    counters->seconds[rq->match.route->lane][bucket]++;
    counters->seconds_sum_us[rq->match.route->lane] += (uint64_t)took_us;
}

static void add_requests(const struct http_server *server, struct buf *out)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const struct http_counters *counters = &server->counters;
    for (size_t row = 0; row < counters->route_count + 2; row++) {
        const char *method = "";
        const char *path = row == counters->route_count ? "(file)" : "(none)";
        if (row < counters->route_count) {
            const struct route *route = route_at(server->routes, row);
            method = method_name(route->method);
            path = route->path;
        }
        for (int each = 0; each < 6; each++)
            if (counters->by_route[row][each])
                buf_printf(
                    out,
                    "cardwright_http_requests_total{port=\"%s\",method=\"%s\",route=\"%s\",status=\"%s\"} "
                    "%" PRIu64 "\n",
                    server->name, method, path, classes[each], counters->by_route[row][each]);
    }
}

static void add_seconds(const struct http_server *server, struct buf *out)
{
    for (int lane = LANE_FAST; lane <= LANE_WORK; lane++) {
        uint64_t sum = 0;
        const char *name = lane_name((enum lane)lane);
        for (int bucket = 0; bucket <= SECONDS_BUCKETS; bucket++) {
            char bound[16] = "+Inf";
            if (bucket < SECONDS_BUCKETS)
                snprintf(bound, sizeof bound, "%g", (double)seconds_bounds_us[bucket] / 1e6);
            sum += server->counters.seconds[lane][bucket];
            buf_printf(out,
                       "cardwright_http_request_seconds_bucket{port=\"%s\",lane=\"%s\",le=\"%s\"} %" PRIu64
                       "\n",
                       server->name, name, bound, sum);
        }
        buf_printf(out, "cardwright_http_request_seconds_sum{port=\"%s\",lane=\"%s\"} %g\n", server->name,
                   name, (double)server->counters.seconds_sum_us[lane] / 1e6);
        buf_printf(out, "cardwright_http_request_seconds_count{port=\"%s\",lane=\"%s\"} %" PRIu64 "\n",
                   server->name, name, sum);
    }
}

static void add_number(const struct http_server *server, struct buf *out, const char *name, uint64_t value)
{
    buf_printf(out, "cardwright_http_%s{port=\"%s\"} %" PRIu64 "\n", name, server->name, value);
}

void http_server_metrics(const struct http_server *server, struct buf *out)
{
    add_requests(server, out);
    add_seconds(server, out);
    add_number(server, out, "connections_total", server->counters.connections);
    add_number(server, out, "turns_total", server->counters.turns);
    add_number(server, out, "requests_open", (uint64_t)server->requests_open);
    add_number(server, out, "requests_suspended", (uint64_t)server->suspended_count);
    add_number(server, out, "polls_waiting", (uint64_t)server->waits.parked_count);
    add_number(server, out, "polls_abandoned_total", server->counters.abandoned);
    add_number(server, out, "streams_open", (uint64_t)server->waits.stream_count);
    add_number(server, out, "stream_events_total", server->counters.sse_events);
    add_number(server, out, "bodies_bytes", server->bodies_bytes);
}
