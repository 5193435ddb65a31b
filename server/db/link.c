#include "db/link.h"

#include "base/limits.h"

#include <sys/epoll.h>

void db_link_init(struct db_link *link, struct loop *loop, const struct db_settings *settings,
                  const struct db_link_owner *owner, void *context)
{
    *link = (struct db_link){
        .loop = loop,
        .settings = settings,
        .owner = owner,
        .context = context,
        .fd = -1,
        .pause_ms = DB_RECONNECT_PAUSE_MS_MIN,
    };
}

int db_sooner_ms(int a_ms, int b_ms)
{
    if (a_ms < 0)
        return b_ms;
    return b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

static void unwatch(struct db_link *link)
{
    if (link->fd >= 0)
        loop_fd_delete(link->loop, link->fd);
    link->fd = -1;
}

/* Closes and plans the next try. The pause doubles with each failure, so an absent database costs next to
 * nothing. */
static void drop(struct db_link *link)
{
    unwatch(link);
    PQfinish(link->pg);
    link->pg = NULL;
    link->state = DB_LINK_WAITING;
    link->next_try_ms = loop_now_ms(link->loop) + link->pause_ms;
    link->pause_ms *= 2;
    if (link->pause_ms > DB_RECONNECT_PAUSE_MS_MAX)
        link->pause_ms = DB_RECONNECT_PAUSE_MS_MAX;
}

static void fail(struct db_link *link, const char *reason)
{
    if (!link->quiet)
        db_log_connection("db.connection_down", reason, link->pg);
    link->quiet = true;
    bool was_up = link->state == DB_LINK_UP;
    drop(link);
    if (was_up)
        link->owner->lost(link);
}

static void on_events(void *context, uint32_t events);

/* Watches the socket libpq uses now: it may be another one after each step of connecting. */
static bool watch(struct db_link *link, uint32_t events)
{
    int fd = PQsocket(link->pg);
    if (fd == link->fd && events == link->events)
        return true;
    int failed = fd < 0           ? -1
                 : fd == link->fd ? loop_fd_change(link->loop, fd, events)
                                  : loop_fd_add(link->loop, fd, events, on_events, link);
    if (failed)
        return false;
    link->fd = fd;
    link->events = events;
    return true;
}

static void connect_step(struct db_link *link)
{
    unwatch(link);
    PostgresPollingStatusType status = PQconnectPoll(link->pg);
    if (status == PGRES_POLLING_FAILED) {
        fail(link, "connect");
        return;
    }
    uint32_t events = status == PGRES_POLLING_WRITING ? EPOLLOUT : EPOLLIN;
    if (!watch(link, events)) {
        fail(link, "watch");
        return;
    }
    if (status != PGRES_POLLING_OK)
        return;
    link->state = DB_LINK_UP;
    PQsetnonblocking(link->pg, 1);
    link->owner->up(link);
}

static void connect_begin(struct db_link *link)
{
    link->pg = db_pg_connect(link->settings, false);
    link->next_try_ms = loop_now_ms(link->loop) + DB_CONNECT_TIMEOUT_S * 1000;
    link->state = DB_LINK_CONNECTING;
    if (!link->pg || PQstatus(link->pg) == CONNECTION_BAD || !watch(link, EPOLLOUT))
        fail(link, "connect");
}

int db_link_turn(struct db_link *link)
{
    if (link->state == DB_LINK_UP)
        return -1;
    int64_t now_ms = loop_now_ms(link->loop);
    if (now_ms >= link->next_try_ms) {
        if (link->state == DB_LINK_CONNECTING)
            fail(link, "connect took too long");
        else
            connect_begin(link);
    }
    int64_t wait_ms = link->next_try_ms - now_ms;
    return link->state == DB_LINK_UP ? -1 : wait_ms < 0 ? 0 : (int)wait_ms;
}

void db_link_flush(struct db_link *link)
{
    int left = PQflush(link->pg);
    if (left < 0 || !watch(link, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN))
        fail(link, "send");
}

void db_link_settled(struct db_link *link)
{
    link->pause_ms = DB_RECONNECT_PAUSE_MS_MIN;
    link->quiet = false;
}

void db_link_break(struct db_link *link, const char *reason)
{
    if (link->pg)
        fail(link, reason);
}

void db_link_close(struct db_link *link)
{
    unwatch(link);
    PQfinish(link->pg);
    link->pg = NULL;
    link->state = DB_LINK_WAITING;
}

static void on_events(void *context, uint32_t events)
{
    struct db_link *link = context;
    if (link->state == DB_LINK_CONNECTING) {
        connect_step(link);
        return;
    }
    if (!PQconsumeInput(link->pg)) {
        /* What arrived before the break still counts: an answer already here need not be asked for again. */
        link->owner->readable(link);
        if (link->state == DB_LINK_UP)
            fail(link, "receive");
        return;
    }
    if (link->events & EPOLLOUT || events & EPOLLOUT) {
        db_link_flush(link);
        if (link->state != DB_LINK_UP)
            return;
    }
    link->owner->readable(link);
}
