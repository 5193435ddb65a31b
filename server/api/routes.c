#include "api/routes.h"

#include "api/port.h"
#include "api/session_guard.h"
#include "api/work.h"
#include "http/reply.h"
#include "http/request.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Two tables of the same order for each port: what http knows of a route, and the handler by lane. */
struct handler {
    void (*fast)(struct request *rq);
    work_handler_fn *work;
};

#define TYPED_LANE_FAST(function)                                                                            \
    {                                                                                                        \
        .fast = function                                                                                     \
    }
#define TYPED_LANE_STREAM(function)                                                                          \
    {                                                                                                        \
        .fast = function                                                                                     \
    }
#define TYPED_LANE_WORK(function)                                                                            \
    {                                                                                                        \
        .work = function                                                                                     \
    }
#define ROW(method_, path_, handler_, perm_, lane_, replay_, body_, help_)                                   \
    {.method = METHOD_##method_,                                                                             \
     .path = path_,                                                                                          \
     .name = #handler_,                                                                                      \
     .perm = perm_,                                                                                          \
     .lane = lane_,                                                                                          \
     .replay = replay_,                                                                                      \
     .body = body_,                                                                                          \
     .help = help_},
#define HANDLER(method, path, handler, perm, lane, replay, body, help) TYPED_##lane(handler),
#define NOTHING(...)

#define ROUTE ROW
#define ROUTE_BOTH ROW
#define ROUTE_DEVICE NOTHING
static const struct route operator_routes[] = {
#include "api/routes.def"
};
#undef ROUTE
#undef ROUTE_BOTH
#define ROUTE HANDLER
#define ROUTE_BOTH HANDLER
static const struct handler operator_handlers[] = {
#include "api/routes.def"
};
#undef ROUTE
#undef ROUTE_BOTH
#undef ROUTE_DEVICE
#define ROUTE NOTHING
#define ROUTE_BOTH ROW
#define ROUTE_DEVICE ROW
static const struct route device_routes[] = {
#include "api/routes.def"
};
#undef ROUTE_BOTH
#undef ROUTE_DEVICE
#define ROUTE_BOTH HANDLER
#define ROUTE_DEVICE HANDLER
static const struct handler device_handlers[] = {
#include "api/routes.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const struct route *routes_of(enum port_kind port, size_t *ret_count)
{
    *ret_count = port == PORT_OPERATOR ? COUNT(operator_routes) : COUNT(device_routes);
    return port == PORT_OPERATOR ? operator_routes : device_routes;
}

static const struct handler *handler_of(const struct route *route)
{
    if (route >= operator_routes && route < operator_routes + COUNT(operator_routes))
        return &operator_handlers[route - operator_routes];
    return &device_handlers[route - device_routes];
}

/* Whether this kind of caller may come at all; who it is and what it may do is asked behind the lane. */
static bool caller_may_knock(struct request *rq)
{
    enum perm perm = request_route(rq)->perm;
    struct agent_claim claim;
    if (perm == PERM_PUBLIC)
        return true;
    if (perm == PERM_AGENT) {
        if (request_agent_claim(rq, &claim))
            return true;
        reply_error(rq, ERR_AGENT_UNKNOWN, "The Authorization header carries no signature of an agent.");
        return false;
    }
    if (request_principal(rq)->kind == PRINCIPAL_SESSION)
        return true;
    reply_error(rq, ERR_UNAUTHENTICATED, NULL);
    return false;
}

void routes_dispatch(struct request *rq)
{
    const struct route *route = request_route(rq);
    const struct handler *handler = handler_of(route);
    if (!caller_may_knock(rq))
        return;
    if (route->lane == LANE_WORK) {
        work_dispatch(rq, handler->work);
        return;
    }
    /* A stream that a browser opens anew by itself is no sign of somebody being there. */
    if (route->lane == LANE_FAST)
        session_touch_fast(api_port_of(rq)->fast, request_principal(rq));
    handler->fast(rq);
}

/* ---- cardwrightd routes ---- */

static const char *body_name(enum body_kind body)
{
    static const char *const names[] = {"",    "none",       "json",  "json_maybe", "json_records",
                                        "raw", "raw_device", "import"};
    return names[body];
}

static void print_port(enum port_kind port, json_t *list)
{
    size_t count = 0;
    const struct route *routes = routes_of(port, &count);
    const char *port_name = port == PORT_OPERATOR ? "operator" : "device";
    for (size_t i = 0; i < count; i++) {
        const struct route *route = &routes[i];
        const char *method = method_name(route->method);
        const char *perm = perm_word(route->perm);
        const char *lane = lane_name(route->lane);
        const char *replay = route->replay == REPLAY_KEYED ? "keyed" : "none";
        const char *body = body_name(route->body);
        if (list)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "method",
                                                  method, "path", route->path, "permission", perm, "lane",
                                                  lane, "replay", replay, "body", body, "handler",
                                                  route->name, "port", port_name, "help", route->help));
        else
            printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", method, route->path, perm, lane, replay, body,
                   route->name, port_name, route->help);
    }
}

int routes_print(bool as_json)
{
    json_t *list = as_json ? json_array() : NULL;
    print_port(PORT_OPERATOR, list);
    print_port(PORT_DEVICE, list);
    if (list) {
        json_dumpf(list, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(list);
    }
    return 0;
}
