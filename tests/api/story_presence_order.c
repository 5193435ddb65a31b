/* Presences that arrive in another order than they happened, or twice. */
#include "tests/lib/story_agent.h"

#define EARLY "01900000-0001-7000-8000-000000000001"
#define LATER "01900000-0002-7000-8000-000000000002"
#define NEXT "01900000-0003-7000-8000-000000000003"

#define PRESENCE(label_, id_, ...)                                                                           \
    {                                                                                                        \
        label_, POST("/agent/v1/presence"),                                                                  \
            .as = "till",                                                                                    \
            .body = "{'run': '{set.run}', 'presence': '" id_ "', 'cards': 2, 'uid': '01020304', 'atqa': "    \
                    "'0004', 'sak': '08', 'ats': ''}",                                                       \
            __VA_ARGS__                                                                                      \
    }

#define REMOVED(label_, id_)                                                                                 \
    {                                                                                                        \
        label_, POST("/agent/v1/removed"),                                                                   \
            .as = "till", .body = "{'run': '{set.run}', 'presence': '" id_ "'}", .want = 200                 \
    }

#define ON_THE_READER SQL("SELECT presence_id FROM desk_live WHERE desk_id = '{desk.id}'")

STORY(presence_order, one_that_comes_late_brings_no_card_back)
{
    static const struct step desk = {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}",
                                     .want = 201};
    static const struct step steps[] = {
        PRESENCE("early", EARLY, .want = 200, .has = "{'state': 'two_cards'}"),
        PRESENCE("later", LATER, .want = 200, .has = "{'state': 'two_cards'}"),
        PRESENCE("later again", LATER, .want = 200, .has = "{'state': 'two_cards'}"),
        PRESENCE("early comes late", EARLY, .want_err = "card_changed"),
        {"still the later one", ON_THE_READER, .text = LATER},
        REMOVED("early removed late", EARLY),
        {"it lies there", ON_THE_READER, .text = LATER},
        REMOVED("removed", LATER),
        PRESENCE("later comes late", LATER, .want_err = "card_changed"),
        PRESENCE("early comes later still", EARLY, .want_err = "card_changed"),
        {"nothing there", ON_THE_READER, .text = ""},
        PRESENCE("next", NEXT, .want = 200, .has = "{'state': 'two_cards'}"),
        {"there it is", ON_THE_READER, .text = NEXT},
    };
    story_step(story, &desk);
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), false);
    story_set(story, "run", agent->run);
    story_agent_hello(story, agent, "ok");
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}

/* A process that comes after another one begins anew, whatever its clock says. */
STORY(presence_order, each_run_has_its_own)
{
    static const struct step desk = {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}",
                                     .want = 201};
    static const struct step first = PRESENCE("later", LATER, .want = 200, .has = "{'state': 'two_cards'}");
    static const struct step second = PRESENCE("early", EARLY, .want = 200, .has = "{'state': 'two_cards'}");
    story_step(story, &desk);
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), false);
    story_set(story, "run", agent->run);
    story_agent_hello(story, agent, "ok");
    story_step(story, &first);
    agent->run[0] = agent->run[0] == 'a' ? 'b' : 'a';
    story_set(story, "run", agent->run);
    story_agent_hello(story, agent, "ok");
    story_step(story, &second);
    story_agent_free(agent);
}
