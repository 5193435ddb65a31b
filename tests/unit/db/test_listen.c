/* Hints between servers: two listeners on one database, as two servers have them. */
#include "base/limits.h"
#include "db/listen.h"
#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct station {
    struct db_listen *listen;
    int everything; /* how often it was told to look at everything */
    int hints;
    char last[HINT_BYTES_MAX + 1];
};

static struct test_pg pg;
static struct loop *loop;
static struct db_settings settings;
static struct station near;
static struct station far;
static bool (*until)(void);

static void on_hint(void *context, const char *hint)
{
    struct station *station = context;
    station->everything += !hint;
    station->hints += hint != NULL;
    snprintf(station->last, sizeof station->last, "%s", hint ? hint : "");
}

static int stop_when_true(void *context)
{
    (void)context;
    if (until())
        loop_stop(loop);
    return 20;
}

static void run_until(bool (*condition)(void))
{
    until = condition;
    loop_run(loop);
}

static bool both_listen(void)
{
    return near.everything > 0 && far.everything > 0;
}

static void set_up(void)
{
    test_pg_create(&pg, "listen", TEST_PG_EMPTY);
    settings = (struct db_settings){.conninfo = pg.owner, .application_name = "test-listen"};
    loop = loop_new("listen");
    near.listen = db_listen_new(loop, &settings, true, on_hint, &near);
    far.listen = db_listen_new(loop, &settings, true, on_hint, &far);
    loop_turn_add(loop, stop_when_true, NULL);
    run_until(both_listen);
}

static void tear_down(void)
{
    db_listen_free(near.listen);
    db_listen_free(far.listen);
    loop_free(loop);
    test_pg_drop(&pg);
}

TestSuite(db_listen, .init = set_up, .fini = tear_down, .timeout = 60);

static int expected;

static bool far_got_them(void)
{
    return far.hints >= expected;
}

/* The sender connects beside the listener, so the first hints may go while it is not up yet. */
static bool sender_works(void)
{
    struct db_listen_counters counters;
    db_listen_counters(near.listen, &counters);
    if (counters.sent == 0)
        hint_send(near.listen, "warm-up");
    return far.hints > 0 && counters.sent > 0;
}

static void warm_up(void)
{
    run_until(sender_works);
    near.hints = 0;
    far.hints = 0;
}

Test(db_listen, the_others_get_a_hint_and_we_do_not)
{
    warm_up();
    expected = 1;
    hint_send(near.listen, "desk 0193 17");
    run_until(far_got_them);
    cr_assert_str_eq(far.last, "desk 0193 17");
    cr_assert_eq(near.hints, 0);
}

Test(db_listen, equal_hints_of_a_turn_are_one_and_all_go_in_one_notification)
{
    struct db_listen_counters before;
    struct db_listen_counters after;
    warm_up();
    db_listen_counters(near.listen, &before);
    for (int i = 0; i < 30; i++) {
        char hint[32];
        snprintf(hint, sizeof hint, "desk %d", i % 10);
        hint_send(near.listen, hint);
    }
    expected = 10;
    run_until(far_got_them);
    db_listen_counters(near.listen, &after);
    cr_assert_eq(far.hints, 10);
    cr_assert_eq(after.sent - before.sent, 10);
    cr_assert_eq(after.notifications - before.notifications, 1);
}

Test(db_listen, more_than_a_payload_goes_in_several)
{
    struct db_listen_counters before;
    struct db_listen_counters after;
    warm_up();
    db_listen_counters(near.listen, &before);
    for (int i = 0; i < 300; i++) {
        char hint[HINT_BYTES_MAX + 1];
        snprintf(hint, sizeof hint, "%0100d", i);
        hint_send(near.listen, hint);
    }
    expected = 300;
    run_until(far_got_them);
    db_listen_counters(near.listen, &after);
    cr_assert_eq(after.notifications - before.notifications, 4, "78 hints of 101 bytes fit into one");
    cr_assert_eq(after.dropped, before.dropped);
}

Test(db_listen, a_full_buffer_drops_and_goes_on)
{
    struct db_listen_counters before;
    struct db_listen_counters counters;
    warm_up();
    db_listen_counters(near.listen,
                       &before); /* what was sent before the sender was connected was dropped too */
    for (int i = 0; i < 1000; i++) {
        char hint[HINT_BYTES_MAX + 1];
        snprintf(hint, sizeof hint, "%0119d", i);
        hint_send(near.listen, hint);
    }
    db_listen_counters(near.listen, &counters);
    cr_assert_eq(counters.dropped - before.dropped, 1000 - HINT_BUFFER_BYTES / 120);
    expected = HINT_BUFFER_BYTES / 120;
    run_until(far_got_them);
    expected++;
    hint_send(near.listen, "after");
    run_until(far_got_them);
    cr_assert_str_eq(far.last, "after");
}

static bool both_listen_again(void)
{
    return near.everything > 1 && far.everything > 1;
}

Test(db_listen, a_new_connection_says_look_at_everything)
{
    PGconn *side = test_pg_connect(pg.owner);
    test_pg_exec(side, "select pg_terminate_backend(pid) from pg_stat_activity"
                       " where datname = current_database() and application_name = 'test-listen'");
    run_until(both_listen_again);
    PQfinish(side);
}

static int turns;

static bool a_few_turns(void)
{
    return ++turns > 5;
}

Test(db_listen, disabled_has_no_connections)
{
    PGconn *side = test_pg_connect(pg.owner);
    struct station mute = {0};
    mute.listen = db_listen_new(loop, &settings, false, on_hint, &mute);
    hint_send(mute.listen, "nobody hears this");
    run_until(a_few_turns);
    cr_assert_eq(mute.everything, 0);
    cr_assert_leq(test_pg_number(side,
                                 "select count(*) from pg_stat_activity"
                                 " where datname = current_database() and application_name = 'test-listen'"),
                  4, "two stations with two connections each");
    db_listen_free(mute.listen);
    PQfinish(side);
}
