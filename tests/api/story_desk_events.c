/* What a desk's screen is told: the stream begins with the present, goes on where a reader left off, and ends
 * with the session. */
#include "tests/lib/story_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS "/api/v1/desks/{desk.id}/events"
#define EVENT_MS 15000 /* for an event that must come */
#define PRESENCE(name, cards)                                                                                \
    POST("/agent/v1/presence"),                                                                              \
        .as = "till", .want = 200,                                                                           \
        .body = "{'run': '{set.run}', 'presence': '{new." name "}', 'cards': " cards ", 'uid': '9c3ad15e', " \
                "'atqa': '0004', 'sak': '08', 'ats': ''}"
#define REMOVED(name)                                                                                        \
    POST("/agent/v1/removed"), .as = "till", .want = 200,                                                    \
                               .body = "{'run': '{set.run}', 'presence': '{new." name "}'}"

static struct story_agent *ready_desk(struct story *story)
{
    static const struct step steps[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201},
        {"digits", PUT("/api/v1/settings/system-password"), .body = "{'digits': '2580'}", .want = 204},
        {"sit", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{desk.id}'}",
         .want = 200},
    };
    story_play(story, steps, STEPS(steps));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
    story_set(story, "run", agent->run);
    return agent;
}

/* Wants the next event to be of this kind and its data to have `member` (a text). Returns its number. */
static long long expect(struct story_stream *stream, const char *kind, const char *member, const char *text)
{
    json_t *event = story_stream_next(stream, NULL, EVENT_MS);
    cr_assert(event, "no event %s came", kind);
    cr_assert_str_eq(json_string_value(json_object_get(event, "event")), kind);
    const char *got = json_string_value(json_object_get(json_object_get(event, "data"), member));
    cr_expect(got && strcmp(got, text) == 0, "%s.%s is %s", kind, member, got ? got : "absent");
    const char *id = json_string_value(json_object_get(event, "id"));
    long long no = id ? strtoll(id, NULL, 10) : -1;
    json_decref(event);
    return no;
}

static void skip_snapshot(struct story_stream *stream)
{
    json_t *event = story_stream_next(stream, NULL, EVENT_MS);
    cr_assert(event);
    cr_assert_str_eq(json_string_value(json_object_get(event, "event")), "snapshot");
    json_decref(event);
}

STORY(desk_events, begin_with_the_present_and_go_on_in_order)
{
    struct story_agent *agent = ready_desk(story);
    struct story_stream *stream = story_stream_open(story, "cashier", EVENTS, NULL);
    skip_snapshot(stream);
    story_agent_hello(story, agent, "ok");
    long long no = expect(stream, "agent_online", "reader_state", "ok");
    static const struct step acts[] = {
        {"two", PRESENCE("two", "2")},
        {"off", REMOVED("two")},
        {"one", PRESENCE("one", "1"), .has = "{'state': 'read', 'read': '*', 'sealed': '*'}"},
        {"now", GET("/api/v1/desks/{desk.id}/live"), .as = "cashier", .want = 200,
         .has = "{'card': {'state': 'reading', 'presentation_id': null}, 'agent': {'online': true}}"},
        {"off again", REMOVED("one")},
    };
    story_play(story, acts, STEPS(acts));
    cr_expect_eq(expect(stream, "card_present", "state", "two_cards"), no + 1);
    char *two = story_fill(story, "{new.two}"), *one = story_fill(story, "{new.one}");
    cr_expect_eq(expect(stream, "card_removed", "presence_id", two), no + 2);
    cr_expect_eq(expect(stream, "card_removed", "presence_id", one), no + 3);
    free(two);
    free(one);
    story_stream_close(stream);
    story_agent_free(agent);
}

STORY(desk_events, a_reader_that_comes_back_gets_what_it_missed)
{
    struct story_agent *agent = ready_desk(story);
    story_agent_hello(story, agent, "ok");
    struct story_stream *stream = story_stream_open(story, "cashier", EVENTS, NULL);
    json_t *snapshot = story_stream_next(stream, "snapshot", EVENT_MS);
    cr_assert(snapshot);
    char seen[24];
    snprintf(seen, sizeof seen, "%s", json_string_value(json_object_get(snapshot, "id")));
    json_decref(snapshot);
    story_stream_close(stream);
    static const struct step missed[] = {{"two", PRESENCE("two", "2")}, {"off", REMOVED("two")}};
    story_play(story, missed, STEPS(missed));
    stream = story_stream_open(story, "cashier", EVENTS, seen);
    long long first = expect(stream, "card_present", "state", "gone");
    cr_expect_eq(first, strtoll(seen, NULL, 10) + 1);
    char *two = story_fill(story, "{new.two}");
    cr_expect_eq(expect(stream, "card_removed", "presence_id", two), first + 1);
    free(two);
    story_stream_close(stream);
    /* What is not kept any more, and numbers that were never given, begin anew with the present. */
    static const struct step forget[] = {{"forget", SQL("DELETE FROM desk_event")}};
    story_play(story, forget, STEPS(forget));
    static const char *const strange[] = {"0", "999999", "-4", "yesterday"};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        stream = story_stream_open(story, "cashier", EVENTS, strange[i]);
        skip_snapshot(stream);
        story_stream_close(stream);
    }
    story_agent_free(agent);
}

STORY(desk_events, tell_of_the_agent_and_of_a_desk_taken_over)
{
    struct story_agent *agent = ready_desk(story);
    story_agent_hello(story, agent, "ok");
    struct story_stream *stream = story_stream_open(story, "cashier", EVENTS, NULL);
    skip_snapshot(stream);
    static const struct step poll[] = {
        {"task", SQL("INSERT INTO training_task (id, desk_id, body) VALUES ('{new.task}', '{desk.id}', "
                     "'{\"action\": \"list\"}')")},
        {"poll", POST("/agent/v1/poll"), .as = "till", .want = 200,
         .body = "{'run': '{set.run}', 'reader': {'state': 'silent', 'name': 'pn532'}, 'at': 1}"},
        {"take over", PUT("/api/v1/session/desk"), .as = "supervisor",
         .body = "{'desk_id': '{desk.id}', 'take_over': true}", .want = 200},
        {"revoke", DELETE("/api/v1/desks/{desk.id}/agent"), .want = 204},
        {"revoked", POST("/agent/v1/poll"), .as = "till", .want_err = "agent_unknown",
         .body = "{'run': '{set.run}', 'reader': {'state': 'ok', 'name': 'pn532'}, 'at': 2}"},
    };
    story_play(story, poll, STEPS(poll));
    expect(stream, "agent_online", "reader_state", "silent");
    json_t *taken = story_stream_next(stream, NULL, EVENT_MS);
    cr_assert_str_eq(json_string_value(json_object_get(taken, "event")), "session_taken");
    json_decref(taken);
    expect(stream, "agent_offline", "reader_state", "absent");
    story_stream_close(stream);
    story_agent_free(agent);
}

STORY(desk_events, end_with_the_session)
{
    struct story_agent *agent = ready_desk(story);
    struct story_stream *stream = story_stream_open(story, "cashier", EVENTS, NULL);
    skip_snapshot(stream);
    cr_expect_not(story_stream_closed(stream));
    static const struct step end[] = {
        {"log out", DELETE("/api/v1/session"), .as = "cashier", .want = 204},
    };
    story_play(story, end, STEPS(end));
    story_agent_hello(story, agent, "ok");
    cr_expect_null(story_stream_next(stream, NULL, EVENT_MS), "an event went to a session that has ended");
    cr_expect(story_stream_closed(stream), "the stream is still open");
    story_stream_close(stream);
    story_agent_free(agent);
}

STORY(desk_events, are_for_those_who_work_at_desks)
{
    static const struct step steps[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201},
        {"nobody", GET(EVENTS), .as = "nobody", .want_err = "unauthenticated"},
        {"hr", GET(EVENTS), .as = "hr", .want_err = "forbidden"},
        {"none", GET("/api/v1/desks/{new.none}/events"), .as = "cashier", .want_err = "not_found"},
        {"no id", GET("/api/v1/desks/main/events"), .as = "cashier", .want_err = "not_found"},
        {"nobody looks", GET("/api/v1/desks/{desk.id}/live"), .as = "nobody", .want_err = "unauthenticated"},
        {"hr looks", GET("/api/v1/desks/{desk.id}/live"), .as = "hr", .want_err = "forbidden"},
        {"looks at none", GET("/api/v1/desks/{new.none}/live"), .as = "cashier", .want_err = "not_found"},
        {"empty", GET("/api/v1/desks/{desk.id}/live"), .as = "technician", .want = 200,
         .has = "{'no': 0, 'desk': {'name': 'Main desk'}, 'card': null, 'agent': {'online': false, "
                "'reader_state': 'absent'}}"},
    };
    story_play(story, steps, STEPS(steps));
}
