/* Simulated cards of a training site: from the screen to the agent and back. */
#include "tests/lib/story_agent.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRAINING "/api/v1/desks/{desk.id}/training"

static struct story_agent *ready_agent(struct story *story, bool simulated)
{
    static const struct step steps[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201}};
    story_play(story, steps, STEPS(steps));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), simulated);
    story_set(story, "run", agent->run);
    return agent;
}

#define HELLO                                                                                                \
    {                                                                                                        \
        "hello", POST("/agent/v1/hello"),                                                                    \
            .as = "till",                                                                                    \
            .body = "{'run': '{set.run}', 'protocol': 1, 'version': '1', 'simulated': "                      \
                    "true, 'reader': {'state': 'ok', 'name': ''}}",                                          \
            .want = 200                                                                                      \
    }

STORY(training, a_task_not_answered_in_time_is_accepted_and_its_answer_kept)
{
    static const struct step steps[] = {
        HELLO,
        {"place", POST(TRAINING), .as = "cashier", .body = "{'action': 'place', 'card': 'red'}", .want = 202,
         .has = "{'action': 'place', 'done': false, 'ok': null, 'cards': null}"},
        {"task", POST("/agent/v1/poll"), .as = "till",
         .body = "{'run': '{set.run}', 'reader': {'state': 'ok', 'name': ''}, 'at': 1}", .want = 200,
         .has = "{'tasks': [{'task': 'training', 'id': '{place.id}', 'action': 'place', 'card': 'red'}]}"},
        {"answer", POST("/agent/v1/training"), .as = "till",
         .body = "{'run': '{set.run}', 'id': '{place.id}', 'ok': true, 'message': 'placed', 'cards': "
                 "[{'card': 'red', 'uid': "
                 "'01020304', 'chip': '1k', 'blank': true, 'on_reader': true}]}",
         .want = 200},
        {"answer again", POST("/agent/v1/training"), .as = "till",
         .body = "{'run': '{set.run}', 'id': '{place.id}', 'ok': false, 'message': 'late', 'cards': []}",
         .want = 200},
        {"cards", GET(TRAINING), .as = "cashier", .want = 200,
         .has =
             "{'items': [{'card': 'red', 'uid': '01020304', 'chip': '1k', 'blank': true, 'on_reader': true, "
             "'state': 'blank', 'holder': null}], 'online': true, 'at': '*'}"},
        {"other run", POST("/agent/v1/training"), .as = "till",
         .body = "{'run': '00112233445566778899aabbccddeeff', 'id': '{place.id}', 'ok': true, 'message': '', "
                 "'cards': []}",
         .want_err = "agent_replaced"},
        {"other task", POST("/agent/v1/training"), .as = "till",
         .body = "{'run': '{set.run}', 'id': '{new.task}', 'ok': true, 'message': '', 'cards': []}",
         .want_err = "not_found"},
        {"bad card", POST("/agent/v1/training"), .as = "till",
         .body = "{'run': '{set.run}', 'id': '{place.id}', 'ok': true, 'message': '', 'cards': [{'card': "
                 "'red'}]}",
         .want_err = "bad_field", .pointer = "/cards/0/uid"},
        {"unsigned", POST("/agent/v1/training"), .as = "nobody", .body = "{}", .want_err = "agent_unknown"},
    };
    struct story_agent *agent = ready_agent(story, true);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}

STORY(training, damage_names_the_record_blocks_of_this_site)
{
    static const struct step steps[] = {
        HELLO,
        {"start", SQL("UPDATE site SET start_sector = 2")},
        {"damage", POST(TRAINING), .as = "cashier", .body = "{'action': 'damage', 'card': 'red'}",
         .want = 202, .has = "{'action': 'damage', 'done': false}"},
        {"task", POST("/agent/v1/poll"), .as = "till",
         .body = "{'run': '{set.run}', 'reader': {'state': 'ok', 'name': ''}, 'at': 1}", .want = 200,
         .has = "{'tasks': [{'task': 'training', 'action': 'damage', 'card': 'red', 'blocks': [9, 10]}]}"},
    };
    struct story_agent *agent = ready_agent(story, true);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}

/* A chip that this site issued has its holder and the state the desk would say; one with other keys is
 * foreign. */
STORY(training, the_cards_say_whose_they_are)
{
    static const struct step steps[] = {
        HELLO,
        {"person", POST("/api/v1/people"), .body = "{'name': 'Li Xiaoming'}", .want = 201},
        {"issued",
         SQL("INSERT INTO site_key (version, fingerprint) VALUES (9, sha256('k')); INSERT INTO card (id, "
             "uid, "
             "chip, card_no, person_id, key_version, start_sector, state, issued_on) SELECT "
             "gen_random_uuid(), '\\x0a0b0c0d', '1k', 700, id, 9, 1, 'lost', '2026-01-01' FROM person "
             "WHERE name = 'Li Xiaoming'")},
        {"list", POST(TRAINING), .as = "cashier", .body = "{'action': 'list'}", .want = 202},
        {"answer", POST("/agent/v1/training"), .as = "till",
         .body =
             "{'run': '{set.run}', 'id': '{list.id}', 'ok': true, 'message': 'ok', 'cards': "
             "[{'card': 'card-1', 'uid': '0a0b0c0d', 'chip': '1k', 'blank': false, 'on_reader': false}, "
             "{'card': 'card-2', 'uid': '04a1b2c3d4e5f6', 'chip': '4k', 'blank': false, 'on_reader': true}]}",
         .want = 200},
        {"cards", GET(TRAINING), .as = "cashier", .want = 200,
         .has = "{'items': [{'card': 'card-1', 'state': 'lost', 'holder': {'card_no': 700, 'name': 'Li "
                "Xiaoming'}}, "
                "{'card': 'card-2', 'state': 'foreign', 'holder': null}]}"},
    };
    struct story_agent *agent = ready_agent(story, true);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}

/* Answers as the agent's answer would look in the database once the task is there; meanwhile the browser
 * waits. */
static void *answer_soon(void *context)
{
    struct story *story = context;
    for (int i = 0; i < 200; i++) {
        char *done = story_sql(
            story, "UPDATE training_task SET done_at = now(), result = '{\"ok\": false, \"message\": \"no "
                   "such card\", \"cards\": []}' WHERE done_at IS NULL RETURNING 'yes'");
        bool found = strcmp(done, "yes") == 0;
        free(done);
        if (found)
            break;
        const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

STORY(training, an_answer_in_time_is_the_answer)
{
    static const struct step hello[] = {HELLO};
    static const struct step steps[] = {
        {"place", POST(TRAINING), .body = "{'action': 'place', 'card': 'blue'}", .want = 200,
         .has = "{'action': 'place', 'done': true, 'ok': false, 'message': 'no such card', 'cards': []}"},
    };
    pthread_t thread;
    struct story_agent *agent = ready_agent(story, true);
    story_play(story, hello, STEPS(hello));
    cr_assert_eq(pthread_create(&thread, NULL, answer_soon, story), 0);
    story_play(story, steps, STEPS(steps));
    pthread_join(thread, NULL);
    story_agent_free(agent);
}

#define WRONG(label_, body_, pointer_)                                                                       \
    {                                                                                                        \
        label_, POST(TRAINING), .body = body_, .want_err = "bad_field", .pointer = pointer_                  \
    }

STORY(training, what_cannot_be_done_is_refused)
{
    static const struct step steps[] = {
        {"no agent yet", GET(TRAINING), .want = 200, .has = "{'items': [], 'online': false, 'at': null}"},
        {"offline", POST(TRAINING), .body = "{'action': 'list'}", .want_err = "agent_offline"},
        WRONG("none", "{}", "/action"),
        WRONG("other", "{'action': 'fly'}", "/action"),
        WRONG("place what", "{'action': 'place'}", "/card"),
        WRONG("path", "{'action': 'place', 'card': '../x'}", "/card"),
        WRONG("cut when", "{'action': 'cut'}", "/command"),
        WRONG("cut never", "{'action': 'cut', 'command': 0}", "/command"),
        WRONG("tear how", "{'action': 'tear', 'write': 1}", "/kind"),
        WRONG("tear so", "{'action': 'tear', 'write': 1, 'kind': 'burn'}", "/kind"),
        WRONG("too much", "{'action': 'remove', 'card': 'red'}", "/card"),
        WRONG("chip", "{'action': 'new', 'chip': '2k'}", "/chip"),
        WRONG("keys", "{'action': 'new', 'keys': 'own'}", "/keys"),
        WRONG("keys when", "{'action': 'place', 'card': 'red', 'keys': 'foreign'}", "/keys"),
        WRONG("second path", "{'action': 'place', 'card': 'red', 'second': 'a b'}", "/second"),
        WRONG("option", "{'action': 'place', 'card': '-x'}", "/card"),
        WRONG("second when", "{'action': 'remove', 'second': 'red'}", "/second"),
        WRONG("damage what", "{'action': 'damage'}", "/card"),
        WRONG("damage where", "{'action': 'damage', 'card': 'red', 'blocks': [4]}", "/blocks"),
        WRONG("phone of whom", "{'action': 'phone', 'card': 'red'}", "/card"),
        WRONG("uid", "{'action': 'new', 'uid': '0102030405'}", "/uid"),
        {"no desk", POST("/api/v1/desks/{new.none}/training"), .body = "{'action': 'list'}",
         .want_err = "not_found"},
        {"no desk's cards", GET("/api/v1/desks/{new.none}/training"), .want_err = "not_found"},
        {"hr", POST(TRAINING), .as = "hr", .body = "{'action': 'list'}", .want_err = "forbidden"},
        {"nobody", POST(TRAINING), .as = "nobody", .body = "{'action': 'list'}",
         .want_err = "unauthenticated"},
        {"hr looks", GET(TRAINING), .as = "hr", .want_err = "forbidden"},
        {"real reader", SQL("UPDATE agent SET simulated = false")},
        {"is online", SQL("UPDATE desk_live SET agent_online = true")},
        {"real", POST(TRAINING), .body = "{'action': 'list'}", .want_err = "training_only"},
    };
    struct story_agent *agent = ready_agent(story, true);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}

STORY_WITH(training, a_live_site_has_none, ((struct server_options){.live = true}))
{
    static const struct step steps[] = {
        {"ask", POST(TRAINING), .body = "{'action': 'list'}", .want_err = "training_only"},
        {"look", GET(TRAINING), .want_err = "training_only"},
        {"hello", POST("/agent/v1/hello"), .as = "till",
         .body = "{'run': '{set.run}', 'protocol': 1, 'version': '1', 'simulated': false, 'reader': "
                 "{'state': 'ok', "
                 "'name': ''}}",
         .want = 200},
        {"answer", POST("/agent/v1/training"), .as = "till",
         .body = "{'run': '{set.run}', 'id': '{new.task}', 'ok': true, 'message': '', 'cards': []}",
         .want_err = "training_only"},
    };
    struct story_agent *agent = ready_agent(story, false);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}
