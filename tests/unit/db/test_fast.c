/* The FAST lane against a real PostgreSQL: order, commit before answer, and every way a batch can fail. */
#include "base/limits.h"
#include "tests/unit/db/lane_fixture.h"

static const char schema[] =
    "create table kept (id bigserial primary key, value bigint not null unique);"
    "create table late (value bigint, constraint late_value unique (value) deferrable initially deferred);"
    "create table locked (id bigint primary key, hits bigint not null default 0);"
    "insert into locked values (1), (2);"
    "create sequence tries;"
    "create function keep(v bigint) returns bigint language plpgsql as $$ begin"
    " if v < 0 then raise exception 'poison'; end if;"
    " insert into kept (value) values (v); return v; end $$;"
    "create function stumble(times bigint) returns text language plpgsql as $$ begin"
    " if nextval('tries') <= times then raise exception 'again' using errcode = '40001'; end if;"
    " return 'stood up'; end $$;"
    "create function cut(times bigint) returns text language plpgsql as $$ begin"
    " if nextval('tries') <= times then perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); "
    "end if;"
    " return 'survived'; end $$;"
    "create function shape() returns bigint language sql as $$ select 1::bigint $$;";

static const struct db_statement statements[] = {
    {"keep", "select keep($1)"},
    {"late", "insert into late values ($1) returning value"},
    {"hit", "update locked set hits = hits + 1 where id = $1 returning hits"},
    {"stumble", "select stumble($1)"},
    {"cut", "select cut($1)"},
    {"kinds", "select $1::text, $2::text, $3::bigint, $4::bool, $5::bytea as bytes, $6::uuid"},
    {"shape", "select * from shape()"},
    {"slow", "select pg_sleep(20)"},
};
#define STATEMENT_COUNT (sizeof statements / sizeof statements[0])

static struct lane_fixture fx;

static void open_lane(int connections)
{
    test_pg_create(&fx.pg, "fast", TEST_PG_EMPTY);
    fx.side = test_pg_connect(fx.pg.owner);
    test_pg_exec(fx.side, schema);
    lane_open(&fx, statements, STATEMENT_COUNT, connections);
    run_until(&fx, is_ready);
}

static void close_lane(void)
{
    lane_close(&fx);
    PQfinish(fx.side);
    test_pg_drop(&fx.pg);
}

static int wanted;

static bool all_ended(struct lane_fixture *fixture)
{
    return fixture->ended >= wanted;
}

static void run_calls(int count)
{
    wanted = count;
    run_until(&fx, all_ended);
}

static void submit_number(struct noted_call *noted, const char *name, int64_t number)
{
    db_bind_int64(&noted->call.params, number);
    submit(&fx, noted, name);
}

TestSuite(db_fast, .timeout = 60);

Test(db_fast, answers_after_the_commit)
{
    open_lane(1);
    struct noted_call noted = {0};
    submit_number(&noted, "keep", 7);
    run_calls(1);
    cr_assert_eq(noted.err, OK);
    cr_assert_str_eq(noted.text, "7");
    cr_assert_eq(test_pg_number(fx.side, "select count(*) from kept where value = 7"), 1);
    close_lane();
}

Test(db_fast, one_poison_in_a_full_batch)
{
    open_lane(1);
    struct noted_call noted[DB_BATCH_REQUESTS_MAX] = {0};
    struct db_fast_counters counters;
    for (int i = 0; i < DB_BATCH_REQUESTS_MAX; i++) {
        noted[i].call.order_key = (uint64_t)(DB_BATCH_REQUESTS_MAX - i);
        submit_number(&noted[i], "keep", i == 20 ? -1 : i);
    }
    run_calls(DB_BATCH_REQUESTS_MAX);
    for (int i = 0; i < DB_BATCH_REQUESTS_MAX; i++) {
        cr_assert_eq(noted[i].ended, 1);
        cr_assert_eq(noted[i].err, i == 20 ? ERR_INTERNAL : OK, "call %d: %d", i, noted[i].err);
    }
    cr_assert_eq(noted[20].order, DB_BATCH_REQUESTS_MAX, "the guilty one is run last");
    cr_assert_eq(test_pg_number(fx.side, "select count(*) from kept"), DB_BATCH_REQUESTS_MAX - 1);
    db_fast_counters(fx.fast, &counters);
    cr_assert_eq(counters.reruns, DB_BATCH_REQUESTS_MAX);
    cr_assert_eq(counters.errors, 1);
    cr_assert_eq(counters.failed_batches, 2, "the batch, and the poison alone");
    cr_assert_eq(counters.queue_length, 0);
    close_lane();
}

Test(db_fast, a_batch_is_one_transaction_in_lock_order)
{
    open_lane(1);
    struct noted_call noted[DB_BATCH_REQUESTS_MAX] = {0};
    for (int i = 0; i < DB_BATCH_REQUESTS_MAX; i++) {
        noted[i].call.order_key = (uint64_t)((i * 37) % DB_BATCH_REQUESTS_MAX);
        submit_number(&noted[i], "keep", (i * 37) % DB_BATCH_REQUESTS_MAX);
    }
    run_calls(DB_BATCH_REQUESTS_MAX);
    cr_assert_eq(test_pg_number(fx.side, "select count(distinct xmin::text) from kept"), 1);
    cr_assert_eq(test_pg_number(fx.side,
                                "select count(*) from (select value, lag(value) over (order by id) as before"
                                " from kept) s where before > value"),
                 0);
    close_lane();
}

static bool both_are_up(struct lane_fixture *fixture)
{
    struct db_fast_counters counters;
    db_fast_counters(fixture->fast, &counters);
    return counters.connections_up == 2;
}

static int64_t transactions_of(int calls)
{
    struct noted_call noted[DB_BATCH_REQUESTS_MAX] = {0};
    test_pg_exec(fx.side, "truncate kept");
    fx.ended = 0;
    for (int i = 0; i < calls; i++)
        submit_number(&noted[i], "keep", i);
    run_calls(calls);
    return test_pg_number(fx.side, "select count(distinct xmin::text) from kept");
}

Test(db_fast, idle_connections_share_the_queue)
{
    open_lane(2);
    run_until(&fx, both_are_up);
    cr_assert_eq(transactions_of(16), 2);
    cr_assert_eq(transactions_of(DB_BATCH_REQUESTS_MIN), 1, "so few commit together");
    close_lane();
}

static const uint8_t some_uuid[16] = {0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xff};

static void check_kinds(const struct db_rows *rows)
{
    uint8_t bytes[4];
    uint8_t uuid[16];
    cr_assert_eq(db_rows_count(rows), 1);
    cr_assert_eq(db_rows_columns(rows), 6);
    cr_assert(db_is_null(rows, 0, 0));
    cr_assert_null(db_text(rows, 0, 0));
    cr_assert_str_eq(db_text(rows, 0, 1), "gr\xc3\xbc\xc3\x9f");
    cr_assert_eq(db_text_bytes(rows, 0, 1), 6);
    cr_assert_eq(db_int64(rows, 0, 2), INT64_MIN);
    cr_assert_eq(db_int64(rows, 0, 1), 0, "not a number");
    cr_assert(db_bool(rows, 0, 3));
    cr_assert_not(db_bool(rows, 0, 0), "NULL is not true");
    cr_assert_eq(db_bytes(rows, 0, 4, bytes, sizeof bytes), 3);
    cr_assert_arr_eq(bytes, "\0\1\xfe", 3);
    cr_assert_eq(db_bytes(rows, 0, 4, bytes, 2), -1, "longer than the room for it");
    cr_assert_eq(db_bytes(rows, 0, 0, bytes, sizeof bytes), -1);
    cr_assert(db_uuid(rows, 0, 5, uuid));
    cr_assert_arr_eq(uuid, some_uuid, 16);
    cr_assert_not(db_uuid(rows, 0, 1, uuid));
    cr_assert_eq(db_rows_column(rows, "bytes"), 4);
    cr_assert_eq(db_rows_column(rows, "none"), -1);
}

Test(db_fast, every_kind_of_parameter_and_cell)
{
    open_lane(1);
    struct noted_call noted = {.look = check_kinds};
    db_bind_null(&noted.call.params);
    db_bind_text(&noted.call.params, "gr\xc3\xbc\xc3\x9f");
    db_bind_int64(&noted.call.params, INT64_MIN);
    db_bind_bool(&noted.call.params, true);
    db_bind_bytes(&noted.call.params, (const uint8_t *)"\0\1\xfe", 3);
    db_bind_uuid(&noted.call.params, some_uuid);
    submit(&fx, &noted, "kinds");
    run_calls(1);
    cr_assert_eq(noted.err, OK);
    close_lane();
}

Test(db_fast, a_failure_at_the_commit_hits_only_the_guilty_one)
{
    open_lane(1);
    struct noted_call noted[4] = {0};
    test_pg_exec(fx.side, "insert into late values (2)");
    for (int i = 0; i < 4; i++)
        submit_number(&noted[i], "late", i);
    run_calls(4);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(noted[i].err, i == 2 ? ERR_INTERNAL : OK, "call %d: %d", i, noted[i].err);
    cr_assert_eq(test_pg_number(fx.side, "select count(*) from late"), 4);
    close_lane();
}

Test(db_fast, a_lock_held_too_long_is_unavailable_for_those_who_need_it)
{
    open_lane(1);
    struct noted_call noted[4] = {0};
    test_pg_exec(fx.side, "begin; update locked set hits = 100 where id = 1");
    for (int i = 0; i < 4; i++) {
        noted[i].call.order_key = i < 2 ? 1 : 2;
        submit_number(&noted[i], "hit", i < 2 ? 1 : 2);
    }
    run_calls(4);
    test_pg_exec(fx.side, "rollback");
    for (int i = 0; i < 4; i++)
        cr_assert_eq(noted[i].err, i < 2 ? ERR_UNAVAILABLE : OK, "call %d: %d", i, noted[i].err);
    cr_assert_eq(test_pg_number(fx.side, "select hits from locked where id = 1"), 0);
    cr_assert_eq(test_pg_number(fx.side, "select hits from locked where id = 2"), 2);
    close_lane();
}

static void let_go(struct noted_call *noted)
{
    test_pg_exec(noted->fixture->side, "commit");
}

Test(db_fast, a_lock_given_back_in_time_costs_one_rerun)
{
    open_lane(1);
    struct noted_call waits = {0};
    struct noted_call other = {.then = let_go};
    test_pg_exec(fx.side, "begin; update locked set hits = 100 where id = 1");
    waits.call.order_key = 1;
    other.call.order_key = 2;
    submit_number(&waits, "hit", 1);
    submit_number(&other, "hit", 2);
    run_calls(2);
    cr_assert_eq(waits.err, OK);
    cr_assert_str_eq(waits.text, "101");
    cr_assert_eq(other.err, OK);
    close_lane();
}

Test(db_fast, serialization_failures_are_retried_five_times)
{
    open_lane(1);
    struct noted_call rises = {0};
    struct noted_call never = {0};
    struct db_fast_counters counters;
    submit_number(&rises, "stumble", DB_RETRIES_MAX);
    run_calls(1);
    cr_assert_eq(rises.err, OK);
    cr_assert_str_eq(rises.text, "stood up");
    submit_number(&never, "stumble", 1000);
    run_calls(2);
    cr_assert_eq(never.err, ERR_UNAVAILABLE);
    db_fast_counters(fx.fast, &counters);
    cr_assert_eq(counters.reruns, 2 * DB_RETRIES_MAX);
    cr_assert_eq(test_pg_number(fx.side, "select last_value from tries"), 2 * (DB_RETRIES_MAX + 1));
    close_lane();
}

Test(db_fast, a_lost_connection_reruns_what_is_repeatable_once)
{
    open_lane(1);
    struct noted_call again = {0};
    struct noted_call once = {0};
    again.call.repeatable = true;
    submit_number(&again, "cut", 1);
    submit_number(&once, "keep", 5);
    run_calls(2);
    cr_assert_eq(again.err, OK);
    cr_assert_str_eq(again.text, "survived");
    cr_assert_eq(once.err, ERR_UNAVAILABLE);
    cr_assert_eq(test_pg_number(fx.side, "select count(*) from kept"), 0);

    struct noted_call hopeless = {0};
    hopeless.call.repeatable = true;
    submit_number(&hopeless, "cut", 1000);
    run_calls(3);
    cr_assert_eq(hopeless.err, ERR_UNAVAILABLE);
    cr_assert_eq(hopeless.ended, 1);
    close_lane();
}

Test(db_fast, a_changed_result_type_prepares_anew)
{
    open_lane(1);
    struct noted_call before = {0};
    struct noted_call after = {0};
    submit(&fx, &before, "shape");
    run_calls(1);
    test_pg_exec(fx.side, "drop function shape(); create function shape() returns text language sql as"
                          " $$ select 'text'::text $$");
    submit(&fx, &after, "shape");
    run_calls(2);
    cr_assert_eq(before.err, OK);
    cr_assert_eq(after.err, OK);
    cr_assert_str_eq(after.text, "text");
    close_lane();
}

Test(db_fast, the_queue_is_bounded)
{
    open_lane(2);
    int count = DB_FAST_QUEUE_MAX + 10;
    struct noted_call *noted = calloc((size_t)count, sizeof *noted);
    for (int i = 0; i < count; i++)
        submit_number(&noted[i], "keep", i);
    run_calls(count);
    for (int i = 0; i < count; i++) {
        cr_assert_eq(noted[i].ended, 1);
        cr_assert_eq(noted[i].err, i < DB_FAST_QUEUE_MAX ? OK : ERR_UNAVAILABLE);
    }
    cr_assert_eq(test_pg_number(fx.side, "select count(*) from kept"), DB_FAST_QUEUE_MAX);
    free(noted);
    close_lane();
}

Test(db_fast, calls_in_flight_end_when_the_lane_is_freed)
{
    open_lane(1);
    struct noted_call running = {0};
    struct noted_call waiting = {0};
    submit(&fx, &running, "slow");
    wanted = 0;
    run_until(&fx, all_ended); /* one turn: the batch is out */
    submit(&fx, &waiting, "slow");
    db_fast_free(fx.fast);
    cr_assert_eq(running.err, ERR_UNAVAILABLE);
    cr_assert_eq(waiting.err, ERR_UNAVAILABLE);
    cr_assert_eq(fx.ended, 2);
    loop_free(fx.loop);
    PQfinish(fx.side);
    test_pg_drop(&fx.pg);
}

Test(db_fast, no_database_is_unavailable_at_once)
{
    lane_open(&fx, statements, STATEMENT_COUNT, 1);
    fx.settings.conninfo = "host=/nonexistent dbname=nothing";
    struct noted_call noted = {0};
    noted.call.repeatable = true;
    submit_number(&noted, "keep", 1);
    run_calls(1);
    cr_assert_eq(noted.err, ERR_UNAVAILABLE);
    lane_close(&fx);
}

static int64_t wait_until_ms;

static bool is_late(struct lane_fixture *fixture)
{
    return loop_now_ms(fixture->loop) >= wait_until_ms;
}

Test(db_fast, a_statement_that_cannot_be_prepared_is_never_ready)
{
    static const struct db_statement wrong[] = {{"wrong", "select no_such_column from pg_class"}};
    test_pg_create(&fx.pg, "fast", TEST_PG_EMPTY);
    lane_open(&fx, wrong, 1, 1);
    wait_until_ms = loop_now_ms(fx.loop) + 400; /* the first tries to connect */
    run_until(&fx, is_late);
    cr_assert_not(db_fast_ready(fx.fast));
    struct noted_call noted = {0};
    submit(&fx, &noted, "wrong");
    run_calls(1);
    cr_assert_eq(noted.err, ERR_UNAVAILABLE);
    lane_close(&fx);
    test_pg_drop(&fx.pg);
}

Test(db_fast, comes_back_after_the_database_crashed)
{
    struct test_cluster cluster;
    test_cluster_create(&cluster, "fast");
    fx.pg = cluster.pg;
    fx.side = test_pg_connect(cluster.pg.owner);
    test_pg_exec(fx.side, schema);
    PQfinish(fx.side);
    lane_open(&fx, statements, STATEMENT_COUNT, 2);
    run_until(&fx, is_ready);
    struct noted_call before = {0};
    submit_number(&before, "keep", 1);
    run_calls(1);
    cr_assert_eq(before.err, OK);

    test_cluster_stop(&cluster, "immediate");
    run_until(&fx, is_down);
    struct noted_call away = {0};
    submit_number(&away, "keep", 2);
    run_calls(2);
    cr_assert_eq(away.err, ERR_UNAVAILABLE);

    test_cluster_start(&cluster);
    run_until(&fx, is_ready);
    struct noted_call back = {0};
    submit_number(&back, "keep", 3);
    run_calls(3);
    cr_assert_eq(back.err, OK);
    fx.side = test_pg_connect(cluster.pg.owner);
    cr_assert_eq(test_pg_number(fx.side, "select sum(value) from kept"), 4);
    PQfinish(fx.side);
    lane_close(&fx);
    test_cluster_remove(&cluster);
}
