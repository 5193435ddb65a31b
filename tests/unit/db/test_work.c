/* The WORK lane against a real PostgreSQL: transactions that retry, connections that come back, the bounded
 * pool. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "db/work.h"
#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

static const struct db_statement statements[] = {
    {"add", "insert into kept (value) values ($1) returning value"},
    {"stumble", "select stumble($1)"},
    {"cut", "select cut($1)"},
    {"shape", "select * from shape()"},
};

static const char schema[] =
    "create table kept (value bigint constraint kept_value unique);"
    "create sequence tries;"
    "create function stumble(times bigint) returns text language plpgsql as $$ begin"
    " if nextval('tries') <= times then raise exception 'again' using errcode = '40P01'; end if;"
    " return 'stood up'; end $$;"
    "create function cut(times bigint) returns text language plpgsql as $$ begin"
    " if nextval('tries') <= times then perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); "
    "end if;"
    " return 'survived'; end $$;"
    "create function shape() returns bigint language sql as $$ select 1::bigint $$;";

static struct test_pg pg;
static PGconn *side;
static struct db_settings settings;
static struct db_conn *conn;

static void set_up(void)
{
    test_pg_create(&pg, "work", TEST_PG_EMPTY);
    side = test_pg_connect(pg.owner);
    test_pg_exec(side, schema);
    settings = (struct db_settings){.conninfo = pg.owner,
                                    .application_name = "test-work",
                                    .statements = statements,
                                    .statement_count = sizeof statements / sizeof statements[0]};
    conn = db_conn_new(&settings);
}

static void tear_down(void)
{
    db_conn_free(conn);
    PQfinish(side);
    test_pg_drop(&pg);
}

TestSuite(db_work, .init = set_up, .fini = tear_down, .timeout = 60);

static enum err run_number(const char *name, int64_t number, struct db_rows **ret_rows)
{
    struct db_params params = {0};
    db_bind_int64(&params, number);
    return db_query(conn, name, &params, ret_rows);
}

Test(db_work, a_query_returns_rows)
{
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    cr_assert_eq(run_number("add", 4, &rows), OK);
    cr_assert_eq(db_int64(rows, 0, 0), 4);
    cr_assert_eq(db_query_text(conn, "select 1 where false", NULL, NULL), OK);
    cr_assert_eq(db_exec(conn, "create temp table a (b int); drop table a"), OK);
}

Test(db_work, a_broken_constraint_has_a_name)
{
    cr_assert_eq(run_number("add", 4, NULL), OK);
    cr_assert_eq(run_number("add", 4, NULL), ERR_INTERNAL);
    cr_assert(db_violated(conn, "kept_value"));
    cr_assert_not(db_violated(conn, "another"));
    cr_assert_str_eq(db_sqlstate(conn), "23505");
    cr_assert_eq(run_number("add", 5, NULL), OK);
    cr_assert_not(db_violated(conn, "kept_value"), "only the last statement counts");
}

struct steps {
    int64_t stumbles;
    int runs;
    enum err answer;
    const char *extra;
};

static enum err add_and_stumble(struct db_conn *db, void *context)
{
    struct steps *steps = context;
    steps->runs++;
    enum err err = run_number("add", 1, NULL);
    if (err == OK && steps->extra)
        err = run_number(steps->extra, steps->stumbles, NULL);
    (void)db;
    return err == OK ? steps->answer : err;
}

Test(db_work, a_deadlock_is_retried_and_commits_once)
{
    struct steps steps = {.stumbles = 3, .extra = "stumble"};
    cr_assert_eq(db_run(conn, "test", add_and_stumble, &steps), OK);
    cr_assert_eq(steps.runs, 4);
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), 1);
}

Test(db_work, retries_are_bounded)
{
    struct steps steps = {.stumbles = 1000, .extra = "stumble"};
    cr_assert_eq(db_run(conn, "test", add_and_stumble, &steps), ERR_UNAVAILABLE);
    cr_assert_eq(steps.runs, DB_RETRIES_MAX + 1);
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), 0);
    cr_assert_eq(test_pg_number(side, "select count(*) from pg_stat_activity where datname = "
                                      "current_database() and application_name = 'test-work'"
                                      " and state <> 'idle'"),
                 0, "no transaction is left open");
}

Test(db_work, an_error_of_the_callback_rolls_back_without_a_retry)
{
    struct steps steps = {.answer = ERR_SHORT};
    cr_assert_eq(db_run(conn, "test", add_and_stumble, &steps), ERR_SHORT);
    cr_assert_eq(steps.runs, 1);
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), 0);
    cr_assert_eq(run_number("add", 9, NULL), OK, "the connection is outside any transaction again");
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), 1);
}

static enum err swallow(struct db_conn *db, void *context)
{
    (void)context;
    (void)db_exec(db, "select 1 / 0");
    (void)db_exec(db, "select 1");
    return OK;
}

Test(db_work, a_swallowed_failure_never_commits)
{
    cr_assert_eq(db_run(conn, "test", swallow, NULL), ERR_INTERNAL);
    cr_assert_eq(run_number("add", 1, NULL), OK);
}

Test(db_work, a_connection_lost_before_commit_runs_the_transaction_again)
{
    struct steps steps = {.stumbles = 1, .extra = "cut"};
    cr_assert_eq(db_run(conn, "test", add_and_stumble, &steps), OK);
    cr_assert_eq(steps.runs, 2);
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), 1);
}

Test(db_work, a_connection_closed_while_idle_is_replaced_unnoticed)
{
    cr_assert_eq(run_number("add", 1, NULL), OK);
    test_pg_exec(side, "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                       " where datname = current_database() and application_name = 'test-work'");
    cr_assert_eq(run_number("add", 2, NULL), OK);
}

Test(db_work, a_changed_result_type_is_prepared_anew)
{
    cr_assert_eq(db_query(conn, "shape", NULL, NULL), OK);
    test_pg_exec(side, "drop function shape(); create function shape() returns text language sql as"
                       " $$ select 'text'::text $$");
    cr_assert_eq(db_query(conn, "shape", NULL, NULL), ERR_UNAVAILABLE);
    cr_assert_eq(db_query(conn, "shape", NULL, NULL), OK);
}

Test(db_work, an_absent_database_is_unavailable)
{
    struct db_settings nowhere = {.conninfo = "host=/nonexistent dbname=nothing"};
    CLEANUP(db_conn_release) struct db_conn *lost = db_conn_new(&nowhere);
    struct steps steps = {0};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(db_query_text(lost, "select 1", NULL, NULL), ERR_UNAVAILABLE);
    cr_assert_eq(db_run(lost, "test", add_and_stumble, &steps), ERR_UNAVAILABLE);
    cr_assert_eq(steps.runs, 0);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int started, ran_ok, ran_unavailable;

static void add_one(struct db_conn *db, void *context)
{
    struct db_params params = {0};
    db_bind_int64(&params, (int64_t)(intptr_t)context);
    enum err err = db_query(db, "add", &params, NULL);
    atomic_fetch_add(err == OK ? &ran_ok : &ran_unavailable, 1);
}

static void wait_at_gate(struct db_conn *db, void *context)
{
    (void)db;
    (void)context;
    atomic_fetch_add(&started, 1);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

static void *free_pool(void *pool)
{
    work_pool_free(pool);
    return NULL;
}

Test(db_work, the_pool_runs_everything_exactly_once_and_its_queue_is_bounded)
{
    struct work_counters counters;
    pthread_t closer;
    struct work_pool *pool = work_pool_new(&settings, 2);
    pthread_mutex_lock(&gate);
    cr_assert_eq(work_submit(pool, wait_at_gate, NULL), OK);
    cr_assert_eq(work_submit(pool, wait_at_gate, NULL), OK);
    while (atomic_load(&started) < 2)
        sched_yield();
    for (int i = 0; i < WORK_QUEUE_MAX; i++)
        cr_assert_eq(work_submit(pool, add_one, (void *)(intptr_t)i), OK);
    cr_assert_eq(work_submit(pool, add_one, NULL), ERR_UNAVAILABLE);
    work_counters(pool, &counters);
    cr_assert_eq(counters.queue_length, WORK_QUEUE_MAX);
    cr_assert_eq(counters.refused, 1);
    cr_assert_eq(counters.busy_threads, 2);
    /* Closing starts while all of it waits; the gate opens only once the pool takes no more. */
    cr_assert_eq(pthread_create(&closer, NULL, free_pool, pool), 0);
    while (work_submit(pool, wait_at_gate, NULL) == OK || counters.refused < 2)
        work_counters(pool, &counters);
    pthread_mutex_unlock(&gate);
    pthread_join(closer, NULL);
    cr_assert_eq(atomic_load(&ran_ok) + atomic_load(&ran_unavailable), WORK_QUEUE_MAX);
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), atomic_load(&ran_ok));
}

Test(db_work, the_pool_works_on_its_own_connections)
{
    struct work_pool *pool = work_pool_new(&settings, 3);
    for (int i = 0; i < 60; i++)
        cr_assert_eq(work_submit(pool, add_one, (void *)(intptr_t)i), OK);
    while (atomic_load(&ran_ok) + atomic_load(&ran_unavailable) < 60)
        sched_yield();
    work_pool_free(pool);
    cr_assert_eq(atomic_load(&ran_ok), 60);
    cr_assert_eq(test_pg_number(side, "select count(*) from kept"), 60);
}
