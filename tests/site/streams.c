/* The browser's stream is at server A, the agent polls at server B, and A is killed in the middle of an act.
 */
#include "tests/lib/rig_internal.h"
#include "tests/site/site.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When A dies, counted from its answer to the operator: before, while and after the agent writes. */
static const int kill_after_ms[] = {0, 1, 2, 5, 10, 30, 100};
#define SLICE_MS 20

static bool agent_at_the_other(struct rig *rig, void *context)
{
    (void)context;
    rig->options.agent_url = rig->servers[1]->url;
    return true;
}

/* What a stream got, compared with the rows: nothing missing, nothing twice, nothing in another order. */
static bool compare(struct site *site, const struct rig_desk *desk, const struct recorder *recorder,
                    long long *after)
{
    char sql[200], kind[40];
    for (int i = 0; i < recorder_count(recorder); i++) {
        long long number = recorder_number(recorder, i);
        SITE_CHECK(number == *after + 1, "event %lld came after %lld", number, *after);
        snprintf(sql, sizeof sql, "SELECT kind FROM desk_event WHERE desk_id = '%s' AND no = %lld", desk->id,
                 number);
        test_pg_text(site->pg, sql, kind, sizeof kind);
        SITE_CHECK(strcmp(kind, recorder_kind(recorder, i)) == 0, "event %lld is %s, the stream said %s",
                   number, kind, recorder_kind(recorder, i));
        *after = number;
    }
    return true;
}

/* Until the operation is finished and the stream has caught up with it. */
static bool follow(struct site *site, const struct rig_desk *desk, struct recorder *recorder, const char *id)
{
    char state[200], newest[200];
    snprintf(state, sizeof state, "SELECT count(*) FROM operation WHERE id = '%s' AND state = 'completed'",
             id);
    snprintf(newest, sizeof newest, "SELECT event_no FROM desk_live WHERE desk_id = '%s'", desk->id);
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms;) {
        SITE_CHECK(recorder_listen(recorder, SLICE_MS), "the stream at B ended");
        if (test_pg_number(site->pg, state) == 1 &&
            recorder_last(recorder) == test_pg_number(site->pg, newest))
            return true;
    }
    return site_fail("the stream stays at %lld", recorder_last(recorder));
}

static bool first_event(struct recorder *recorder)
{
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms;) {
        recorder_listen(recorder, SLICE_MS);
        if (recorder_had_snapshot(recorder))
            return true;
    }
    return site_fail("no snapshot");
}

static bool change_over(struct site *site, struct recorder *at_a, const struct shot *act)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    while (recorder_listen(at_a, SLICE_MS))
        continue; /* what was sent before the end still arrives */
    struct recorder *at_b = recorder_open(desk, site->rig->servers[1], recorder_last(at_a));
    SITE_CHECK(at_b, "no stream at B");
    bool fine = follow(site, desk, at_b, act->key);
    long long after = recorder_last(at_a) - recorder_count(at_a);
    fine = fine && compare(site, desk, at_a, &after) && compare(site, desk, at_b, &after);
    if (recorder_had_snapshot(at_b))
        fine = site_fail("B began anew instead of going on");
    recorder_close(at_b);
    return fine;
}

static bool kill_a(struct site *site, const struct site_card *card, int after_ms)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct shot act;
    SITE_CHECK(rig_place(desk, card->file), "%s", desk->problem);
    struct recorder *at_a = recorder_open(desk, desk->server, -1);
    SITE_CHECK(at_a && first_event(at_a), "no stream at A");
    shot_ask(&act, desk, "recharge", 100);
    SITE_CHECK(act.status == 201, "%d %.300s", act.status, act.text);
    poll(NULL, 0, after_ms);
    server_kill(desk->server);
    bool fine = change_over(site, at_a, &act);
    recorder_close(at_a);
    return site_server_back(site, 0) && fine;
}

static bool a_dies(struct site *site)
{
    struct site_card card;
    const int count = (int)(sizeof kill_after_ms / sizeof kill_after_ms[0]);
    SITE_CHECK(site_card_new(site, rig_desk(site->rig, 0), &card), "no card");
    for (int i = 0; i < count; i++)
        SITE_CHECK(kill_a(site, &card, kill_after_ms[i]), "A killed after %d ms", kill_after_ms[i]);
    SITE_CHECK(site_value(site, &card, "consumption") == 50000 + 100 * count, "not each recharge once");
    return rig_verify(site->rig) == 0 || site_fail("the books differ");
}

static const struct site_story stories[] = {{"the browser's server dies in the middle", a_dies}};

const struct site_group streams_group = {
    "streams", {.server_count = 2, .servers_up = agent_at_the_other}, SITE_STORIES(stories)};

const struct site_group streams_without_hints_group = {
    "streams without hints",
    {.server_count = 2, .servers_up = agent_at_the_other, .environment = "CARDWRIGHT_DATABASE_NOTIFY=false"},
    SITE_STORIES(stories)};
