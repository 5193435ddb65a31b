#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    cr_assert(
        value && *value,
        "%s is not set: run \"make test\", or before a single program: eval \"$(.make/testpg.sh start DIR)\"",
        name);
    return value;
}

static void fill(struct test_pg *pg, const char *host, const char *database)
{
    snprintf(pg->name, sizeof pg->name, "%s", database);
    snprintf(pg->admin, sizeof pg->admin, "host=%s user=postgres dbname=%s", host, database);
    snprintf(pg->owner, sizeof pg->owner, "host=%s user=cardwright_owner dbname=%s", host, database);
    snprintf(pg->app, sizeof pg->app, "host=%s user=cardwright_app dbname=%s", host, database);
    snprintf(pg->readonly, sizeof pg->readonly, "host=%s user=cardwright_ro dbname=%s", host, database);
    snprintf(pg->auditor, sizeof pg->auditor, "host=%s user=cardwright_auditor dbname=%s", host, database);
}

static PGconn *maintenance(void)
{
    char conninfo[256];
    snprintf(conninfo, sizeof conninfo, "host=%s user=postgres dbname=postgres",
             setting("CARDWRIGHT_TEST_PG"));
    return test_pg_connect(conninfo);
}

void test_pg_create(struct test_pg *ret_pg, const char *label, enum test_pg_content content)
{
    static atomic_int serial;
    char name[64];
    char sql[256];
    snprintf(name, sizeof name, "t_%.30s_%d_%d", label, (int)getpid(), atomic_fetch_add(&serial, 1));
    fill(ret_pg, setting("CARDWRIGHT_TEST_PG"), name);
    PGconn *pg = maintenance();
    snprintf(sql, sizeof sql, "drop database if exists %s with (force)", name);
    test_pg_exec(pg, sql);
    snprintf(sql, sizeof sql, "create database %s owner cardwright_owner template %s", name,
             content == TEST_PG_MIGRATED ? "cardwright_template" : "template0");
    test_pg_exec(pg, sql);
    PQfinish(pg);
}

void test_pg_drop(const struct test_pg *database)
{
    char sql[256];
    PGconn *pg = maintenance();
    snprintf(sql, sizeof sql, "drop database if exists %s with (force)", database->name);
    test_pg_exec(pg, sql);
    PQfinish(pg);
}

PGconn *test_pg_connect(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);
    cr_assert(PQstatus(pg) == CONNECTION_OK, "%s: %s", conninfo, PQerrorMessage(pg));
    PQclear(PQexec(pg, "set client_min_messages = warning"));
    return pg;
}

static PGresult *query(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(pg));
    return result;
}

void test_pg_exec(PGconn *pg, const char *sql)
{
    PQclear(query(pg, sql));
}

void test_pg_text(PGconn *pg, const char *sql, char *ret_text, size_t capacity)
{
    PGresult *result = query(pg, sql);
    cr_assert(PQntuples(result) >= 1 && PQnfields(result) >= 1, "no row: %s", sql);
    snprintf(ret_text, capacity, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
}

long long test_pg_number(PGconn *pg, const char *sql)
{
    char text[64];
    char *end;
    test_pg_text(pg, sql, text, sizeof text);
    long long number = strtoll(text, &end, 10);
    cr_assert(end != text && !*end, "not a number but \"%s\": %s", text, sql);
    return number;
}

/* The tests run in the top folder of the tree, where make runs. */
static void cluster_script(const char *command, const char *directory, const char *mode)
{
    char *argv[] = {"bash", ".make/cluster.sh", (char *)command, (char *)directory, (char *)mode, NULL};
    pid_t child;
    int status = -1;
    cr_assert(posix_spawnp(&child, "bash", NULL, NULL, argv, environ) == 0);
    cr_assert(waitpid(child, &status, 0) == child && status == 0, ".make/cluster.sh %s %s failed", command,
              directory);
}

void test_cluster_create(struct test_cluster *ret_cluster, const char *label)
{
    char host[300];
    snprintf(ret_cluster->directory, sizeof ret_cluster->directory, "%s/%s-%d",
             setting("CARDWRIGHT_TEST_DIR"), label, (int)getpid());
    snprintf(host, sizeof host, "%s/socket", ret_cluster->directory);
    setenv("CLUSTER_COPY_OF", setting("CARDWRIGHT_TEST_PRISTINE"), 1);
    cluster_script("start", ret_cluster->directory, NULL);
    fill(&ret_cluster->pg, host, "cardwright");
}

void test_cluster_start(const struct test_cluster *cluster)
{
    cluster_script("start", cluster->directory, NULL);
}

void test_cluster_stop(const struct test_cluster *cluster, const char *mode)
{
    cluster_script("stop", cluster->directory, mode);
}

void test_cluster_remove(const struct test_cluster *cluster)
{
    cluster_script("remove", cluster->directory, NULL);
}
