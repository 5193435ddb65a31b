/* The FAST lane: libpq pipeline connections inside a loop thread (base/loop.h).
 *
 * Each turn everything queued goes to the idle connections, shared out in batches of DB_BATCH_REQUESTS_MIN to
 * DB_BATCH_REQUESTS_MAX calls, each ONE implicit transaction: sorted by order_key, one statement a call, one
 * Sync. No timer: a batch is what arrived while the last one committed.
 *
 * Statements must not raise for ordinary refusals. If one does raise, nothing of its batch was done, and
 * every call of it is run again in a transaction of its own, so that only the guilty one fails:
 * - lock timeout: ERR_UNAVAILABLE after that one re-run
 * - serialization failure, deadlock: run again at most DB_RETRIES_MAX times, then ERR_UNAVAILABLE
 * - statement timeout, no resources, shutdown: ERR_UNAVAILABLE
 * - anything else: ERR_INTERNAL, logged with statement name and SQLSTATE
 *
 * A connection lost between Sync and its result leaves the outcome unknown: calls marked `repeatable` are run
 * again once on another or a new connection (within DB_RERUN_WAIT_MS), the others get ERR_UNAVAILABLE. While
 * no connection is up, calls get ERR_UNAVAILABLE in the same turn; reconnecting with growing pauses goes on
 * by itself.
 *
 * All functions belong to the loop thread, but db_fast_counters. */
#ifndef CARDWRIGHT_DB_FAST_H
#define CARDWRIGHT_DB_FAST_H

#include "base/err.h"
#include "base/loop.h"
#include "db/rows.h"
#include "db/settings.h"

struct db_fast;
struct db_call;

/* The end of a call: always in the loop thread, never inside db_fast_submit, and only after the commit.
 * err == OK: `rows` is the result, borrowed for the duration of the call. Otherwise `rows` is NULL.
 * The call belongs to the caller again and may be submitted anew at once, from here too. */
typedef void db_call_fn(struct db_call *call, enum err err, const struct db_rows *rows);

/* Zero-initialise. The caller owns it; it must stay in place, with what its parameters point to, until
 * `done`. */
struct db_call {
    const char *name; /* of the prepared statement; a literal */
    struct db_params params;
    uint64_t order_key; /* the desk whose rows it locks; 0: none, or one that only the statement finds */
    bool repeatable; /* running it twice is the same as once: reads, and whatever is idempotent by its key */
    db_call_fn *done;
    void *context;
    /* the lane's own */
    struct db_call *next;
    uint64_t sequence;
    int64_t rerun_until_ms;
    enum err outcome;
    uint8_t reruns;
    uint8_t losses;
};

/* Registers with `loop`; best after the HTTP server, so that what comes in during a turn leaves in the same
 * turn. `connection_count` 1 to DB_FAST_CONNECTIONS_MAX. Connects by itself once the loop runs. NULL: no
 * memory. */
struct db_fast *db_fast_new(struct loop *loop, const struct db_settings *settings, int connection_count);

/* Ends every call still waiting with ERR_UNAVAILABLE and closes the connections. The loop must not run any
 * more. */
void db_fast_free(struct db_fast *fast);

/* Queues a call. A full queue (DB_FAST_QUEUE_MAX) or an absent database ends it with ERR_UNAVAILABLE in this
 * turn. */
void db_fast_submit(struct db_fast *fast, struct db_call *call);

/* True while at least one connection is up with all statements prepared (for /readyz). */
bool db_fast_ready(const struct db_fast *fast);

struct db_fast_counters {
    uint64_t batches;          /* transactions sent for a batch of one or more calls */
    uint64_t calls;            /* calls submitted */
    uint64_t failed_batches;   /* batches in which a statement raised */
    uint64_t reruns;           /* calls run again in a transaction of their own */
    uint64_t errors;           /* calls ended with ERR_INTERNAL */
    uint64_t unavailable;      /* calls ended with ERR_UNAVAILABLE */
    uint64_t connects;         /* connections made, with all statements prepared */
    uint64_t connections_lost; /* connections that were up and broke */
    uint64_t queue_length;     /* calls waiting now */
    uint64_t connections_up;   /* now */
};

/* A snapshot; from any thread. */
void db_fast_counters(const struct db_fast *fast, struct db_fast_counters *ret_counters);

#endif
