/* What belongs to one port: its loop thread and the database side of it. Made by main.c, found from any
 * request. */
#ifndef CARDWRIGHT_API_PORT_H
#define CARDWRIGHT_API_PORT_H

#include "api/routes.h"
#include "base/conf.h"
#include "base/loop.h"
#include "db/fast.h"
#include "db/listen.h"
#include "db/work.h"
#include "http/server.h"

struct api_port {
    enum port_kind kind;
    const struct conf *conf;
    struct loop *loop;
    struct http_server *server;
    struct db_fast *fast;
    struct work_pool *pool;   /* shared by all ports */
    struct db_listen *listen; /* operator port only, else NULL */
};

/* The port that took the request. Any thread. */
struct api_port *api_port_of(const struct request *rq);

/* Appends what the other side counts: batches, queues, pool. Loop thread of the port. */
struct buf;
void api_port_metrics(const struct api_port *port, struct buf *out);

#endif
