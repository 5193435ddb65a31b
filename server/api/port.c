#include "api/port.h"

#include "base/buf.h"

#include <inttypes.h>

struct api_port *api_port_of(const struct request *rq)
{
    return http_server_context(request_server(rq));
}

static const char *port_name(const struct api_port *port)
{
    return port->kind == PORT_OPERATOR ? "operator" : "device";
}

static void add(struct buf *out, const struct api_port *port, const char *name, uint64_t value)
{
    buf_printf(out, "cardwright_db_%s{port=\"%s\"} %" PRIu64 "\n", name, port_name(port), value);
}

static void add_fast(const struct api_port *port, struct buf *out)
{
    struct db_fast_counters fast;
    db_fast_counters(port->fast, &fast);
    add(out, port, "batches_total", fast.batches);
    add(out, port, "batch_calls_total", fast.calls);
    add(out, port, "batches_failed_total", fast.failed_batches);
    add(out, port, "reruns_total", fast.reruns);
    add(out, port, "errors_total", fast.errors);
    add(out, port, "unavailable_total", fast.unavailable);
    add(out, port, "connects_total", fast.connects);
    add(out, port, "connections_lost_total", fast.connections_lost);
    add(out, port, "queue_length", fast.queue_length);
    add(out, port, "connections_up", fast.connections_up);
}

static void add_listen(const struct api_port *port, struct buf *out)
{
    struct db_listen_counters listen;
    db_listen_counters(port->listen, &listen);
    add(out, port, "hints_sent_total", listen.sent);
    add(out, port, "hints_received_total", listen.received);
    add(out, port, "hints_dropped_total", listen.dropped);
    add(out, port, "notifications_total", listen.notifications);
}

void api_port_metrics(const struct api_port *port, struct buf *out)
{
    add_fast(port, out);
    if (port->listen)
        add_listen(port, out);
    if (port->kind != PORT_OPERATOR)
        return;
    struct work_counters work;
    work_counters(port->pool, &work);
    buf_printf(out, "cardwright_work_submitted_total %" PRIu64 "\n", work.submitted);
    buf_printf(out, "cardwright_work_refused_total %" PRIu64 "\n", work.refused);
    buf_printf(out, "cardwright_work_transactions_total %" PRIu64 "\n", work.transactions);
    buf_printf(out, "cardwright_work_retries_total %" PRIu64 "\n", work.retries);
    buf_printf(out, "cardwright_work_queue_length %" PRIu64 "\n", work.queue_length);
    buf_printf(out, "cardwright_work_busy_threads %" PRIu64 "\n", work.busy_threads);
}
