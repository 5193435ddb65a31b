/* A locked screen: its session acts on nothing, in either lane, until somebody logs in there. */
#include "tests/lib/story.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD "four quiet green rivers"
#define MAKE(name_, full_name_)                                                                              \
    {                                                                                                        \
        name_, POST("/api/v1/operators"),                                                                    \
            .body = "{'name': '" name_ "', 'full_name': '" full_name_ "', 'roles': ['cashier'], "            \
                    "'password': '" PASSWORD "'}",                                                           \
            .want = 201                                                                                      \
    }
#define LOGIN(label_, name_)                                                                                 \
    {                                                                                                        \
        label_, POST("/api/v1/session"),                                                                     \
            .as = "till", .body = "{'name': '" name_ "', 'password': '" PASSWORD "'}", .want = 201           \
    }
#define LOCKED(label_, ...)                                                                                  \
    {                                                                                                        \
        label_, __VA_ARGS__, .as = "till", .want_err = "session_locked"                                      \
    }

static void keep_cookie(struct story *story)
{
    char *cookie = story_cookie_get(story, "till");
    story_cookie_set(story, "thief", cookie);
    free(cookie);
}

/* The desk, two cashiers, and the first of them at it behind a locked screen. */
static void lock(struct story *story)
{
    static const struct step steps[] = {
        MAKE("ann", "Ann Bell"),
        MAKE("bob", "Bob Hill"),
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201},
        LOGIN("first", "ann"),
        {"sit", PUT("/api/v1/session/desk"), .as = "till", .body = "{'desk_id': '{desk.id}'}", .want = 200},
        {"keep", CALL(keep_cookie)},
        {"lock", POST("/api/v1/session/lock"), .as = "till", .want = 204},
        {"lock again", POST("/api/v1/session/lock"), .as = "thief", .want = 204},
        {"noted",
         SQL("SELECT count(*) || ' ' || min(operator_id::text) FROM audit WHERE action = 'session.lock'"),
         .text = "1 {ann.id}"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(lock, behind_it_nothing_can_be_done)
{
    static const struct step steps[] = {
        LOCKED("who", GET("/api/v1/session")),
        LOCKED("read, fast", GET("/api/v1/people")),
        LOCKED("read", GET("/api/v1/departments")),
        LOCKED("list", GET("/api/v1/operations")),
        LOCKED("write", POST("/api/v1/people"), .body = "{'name': 'Cy Dale'}"),
        LOCKED("other desk", PUT("/api/v1/session/desk"), .body = "{'desk_id': null}"),
        LOCKED("second password", POST("/api/v1/session/step-up"),
               .body = "{'password': '" PASSWORD "', 'operation_id': '{new.act}', 'purpose': 'withdraw'}"),
        LOCKED("own password", POST("/api/v1/session/password"),
               .body = "{'old_password': '" PASSWORD "', 'new_password': 'five quiet green rivers'}"),
        LOCKED("recharge", POST("/api/v1/desks/{desk.id}/operations"),
               .body = "{'kind': 'recharge', 'presentation_id': '{new.seen}', 'consumption_minor': 100}",
               .headers = "Idempotency-Key: {new.key}"),
        LOCKED("undo", POST("/api/v1/operations/{new.act}/reverse"),
               .body = "{'desk_id': '{desk.id}', 'presentation_id': '{new.seen}', 'reason': 'wrong_amount'}",
               .headers = "Idempotency-Key: {new.key2}"),
        LOCKED("cancel", POST("/api/v1/operations/{new.act}/cancel"), .body = "{}"),
        LOCKED("training", POST("/api/v1/desks/{desk.id}/training"), .body = "{'action': 'list'}"),
        {"stolen cookie", GET("/api/v1/people"), .as = "thief", .want_err = "session_locked"},
        {"the screen is shown", GET("/api/v1/desks/{desk.id}/live"), .as = "till", .want = 200},
        {"hr", GET("/api/v1/people"), .as = "hr", .want = 200},
    };
    lock(story);
    story_play(story, steps, STEPS(steps));
    struct story_stream *stream = story_stream_open(story, "till", "/api/v1/desks/{desk.id}/events", NULL);
    json_t *event = story_stream_next(stream, "snapshot", 15000);
    cr_expect(event, "a locked screen goes on showing its desk");
    json_decref(event);
    story_stream_close(stream);
}

STORY(lock, the_same_operator_goes_on_at_the_same_desk)
{
    static const struct step steps[] = {
        {"wrong", POST("/api/v1/session"), .as = "till", .body = "{'name': 'ann', 'password': 'four quiet'}",
         .want_err = "login_failed"},
        LOCKED("still locked", GET("/api/v1/people")),
        LOGIN("open", "ann"),
        {"here", GET("/api/v1/session"), .as = "till", .want = 200,
         .has = "{'id': '{open.id}', 'operator': {'name': 'ann'}, 'desk': {'id': '{desk.id}'}}"},
        {"goes on", GET("/api/v1/people"), .as = "till", .want = 200},
        {"stolen cookie", GET("/api/v1/people"), .as = "thief", .want_err = "unauthenticated"},
    };
    lock(story);
    story_play(story, steps, STEPS(steps));
}

STORY(lock, another_operator_takes_over_and_the_former_session_has_ended)
{
    static const struct step steps[] = {
        LOGIN("over", "bob"),
        {"here", GET("/api/v1/session"), .as = "till", .want = 200,
         .has = "{'operator': {'name': 'bob'}, 'desk': {'id': '{desk.id}'}}"},
        {"ended", SQL("SELECT ended_reason FROM session WHERE id = '{first.id}'"), .text = "replaced"},
        {"stolen cookie", GET("/api/v1/session"), .as = "thief", .want_err = "unauthenticated"},
        {"nor unlocks it", POST("/api/v1/session/lock"), .as = "thief", .want_err = "unauthenticated"},
        {"one a desk", SQL("SELECT count(*) FROM session WHERE desk_id = '{desk.id}' AND ended_at IS NULL"),
         .text = "1"},
    };
    lock(story);
    story_play(story, steps, STEPS(steps));
}

STORY(lock, logging_out_is_a_way_out_too)
{
    static const struct step steps[] = {
        {"out", DELETE("/api/v1/session"), .as = "till", .want = 204},
        {"ended", SQL("SELECT ended_reason FROM session WHERE id = '{first.id}'"), .text = "logout"},
        {"nobody", POST("/api/v1/session/lock"), .as = "nobody", .want_err = "unauthenticated"},
    };
    lock(story);
    story_play(story, steps, STEPS(steps));
}
