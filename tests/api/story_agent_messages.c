/* Agents on cards and plans: what is taken, what is refused and where it is wrong, and what a repeat gets. */
#include "tests/lib/story_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_RUN "00112233445566778899aabbccddeeff"
#define PRESENCE(members)                                                                                    \
    POST("/agent/v1/presence"), .as = "till", .body = "{'run': '{set.run}', " members "}"
#define CARD                                                                                                 \
    "'presence': '{new.presence}', 'cards': 1, 'uid': '9c3ad15e', 'atqa': '0004', 'sak': '08', 'ats': ''"
#define PRESENTATION(members)                                                                                \
    POST("/agent/v1/presentation"),                                                                          \
        .as = "till",                                                                                        \
        .body = "{'run': '{set.run}', 'presence': '{new.presence}', 'uid': '9c3ad15e', " members "}"
#define REPORT(members)                                                                                      \
    POST("/agent/v1/report"),                                                                                \
        .as = "till",                                                                                        \
        .body = "{'run': '{set.run}', 'plan': '{new.plan}', 'reason': 'done', 'commands': 9, 'card_ms': "    \
                "120, " members "}"
#define POLL(members) POST("/agent/v1/poll"), .as = "till", .body = "{'run': '{set.run}', " members "}"

static void play(struct story *story, const struct step *steps, size_t count)
{
    static const struct step ready[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201},
        {"digits", PUT("/api/v1/settings/system-password"), .body = "{'digits': '2580'}", .want = 204},
    };
    story_play(story, ready, STEPS(ready));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
    story_agent_hello(story, agent, "ok");
    story_set(story, "run", agent->run);
    story_set(story, "agent", agent->id);
    story_play(story, steps, count);
    story_agent_free(agent);
}

STORY(agent_messages, presences_say_what_is_wrong_with_them)
{
    static const struct step steps[] = {
        {"fine", PRESENCE(CARD), .want = 200, .has = "{'state': 'read', 'read': '*', 'sealed': '*'}"},
        {"again", PRESENCE(CARD), .want = 200, .has = "{'state': 'read'}"},
        {"no card", PRESENCE("'cards': 1"), .want_err = "bad_field", .pointer = "/presence"},
        {"no cards",
         PRESENCE("'presence': '{new.a}', 'cards': 0, 'uid': '9c3ad15e', 'atqa': '0004', 'sak': "
                  "'08', 'ats': ''"),
         .want_err = "bad_field", .pointer = "/cards"},
        {"half a byte",
         PRESENCE("'presence': '{new.a}', 'cards': 1, 'uid': '9c3ad15', 'atqa': '0004', "
                  "'sak': '08', 'ats': ''"),
         .want_err = "bad_field", .pointer = "/uid"},
        {"too long",
         PRESENCE("'presence': '{new.a}', 'cards': 1, 'uid': '9c3ad15e9c3ad15e9c3ad15e', "
                  "'atqa': '0004', 'sak': '08', 'ats': ''"),
         .want_err = "bad_field", .pointer = "/uid"},
        {"a random number",
         PRESENCE("'presence': '{new.b}', 'cards': 1, 'uid': '08ff1122', 'atqa': '0004', "
                  "'sak': '08', 'ats': ''"),
         .want = 200, .has = "{'state': 'not_supported'}"},
        {"five bytes",
         PRESENCE("'presence': '{new.c}', 'cards': 1, 'uid': '9c3ad15e00', 'atqa': '0004', "
                  "'sak': '08', 'ats': ''"),
         .want = 200, .has = "{'state': 'not_supported'}"},
        {"another run", POST("/agent/v1/presence"), .as = "till",
         .body = "{'run': '" OTHER_RUN "', " CARD "}", .want_err = "agent_replaced"},
        {"a short run", POST("/agent/v1/presence"), .as = "till", .body = "{'run': '0011', " CARD "}",
         .want_err = "bad_field", .pointer = "/run"},
        {"what is unknown", PRESENCE(CARD ", 'colour': 'red'"), .want_err = "bad_field",
         .pointer = "/colour"},
        {"removed by another run", POST("/agent/v1/removed"), .as = "till",
         .body = "{'run': '" OTHER_RUN "', 'presence': '{new.c}'}", .want_err = "agent_replaced"},
        {"removed without one", POST("/agent/v1/removed"), .as = "till", .body = "{'run': '{set.run}'}",
         .want_err = "bad_field", .pointer = "/presence"},
        {"an older one removed", POST("/agent/v1/removed"), .as = "till",
         .body = "{'run': '{set.run}', 'presence': '{new.presence}'}", .want = 200},
        {"the newer one stays", SQL("SELECT presence_id FROM desk_live"), .text = "{new.c}"},
        {"removed", POST("/agent/v1/removed"), .as = "till",
         .body = "{'run': '{set.run}', 'presence': '{new.c}'}", .want = 200},
        {"gone", SQL("SELECT presence_id FROM desk_live"), .text = ""},
        {"removed again", POST("/agent/v1/removed"), .as = "till",
         .body = "{'run': '{set.run}', 'presence': '{new.c}'}", .want = 200},
    };
    play(story, steps, STEPS(steps));
}

/* The transport key opens every sector of a blank card and is the first try for a card nobody knows. */
STORY(agent_messages, presentations_are_taken_once_and_checked_to_the_block)
{
    static const struct step steps[] = {
        {"nothing lies there", PRESENTATION("'presentation': '{new.a}', 'blocks': {}, 'sectors': {}"),
         .want_err = "card_changed"},
        {"card", PRESENCE(CARD), .want = 200},
        {"no blocks", PRESENTATION("'presentation': '{new.a}', 'sectors': {}"), .want_err = "bad_field",
         .pointer = "/blocks"},
        {"a list", PRESENTATION("'presentation': '{new.a}', 'blocks': [], 'sectors': {}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"no block",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {'x': "
                      "'00000000000000000000000000000000'}, 'sectors': {}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"a short block",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {'4': '00'}, 'sectors': {'1': "
                      "{'result': 'ok', 'key': 0}}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"a trailer",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {'7': "
                      "'00000000000000000000000000000000'}, 'sectors': {'1': {'result': 'ok', "
                      "'key': 0}}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"a block of no sector",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {'4': "
                      "'00000000000000000000000000000000'}, 'sectors': {}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"a key never tried",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {}, 'sectors': {'1': "
                      "{'result': 'ok', 'key': 9}}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"an unknown result",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {}, 'sectors': {'1': "
                      "{'result': 'eaten'}}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"another run", POST("/agent/v1/presentation"), .as = "till", .want_err = "agent_replaced",
         .body = "{'run': '" OTHER_RUN "', 'presence': '{new.presence}', 'presentation': '{new.a}', 'uid': "
                 "'9c3ad15e', 'blocks': {}, 'sectors': {}}"},
        {"nothing kept", SQL("SELECT count(*) FROM presentation"), .text = "0"},
        {"foreign",
         PRESENTATION("'presentation': '{new.a}', 'blocks': {}, 'sectors': {'1': {'result': "
                      "'auth'}, '2': {'result': 'auth'}, '3': {'result': 'auth'}, '4': "
                      "{'result': 'auth'}, '5': {'result': 'auth'}, '6': {'result': 'auth'}, "
                      "'7': {'result': 'auth'}}"),
         .want = 200, .has = "{'state': '*'}"},
        {"again", PRESENTATION("'presentation': '{new.a}', 'blocks': {}, 'sectors': {}"), .want = 200,
         .text = "{}"},
        {"kept once", SQL("SELECT count(*) FROM presentation"), .text = "1"},
        {"shown", GET("/api/v1/desks/{desk.id}/live"), .want = 200,
         .has =
             "{'card': {'state': 'foreign', 'presentation_id': '{new.a}', 'uid': '9c3ad15e', 'card': null, "
             "'person': null}}"},
        {"of another presence", POST("/agent/v1/presentation"), .as = "till", .want_err = "card_changed",
         .body = "{'run': '{set.run}', 'presence': '{new.older}', 'presentation': '{new.b}', 'uid': "
                 "'9c3ad15e', 'blocks': {}, 'sectors': {}}"},
    };
    play(story, steps, STEPS(steps));
}

STORY(agent_messages, reports_are_of_plans_this_run_received)
{
    static const struct step steps[] = {
        {"unknown", REPORT("'result': 'burnt', 'legs': [], 'blocks': {}"), .want_err = "not_found"},
        {"a reading", SQL("INSERT INTO presentation (id, desk_id, presence_id, uid, state, blocks, sectors, "
                          "seen) VALUES ('{new.seen}', '{desk.id}', '{new.gone}', '\\x9c3ad15e', 'ours', "
                          "'{}', '{}', '{}')")},
        {"a plan of another run",
         SQL("INSERT INTO plan (id, kind, uid, agent_id, desk_id, run, presentation_id, attempt, request) "
             "VALUES ('{new.plan}', 'fence', '\\x9c3ad15e', '{set.agent}', '{desk.id}', '\\x" OTHER_RUN "', "
             "'{new.seen}', 1, '{\"legs\": []}')")},
        {"not ours", REPORT("'result': 'burnt', 'legs': [], 'blocks': {}"), .want_err = "agent_replaced"},
        {"ours", SQL("UPDATE plan SET run = '\\x{set.run}'")},
        {"no result", REPORT("'legs': [], 'blocks': {}"), .want_err = "bad_field", .pointer = "/result"},
        {"no such result", REPORT("'result': 'lost', 'legs': [], 'blocks': {}"), .want_err = "bad_field",
         .pointer = "/result"},
        {"no leg", REPORT("'result': 'written', 'legs': [1], 'blocks': {}"), .want_err = "bad_field",
         .pointer = "/legs"},
        {"no number", REPORT("'result': 'written', 'legs': [['{new.leg}', 'one']], 'blocks': {}"),
         .want_err = "bad_field", .pointer = "/legs"},
        {"too many legs", REPORT("'result': 'written', 'legs': [1, 2, 3, 4, 5], 'blocks': {}"),
         .want_err = "bad_field", .pointer = "/legs"},
        {"no block", REPORT("'result': 'written', 'legs': [], 'blocks': {'4': 'zz'}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"a block of no card",
         REPORT("'result': 'written', 'legs': [], 'blocks': {'4444': "
                "'00000000000000000000000000000000'}"),
         .want_err = "bad_field", .pointer = "/blocks"},
        {"no reason", POST("/agent/v1/report"), .as = "till", .want_err = "bad_field", .pointer = "/reason",
         .body = "{'run': '{set.run}', 'plan': '{new.plan}', 'result': 'burnt', 'legs': [], 'blocks': {}, "
                 "'commands': 0, 'card_ms': 0}"},
        {"burnt, and the card has gone", REPORT("'result': 'burnt', 'legs': [], 'blocks': {}"), .want = 200,
         .text = "{}"},
        {"repeated", REPORT("'result': 'burnt', 'legs': [], 'blocks': {}"), .want = 200, .text = "{}"},
        {"nobody is told of no card", SQL("SELECT count(*) FROM desk_event WHERE kind = 'card_present'"),
         .text = "0"},
        {"kept", SQL("SELECT result FROM plan"), .text = "burnt"},
        {"signed by nobody", POST("/agent/v1/report"), .as = "nobody", .body = "{}",
         .want_err = "agent_unknown"},
    };
    play(story, steps, STEPS(steps));
}

#define NAME_64 "a reader with a name of sixty-four characters, as few readers ha"
#define NAME_128 NAME_64 NAME_64

STORY(agent_messages, polls_name_their_reader)
{
    static const struct step steps[] = {
        {"no reader", POLL("'at': 1"), .want_err = "bad_field", .pointer = "/reader"},
        {"no state", POLL("'reader': {'name': 'x'}, 'at': 1"), .want_err = "bad_field",
         .pointer = "/reader/state"},
        {"an unknown state", POLL("'reader': {'state': 'hot', 'name': 'x'}, 'at': 1"),
         .want_err = "bad_field", .pointer = "/reader/state"},
        {"more of it", POLL("'reader': {'state': 'ok', 'name': 'x', 'led': 1}, 'at': 1"),
         .want_err = "bad_field", .pointer = "/reader/led"},
        {"a longer name than hello takes", POLL("'reader': {'state': 'ok', 'name': '" NAME_128 "'}, 'at': 1"),
         .want_err = "bad_field", .pointer = "/reader/name"},
        {"at", POLL("'reader': {'state': 'ok', 'name': 'x'}, 'at': -1"), .want_err = "bad_field",
         .pointer = "/at"},
        {"another run", POST("/agent/v1/poll"), .as = "till", .want_err = "agent_replaced",
         .body = "{'run': '" OTHER_RUN "', 'reader': {'state': 'ok', 'name': 'x'}, 'at': 1}"},
        {"with a cookie", POST("/agent/v1/poll"), .as = "admin", .body = "{}", .want_err = "agent_unknown"},
    };
    play(story, steps, STEPS(steps));
}

/* A blank card whose blocks did not come with the reading: no plan can be made for it. */
#define BLANK                                                                                                \
    "'blocks': {}, 'sectors': {'1': {'result': 'ok', 'key': 0}, '2': {'result': 'ok', 'key': 0}, '3': "      \
    "{'result': 'ok', 'key': 0}, '4': {'result': 'ok', 'key': 0}, '5': {'result': 'ok', 'key': 0}, '6': "    \
    "{'result': 'ok', 'key': 0}, '7': {'result': 'ok', 'key': 0}}"
#define CARD_AGAIN(presence_)                                                                                \
    PRESENCE("'presence': '{new." presence_                                                                  \
             "}', 'cards': 1, 'uid': '9c3ad15e', 'atqa': '0004', 'sak': '08', "                              \
             "'ats': ''")
#define BLANK_AGAIN(presence_, presentation_)                                                                \
    POST("/agent/v1/presentation"),                                                                          \
        .as = "till",                                                                                        \
        .body = "{'run': '{set.run}', 'presence': '{new." presence_                                          \
                "}', 'uid': '9c3ad15e', 'presentation': '{new." presentation_ "}', " BLANK "}"
#define BURNT(poll_)                                                                                         \
    POST("/agent/v1/report"), .as = "till", .want = 200,                                                     \
                              .body = "{'run': '{set.run}', 'plan': '{" poll_ ".tasks.0.plan}', 'reason': "  \
                                      "'cancelled', 'commands': 0, 'card_ms': 0, 'result': 'burnt', "        \
                                      "'legs': [], 'blocks': {}}"
#define POLL_NOW POLL("'reader': {'state': 'ok', 'name': 'sim'}, 'at': 1")
#define TO_BURN .want = 200, .has = "{'tasks': [{'task': 'cancel', 'plan': '*'}]}"
#define TO_READ .want = 200, .has = "{'tasks': [{'task': 'read'}]}"

STORY(agent_messages, a_row_of_which_no_plan_can_be_made_is_not_tried_for_ever)
{
    static const struct step steps[] = {
        {"sit", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{desk.id}'}",
         .want = 200},
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell'}", .want = 201},
        {"card_1", CARD_AGAIN("p1"), .want = 200},
        {"blank_1", BLANK_AGAIN("p1", "r1"), .want = 200, .has = "{'state': 'blank'}"},
        {"issue", POST("/api/v1/desks/{desk.id}/operations"), .as = "cashier", .keyed = true, .want = 201,
         .body = "{'kind': 'issue', 'person_id': '{ann.id}', 'presentation_id': '{new.r1}'}"},
        {"poll_1", POLL_NOW, TO_BURN},
        {"why", SQL("SELECT problem FROM plan"), .text = "block_missing"},
        {"burnt_1", BURNT("poll_1")},
        {"read_1", POLL_NOW, TO_READ},
        {"card_2", CARD_AGAIN("p2"), .want = 200},
        {"blank_2", BLANK_AGAIN("p2", "r2"), .want = 200, .has = "{'state': 'half_issued'}"},
        {"poll_2", POLL_NOW, TO_BURN},
        {"burnt_2", BURNT("poll_2")},
        {"read_2", POLL_NOW, TO_READ},
        {"card_3", CARD_AGAIN("p3"), .want = 200},
        {"blank_3", BLANK_AGAIN("p3", "r3"), .want = 200},
        {"poll_3", POLL_NOW, TO_BURN},
        {"burnt_3", BURNT("poll_3")},
        {"read_3", POLL_NOW, TO_READ},
        {"card_4", CARD_AGAIN("p4"), .want = 200},
        {"blank_4", BLANK_AGAIN("p4", "r4"), .want = 200},
        {"not again",
         SQL("SELECT task FROM fn_plan_take('{set.agent}', (SELECT run FROM desk_live), 'ok', "
             "gen_random_uuid())"),
         .text = "none"},
        {"three rows", SQL("SELECT count(*) FROM plan"), .text = "3"},
        {"cancel", POST("/api/v1/operations/{issue.id}/cancel"), .as = "cashier", .body = "{}", .want = 200,
         .has = "{'state': 'aborted'}"},
    };
    play(story, steps, STEPS(steps));
}
