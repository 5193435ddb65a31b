/* Readers that fail in the middle of a plan, agents that die, and two that claim to be the same. */
#include "tests/lib/rig_internal.h"
#include "tests/site/site.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIDDLE_COMMAND 8 /* of a recharge of one account: its record is written, its value is not */
#define STALL_MS 2600    /* more than the agent waits for its reader */
#define SLICE_MS 10
#define RIVALS_MS 4000
#define RIVALS_HELLOS_MAX 40

static bool wait_reader(struct rig_desk *desk, const char *state)
{
    char path[80];
    snprintf(path, sizeof path, "/api/v1/desks/%s/live", desk->id);
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms; poll(NULL, 0, SLICE_MS)) {
        json_t *answer = NULL;
        rig_call(desk, "GET", path, NULL, &answer);
        bool is_there = strcmp(rig_text(answer, "agent.reader_state"), state) == 0;
        json_decref(answer);
        if (is_there)
            return true;
    }
    return site_fail("the reader never was %s", state);
}

static bool command(struct rig_desk *desk, const char *text)
{
    return sim_reader_command(&desk->reader, "%s", text) || site_fail("%s: %s", text, desk->reader.reply);
}

static bool recharge(struct rig_desk *desk, char ret_id[RIG_ID_BYTES])
{
    return rig_ask(desk, "recharge", "{'consumption_minor': 100}", ret_id) || site_fail("%s", desk->problem);
}

/* ---- the reader ---- */

static bool unplugged(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    SITE_CHECK(command(desk, "unplug") && wait_reader(desk, "absent"), "unplug");
    SITE_CHECK(!rig_operation(desk, "recharge", "{'consumption_minor': 100}", id) &&
                   strncmp(desk->problem, "agent_offline", 13) == 0,
               "without a reader: %s", desk->problem);
    SITE_CHECK(rig_wait_no_card(desk), "%s", desk->problem);
    SITE_CHECK(command(desk, "plug") && wait_reader(desk, "ok") && rig_wait_card(desk), "%s", desk->problem);
    SITE_CHECK(recharge(desk, id) && rig_wait_operation(desk, id, "completed"), "%s", desk->problem);
    return site_value(site, &card, "consumption") == 50100 || site_fail("the value is another one");
}

/* The reader fails in the middle of a write; what it says later belongs to nobody. When it works again, the
 * act ends by itself, because the card still lies there. */
static bool fails_in_the_middle(struct site *site, const char *fault, const char *repair)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    char id[RIG_ID_BYTES], sql[160];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    SITE_CHECK(command(desk, fault) && recharge(desk, id), "%s", fault);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM plan WHERE operation_id = '%s' AND result = 'unknown'",
             id);
    SITE_CHECK(site_wait_number(site, sql, 1), "%s did not disturb the plan", fault);
    SITE_CHECK(!repair || command(desk, repair), "repair");
    SITE_CHECK(rig_wait_operation(desk, id, "completed"), "after \"%s\": %s", fault, desk->problem);
    SITE_CHECK(rig_place(desk, card.file), "%s", desk->problem);
    SITE_CHECK(site_value(site, &card, "consumption") == 50100, "after \"%s\": not exactly once", fault);
    return rig_verify_card(site->rig, site->pg, card.file) == 0 || site_fail("card and books differ");
}

static bool fails_at_each(struct site *site, const char *format, const char *repair)
{
    char fault[64];
    for (int command_number = MIDDLE_COMMAND - 1; command_number <= MIDDLE_COMMAND + 2; command_number++) {
        snprintf(fault, sizeof fault, format, command_number);
        SITE_CHECK(fails_in_the_middle(site, fault, repair), "at command %d", command_number);
    }
    return true;
}

static bool unplugged_in_the_middle(struct site *site)
{
    return fails_in_the_middle(site, "unplug at 8", "plug") &&
           fails_in_the_middle(site, "unplug at 10", "plug");
}

static bool mute_in_the_middle(struct site *site)
{
    return fails_in_the_middle(site, "mute at 9", "mute off");
}

static bool answers_lost(struct site *site)
{
    char format[] = "lose %d";
    return fails_at_each(site, format, NULL);
}

static bool answers_late(struct site *site)
{
    char fault[32];
    snprintf(fault, sizeof fault, "stall %d %d", STALL_MS, MIDDLE_COMMAND);
    if (!fails_in_the_middle(site, fault, NULL))
        return false;
    snprintf(fault, sizeof fault, "stall %d %d line", STALL_MS, MIDDLE_COMMAND + 1);
    return fails_in_the_middle(site, fault, NULL);
}

/* ---- the process ---- */

/* Killed with the plan in hand: the next process knows nothing of it, so the answer is "present the card". */
static bool killed_in_the_middle(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    char id[RIG_ID_BYTES], fault[32];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    for (int command_number = 1; command_number <= 10; command_number += 3) {
        snprintf(fault, sizeof fault, "stall %d %d line", STALL_MS, command_number);
        SITE_CHECK(command(desk, fault) && recharge(desk, id), "%s", fault);
        SITE_CHECK(rig_wait_operation(desk, id, "writing"), "%s", desk->problem);
        snprintf(fault, sizeof fault, "wait commands %d %d", command_number, RIG_WAIT_MS);
        command(desk, fault);
        rig_agent_kill(desk);
        SITE_CHECK(command(desk, "remove") && command(desk, "disarm"), "disarm");
        SITE_CHECK(rig_agent_start(desk) && rig_wait_operation(desk, id, "in_doubt"), "%s", desk->problem);
        SITE_CHECK(rig_wait_gone(desk) && rig_place(desk, card.file), "%s", desk->problem);
        SITE_CHECK(rig_wait_operation(desk, id, "completed"), "%s", desk->problem);
        SITE_CHECK(rig_place(desk, card.file), "%s", desk->problem);
    }
    SITE_CHECK(site_value(site, &card, "consumption") == 50400, "not each once");
    return rig_verify_card(site->rig, site->pg, card.file) == 0 || site_fail("card and books differ");
}

static bool server_restarts(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    for (int i = 0; i < 3; i++) {
        SITE_CHECK(recharge(desk, id), "recharge");
        SITE_CHECK(server_halt(desk->server) && site_server_back(site, 0), "restart");
        SITE_CHECK(rig_operation_read(desk, id) && rig_wait_operation(desk, id, "completed"), "%s",
                   desk->problem);
        SITE_CHECK(rig_wait_agent(desk) && rig_place(desk, card.file), "%s", desk->problem);
    }
    return site_value(site, &card, "consumption") == 50300 || site_fail("not each once");
}

/* How often agents have greeted the server, by its own counters; -1: it does not say. */
static long long hellos(const struct rig_desk *desk)
{
    static const char name[] =
        "cardwright_http_requests_total{port=\"operator\",method=\"POST\",route=\"/agent/v1/hello\"";
    struct shot shot = {.desk = desk, .method = "GET", .path = "/metrics"};
    long long count = -1;
    shots_fire(&shot, 1);
    for (const char *line = shot.text; (line = strstr(line, name)) != NULL; line++) {
        const char *number = strchr(line, '}');
        count = (count < 0 ? 0 : count) + (number ? strtoll(number + 1, NULL, 10) : 0);
    }
    return count;
}

/* A copy of the state folder on another computer: both are told that the other one took over, and neither may
 * drown the server. When one is gone, the other works on. */
static bool two_with_one_state(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct rig_desk copy = *rig_desk(site->rig, 1); /* its reader, the first desk's identity */
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(site_card_new(site, desk, &card), "no card");
    rig_agent_kill(rig_desk(site->rig, 1)); /* one program at a reader */
    memcpy(copy.state_directory, desk->state_directory, sizeof copy.state_directory);
    snprintf(copy.agent_log, sizeof copy.agent_log, "%s/copy.log", site->rig->directory);
    copy.agent = 0;
    SITE_CHECK(rig_agent_spawn(&copy, NULL), "the copy did not start");
    long long before = hellos(desk);
    poll(NULL, 0, RIVALS_MS);
    long long said = hellos(desk) - before;
    bool ended = rig_agent_halt(&copy);
    SITE_CHECK(ended, "the copy: %s", copy.problem);
    SITE_CHECK(before > 0 && said > 0 && said <= RIVALS_HELLOS_MAX, "%lld hellos in %d ms", said, RIVALS_MS);
    SITE_CHECK(rig_agent_start(rig_desk(site->rig, 1)), "the other desk's own agent");
    SITE_CHECK(rig_wait_agent(desk) && rig_place(desk, card.file), "%s", desk->problem);
    SITE_CHECK(recharge(desk, id) && rig_wait_operation(desk, id, "completed"), "%s", desk->problem);
    return site_value(site, &card, "consumption") == 50100 || site_fail("the value is another one");
}

static const struct site_story stories[] = {
    {"unplugged", unplugged},
    {"unplugged in the middle of a plan", unplugged_in_the_middle},
    {"mute in the middle of a plan", mute_in_the_middle},
    {"answers lost", answers_lost},
    {"answers late", answers_late},
    {"killed with a plan in hand", killed_in_the_middle},
    {"the server restarts", server_restarts},
    {"two programs with one state", two_with_one_state},
};

const struct site_group agents_group = {"agents", {.desk_count = 2}, SITE_STORIES(stories)};
