/* Prototypes of all handlers and the tables made of routes.def. Include it in every file with handlers. */
#ifndef CARDWRIGHT_API_ROUTES_H
#define CARDWRIGHT_API_ROUTES_H

#include "http/route.h"

#include <stdbool.h>

struct request;
struct db_conn;

#define HANDLER_LANE_FAST(handler) void handler(struct request *rq)
#define HANDLER_LANE_STREAM(handler) void handler(struct request *rq)
#define HANDLER_LANE_WORK(handler) void handler(struct request *rq, struct db_conn *db)
#define ROUTE(method, path, handler, perm, lane, replay, body, help) HANDLER_##lane(handler);
#define ROUTE_DEVICE ROUTE
#define ROUTE_BOTH ROUTE
#include "api/routes.def"
#undef ROUTE
#undef ROUTE_DEVICE
#undef ROUTE_BOTH

enum port_kind { PORT_OPERATOR, PORT_DEVICE };

/* The routes of one port; borrowed, for the life of the program. */
const struct route *routes_of(enum port_kind port, size_t *ret_count);

/* The dispatch function of http_options: picks lane and handler. */
void routes_dispatch(struct request *rq);

/* Prints the table: method, path, permission, lane, replay, body, handler, port and help, tab-separated, or
 * as JSON. */
int routes_print(bool as_json);

#endif
