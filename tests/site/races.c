/* Two at the same instant: desks, clicks, servers, transactions. The rig has two servers and two desks, each
 * desk at its own server. */
#include "tests/site/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 8
#define CLICKS 12

static int count_of(const struct shot *shots, int count, int status)
{
    int found = 0;
    for (int i = 0; i < count; i++)
        found += shots[i].status == status;
    return found;
}

/* ---- one key ---- */

/* All with one key and one body: one operation. Who comes while the first is under way is told so and asks
 * again; in the end everybody has the same answer. */
static bool check_clicks(struct site *site, struct shot *shots, int count)
{
    char sql[160];
    int first = 0;
    for (int i = 0; i < count; i++) {
        first += shots[i].status == 201 && !shots[i].replayed;
        if (shot_says(&shots[i], "key_busy")) {
            shots_fire(&shots[i], 1);
        }
        SITE_CHECK(shots[i].status == 201, "click %d: %d %.300s", i, shots[i].status, shots[i].text);
        SITE_CHECK(strcmp(shots[i].text, shots[0].text) == 0, "click %d was answered otherwise: %.300s", i,
                   shots[i].text);
    }
    SITE_CHECK(first == 1, "%d answers are the first one", first);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM operation WHERE id = '%s'", shots[0].key);
    SITE_CHECK(test_pg_number(site->pg, sql) == 1, "not one operation");
    return true;
}

/* On `server_count` servers by turns. Server 2 knows the session as well as server 1. */
static bool click_on(struct site *site, int server_count)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct rig_desk beside = *desk; /* the same browser, reaching the other server */
    struct site_card card;
    bool fine = site_card_new(site, desk, &card);
    beside.server = site->rig->servers[1];
    for (int round = 0; round < ROUNDS && fine; round++) {
        struct shot shots[CLICKS], one;
        shot_act(&one, desk, round % 2 ? "withdraw" : "recharge", 100);
        for (int i = 0; i < CLICKS; i++) {
            shots[i] = one;
            shots[i].desk = server_count > 1 && i % 2 ? &beside : desk;
        }
        shots_fire(shots, CLICKS);
        if (shot_was_disturbed(desk, &shots[0])) {
            round--;
            continue;
        }
        fine = check_clicks(site, shots, CLICKS);
        fine = fine && (rig_wait_operation(desk, one.key, "completed") || site_fail("%s", desk->problem));
    }
    return fine && (site_value(site, &card, "consumption") == 50000 || site_fail("the card holds too much"));
}

static bool double_click(struct site *site)
{
    return click_on(site, 1);
}

static bool two_servers(struct site *site)
{
    return click_on(site, 2);
}

static bool other_body(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    struct shot shots[2];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    struct rig_desk beside = *desk;
    beside.server = site->rig->servers[1];
    for (int round = 0; round < ROUNDS; round++) {
        shot_act(&shots[0], desk, "recharge", 100);
        shot_act(&shots[1], desk, "recharge", 200);
        shots[1].desk = &beside;
        memcpy(shots[1].key, shots[0].key, sizeof shots[1].key);
        shots_fire(shots, 2);
        if (shot_was_disturbed(desk, &shots[0])) {
            round--;
            continue;
        }
        SITE_CHECK(count_of(shots, 2, 201) == 1, "%d and %d: %.200s %.200s", shots[0].status, shots[1].status,
                   shots[0].text, shots[1].text);
        struct shot *loser = &shots[shots[0].status == 201 ? 1 : 0];
        if (shot_says(loser, "key_busy")) {
            shots_fire(loser, 1);
        }
        SITE_CHECK(loser->status == 422 && shot_says(loser, "key_reused"), "%d %.300s", loser->status,
                   loser->text);
        SITE_CHECK(rig_wait_operation(desk, shots[0].key, "completed"), "%s", desk->problem);
    }
    return true;
}

static bool replay_after_restart(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    struct shot first, again;
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    shot_ask(&first, desk, "recharge", 700);
    again = first;
    SITE_CHECK(first.status == 201, "%d %.300s", first.status, first.text);
    server_kill(desk->server);
    SITE_CHECK(site_server_back(site, 0), "the server does not come back");
    shots_fire(&again, 1);
    SITE_CHECK(again.status == 201 && again.replayed && strcmp(again.text, first.text) == 0,
               "after the restart: %d %.300s", again.status, again.text);
    SITE_CHECK(rig_wait_operation(desk, first.key, "completed"), "%s", desk->problem);
    SITE_CHECK(site_value(site, &card, "consumption") == 50700, "not exactly once");
    return true;
}

/* ---- one card ---- */

/* The card was read at desk 1, whose program then hung and did not notice that it was carried to desk 2. */
static bool show_at_both(struct site *site, const struct site_card *card)
{
    struct rig_desk *near = rig_desk(site->rig, 0);
    struct rig_desk *far = rig_desk(site->rig, 1);
    SITE_CHECK(rig_place(near, card->file), "desk 1: %s", near->problem);
    rig_agent_freeze(near);
    if (sim_reader_command(&near->reader, "remove") && rig_place(far, card->file))
        return true;
    rig_agent_thaw(near);
    return site_fail("desk 2: %s", far->problem);
}

/* Both were refused because a reader was disturbed or read the card again just then. */
static bool both_disturbed(const struct shot shots[2])
{
    bool disturbed = true;
    for (int i = 0; i < 2; i++)
        disturbed =
            disturbed && (shot_says(&shots[i], "card_changed") || shot_says(&shots[i], "agent_offline"));
    return disturbed;
}

/* One recharges, the other withdraws: one of them may. */
static bool fight(struct site *site, const struct site_card *card, int round, int *ret_disturbed)
{
    struct rig_desk *desks[2] = {rig_desk(site->rig, 0), rig_desk(site->rig, 1)};
    struct shot shots[2];
    for (int i = 0; i < 2; i++)
        shot_act(&shots[i], desks[(i + round) % 2], i ? "withdraw" : "recharge", 100 + i);
    shots_fire(shots, 2);
    rig_agent_thaw(desks[0]);
    SITE_CHECK(rig_wait_gone(desks[0]), "%s", desks[0]->problem);
    if (both_disturbed(shots)) {
        ++*ret_disturbed;
        return true;
    }
    SITE_CHECK(count_of(shots, 2, 201) == 1 && count_of(shots, 2, 409) == 1, "%d and %d: %.200s %.200s",
               shots[0].status, shots[1].status, shots[0].text, shots[1].text);
    int won = shots[0].status == 201 ? 0 : 1;
    SITE_CHECK(shot_says(&shots[1 - won], "operation_open") || shot_says(&shots[1 - won], "card_in_doubt") ||
                   shot_says(&shots[1 - won], "card_changed"),
               "refused by %.300s", shots[1 - won].text);
    SITE_CHECK(rig_place(desks[1], card->file), "%s", desks[1]->problem);
    SITE_CHECK(rig_operation_read(desks[1], shots[won].key) &&
                   rig_wait_operation(desks[1], shots[won].key, "completed"),
               "%s", desks[1]->problem);
    return true;
}

static bool two_desks(struct site *site)
{
    struct site_card card;
    int all_disturbed = 0;
    SITE_CHECK(site_card_new(site, rig_desk(site->rig, 0), &card), "no card");
    for (int round = 0; round < ROUNDS; round++) {
        int disturbed = 0;
        long long before = site_value(site, &card, "consumption");
        SITE_CHECK(show_at_both(site, &card) && fight(site, &card, round, &disturbed), "round %d", round);
        long long change = site_value(site, &card, "consumption") - before;
        SITE_CHECK(disturbed ? change == 0 : change == 100 || change == -101,
                   "round %d changed the card by %lld", round, change);
        all_disturbed += disturbed;
        SITE_CHECK(rig_remove(rig_desk(site->rig, 1)), "%s", rig_desk(site->rig, 1)->problem);
    }
    SITE_CHECK(all_disturbed <= ROUNDS / 2, "%d of %d rounds were disturbed", all_disturbed, ROUNDS);
    return rig_verify(site->rig) == 0 || site_fail("the books differ");
}

/* ---- transactions that overlap ---- */

/* Two connections of the database, the second one in the middle of a call that waits for the first. */
struct overlap {
    PGconn *first;
    PGconn *second;
};

static bool overlap_open(struct site *site, struct overlap *ret_overlap)
{
    const char *conninfo = site->rig->servers[0]->pg.owner;
    *ret_overlap = (struct overlap){test_pg_connect(conninfo), test_pg_connect(conninfo)};
    return true;
}

static void overlap_close(struct overlap *overlap)
{
    PQfinish(overlap->first);
    PQfinish(overlap->second);
}

/* Waits until the second call really waits for a lock. */
static bool overlap_waits(struct site *site, const struct overlap *overlap)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND wait_event_type = 'Lock'",
             PQbackendPID(overlap->second));
    return site_wait_number(site, sql, 1);
}

static bool overlap_result(struct overlap *overlap, char *ret_text, size_t capacity)
{
    PGresult *result = PQgetResult(overlap->second);
    bool fine = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    snprintf(ret_text, capacity, "%s", fine ? PQgetvalue(result, 0, 0) : PQresultErrorMessage(result));
    PQclear(result);
    while ((result = PQgetResult(overlap->second)) != NULL)
        PQclear(result);
    return fine;
}

/* fn_operation_prepare as the server would call it for the operator of this desk. */
static void prepare_sql(const struct rig_desk *desk, int amount_minor, char *ret_sql, size_t capacity)
{
    struct shot shot;
    shot_act(&shot, desk, "recharge", amount_minor);
    snprintf(ret_sql, capacity,
             "SELECT outcome FROM fn_operation_prepare((SELECT token_sha256 FROM session WHERE operator_id = "
             "'%s'), jsonb_build_object('desk_id', '%s', 'key', '%s', 'request_sha256', repeat('ab', 32), "
             "'presentation_id', '%s', 'kind', 'recharge', 'consumption_minor', %d))",
             desk->operator_id, desk->id, shot.key, rig_card_text(desk, "presentation_id"), amount_minor);
}

/* The second prepare waits for the card, and sees what the first one left: an open operation, or nothing. */
static bool prepares_overlap(struct site *site, struct overlap *overlap, bool commit)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    char first[900], second[900], outcome[300];
    prepare_sql(desk, 100, first, sizeof first);
    prepare_sql(desk, 200, second, sizeof second);
    test_pg_exec(overlap->first, "BEGIN");
    test_pg_text(overlap->first, first, outcome, sizeof outcome);
    SITE_CHECK(strcmp(outcome, "done") == 0, "the first: %s", outcome);
    SITE_CHECK(PQsendQuery(overlap->second, second) && overlap_waits(site, overlap), "it did not wait");
    test_pg_exec(overlap->first, commit ? "COMMIT" : "ROLLBACK");
    SITE_CHECK(overlap_result(overlap, outcome, sizeof outcome), "%s", outcome);
    SITE_CHECK(strcmp(outcome, commit ? "operation_open" : "done") == 0, "after %s: %s",
               commit ? "COMMIT" : "ROLLBACK", outcome);
    return true;
}

/* The agent hangs, so that the operation stays prepared; then it is done. */
static bool prepares_wait_for_each_other(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    struct overlap overlap;
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    bool fine = overlap_open(site, &overlap);
    for (int commit = 0; commit < 2 && fine; commit++) {
        rig_agent_freeze(desk);
        fine = prepares_overlap(site, &overlap, commit);
        rig_agent_thaw(desk);
        fine = fine && site_wait_number(site, "SELECT count(*) FROM operation WHERE finished_at IS NULL", 0);
        fine = fine && rig_place(desk, card.file);
    }
    overlap_close(&overlap);
    return fine && (site_value(site, &card, "consumption") == 50300 || site_fail("not 200 and 100 more"));
}

static bool cancel_sql(const struct rig_desk *desk, const char *operation_id, char *ret_sql, size_t capacity)
{
    int bytes = snprintf(ret_sql, capacity,
                         "SELECT outcome FROM fn_operation_cancel((SELECT token_sha256 FROM session WHERE "
                         "operator_id = '%s'), '%s', false, NULL)",
                         desk->operator_id, operation_id);
    return bytes > 0 && (size_t)bytes < capacity;
}

static bool poll_sql(const struct rig_desk *desk, char *ret_sql, size_t capacity)
{
    int bytes = snprintf(ret_sql, capacity,
                         "SELECT task FROM fn_plan_take((SELECT id FROM agent WHERE desk_id = '%s' AND "
                         "revoked_at IS NULL), (SELECT run FROM desk_live WHERE desk_id = '%s'), 'ok', "
                         "gen_random_uuid())",
                         desk->id, desk->id);
    return bytes > 0 && (size_t)bytes < capacity;
}

/* One of two calls has locked the card and is not committed; the other one waits, and sees what it left. */
static bool one_after_the_other(struct site *site, const char *first_sql, const char *wanted_first,
                                const char *second_sql, const char *wanted_second)
{
    struct overlap overlap;
    char first[300], second[300];
    overlap_open(site, &overlap);
    test_pg_exec(overlap.first, "BEGIN");
    test_pg_text(overlap.first, first_sql, first, sizeof first);
    bool waited = PQsendQuery(overlap.second, second_sql) && overlap_waits(site, &overlap);
    test_pg_exec(overlap.first, "COMMIT");
    bool fine = overlap_result(&overlap, second, sizeof second);
    overlap_close(&overlap);
    SITE_CHECK(waited && fine, "waited: %d, %s", waited, second);
    SITE_CHECK(strcmp(first, wanted_first) == 0 && strcmp(second, wanted_second) == 0, "%s and then %s",
               first, second);
    return true;
}

/* A cancel and a poll: no plan after a void (R19), and no void by words when a plan is out. The agent is dead
 * meanwhile, so that nobody else polls. */
static bool cancels_and_polls(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    struct shot act;
    char cancel[600], poll[600];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    for (int plan_first = 0; plan_first < 2; plan_first++) {
        rig_agent_kill(desk);
        shot_act(&act, desk, "recharge", 100);
        shots_fire(&act, 1);
        SITE_CHECK(act.status == 201, "%.300s", act.text);
        SITE_CHECK(cancel_sql(desk, act.key, cancel, sizeof cancel) && poll_sql(desk, poll, sizeof poll),
                   "SQL");
        SITE_CHECK(plan_first ? one_after_the_other(site, poll, "plan", cancel, "done")
                              : one_after_the_other(site, cancel, "done", poll, "none"),
                   "plan first: %d", plan_first);
        SITE_CHECK(rig_operation_read(desk, act.key), "%s", desk->problem);
        SITE_CHECK(strcmp(rig_operation_state(desk, act.key), plan_first ? "writing" : "aborted") == 0,
                   "it is %s", rig_operation_state(desk, act.key));
        SITE_CHECK(rig_agent_start(desk) && rig_wait_card(desk), "%s", desk->problem);
        SITE_CHECK(rig_wait_operation(desk, act.key, "aborted"), "%s", desk->problem);
        SITE_CHECK(rig_place(desk, card.file), "%s", desk->problem);
    }
    return site_value(site, &card, "consumption") == 50000 || site_fail("the card was written");
}

/* ---- one bad request among good ones ---- */

/* Somebody holds the row of card 1. Whoever wants it is told to come again; everybody else is served, from
 * the same batches. */
static bool poison_in_a_batch(struct site *site)
{
    enum { GOOD = 40 };
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    struct shot shots[GOOD + 1], again;
    char sql[160];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    shot_act(&shots[GOOD / 2], desk, "recharge", 100);
    again = shots[GOOD / 2];
    for (int i = 0; i <= GOOD; i++) {
        if (i == GOOD / 2)
            continue;
        shots[i] = (struct shot){.desk = desk, .method = "GET"};
        snprintf(shots[i].path, sizeof shots[i].path, "/api/v1/desks/%s/live", desk->id);
    }
    snprintf(sql, sizeof sql, "SELECT FROM card WHERE uid = '\\x%s' FOR UPDATE", card.uid);
    PGconn *holder = test_pg_connect(site->rig->servers[0]->pg.owner);
    test_pg_exec(holder, "BEGIN");
    test_pg_exec(holder, sql);
    shots_fire(shots, GOOD + 1);
    test_pg_exec(holder, "COMMIT");
    PQfinish(holder);
    SITE_CHECK(shots[GOOD / 2].status == 503 && shots[GOOD / 2].retry_after, "the poison: %d %.300s",
               shots[GOOD / 2].status, shots[GOOD / 2].text);
    SITE_CHECK(count_of(shots, GOOD + 1, 200) == GOOD, "only %d of the good ones were served",
               count_of(shots, GOOD + 1, 200));
    shots_fire(&again, 1);
    SITE_CHECK(again.status == 201 && !again.replayed, "again: %d %.300s", again.status, again.text);
    SITE_CHECK(rig_wait_operation(desk, again.key, "completed"), "%s", desk->problem);
    SITE_CHECK(site_value(site, &card, "consumption") == 50100, "not exactly once");
    return true;
}

static const struct site_story stories[] = {
    {"double click", double_click},           {"one key on two servers", two_servers},
    {"one key, another body", other_body},    {"replay after a restart", replay_after_restart},
    {"two desks, one card", two_desks},       {"prepares wait for each other", prepares_wait_for_each_other},
    {"cancels and polls", cancels_and_polls}, {"poison in a batch", poison_in_a_batch},
};

const struct site_group races_group = {"races", {.server_count = 2, .desk_count = 2}, SITE_STORIES(stories)};
