#include "db/listen.h"

#include "base/buf.h"
#include "base/limits.h"
#include "db/link.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HINT_CHANNEL "cardwright_hint"

struct db_listen {
    struct loop *loop;
    struct db_settings settings;
    db_hint_fn *fn;
    void *context;
    struct db_link listener;
    struct db_link sender;
    bool sender_idle;
    bool listening;
    struct buf pending; /* hints of this turn, each ended by a newline */
    atomic_uint_fast64_t sent, notifications, dropped, received;
};

static void add(atomic_uint_fast64_t *counter, uint_fast64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

/* Hands each line of a notification to the owner. */
static void hand_out(struct db_listen *listen, const char *lines)
{
    char hint[HINT_BYTES_MAX + 1];
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        if (length > 0 && length <= HINT_BYTES_MAX) { /* others may notify what they like */
            memcpy(hint, lines, length);
            hint[length] = '\0';
            add(&listen->received, 1);
            listen->fn(listen->context, hint);
        }
        lines += length + (lines[length] == '\n');
    }
}

static void listener_up(struct db_link *link)
{
    struct db_listen *listen = link->context;
    listen->listening = false;
    if (!PQsendQuery(link->pg, "listen " HINT_CHANNEL))
        db_link_break(link, "listen");
    else
        db_link_flush(link);
}

/* The answer to LISTEN: from now on nothing is missed, and only now a look at everything finds what was. */
static bool listener_answer(struct db_listen *listen)
{
    bool good = true;
    bool answered = false;
    while (!PQisBusy(listen->listener.pg)) {
        PGresult *result = PQgetResult(listen->listener.pg);
        if (!result)
            break;
        good = good && db_result_good(result);
        answered = true;
        PQclear(result);
    }
    if (good && answered && !listen->listening) {
        listen->listening = true;
        db_link_settled(&listen->listener);
        listen->fn(listen->context, NULL);
    }
    return good;
}

static void listener_readable(struct db_link *link)
{
    struct db_listen *listen = link->context;
    if (!listener_answer(listen)) {
        db_link_break(link, "listen");
        return;
    }
    int own = listen->sender.state == DB_LINK_UP ? PQbackendPID(listen->sender.pg) : 0;
    for (PGnotify *got = PQnotifies(link->pg); got; got = PQnotifies(link->pg)) {
        if (got->be_pid != own)
            hand_out(listen, got->extra);
        PQfreemem(got);
    }
}

static void nothing_lost(struct db_link *link)
{
    (void)link;
}

static void sender_up(struct db_link *link)
{
    struct db_listen *listen = link->context;
    listen->sender_idle = true;
    db_link_settled(link);
}

static void sender_readable(struct db_link *link)
{
    struct db_listen *listen = link->context;
    while (!listen->sender_idle && !PQisBusy(link->pg)) {
        PGresult *result = PQgetResult(link->pg);
        listen->sender_idle = !result;
        PQclear(result);
    }
}

/* Nothing is kept for an absent database: the others look by themselves, and old hints say nothing new. */
static void sender_lost(struct db_link *link)
{
    struct db_listen *listen = link->context;
    listen->sender_idle = false;
}

static uint64_t lines_in(const char *text, size_t count)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < count; i++)
        lines += text[i] == '\n';
    return lines;
}

static void forget(struct db_listen *listen, size_t count)
{
    buf_drop(&listen->pending, count);
    listen->pending.full = false;
}

static void drop_pending(struct db_listen *listen)
{
    add(&listen->dropped, lines_in(buf_string(&listen->pending), listen->pending.count));
    forget(listen, listen->pending.count);
}

/* As many whole lines as one notification takes. */
static void send_pending(struct db_listen *listen)
{
    char payload[HINT_NOTIFY_BYTES_MAX + 1];
    size_t length = listen->pending.count;
    if (length > HINT_NOTIFY_BYTES_MAX) {
        length = HINT_NOTIFY_BYTES_MAX;
        while (listen->pending.bytes[length - 1] != '\n')
            length--;
    }
    memcpy(payload, listen->pending.bytes, length);
    payload[length] = '\0';
    const char *values[] = {payload};
    if (!PQsendQueryParams(listen->sender.pg, "select pg_notify('" HINT_CHANNEL "', $1)", 1, NULL, values,
                           NULL, NULL, 0)) {
        db_link_break(&listen->sender, "notify");
        return;
    }
    listen->sender_idle = false;
    add(&listen->notifications, 1);
    add(&listen->sent, lines_in(payload, length));
    forget(listen, length);
    db_link_flush(&listen->sender);
}

static int turn(void *context)
{
    struct db_listen *listen = context;
    int wait_ms = db_sooner_ms(db_link_turn(&listen->listener), db_link_turn(&listen->sender));
    if (listen->pending.count > 0 && listen->sender.state != DB_LINK_UP)
        drop_pending(listen);
    else if (listen->pending.count > 0 && listen->sender_idle)
        send_pending(listen);
    return wait_ms;
}

struct db_listen *db_listen_new(struct loop *loop, const struct db_settings *settings, bool enabled,
                                db_hint_fn *fn, void *context)
{
    static const struct db_link_owner listener = {
        .up = listener_up, .readable = listener_readable, .lost = nothing_lost};
    static const struct db_link_owner sender = {
        .up = sender_up, .readable = sender_readable, .lost = sender_lost};
    struct db_listen *listen = calloc(1, sizeof *listen);
    if (!listen)
        return NULL;
    listen->loop = enabled ? loop : NULL;
    listen->settings = *settings;
    listen->fn = fn;
    listen->context = context;
    listen->pending = buf_make(HINT_BUFFER_BYTES);
    db_link_init(&listen->listener, loop, &listen->settings, &listener, listen);
    db_link_init(&listen->sender, loop, &listen->settings, &sender, listen);
    if (enabled)
        loop_turn_add(loop, turn, listen);
    return listen;
}

void db_listen_free(struct db_listen *listen)
{
    if (!listen)
        return;
    if (listen->loop) {
        loop_turn_delete(listen->loop, turn, listen);
        db_link_close(&listen->listener);
        db_link_close(&listen->sender);
    }
    buf_free(&listen->pending);
    free(listen);
}

/* Whether this line waits already; hints of one turn are few, so looking is cheaper than keeping a set. */
static bool is_pending(const struct db_listen *listen, const char *hint, size_t length)
{
    const char *line = buf_string(&listen->pending);
    while (*line) {
        size_t line_length = strcspn(line, "\n");
        if (line_length == length && memcmp(line, hint, length) == 0)
            return true;
        line += line_length + 1;
    }
    return false;
}

void hint_send(struct db_listen *listen, const char *hint)
{
    size_t length = strlen(hint);
    assert(length > 0 && length <= HINT_BYTES_MAX && !strchr(hint, '\n'));
    if (!listen->loop || is_pending(listen, hint, length))
        return;
    char line[HINT_BYTES_MAX + 1];
    memcpy(line, hint, length);
    line[length] = '\n';
    if (!buf_add(&listen->pending, line, length + 1))
        add(&listen->dropped, 1);
    loop_wake(listen->loop);
}

void db_listen_counters(const struct db_listen *listen, struct db_listen_counters *ret_counters)
{
    *ret_counters = (struct db_listen_counters){
        .sent = atomic_load_explicit(&listen->sent, memory_order_relaxed),
        .notifications = atomic_load_explicit(&listen->notifications, memory_order_relaxed),
        .dropped = atomic_load_explicit(&listen->dropped, memory_order_relaxed),
        .received = atomic_load_explicit(&listen->received, memory_order_relaxed),
    };
}
