/* The blocking connection of the WORK lane and its transactions. */
#include "db/work_conn.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/pg.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct db_conn {
    const struct db_settings *settings;
    PGconn *pg; /* NULL: not connected */
    int pause_ms;
    int64_t next_try_ms;
    bool closed;         /* db_conn_shut: answers ERR_UNAVAILABLE to everything */
    bool in_transaction; /* inside db_run */
    bool broke;          /* since the transaction began */
    enum db_fault fault; /* the first one of this transaction: what follows it only repeats it */
    char sqlstate[6];
    char message[256];
    char constraint[64];    /* PostgreSQL's NAMEDATALEN */
    struct db_tally *tally; /* NULL: nobody counts */
};

struct db_conn *db_conn_new(const struct db_settings *settings)
{
    struct db_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    conn->settings = settings;
    conn->pause_ms = DB_RECONNECT_PAUSE_MS_MIN;
    return conn;
}

static void disconnect(struct db_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->broke = true;
}

void db_conn_free(struct db_conn *conn)
{
    if (!conn)
        return;
    disconnect(conn);
    free(conn);
}

void db_conn_tally(struct db_conn *conn, struct db_tally *tally)
{
    conn->tally = tally;
}

void db_conn_shut(struct db_conn *conn)
{
    conn->closed = true;
}

/* Settings and statements; one round trip, because a pool thread may come back in the middle of a rush. */
static bool prepare(struct db_conn *conn)
{
    struct db_session_timeouts timeouts;
    db_session_timeouts(&timeouts, DB_WORK_LOCK_TIMEOUT_MS, DB_WORK_STATEMENT_TIMEOUT_MS);
    const char *values[] = {timeouts.lock, timeouts.statement};
    const struct db_settings *settings = conn->settings;
    size_t next = 0;
    bool good = PQenterPipelineMode(conn->pg) &&
                PQsendQueryParams(conn->pg, db_session_sql, 2, NULL, values, NULL, NULL, 0);
    for (size_t i = 0; good && i < settings->statement_count; i++)
        good = PQsendPrepare(conn->pg, settings->statements[i].name, settings->statements[i].text, 0, NULL);
    good = good && PQpipelineSync(conn->pg);
    for (bool synced = false; good && !synced;) {
        PGresult *result = PQgetResult(conn->pg);
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (!result) {
            next++;
            good = next <= settings->statement_count + 1 && PQstatus(conn->pg) == CONNECTION_OK;
        } else if (!synced && !db_result_good(result)) {
            db_log_result("db.prepare_failed", next ? settings->statements[next - 1].name : "session",
                          result);
            good = false;
        }
        PQclear(result);
    }
    return good && PQexitPipelineMode(conn->pg);
}

static bool connect_now(struct db_conn *conn)
{
    int64_t now_ms = clock_monotonic_ms();
    if (conn->closed || now_ms < conn->next_try_ms)
        return false;
    conn->pg = db_pg_connect(conn->settings, true);
    if (PQstatus(conn->pg) == CONNECTION_OK && prepare(conn)) {
        conn->pause_ms = DB_RECONNECT_PAUSE_MS_MIN;
        conn->next_try_ms = 0;
        return true;
    }
    db_log_connection("db.connection_down", "connect", conn->pg);
    disconnect(conn);
    conn->next_try_ms = now_ms + conn->pause_ms;
    conn->pause_ms *= 2;
    if (conn->pause_ms > DB_RECONNECT_PAUSE_MS_MAX)
        conn->pause_ms = DB_RECONNECT_PAUSE_MS_MAX;
    return false;
}

/* An idle connection that the server closed is readable; better found now than in the middle of a statement.
 */
static bool still_there(struct db_conn *conn)
{
    struct pollfd socket = {.fd = PQsocket(conn->pg), .events = POLLIN};
    while (poll(&socket, 1, 0) > 0) {
        if (!PQconsumeInput(conn->pg)) /* first the server's farewell, then the end of the stream */
            return false;
    }
    return PQstatus(conn->pg) == CONNECTION_OK;
}

/* A lost connection must not come back inside a transaction: its first half is gone. */
static bool ready(struct db_conn *conn)
{
    if (conn->closed || (conn->in_transaction && (conn->broke || !conn->pg)))
        return false;
    if (conn->pg && !conn->in_transaction && !still_there(conn)) {
        db_log_connection("db.connection_down", "closed while idle", conn->pg);
        disconnect(conn);
    }
    return conn->pg || connect_now(conn);
}

static void copy_field(char *to, size_t capacity, const PGresult *result, int code)
{
    const char *text = result ? PQresultErrorField(result, code) : NULL;
    snprintf(to, capacity, "%s", text ? text : "");
}

static void note_failure(struct db_conn *conn, const PGresult *result)
{
    copy_field(conn->sqlstate, sizeof conn->sqlstate, result, PG_DIAG_SQLSTATE);
    copy_field(conn->message, sizeof conn->message, result, PG_DIAG_MESSAGE_PRIMARY);
    copy_field(conn->constraint, sizeof conn->constraint, result, PG_DIAG_CONSTRAINT_NAME);
}

static enum err away(struct db_conn *conn)
{
    note_failure(conn, NULL);
    if (conn->fault == DB_FAULT_NONE)
        conn->fault = DB_FAULT_AWAY;
    return ERR_UNAVAILABLE;
}

/* Keeps what the caller may ask about and says what the failure means. Takes nothing over. */
static enum err judge(struct db_conn *conn, const char *name, const PGresult *result)
{
    enum db_fault fault = db_fault_of(result);
    note_failure(conn, fault == DB_FAULT_NONE ? NULL : result);
    if (fault == DB_FAULT_NONE)
        return OK;
    if (conn->fault == DB_FAULT_NONE || !conn->in_transaction)
        conn->fault = fault;
    /* A broken constraint is often the answer to a question (is this name taken?), so it is no error by
     * itself. */
    if (strncmp(conn->sqlstate, "23", 2) == 0)
        log_debug("db.constraint", LOG_TEXT("statement", name), LOG_TEXT("constraint", conn->constraint));
    else
        db_log_result("db.statement_failed", name, result);
    bool lost = PQstatus(conn->pg) != CONNECTION_OK;
    if (lost || (fault == DB_FAULT_STALE && !conn->in_transaction))
        disconnect(conn);
    if (fault == DB_FAULT_STALE)
        conn->broke = true; /* prepared anew with the next connection */
    return fault == DB_FAULT_OTHER ? ERR_INTERNAL : ERR_UNAVAILABLE;
}

static enum err finish(struct db_conn *conn, const char *name, PGresult *result, struct db_rows **ret_rows)
{
    enum err err = judge(conn, name, result);
    struct db_rows *rows = err == OK && ret_rows ? malloc(sizeof *rows) : NULL;
    if (!rows) {
        PQclear(result);
        return err == OK && ret_rows ? ERR_INTERNAL : err;
    }
    rows->result = result;
    *ret_rows = rows;
    return OK;
}

enum err db_query(struct db_conn *conn, const char *statement_name, const struct db_params *params,
                  struct db_rows **ret_rows)
{
    struct db_encoded encoded;
    if (!ready(conn))
        return away(conn);
    db_encode(params, &encoded);
    PGresult *result = PQexecPrepared(conn->pg, statement_name, params ? params->count : 0, encoded.values,
                                      encoded.lengths, encoded.formats, 0);
    return finish(conn, statement_name, result, ret_rows);
}

enum err db_query_text(struct db_conn *conn, const char *sql, const struct db_params *params,
                       struct db_rows **ret_rows)
{
    struct db_encoded encoded;
    if (!ready(conn))
        return away(conn);
    db_encode(params, &encoded);
    PGresult *result = PQexecParams(conn->pg, sql, params ? params->count : 0, NULL, encoded.values,
                                    encoded.lengths, encoded.formats, 0);
    return finish(conn, "text", result, ret_rows);
}

enum err db_exec(struct db_conn *conn, const char *sql)
{
    if (!ready(conn))
        return away(conn);
    return finish(conn, "text", PQexec(conn->pg, sql), NULL);
}

bool db_violated(const struct db_conn *conn, const char *constraint_name)
{
    return strncmp(conn->sqlstate, "23", 2) == 0 && strcmp(conn->constraint, constraint_name) == 0;
}

const char *db_sqlstate(const struct db_conn *conn)
{
    return conn->sqlstate;
}

const char *db_message(const struct db_conn *conn)
{
    return conn->message;
}

static void pause_before(int attempt)
{
    int pause_ms = DB_RETRY_PAUSE_MS_MIN << attempt;
    struct timespec left = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0)
        continue;
}

static void roll_back(struct db_conn *conn)
{
    if (!conn->pg)
        return;
    PQclear(PQexec(conn->pg, "rollback"));
    if (conn->broke || PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        disconnect(conn);
}

enum attempt { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_FAILED };

/* One transaction from BEGIN to its end. A failed statement decides, whatever the callback makes of it. */
static enum attempt attempt(struct db_conn *conn, db_transaction_fn *transaction, void *context,
                            enum err *ret_err)
{
    conn->in_transaction = false;
    conn->broke = false;
    conn->fault = DB_FAULT_NONE;
    bool was_connected = conn->pg;
    *ret_err = db_exec(conn, "begin");
    if (*ret_err != OK)
        return was_connected && !conn->pg ? ATTEMPT_AGAIN : ATTEMPT_FAILED;
    conn->in_transaction = true;
    conn->broke = false;
    *ret_err = transaction(conn, context);
    bool again = conn->fault == DB_FAULT_RETRY || conn->fault == DB_FAULT_STALE || conn->broke;
    bool aborted = !conn->pg || PQtransactionStatus(conn->pg) != PQTRANS_INTRANS;
    if (*ret_err == OK && aborted)
        *ret_err = again ? ERR_UNAVAILABLE : ERR_INTERNAL;
    if (*ret_err != OK) {
        roll_back(conn);
        return again && aborted ? ATTEMPT_AGAIN : ATTEMPT_FAILED;
    }
    *ret_err = db_exec(conn, "commit");
    if (*ret_err == OK)
        return ATTEMPT_DONE;
    again =
        conn->fault == DB_FAULT_RETRY; /* a connection lost now may have committed: never again by itself */
    roll_back(conn);
    return again ? ATTEMPT_AGAIN : ATTEMPT_FAILED;
}

static void count(struct db_conn *conn, int retries, enum err err)
{
    if (!conn->tally)
        return;
    atomic_fetch_add_explicit(&conn->tally->retries, (uint64_t)retries, memory_order_relaxed);
    atomic_fetch_add_explicit(&conn->tally->transactions, err == OK, memory_order_relaxed);
}

enum err db_run(struct db_conn *conn, const char *label, db_transaction_fn *transaction, void *context)
{
    enum err err = ERR_UNAVAILABLE;
    int retries = 0;
    assert(!conn->in_transaction);
    enum attempt outcome = attempt(conn, transaction, context, &err);
    while (outcome == ATTEMPT_AGAIN && retries < DB_RETRIES_MAX) {
        pause_before(++retries);
        outcome = attempt(conn, transaction, context, &err);
    }
    conn->in_transaction = false;
    if (outcome == ATTEMPT_AGAIN) {
        log_warn("db.transaction_gave_up", LOG_TEXT("transaction", label), LOG_INT("retries", retries));
        err = ERR_UNAVAILABLE;
    }
    count(conn, retries, err);
    return err;
}
