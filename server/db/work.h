/* The WORK lane: plain blocking connections, and a small thread pool in which each thread owns one. */
#ifndef CARDWRIGHT_DB_WORK_H
#define CARDWRIGHT_DB_WORK_H

#include "base/err.h"
#include "db/rows.h"
#include "db/settings.h"

/* A blocking connection. It always exists; it connects when first used and again after a loss, but not more
 * often than the pauses of DB_RECONNECT_PAUSE_MS_MIN … _MAX allow; meanwhile everything returns
 * ERR_UNAVAILABLE at once. One thread at a time. */
struct db_conn;

struct db_conn *db_conn_new(const struct db_settings *settings); /* NULL: no memory */
void db_conn_free(struct db_conn *conn);                  /* NULL is fine; an open transaction is lost */
static inline void db_conn_release(struct db_conn **conn) /* for CLEANUP */
{
    db_conn_free(*conn);
    *conn = NULL;
}

/* Runs a prepared statement; outside db_run it is a transaction of its own. `params` may be NULL (none), and
 * so may `ret_rows` (not wanted); the caller owns the rows and frees them with db_rows_free. Errors, with
 * nothing of the statement done: ERR_UNAVAILABLE (database away, lock or statement timeout, serialization
 * failure, no resources; inside db_run the runner retries what can be retried), ERR_INTERNAL (anything else
 * it raised; see db_violated). A connection that breaks while the statement runs is ERR_UNAVAILABLE too, and
 * then the statement may have been done. */
enum err db_query(struct db_conn *conn, const char *statement_name, const struct db_params *params,
                  struct db_rows **ret_rows);

/* The same for a statement given as text, not prepared. */
enum err db_query_text(struct db_conn *conn, const char *sql, const struct db_params *params,
                       struct db_rows **ret_rows);

/* Runs one or several statements separated by semicolons, without parameters, and drops their rows. */
enum err db_exec(struct db_conn *conn, const char *sql);

/* After ERR_INTERNAL: whether the last statement broke the constraint or unique index of this name. Such an
 * error aborts the transaction, so inside db_run return the caller's error next. */
bool db_violated(const struct db_conn *conn, const char *constraint_name);
/* After a failure: SQLSTATE ("23505") and the server's primary message; "" when there is none. */
const char *db_sqlstate(const struct db_conn *conn);
const char *db_message(const struct db_conn *conn);

/* What happens inside one transaction. Returns OK to commit or an error to roll back. It may run several
 * times, so it must set its outputs anew each time, reply to nobody, and never begin or end a transaction
 * itself. */
typedef enum err db_transaction_fn(struct db_conn *conn, void *context);

/* The only way to a transaction of several statements. Commits when `transaction` returns OK; runs it again
 * after a serialization failure, a deadlock or a connection lost before COMMIT, at most DB_RETRIES_MAX times
 * with growing pauses; never leaves a transaction open. Returns the transaction's own error, or
 * ERR_UNAVAILABLE (also when the connection broke during COMMIT: then it may have been done). `label` is for
 * the log. Not nestable. */
enum err db_run(struct db_conn *conn, const char *label, db_transaction_fn *transaction, void *context);

/* The thread pool. */
struct work_pool;

/* Runs in a pool thread; `conn` is that thread's and outside any transaction, before and after. */
typedef void work_fn(struct db_conn *conn, void *context);

/* `thread_count` 1 to WORK_THREADS_MAX. NULL: no memory or threads. */
struct work_pool *work_pool_new(const struct db_settings *settings, int thread_count);

/* Takes no more work; runs what is queued with connections that answer ERR_UNAVAILABLE at once, so that every
 * `fn` is called exactly once; waits for the threads. A running statement may take up to its
 * statement_timeout. */
void work_pool_free(struct work_pool *pool);

/* From any thread. Queues fn(conn, context); ERR_UNAVAILABLE, with fn never called: WORK_QUEUE_MAX are
 * waiting, or the pool is closing. */
enum err work_submit(struct work_pool *pool, work_fn *fn, void *context);

struct work_counters {
    uint64_t submitted;
    uint64_t refused;      /* the queue was full */
    uint64_t transactions; /* committed by db_run */
    uint64_t retries;      /* of db_run */
    uint64_t queue_length; /* now */
    uint64_t busy_threads; /* now */
};

/* A snapshot; from any thread. */
void work_counters(struct work_pool *pool, struct work_counters *ret_counters);

#endif
