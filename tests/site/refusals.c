/* What an agent has to say is refused for a while, though the server is well. The desk goes on by itself: a
 * report is no desk's end, whatever became of it. */
#include "tests/lib/rig_internal.h"
#include "tests/site/detour.h"
#include "tests/site/site.h"

#include <poll.h>

#define STEP_MS 5
#define VALUE_MINOR 50000
#define ACT_MINOR 100

static bool wait_spoilt(int wanted)
{
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS))
        if (detour_spoilt() >= wanted)
            return true;
    return site_fail("%d requests were refused, not %d", detour_spoilt(), wanted);
}

static bool ask(struct rig_desk *desk, char ret_id[RIG_ID_BYTES])
{
    return rig_ask(desk, "recharge", "{'consumption_minor': 100}", ret_id) || site_fail("%s", desk->problem);
}

/* The act that was under way ends, the next one goes as if nothing had been, and each was done once. */
static bool goes_on(struct site *site, const struct site_card *card, const char *id)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    char next_id[RIG_ID_BYTES];
    SITE_CHECK(rig_wait_operation(desk, id, "completed"), "%s", desk->problem);
    SITE_CHECK(rig_place(desk, card->file) && ask(desk, next_id), "%s", desk->problem);
    SITE_CHECK(rig_wait_operation(desk, next_id, "completed"), "the next act: %s", desk->problem);
    SITE_CHECK(site_value(site, card, "consumption") == VALUE_MINOR + 2 * ACT_MINOR, "not each once");
    return rig_verify_card(site->rig, site->pg, card->file) == 0 || site_fail("card and books differ");
}

static bool begin(struct site *site, struct site_card *ret_card, char ret_id[RIG_ID_BYTES],
                  enum detour_spoil spoil, int count)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    SITE_CHECK(site_card_new(site, desk, ret_card), "no card");
    detour_spoil(spoil, count);
    return ask(desk, ret_id);
}

/* A proxy that names another host for a while: the agent is refused altogether. */
static bool everything(struct site *site)
{
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(begin(site, &card, id, DETOUR_FROM_REPORT, DETOUR_ENDLESS) && wait_spoilt(4), "begin");
    detour_spoil(DETOUR_FINE, 0);
    return goes_on(site, &card, id);
}

static bool one_report(struct site *site)
{
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(begin(site, &card, id, DETOUR_REPORT_HOSTS, 1) && wait_spoilt(1), "begin");
    return goes_on(site, &card, id);
}

/* "There is nothing here" ends a report; the server asks about its plan again, and the card tells. */
static bool report_not_found(struct site *site)
{
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(begin(site, &card, id, DETOUR_REPORT_PATHS, 1) && wait_spoilt(1), "begin");
    return goes_on(site, &card, id);
}

/* Then the server asks for the plan to be burnt, which a started one never is. */
static bool report_not_found_and_card_read_anew(struct site *site)
{
    struct rig_desk *desk = rig_desk(site->rig, 0);
    struct site_card card;
    char id[RIG_ID_BYTES];
    SITE_CHECK(begin(site, &card, id, DETOUR_REPORT_PATHS, 1) && wait_spoilt(1), "begin");
    SITE_CHECK(rig_place(desk, card.file), "%s", desk->problem);
    return goes_on(site, &card, id);
}

/* Another card is served as well: it was the desk that waited, not the card. */
static bool another_card(struct site *site)
{
    struct site_card card, other;
    char id[RIG_ID_BYTES];
    SITE_CHECK(begin(site, &card, id, DETOUR_REPORT_PATHS, 1) && wait_spoilt(1), "begin");
    SITE_CHECK(site_card_new(site, rig_desk(site->rig, 0), &other), "another card");
    SITE_CHECK(rig_place(rig_desk(site->rig, 0), card.file), "%s", rig_desk(site->rig, 0)->problem);
    return goes_on(site, &card, id);
}

static bool take_the_detour(struct rig *rig, void *context)
{
    (void)context;
    rig->options.agent_url = detour_start(rig->servers[0]->operator_port);
    return rig->options.agent_url != NULL;
}

static const struct site_story stories[] = {
    {"everything refused for a while", everything},
    {"one report refused", one_report},
    {"a report not found", report_not_found},
    {"a report not found, the card read anew", report_not_found_and_card_read_anew},
    {"a report not found, then another card", another_card},
};

const struct site_group refusals_group = {
    "refusals", {.desk_count = 1, .servers_up = take_the_detour}, SITE_STORIES(stories)};
