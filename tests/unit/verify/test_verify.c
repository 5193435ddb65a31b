/* verify-ledger against a ledger with some of everything: sound as it is, and with one thing broken at a
 * time. Each file of breaks/ breaks what the file of the same name in server/verify/sql asserts; its last
 * statement answers the lines, "invariant: row", that must be named then, and no other may be. */
#include "verify/verify.h"

#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define SQL_FOLDER "server/verify/sql"
#define BREAKS_FOLDER "tests/unit/verify/breaks"
#define BASE_FILE "tests/unit/verify/base.psql"
#define INVARIANTS_MAX 256

extern char **environ;

TestSuite(verify_verify, .timeout = 180);

struct outcome {
    enum verify_status status;
    char *output;
    char *problems;
};

static struct outcome verify(const char *conninfo)
{
    struct outcome outcome = {0};
    size_t output_bytes;
    size_t problems_bytes;
    FILE *output = open_memstream(&outcome.output, &output_bytes);
    FILE *problems = open_memstream(&outcome.problems, &problems_bytes);
    cr_assert(output && problems);
    const struct verify_settings settings = {.conninfo = conninfo, .output = output, .problems = problems};
    outcome.status = verify_ledger(&settings);
    fclose(output);
    fclose(problems);
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    free(outcome->output);
    free(outcome->problems);
}

static void fill(const struct test_pg *database)
{
    char *argv[] = {"psql",
                    "--no-psqlrc",
                    "--quiet",
                    "--output=/dev/null",
                    "--set=ON_ERROR_STOP=1",
                    "--file=" BASE_FILE,
                    (char *)database->admin,
                    NULL};
    pid_t child;
    int status = -1;
    cr_assert(posix_spawnp(&child, "psql", NULL, NULL, argv, environ) == 0);
    cr_assert(waitpid(child, &status, 0) == child && status == 0, "psql could not play " BASE_FILE);
}

static void make_base(struct test_pg *ret_database)
{
    test_pg_create(ret_database, "verify", TEST_PG_MIGRATED);
    PGconn *pg = test_pg_connect(ret_database->admin);
    test_pg_exec(pg, "create extension if not exists pgtap");
    PQfinish(pg);
    fill(ret_database);
}

static int names_of(const char *folder, char (*ret_names)[64])
{
    DIR *directory = opendir(folder);
    int count = 0;
    cr_assert(directory, "%s is not there; run the tests in the top folder", folder);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        const char *end = strstr(entry->d_name, ".sql");
        if (!end || end - entry->d_name >= 64)
            continue;
        cr_assert(count < INVARIANTS_MAX);
        snprintf(ret_names[count++], 64, "%.*s", (int)(end - entry->d_name), entry->d_name);
    }
    closedir(directory);
    qsort(ret_names, (size_t)count, 64, (int (*)(const void *, const void *))strcmp);
    return count;
}

static char *read_break(const char *name)
{
    char path[256];
    size_t bytes = 0;
    char *text = NULL;
    snprintf(path, sizeof path, BREAKS_FOLDER "/%.63s.sql", name);
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s is missing: every invariant is broken once", path);
    cr_assert(getdelim(&text, &bytes, '\0', file) > 0);
    fclose(file);
    return text;
}

/* True: a line of `output` begins with "line: ". */
static bool names_line(const char *output, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = output; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        if (strncmp(at, line, length) == 0 && at[length] == ':')
            return true;
    }
    return false;
}

static int line_count(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Breaks the database of `copy`; the result holds the lines that have to be named. */
static PGresult *break_it(const struct test_pg *copy, const char *name)
{
    char *sql = read_break(name);
    PGconn *pg = test_pg_connect(copy->admin);
    test_pg_exec(pg, "set search_path = public, t; set session_replication_role = replica");
    PGresult *wanted = PQexec(pg, sql);
    cr_assert(PQresultStatus(wanted) == PGRES_TUPLES_OK, "%s: %s", name, PQerrorMessage(pg));
    test_pg_exec(pg, "select pg_stat_force_next_flush()");
    PQfinish(pg);
    free(sql);
    return wanted;
}

/* `conninfo` of one database made one of another on the same server. */
static void other_database(const char *conninfo, const char *name, char *ret_conninfo, size_t capacity)
{
    const char *end = strstr(conninfo, "dbname=");
    cr_assert(end);
    snprintf(ret_conninfo, capacity, "%.*sdbname=%s", (int)(end - conninfo), conninfo, name);
}

static void make_copy(const struct test_pg *base, struct test_pg *ret_copy)
{
    char maintenance[256];
    char sql[256];
    snprintf(ret_copy->name, sizeof ret_copy->name, "%.50s_broken", base->name);
    other_database(base->admin, ret_copy->name, ret_copy->admin, sizeof ret_copy->admin);
    other_database(base->readonly, ret_copy->name, ret_copy->readonly, sizeof ret_copy->readonly);
    other_database(base->admin, "postgres", maintenance, sizeof maintenance);
    snprintf(sql, sizeof sql, "create database %.63s template %.63s", ret_copy->name, base->name);
    PGconn *pg = test_pg_connect(maintenance);
    test_pg_exec(pg, sql);
    PQfinish(pg);
}

static void check_break(const struct test_pg *base, const char *name)
{
    struct test_pg copy = {0};
    make_copy(base, &copy);
    PGresult *wanted = break_it(&copy, name);
    struct outcome outcome = verify(copy.readonly);
    cr_expect_eq(outcome.status, VERIFY_VIOLATED, "%s: %s", name, outcome.problems);
    cr_expect_eq(line_count(outcome.output), PQntuples(wanted) + 1,
                 "%s: too much or too little is named:\n%s", name, outcome.output);
    for (int row = 0; row < PQntuples(wanted); row++)
        cr_expect(names_line(outcome.output, PQgetvalue(wanted, row, 0)), "%s: \"%s\" is not named in:\n%s",
                  name, PQgetvalue(wanted, row, 0), outcome.output);
    outcome_free(&outcome);
    PQclear(wanted);
    test_pg_drop(&copy);
}

Test(verify_verify, each_broken_invariant_is_named_with_its_row)
{
    static char names[INVARIANTS_MAX][64];
    static char breaks[INVARIANTS_MAX][64];
    int count = names_of(SQL_FOLDER, names);
    struct test_pg base;
    make_base(&base);
    cr_assert_eq(names_of(BREAKS_FOLDER, breaks), count, "every break has its invariant");
    for (int i = 0; i < count; i++)
        check_break(&base, names[i]);
    test_pg_drop(&base);
}

Test(verify_verify, a_sound_ledger_has_no_violation)
{
    static char names[INVARIANTS_MAX][64];
    char summary[64];
    struct test_pg base;
    make_base(&base);
    struct outcome outcome = verify(base.readonly);
    snprintf(summary, sizeof summary, "%d invariants, 0 violations\n", names_of(SQL_FOLDER, names));
    cr_expect_eq(outcome.status, VERIFY_SOUND);
    cr_expect_str_eq(outcome.output, summary);
    cr_expect_str_eq(outcome.problems, "");
    outcome_free(&outcome);
    test_pg_drop(&base);
}

Test(verify_verify, an_empty_ledger_is_sound)
{
    struct test_pg database;
    test_pg_create(&database, "verify_empty", TEST_PG_MIGRATED);
    struct outcome outcome = verify(database.readonly);
    cr_expect_eq(outcome.status, VERIFY_SOUND, "%s%s", outcome.output, outcome.problems);
    outcome_free(&outcome);
    test_pg_drop(&database);
}

Test(verify_verify, what_cannot_run_says_so)
{
    struct test_pg database;
    test_pg_create(&database, "verify_rights", TEST_PG_MIGRATED);
    struct outcome nowhere = verify("host=/nowhere/at/all");
    cr_expect_eq(nowhere.status, VERIFY_NOT_RUN);
    cr_expect(strstr(nowhere.problems, "cannot be reached"), "%s", nowhere.problems);
    cr_expect_eq(line_count(nowhere.problems), 1);
    /* The server's own role may not read the ledger. */
    struct outcome forbidden = verify(database.app);
    cr_expect_eq(forbidden.status, VERIFY_NOT_RUN);
    cr_expect(strstr(forbidden.problems, "permission denied"), "%s", forbidden.problems);
    cr_expect_str_eq(forbidden.output, "");
    /* No schema at all. */
    struct test_pg empty;
    test_pg_create(&empty, "verify_none", TEST_PG_EMPTY);
    struct outcome none = verify(empty.readonly);
    cr_expect_eq(none.status, VERIFY_NOT_RUN);
    cr_expect(strstr(none.problems, "does not exist"), "%s", none.problems);
    outcome_free(&nowhere);
    outcome_free(&forbidden);
    outcome_free(&none);
    test_pg_drop(&empty);
    test_pg_drop(&database);
}

Test(verify_verify, it_writes_nothing)
{
    char before[64];
    char after[64];
    static const char marks[] = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables";
    struct test_pg base;
    make_base(&base);
    PGconn *pg = test_pg_connect(base.admin);
    test_pg_text(pg, marks, before, sizeof before);
    struct outcome outcome = verify(base.admin); /* even as one who could */
    cr_expect_eq(outcome.status, VERIFY_SOUND, "%s", outcome.output);
    test_pg_exec(pg, "select pg_stat_clear_snapshot()");
    test_pg_text(pg, marks, after, sizeof after);
    cr_expect_str_eq(before, after);
    PQfinish(pg);
    outcome_free(&outcome);
    test_pg_drop(&base);
}
