/* What is done to the one message. */
#include "tests/kill/proxy_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const proxy_action_names[] = {"nothing", "kill before", "kill after", "lose",
                                          "double",  "delay",       "reorder",    "late"};
const char *const proxy_side_names[] = {"agent", "server", "backend", "postgres"};

/* ---- killing ---- */

/* The PostgreSQL process behind the operation, if it still serves a connection here; else any that does. */
static pid_t living_backend(const struct proxy *proxy)
{
    pid_t any = 0;
    for (const struct line *line = proxy->lines; line; line = line->next) {
        if (line->dead || line->link != LINK_DATABASE || !line->backend)
            continue;
        if (line->backend == proxy->backend)
            return line->backend;
        any = line->backend;
    }
    return any;
}

static bool is_end_of(enum proxy_side side, enum proxy_link link)
{
    switch (side) {
    case SIDE_AGENT:
        return link == LINK_AGENT;
    case SIDE_SERVER:
        return true;
    default:
        return link == LINK_DATABASE;
    }
}

static void kill_side(struct proxy *proxy, const struct line *line)
{
    pid_t backend = line->link == LINK_DATABASE && line->backend ? line->backend : living_backend(proxy);
    proxy->setup.kill(proxy->setup.context, proxy->fault.side, backend);
}

/* ---- the one message ---- */

static bool fits(const struct proxy *proxy, const struct line *line, enum way way)
{
    bool is_http = line->link != LINK_DATABASE;
    switch (proxy->fault.action) {
    case ACTION_KILL_BEFORE:
    case ACTION_KILL_AFTER:
        return proxy->fault.side != SIDE_BACKEND || !is_http || living_backend(proxy) > 0;
    case ACTION_DOUBLE:
        return is_http && (way == WAY_TO || line->request);
    case ACTION_LATE:
        return is_http && way == WAY_TO;
    default:
        return true;
    }
}

static void keep_late(struct proxy *proxy, const struct stream *stream, size_t count)
{
    proxy->late = malloc(count);
    proxy->late_count = proxy->late ? count : 0;
    if (proxy->late)
        memcpy(proxy->late, stream->bytes, count);
}

static void hold(struct proxy *proxy, struct stream *stream, int for_ms)
{
    stream->held = true;
    stream->until_ms = proxy_now_ms() + for_ms;
    if (proxy->fault.action == ACTION_REORDER)
        proxy->overtaken = stream;
}

static void strike(struct proxy *proxy, struct line *line, enum way way, size_t count)
{
    switch (proxy->fault.action) {
    case ACTION_KILL_BEFORE:
        kill_side(proxy, line);
        if (is_end_of(proxy->fault.side, line->link))
            line_close(line);
        break;
    case ACTION_LATE:
        keep_late(proxy, &line->streams[way], count);
        line_close(line);
        break;
    case ACTION_LOSE:
        line_close(line);
        break;
    case ACTION_DELAY:
        hold(proxy, &line->streams[way], PROXY_DELAY_MS);
        break;
    case ACTION_REORDER:
        hold(proxy, &line->streams[way], PROXY_REORDER_MS);
        break;
    default:
        break;
    }
}

bool fault_before(struct proxy *proxy, struct line *line, enum way way, const struct wire_message *message)
{
    static const char *const link_names[] = {"operator", "agent", "database"};
    proxy->count++;
    if (proxy->fault.action == ACTION_NONE || proxy->state != PROXY_WAITING ||
        proxy->count != proxy->fault.message)
        return false;
    snprintf(proxy->struck_name, sizeof proxy->struck_name, "%s %s %s", link_names[line->link],
             way == WAY_TO ? "->" : "<-", message->name);
    if (!fits(proxy, line, way)) {
        proxy->state = PROXY_UNFIT;
        return false;
    }
    proxy->state = PROXY_STRUCK;
    strike(proxy, line, way, message->count);
    return true;
}

void fault_after(struct proxy *proxy, struct line *line, enum way way)
{
    (void)way;
    if (proxy->fault.action == ACTION_KILL_AFTER)
        kill_side(proxy, line);
    if (proxy->fault.action == ACTION_DOUBLE && line->request)
        line_twin(proxy, line->request, line->request_count);
}

void fault_release(struct proxy *proxy, struct stream *stream)
{
    stream->held = false;
    stream->decided = true;
    if (proxy->overtaken == stream)
        proxy->overtaken = NULL;
}

void fault_passed(struct proxy *proxy, const struct stream *stream)
{
    if (proxy->overtaken && proxy->overtaken != stream)
        fault_release(proxy, proxy->overtaken); /* the loop pumps it in the same turn */
}
