/* What the files of this folder share about libpq. Nobody outside includes it. */
#ifndef CARDWRIGHT_DB_PG_H
#define CARDWRIGHT_DB_PG_H

#include "db/rows.h"
#include "db/settings.h"

#include <libpq-fe.h>

struct db_rows {
    PGresult *result;
};

/* Parameters in the form libpq takes them; the numbers' digits live inside, so it must not move while in use.
 */
struct db_encoded {
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX];
    int formats[DB_PARAMS_MAX];
    char digits[DB_PARAMS_MAX][24];
};

void db_encode(const struct db_params *params, struct db_encoded *ret_encoded);

/* What a failure means for whoever sent the statement. */
enum db_fault {
    DB_FAULT_NONE,
    DB_FAULT_RETRY, /* serialization failure, deadlock: the same again can succeed */
    DB_FAULT_LOCK,  /* lock_timeout */
    DB_FAULT_AWAY,  /* statement_timeout, no resources, shutting down, read-only: not now */
    DB_FAULT_STALE, /* the prepared statement no longer fits the schema: connect anew */
    DB_FAULT_OTHER, /* our bug, or a constraint the caller knows about */
};

enum db_fault db_fault_of(const PGresult *result);

/* True for a result that carries rows or a finished command. */
bool db_result_good(const PGresult *result);

/* Begins a connection from the settings; blocking when `wait`, else with PQconnectStart. NULL: no memory. */
PGconn *db_pg_connect(const struct db_settings *settings, bool wait);

/* One SELECT of set_config that makes a session ours, with the timeouts as $1 (lock) and $2 (statement). */
extern const char db_session_sql[];

/* The timeouts of a lane as the text parameters of db_session_sql. */
struct db_session_timeouts {
    char lock[16];
    char statement[16];
};

void db_session_timeouts(struct db_session_timeouts *ret_timeouts, int lock_ms, int statement_ms);

/* One line to the log: SQLSTATE and primary message, and never the DETAIL, which repeats data. */
void db_log_result(const char *event, const char *name, const PGresult *result);
void db_log_connection(const char *event, const char *reason, const PGconn *pg);

#endif
