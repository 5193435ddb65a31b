#include "db/migrate.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "db/migrate_files.h"
#include "db/pg.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Any number will do; it stands for "somebody migrates this database". */
#define MIGRATE_LOCK_ID "7203061745338"
#define FUNCTIONS_VERSION 0

struct run {
    const struct migrate_settings *settings;
    PGconn *pg;
    struct migrate_folder folder;
    PGresult *registered; /* version, name, sha256, applied_at; in version order */
    char *problem;
    size_t capacity;
};

static const char registry_sql[] =
    "create table if not exists schema_migration ("
    " version integer primary key, name text not null, sha256 text not null,"
    " applied_at timestamptz not null default clock_timestamp());"
    "comment on table schema_migration is 'What cardwrightd migrate has applied to this database';"
    "comment on column schema_migration.version is 'Number of the file; 0 stands for the folder functions';"
    "comment on column schema_migration.name is 'Name of the file';"
    "comment on column schema_migration.sha256 is 'Checksum of the file when it was applied, in hex';"
    "comment on column schema_migration.applied_at is 'When it was applied'";

static const char roles_sql[] =
    "select string_agg('create role ' || wanted || ' login', '; ' order by wanted) from"
    " unnest(array['cardwright_app', 'cardwright_auditor', 'cardwright_ro']) wanted"
    " where not exists (select from pg_roles where rolname = wanted)";

__attribute__((format(printf, 2, 3))) static bool refuse(struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(run->problem, run->capacity, format, args);
    va_end(args);
    size_t length = strlen(run->problem); /* libpq ends its messages with a newline */
    while (length > 0 && run->problem[length - 1] == '\n')
        run->problem[--length] = '\0';
    return false;
}

__attribute__((format(printf, 2, 3))) static void say(const struct run *run, const char *format, ...)
{
    if (!run->settings->output)
        return;
    va_list args;
    va_start(args, format);
    vfprintf(run->settings->output, format, args);
    va_end(args);
    fputc('\n', run->settings->output);
}

static void result_release(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

static bool exec(struct run *run, const char *sql)
{
    CLEANUP(result_release) PGresult *result = PQexec(run->pg, sql);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return db_result_good(result) || refuse(run, "%s", message ? message : PQerrorMessage(run->pg));
}

/* The line of `text` in which its character number `position` (from 1) stands. */
static int line_at(const char *text, const char *position)
{
    int line = 1;
    long left = position ? strtol(position, NULL, 10) : 1;
    for (; *text && left > 1; text++) {
        line += *text == '\n';
        left -= ((unsigned char)*text & 0xC0) != 0x80; /* positions count characters, not bytes */
    }
    return line;
}

/* Runs a file inside the open transaction and says where in it something is wrong. */
static bool exec_file(struct run *run, const struct migrate_file *file)
{
    CLEANUP(result_release) PGresult *result = PQexec(run->pg, file->text);
    ExecStatusType status = PQresultStatus(result);
    if (!db_result_good(result) && status != PGRES_EMPTY_QUERY) {
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
        int line = line_at(file->text, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
        return refuse(run, "%s, line %d: %s%s%s", file->name, line,
                      message ? message : PQerrorMessage(run->pg), hint ? " Hint: " : "", hint ? hint : "");
    }
    if (PQtransactionStatus(run->pg) != PQTRANS_INTRANS)
        return refuse(run, "%s ends its transaction; take BEGIN, COMMIT and ROLLBACK out of it.", file->name);
    return true;
}

static void roll_back(struct run *run)
{
    PQclear(PQexec(run->pg, "rollback"));
}

static bool register_file(struct run *run, int version, const char *name, const char *sha256)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%d", version);
    const char *values[] = {digits, name, sha256};
    CLEANUP(result_release)
    PGresult *result = PQexecParams(run->pg,
                                    "insert into schema_migration (version, name, sha256) values ($1, $2, $3)"
                                    " on conflict (version) do update set name = excluded.name,"
                                    " sha256 = excluded.sha256, applied_at = clock_timestamp()",
                                    3, NULL, values, NULL, NULL, 0);
    return db_result_good(result) || refuse(run, "%s", PQerrorMessage(run->pg));
}

static bool open_run(struct run *run)
{
    struct db_settings settings = {.conninfo = run->settings->conninfo,
                                   .application_name = "cardwright-migrate"};
    run->pg = db_pg_connect(&settings, true);
    if (PQstatus(run->pg) != CONNECTION_OK)
        return refuse(run, "The database cannot be reached: %s", PQerrorMessage(run->pg));
    return migrate_folder_read(run->settings->directory, &run->folder, run->problem, run->capacity);
}

static void close_run(struct run *run)
{
    result_release(&run->registered);
    migrate_folder_free(&run->folder);
    PQfinish(run->pg); /* gives the advisory lock back */
}

static bool read_registry(struct run *run)
{
    result_release(&run->registered);
    run->registered = PQexec(run->pg, "select version, name, sha256, to_char(applied_at, 'YYYY-MM-DD') "
                                      "from schema_migration order by version");
    return db_result_good(run->registered) || refuse(run, "%s", PQerrorMessage(run->pg));
}

static int registered_version(const struct run *run, int row)
{
    return (int)strtol(PQgetvalue(run->registered, row, 0), NULL, 10);
}

static int newest_registered(const struct run *run)
{
    int rows = PQntuples(run->registered);
    return rows > 0 ? registered_version(run, rows - 1) : 0;
}

static const struct migrate_file *file_of(const struct run *run, int version)
{
    for (int i = 0; i < run->folder.numbered.count; i++) {
        if (run->folder.numbered.items[i].version == version)
            return &run->folder.numbered.items[i];
    }
    return NULL;
}

/* What was applied must still be there, to the byte; else nobody knows what the schema is. */
static bool check_registered(struct run *run)
{
    for (int row = 0; row < PQntuples(run->registered); row++) {
        int version = registered_version(run, row);
        const char *name = PQgetvalue(run->registered, row, 1);
        const char *day = PQgetvalue(run->registered, row, 3);
        if (version == FUNCTIONS_VERSION)
            continue;
        const struct migrate_file *file = file_of(run, version);
        if (!file)
            return refuse(
                run,
                "%s was applied on %s but is not in %s: this program is older than the database, so "
                "install the newer one.",
                name, day, run->settings->directory);
        if (strcmp(file->sha256, PQgetvalue(run->registered, row, 2)) != 0)
            return refuse(
                run,
                "%s was changed after it was applied on %s; restore the file and put the change into a "
                "new migration.",
                file->name, day);
    }
    return true;
}

static bool apply_one(struct run *run, const struct migrate_file *file)
{
    if (exec(run, "begin") && exec_file(run, file) &&
        register_file(run, file->version, file->name, file->sha256) && exec(run, "commit")) {
        say(run, "applied %s", file->name);
        return true;
    }
    roll_back(run);
    return false;
}

static bool apply_numbered(struct run *run)
{
    int newest = newest_registered(run);
    int first = 0;
    const struct migrate_files *files = &run->folder.numbered;
    for (int row = 0, i = 0; i < files->count && files->items[i].version <= newest; i++) {
        while (row < PQntuples(run->registered) && registered_version(run, row) < files->items[i].version)
            row++;
        if (registered_version(run, row) != files->items[i].version)
            return refuse(run, "%s was never applied, but %04d was; give it a number above that.",
                          files->items[i].name, newest);
        first = i + 1;
    }
    for (int i = first; i < files->count; i++) {
        if (!apply_one(run, &files->items[i]))
            return false;
    }
    return true;
}

static bool functions_current(const struct run *run)
{
    return PQntuples(run->registered) > 0 && registered_version(run, 0) == FUNCTIONS_VERSION &&
           strcmp(PQgetvalue(run->registered, 0, 2), run->folder.functions_sha256) == 0;
}

/* Twice: the first round takes the bodies unseen, so that a function may call one with a later name; the
 * second checks them. */
static bool exec_functions(struct run *run)
{
    static const char *const rounds[] = {"set local check_function_bodies = off",
                                         "set local check_function_bodies = on"};
    for (int round = 0; round < 2; round++) {
        if (!exec(run, rounds[round]))
            return false;
        for (int i = 0; i < run->folder.functions.count; i++) {
            if (!exec_file(run, &run->folder.functions.items[i]))
                return false;
        }
    }
    return true;
}

static bool apply_functions(struct run *run)
{
    if (functions_current(run))
        return true;
    if (exec(run, "begin") && exec_functions(run) &&
        register_file(run, FUNCTIONS_VERSION, "functions", run->folder.functions_sha256) &&
        exec(run, "commit")) {
        say(run, "applied functions (%d files)", run->folder.functions.count);
        return true;
    }
    roll_back(run);
    return false;
}

/* roles.sql grants to roles that live outside the database, so on a foreign cluster they may not be there
 * yet. */
static bool make_roles(struct run *run)
{
    CLEANUP(result_release) PGresult *result = PQexec(run->pg, roles_sql);
    if (!db_result_good(result))
        return refuse(run, "%s", PQerrorMessage(run->pg));
    if (PQgetisnull(result, 0, 0))
        return true;
    const char *commands = PQgetvalue(result, 0, 0);
    if (exec(run, commands))
        return true;
    return refuse(run, "The owner may not make the roles; let an administrator of the database run: %s;",
                  commands);
}

static bool apply_roles(struct run *run)
{
    if (run->folder.roles.count == 0)
        return true;
    /* The server and the doctor compare the schema with the files at each start. */
    static const char grant_sql[] =
        "grant select on schema_migration to cardwright_app, cardwright_ro, cardwright_auditor";
    if (make_roles(run) && exec(run, "begin") && exec(run, grant_sql) &&
        exec_file(run, &run->folder.roles.items[0]) && exec(run, "commit")) {
        say(run, "applied roles.sql");
        return true;
    }
    roll_back(run);
    return false;
}

static bool lock_database(struct run *run)
{
    return exec(run, "set lock_timeout = '60s'; set client_min_messages = warning") &&
           (exec(run, "select pg_advisory_lock(" MIGRATE_LOCK_ID ")") ||
            refuse(run,
                   "Another migration of this database has been running for a minute; wait for it to end."));
}

bool migrate_run(const struct migrate_settings *settings, char *ret_problem, size_t capacity)
{
    struct run run = {.settings = settings, .problem = ret_problem, .capacity = capacity};
    bool good = open_run(&run) && lock_database(&run) && exec(&run, registry_sql) && read_registry(&run) &&
                check_registered(&run) && apply_numbered(&run) && apply_functions(&run) && apply_roles(&run);
    if (good)
        say(&run, "the schema is at version %d",
            run.folder.numbered.items[run.folder.numbered.count - 1].version);
    close_run(&run);
    return good;
}

static bool registry_exists(struct run *run)
{
    CLEANUP(result_release)
    PGresult *result = PQexec(run->pg, "select to_regclass('schema_migration') is not null");
    return db_result_good(result) && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
}

bool migrate_check(const struct migrate_settings *settings, struct migrate_status *ret_status,
                   char *ret_problem, size_t capacity)
{
    struct run run = {.settings = settings, .problem = ret_problem, .capacity = capacity};
    struct migrate_status status = {0};
    bool good = open_run(&run);
    if (good)
        status.latest = run.folder.numbered.items[run.folder.numbered.count - 1].version;
    if (good && registry_exists(&run)) {
        good = read_registry(&run) && check_registered(&run);
        status.applied = good ? newest_registered(&run) : 0;
        status.functions_current = good && functions_current(&run);
    }
    if (good)
        *ret_status = status;
    close_run(&run);
    return good;
}
