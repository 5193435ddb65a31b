#include "db/pg.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that changes the meaning of what we send or read is set by us, whatever the role or database
 * has. */
const char db_session_sql[] =
    "select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false),"
    " set_config('synchronous_commit', 'on', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " set_config('datestyle', 'ISO, YMD', false), set_config('timezone', 'UTC', false),"
    " set_config('bytea_output', 'hex', false), set_config('jit', 'off', false)";

void db_session_timeouts(struct db_session_timeouts *ret_timeouts, int lock_ms, int statement_ms)
{
    snprintf(ret_timeouts->lock, sizeof ret_timeouts->lock, "%dms", lock_ms);
    snprintf(ret_timeouts->statement, sizeof ret_timeouts->statement, "%dms", statement_ms);
}

/* Notices are for people at psql; ours would only fill the log. */
static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

PGconn *db_pg_connect(const struct db_settings *settings, bool wait)
{
    char connect_timeout[16];
    snprintf(connect_timeout, sizeof connect_timeout, "%d", DB_CONNECT_TIMEOUT_S);
    /* dbname is expanded as conninfo or URL; what stands after it wins, so these are ours whatever the URL
     * says. A peer that vanished without a word is noticed within a minute. */
    const struct {
        const char *keyword;
        const char *value;
    } wanted[] = {
        {"dbname", settings->conninfo ? settings->conninfo : ""},
        {"application_name", settings->application_name ? settings->application_name : "cardwright"},
        {"client_encoding", "UTF8"},
        {"connect_timeout", connect_timeout},
        {"tcp_user_timeout", "10000"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
    };
    enum { WANTED = sizeof wanted / sizeof wanted[0] };
    const char *keywords[WANTED + 1] = {NULL};
    const char *values[WANTED + 1] = {NULL};
    for (int i = 0; i < WANTED; i++) {
        keywords[i] = wanted[i].keyword;
        values[i] = wanted[i].value;
    }
    PGconn *pg = wait ? PQconnectdbParams(keywords, values, 1) : PQconnectStartParams(keywords, values, 1);
    if (pg)
        PQsetNoticeReceiver(pg, ignore_notice, NULL);
    return pg;
}

bool db_result_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

enum db_fault db_fault_of(const PGresult *result)
{
    static const struct {
        const char *sqlstate; /* or its class, the first two characters */
        enum db_fault fault;
    } known[] = {
        {"40001", DB_FAULT_RETRY}, /* serialization failure */
        {"40P01", DB_FAULT_RETRY}, /* deadlock */
        {"55P03", DB_FAULT_LOCK},  /* lock_timeout */
        {"57014", DB_FAULT_AWAY},  /* statement_timeout or cancelled */
        {"57P", DB_FAULT_AWAY},    /* shutting down, starting up */
        {"25006", DB_FAULT_AWAY},  /* the server became a standby */
        {"08", DB_FAULT_AWAY},     /* connection */
        {"53", DB_FAULT_AWAY},     /* disk full, out of memory, too many connections */
        {"58", DB_FAULT_AWAY},     /* I/O error of the system */
        {"26000", DB_FAULT_STALE}, /* no such prepared statement */
        {"0A000", DB_FAULT_STALE}, /* "cached plan must not change result type" */
    };
    if (db_result_good(result))
        return DB_FAULT_NONE;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    for (size_t i = 0; sqlstate && i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(sqlstate, known[i].sqlstate, strlen(known[i].sqlstate)) == 0)
            return known[i].fault;
    }
    /* libpq makes results without SQLSTATE itself, when the connection broke. */
    return sqlstate ? DB_FAULT_OTHER : DB_FAULT_AWAY;
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

void db_log_result(const char *event, const char *name, const PGresult *result)
{
    bool ours = db_fault_of(result) == DB_FAULT_OTHER;
    LOG_EVENT(ours ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, event, LOG_TEXT("statement", name),
              LOG_TEXT("sqlstate", field(result, PG_DIAG_SQLSTATE)),
              LOG_TEXT("message", field(result, PG_DIAG_MESSAGE_PRIMARY)));
}

void db_log_connection(const char *event, const char *reason, const PGconn *pg)
{
    char message[256] = "";
    const char *said = pg ? PQerrorMessage(pg) : "";
    snprintf(message, sizeof message, "%s", said);
    message[strcspn(message, "\n")] = '\0';
    log_warn(event, LOG_TEXT("reason", reason), LOG_TEXT("message", message));
}
