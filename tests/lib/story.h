/* HTTP stories: a test is a table of named steps played against the real server and a fresh database.
 *
 *     #include "tests/lib/story.h"
 *
 *     STORY(people, a_name_can_be_changed)
 *     {
 *         static const struct step steps[] = {
 *             {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell'}", .want = 201, .has = "{'name':
 * 'Ann Bell'}"},
 *             {"read", GET("/api/v1/people/{ann.id}"), .as = "cashier", .want = 200},
 *             {"rename", PATCH("/api/v1/people/{ann.id}"), .body = "{'name': 'Ann Hill'}",
 *              .headers = "If-Match: {read.@etag}", .want = 200},
 *             {"stale", PATCH("/api/v1/people/{ann.id}"), .body = "{'name': 'Ann Lee'}",
 *              .headers = "If-Match: {read.@etag}", .want_err = "precondition_failed"},
 *             {"rows", SQL("SELECT count(*) FROM person"), .text = "1"},
 *         };
 *         story_play(story, steps, STEPS(steps));
 *     }
 *
 * Texts (path, body, headers, has, SQL) are written with single quotes for JSON strings (\u0027 is an
 * apostrophe; SQL keeps its quotes) and may name what earlier steps got: {label.id}, {label.items.0.id},
 * {label.@etag} (a header of the answer), {label.@key} (the Idempotency-Key sent), {label.@status},
 * {new.NAME} (a UUIDv7 made at first mention of NAME), {set.NAME} (given by story_set), {as.NAME.operator_id}
 * (of a client), {server.url}. Braces that hold no such word stay as they are.
 *
 * `as` names the caller. "nobody" sends no cookie. A name that begins with a role ("admin", "cashier",
 * "cashier2", "supervisor_b") is made on first use: an operator of that name and role with a live session,
 * put straight into the database, so that most stories need no login. Any other name is an empty cookie jar:
 * log in with a step. Without `as` the caller is "admin".
 *
 * Every answer goes as a line to the file $STORY_ANSWERS: {method, path, template, request, status, type,
 * headers, expected, code, body}, every event of a stream as {method: "EVENT", path, event, body}. There
 * tests/check/answers.py holds them against webroot/openapi.json.
 */
#ifndef CARDWRIGHT_TESTS_LIB_STORY_H
#define CARDWRIGHT_TESTS_LIB_STORY_H

#include "tests/lib/server.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct story;

struct step {
    const char *label;  /* unique in its story */
    const char *method; /* by GET(), POST(), …, SQL() or CALL() */
    const char *path;
    void (*call)(struct story *story);
    const char *as;
    const char *body;      /* JSON with single quotes; NULL: none */
    const char *raw_body;  /* instead of body: sent as it is, no quotes changed, nothing filled in */
    size_t raw_body_bytes; /* of a raw_body with zeros in it; 0: its strlen */
    const char *headers;   /* "Name: value" lines parted by \n; "Name:" takes a standard header away */
    bool keyed; /* with a new Idempotency-Key; when it succeeds it is sent again at once and must give the
                   same status and body with Idempotent-Replayed: true */
    const char *key_of;   /* with the key of that earlier step; no replay check */
    int want;             /* the status; 0 with want_err: that error's own status */
    const char *want_err; /* word of err.def in lower case: status, code, problem+json, title, detail,
                             instance, next */
    const char *pointer;  /* with want_err: one of errors[] has this pointer */
    const char
        *has; /* the answer contains this: objects by member, arrays whole, "*" matches anything but null */
    const char *lacks;       /* this member path ("items.0.password_hash") is not in the answer */
    const char *want_header; /* "Name: value", or "Name" for any value */
    const char
        *text; /* SQL: the first column of the first row; "" also for no row and NULL. HTTP: the body */
};

#define GET(path_) .method = "GET", .path = path_
#define POST(path_) .method = "POST", .path = path_
#define PUT(path_) .method = "PUT", .path = path_
#define PATCH(path_) .method = "PATCH", .path = path_
#define DELETE(path_) .method = "DELETE", .path = path_
#define SQL(text_) .method = "SQL", .path = text_ /* as the owner of the schema */
#define CALL(function_) .method = "CALL", .call = function_
#define STEPS(array) (sizeof(array) / sizeof((array)[0]))

/* One Criterion test with a server of its own. `story` is its only variable. */
#define STORY(suite, name, ...)                                                                              \
    STORY_WITH(suite, name, ((struct server_options){0})__VA_OPT__(, ) __VA_ARGS__)

/* The same with options for the server (tests/lib/server.h). */
#define STORY_WITH(suite, name, options_, ...)                                                               \
    static void story_##suite##_##name(struct story *story);                                                 \
    Test(suite, name, .timeout = STORY_TIMEOUT_S __VA_OPT__(, ) __VA_ARGS__)                                 \
    {                                                                                                        \
        const struct server_options story_options = options_;                                                \
        struct story *story = story_begin(&story_options);                                                   \
        story_##suite##_##name(story);                                                                       \
        story_end(story);                                                                                    \
    }                                                                                                        \
    static void story_##suite##_##name(struct story *story)

#define STORY_TIMEOUT_S 60

/* A fresh database and a running server; fails the test with the server's log when that does not work. */
struct story *story_begin(const struct server_options *options);
/* Stops the server; fails the test when it does not stop cleanly or wrote a sanitizer report. */
void story_end(struct story *story);

/* Plays the steps in order; the first surprise ends the test with step, request and answer. */
void story_play(struct story *story, const struct step *steps, size_t step_count);

/* Plays one step; its label is known to later ones. */
void story_step(struct story *story, const struct step *step);

struct test_server *story_server(struct story *story);

/* What an earlier step answered: text of a member path ("id", "items.0.name", "@etag"). Fails the test when
 * absent; borrowed until the label is played again. */
const char *story_value(struct story *story, const char *label, const char *member_path);
json_t *story_answer(struct story *story, const char *label); /* borrowed; NULL: no JSON */

/* `text` with its {references} filled in; the caller frees it. */
char *story_fill(struct story *story, const char *text);

/* From now on {set.NAME} is this value. */
void story_set(struct story *story, const char *name, const char *value);

/* Runs SQL as the owner; the first column of the first row ("" for none and NULL); the caller frees it. */
char *story_sql(struct story *story, const char *sql);

/* Sends the cookie of client `as` from now on ("" takes it away): to borrow or break a session. */
void story_cookie_set(struct story *story, const char *as, const char *cookie);
char *story_cookie_get(struct story *story, const char *as); /* "sid=…"; the caller frees it; "" for none */

/* Lets client `as` sign its requests: `sign` returns header lines parted by \n, malloc'ed, for what is about
 * to be sent (path with query). */
typedef char *story_sign_fn(void *context, const char *method, const char *path, const char *body,
                            size_t body_bytes);
void story_client_sign(struct story *story, const char *as, story_sign_fn *sign, void *context);

/* A server-sent event stream of client `as`. `last_event_id` NULL: none is sent. */
struct story_stream;
struct story_stream *story_stream_open(struct story *story, const char *as, const char *path,
                                       const char *last_event_id);
/* Waits for the next event of this kind (NULL: any), skipping others: {"id", "event", "data"}; the caller
 * releases it. NULL after timeout_ms or when the server closed the stream. */
json_t *story_stream_next(struct story_stream *stream, const char *kind, int timeout_ms);
bool story_stream_closed(struct story_stream *stream); /* by the server */
void story_stream_close(struct story_stream *stream);

#endif
