/* One port of the server: its loop thread, its HTTP side and its database side. Private to serve.c. */
#ifndef CARDWRIGHT_SERVE_PORT_H
#define CARDWRIGHT_SERVE_PORT_H

#include "api/port.h"

#include <pthread.h>

struct serve_port {
    struct api_port api;
    struct route_table *routes;
    pthread_t thread;
    bool running;
    int64_t stop_at_ms; /* when stopping: the end comes at the latest then; 0: not stopping */
    struct loop_task stop_task;
};

/* What both ports share. */
struct serve_shared {
    const struct conf *conf;
    const struct db_settings *database;
    struct work_pool *pool;
};

/* Listens; nothing is answered before serve_port_run. False: the reason is in the log, and serve_port_close
 * cleans up. */
bool serve_port_open(struct serve_port *port, enum port_kind kind, const struct serve_shared *shared);

/* Starts the loop thread. */
bool serve_port_run(struct serve_port *port);

/* From any thread: no new connections, waits end, requests under way are finished (at most STOP_MS_MAX). */
void serve_port_stop(struct serve_port *port);

/* Waits for the thread after serve_port_stop. */
void serve_port_join(struct serve_port *port);

/* Frees what there is; the thread has ended or never ran. */
void serve_port_close(struct serve_port *port);

#endif
