/* PostgreSQL for tests: a real one, never a stand-in. .make/testpg.sh starts one cluster for the whole run
 * and keeps a migrated template database in it; each test copies what it needs. Every failure here fails the
 * test with the reason. */
#ifndef CARDWRIGHT_TESTS_LIB_PG_H
#define CARDWRIGHT_TESTS_LIB_PG_H

#include <libpq-fe.h>
#include <stdbool.h>

enum test_pg_content { TEST_PG_EMPTY, TEST_PG_MIGRATED };

/* One database and how each role reaches it. */
struct test_pg {
    char name[64];
    char admin[256]; /* superuser: breaks what the others may not */
    char owner[256];
    char app[256];
    char readonly[256];
    char auditor[256];
};

/* Makes a database of its own for the calling test. `label` is a word for its name. */
void test_pg_create(struct test_pg *ret_pg, const char *label, enum test_pg_content content);

/* Drops it, with whoever is still connected. */
void test_pg_drop(const struct test_pg *pg);

/* A blocking connection; PQfinish it. */
PGconn *test_pg_connect(const char *conninfo);

/* Runs SQL that must succeed. */
void test_pg_exec(PGconn *pg, const char *sql);

/* The first cell of the first row as a number; the query must return one. */
long long test_pg_number(PGconn *pg, const char *sql);

/* The same as text, copied into `ret_text`; "" for NULL. */
void test_pg_text(PGconn *pg, const char *sql, char *ret_text, size_t capacity);

/* A whole cluster of the test's own, to stop and start; its database `cardwright` is empty. */
struct test_cluster {
    char directory[256];
    struct test_pg pg;
};

void test_cluster_create(struct test_cluster *ret_cluster, const char *label); /* started */
void test_cluster_start(const struct test_cluster *cluster);
void test_cluster_stop(const struct test_cluster *cluster,
                       const char *mode); /* "fast" or "immediate" (a crash) */
void test_cluster_remove(const struct test_cluster *cluster);

#endif
