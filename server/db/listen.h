/* Hints between servers over NOTIFY: "desk <uuid> <no>". A hint only says where something new may be; it
 * carries no truth, may be lost and may come twice, and every reader also looks by itself each RE_READ_MS. So
 * no hint is ever sent inside a transaction that moves money: PostgreSQL takes one cluster-wide lock at the
 * commit of each NOTIFY. */
#ifndef CARDWRIGHT_DB_LISTEN_H
#define CARDWRIGHT_DB_LISTEN_H

#include "base/loop.h"
#include "db/settings.h"

struct db_listen;

/* In the loop thread, once for each hint of ANOTHER process; our own are not echoed. `hint` NULL: hints may
 * have been missed (a connection was made anew), so look at everything. */
typedef void db_hint_fn(void *context, const char *hint);

/* One LISTEN and one sending connection; both connect and reconnect by themselves. `enabled` false: no
 * connections at all, hint_send does nothing. NULL: no memory. Statements in `settings` are ignored. */
struct db_listen *db_listen_new(struct loop *loop, const struct db_settings *settings, bool enabled,
                                db_hint_fn *fn, void *context);
void db_listen_free(struct db_listen *listen);

/* In the loop thread. Equal hints of one turn are sent once, and all of a turn in one autocommit NOTIFY. At
 * most HINT_BYTES_MAX and no newline, else our bug: abort. While the sender is away or its buffer full, hints
 * are dropped. */
void hint_send(struct db_listen *listen, const char *hint);

struct db_listen_counters {
    uint64_t sent;          /* hints */
    uint64_t notifications; /* NOTIFY statements that carried them */
    uint64_t dropped;
    uint64_t received;
};

/* A snapshot; from any thread. */
void db_listen_counters(const struct db_listen *listen, struct db_listen_counters *ret_counters);

#endif
