#include "verify/verify.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "verify/verify_statements.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

struct invariant {
    const char *name;
    const char *sql;
};

#define INVARIANT(statement, file_name) {file_name, statement},
static const struct invariant invariants[] = {SQL_STATEMENTS(INVARIANT)};
#define INVARIANT_COUNT (sizeof invariants / sizeof *invariants)

struct run {
    const struct verify_settings *settings;
    PGconn *pg;
    long long violation_count;
};

static void result_release(PGresult **result)
{
    PQclear(*result);
}

static void connection_release(PGconn **pg)
{
    PQfinish(*pg);
}

/* One line, without the line breaks libpq ends its messages with. */
static bool refuse(const struct run *run, const char *what, const char *why)
{
    int length = (int)strcspn(why, "\n");
    fprintf(run->settings->problems, "cardwrightd verify-ledger: %s: %.*s\n", what, length, why);
    return false;
}

static bool execute(struct run *run, const char *sql)
{
    CLEANUP(result_release) PGresult *result = PQexec(run->pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return true;
    return refuse(run, "the database does not do what is needed", PQerrorMessage(run->pg));
}

/* All invariants see the same moment, so that what is booked meanwhile is no violation. Nothing may write,
 * not even by mistake, and no time is lost compiling queries. */
static bool begin(struct run *run)
{
    char timeout[96];
    if (PQstatus(run->pg) != CONNECTION_OK)
        return refuse(run, "the database cannot be reached", PQerrorMessage(run->pg));
    snprintf(timeout, sizeof timeout, "SET statement_timeout = %d; SET lock_timeout = %d",
             VERIFY_STATEMENT_TIMEOUT_MS, VERIFY_LOCK_TIMEOUT_MS);
    return execute(run, timeout) &&
           execute(run, "SET search_path = pg_catalog, public, pg_temp; SET jit = off") &&
           execute(run, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

static void print_row(struct run *run, const struct invariant *invariant, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        run->violation_count++;
        fprintf(run->settings->output, "%s: %s: %s\n", invariant->name, PQgetvalue(result, row, 0),
                PQgetvalue(result, row, 1));
    }
}

/* Row by row, so that a ledger with very many violations needs no memory. False: the question could not be
 * answered; the ones after it are not asked, because the transaction is over. */
static bool ask(struct run *run, const struct invariant *invariant)
{
    bool answered = true;
    if (!PQsendQuery(run->pg, invariant->sql) || !PQsetSingleRowMode(run->pg))
        return refuse(run, invariant->name, PQerrorMessage(run->pg));
    for (PGresult *result = PQgetResult(run->pg); result; result = PQgetResult(run->pg)) {
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK)
            print_row(run, invariant, result);
        else
            answered = refuse(run, invariant->name, PQresultErrorMessage(result));
        PQclear(result);
    }
    return answered;
}

enum verify_status verify_ledger(const struct verify_settings *settings)
{
    CLEANUP(connection_release) PGconn *pg = PQconnectdb(settings->conninfo);
    struct run run = {.settings = settings, .pg = pg};
    if (!begin(&run))
        return VERIFY_NOT_RUN;
    for (size_t i = 0; i < INVARIANT_COUNT; i++) {
        if (!ask(&run, &invariants[i]))
            return VERIFY_NOT_RUN;
    }
    fprintf(settings->output, "%zu invariants, %lld violations\n", INVARIANT_COUNT, run.violation_count);
    if (fflush(settings->output) != 0)
        return VERIFY_NOT_RUN;
    return run.violation_count == 0 ? VERIFY_SOUND : VERIFY_VIOLATED;
}
