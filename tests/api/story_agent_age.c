/* A desk program that is older than the server wants: let in and marked, or refused, and the screen is told
 * either way. */
#include "tests/lib/story_agent.h"

#include <stdlib.h>
#include <string.h>

#define RUN_OLD "ffeeddccbbaa99887766554433221100"
#define HELLO(label_, run_, protocol_, version_)                                                             \
    label_, POST("/agent/v1/hello"),                                                                         \
        .as = "till",                                                                                        \
        .body = "{'run': '" run_ "', 'protocol': " protocol_ ", 'version': '" version_                       \
                "', 'simulated': true, 'reader': {'state': 'ok', 'name': ''}}"
#define LIVE(label_, has_)                                                                                   \
    {                                                                                                        \
        label_, GET("/api/v1/desks/{desk.id}/live"), .as = "cashier", .want = 200, .has = has_               \
    }
#define POLL(label_, run_, ...)                                                                              \
    {                                                                                                        \
        label_, POST("/agent/v1/poll"),                                                                      \
            .as = "till", __VA_ARGS__,                                                                       \
            .body = "{'run': '" run_ "', 'reader': {'state': 'ok', 'name': ''}, 'at': 1}"                    \
    }

/* Wants the next event of this kind to say so of the program. */
static void told(struct story_stream *stream, const char *kind, const char *update)
{
    json_t *event = story_stream_next(stream, kind, 15000);
    cr_assert(event, "no event %s came", kind);
    const char *got = json_string_value(json_object_get(json_object_get(event, "data"), "update"));
    cr_expect_str_eq(got ? got : "none", update);
    json_decref(event);
}

STORY(agent_age, an_old_program_is_marked_a_too_old_one_refused)
{
    static const struct step desk[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201}};
    static const struct step old[] = {
        {HELLO("works", RUN_OLD, "1", "1.0.9"), .want = 200},
        LIVE("marked",
             "{'agent': {'online': true, 'version': '1.0.9', 'update': 'advised', 'needs': '1.1.0'}}"),
        {"list", GET("/api/v1/desks/{desk.id}"), .want = 200,
         .has = "{'agent': {'update': 'advised', 'needs': '1.1.0'}}"},
    };
    static const struct step too_old[] = {
        {HELLO("too old", RUN_OLD, "0", "0.9.1"), .want_err = "agent_too_old"},
        LIVE("refused",
             "{'agent': {'online': false, 'version': '0.9.1', 'update': 'required', 'needs': '1.0.0'}}"),
        POLL("speaks for nobody", RUN_OLD, .want_err = "agent_replaced"),
        {HELLO("once more", RUN_OLD, "0", "0.9.1"), .want_err = "agent_too_old"},
        {"said once", SQL("SELECT count(*) FROM desk_event WHERE kind = 'agent_offline'"), .text = "1"},
    };
    static const struct step new[] = {
        {HELLO("updated", "{set.run}", "1", "1.1.0"), .want = 200},
        LIVE("well", "{'agent': {'online': true, 'version': '1.1.0', 'update': null, 'needs': null}}"),
        {"revoked", DELETE("/api/v1/desks/{desk.id}/agent"), .want = 204},
        LIVE("gone", "{'agent': {'online': false, 'version': null, 'update': null}}"),
    };
    story_play(story, desk, STEPS(desk));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
    story_set(story, "run", agent->run);
    struct story_stream *stream = story_stream_open(story, "cashier", "/api/v1/desks/{desk.id}/events", NULL);
    json_decref(story_stream_next(stream, "snapshot", 15000)); /* what comes behind it is news */
    story_play(story, old, STEPS(old));
    told(stream, "agent_online", "advised");
    story_play(story, too_old, STEPS(too_old));
    told(stream, "agent_offline", "required");
    story_play(story, new, STEPS(new));
    told(stream, "agent_online", "none");
    story_stream_close(stream);
    story_agent_free(agent);
}
