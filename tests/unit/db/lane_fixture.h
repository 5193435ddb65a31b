/* Drives a FAST lane from a test: a loop that runs until something is true, and calls that note their end. */
#ifndef CARDWRIGHT_TESTS_UNIT_DB_LANE_FIXTURE_H
#define CARDWRIGHT_TESTS_UNIT_DB_LANE_FIXTURE_H

#include "db/fast.h"
#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct lane_fixture {
    struct test_pg pg;
    PGconn *side; /* a blocking connection beside the lane, as owner */
    struct loop *loop;
    struct db_settings settings;
    struct db_fast *fast;
    bool (*until)(struct lane_fixture *fixture);
    int ended; /* calls */
};

struct noted_call {
    struct db_call call;
    struct lane_fixture *fixture;
    enum err err;
    int ended; /* how often `done` came: must be once */
    int order; /* which end of the fixture it was, from 1 */
    char text[64];
    void (*then)(struct noted_call *noted);
    void (*look)(const struct db_rows *rows);
};

static inline void note_end(struct db_call *call, enum err err, const struct db_rows *rows)
{
    struct noted_call *noted = call->context;
    noted->err = err;
    noted->ended++;
    noted->order = ++noted->fixture->ended;
    if (rows && db_rows_count(rows) > 0 && db_text(rows, 0, 0))
        strncpy(noted->text, db_text(rows, 0, 0), sizeof noted->text - 1);
    if (noted->look && rows)
        noted->look(rows);
    if (noted->then)
        noted->then(noted);
}

static inline void submit(struct lane_fixture *fixture, struct noted_call *noted, const char *name)
{
    noted->fixture = fixture;
    noted->call.name = name;
    noted->call.done = note_end;
    noted->call.context = noted;
    db_fast_submit(fixture->fast, &noted->call);
}

static inline int stop_when_true(void *context)
{
    struct lane_fixture *fixture = context;
    if (fixture->until(fixture))
        loop_stop(fixture->loop);
    return 20;
}

static inline void run_until(struct lane_fixture *fixture, bool (*until)(struct lane_fixture *fixture))
{
    fixture->until = until;
    loop_run(fixture->loop);
}

static inline bool is_ready(struct lane_fixture *fixture)
{
    return db_fast_ready(fixture->fast);
}

static inline bool is_down(struct lane_fixture *fixture)
{
    return !db_fast_ready(fixture->fast);
}

static inline void lane_open(struct lane_fixture *fixture, const struct db_statement *statements,
                             size_t count, int connections)
{
    fixture->settings = (struct db_settings){.conninfo = fixture->pg.owner,
                                             .application_name = "test-lane",
                                             .statements = statements,
                                             .statement_count = count};
    fixture->loop = loop_new("lane");
    fixture->fast = db_fast_new(fixture->loop, &fixture->settings, connections);
    loop_turn_add(fixture->loop, stop_when_true, fixture);
}

static inline void lane_close(struct lane_fixture *fixture)
{
    db_fast_free(fixture->fast);
    loop_free(fixture->loop);
}

#endif
