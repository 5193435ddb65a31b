/* Login, who am I, logout, desk, own password, and the waiting after wrong passwords. */
#include "tests/lib/pg.h"
#include "tests/lib/story.h"

#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD "four quiet green rivers"
#define MAKE_BOB                                                                                             \
    {                                                                                                        \
        "bob", POST("/api/v1/operators"),                                                                    \
            .want = 201,                                                                                     \
            .body =                                                                                          \
                "{'name': 'bob', 'full_name': 'Bob Hill', 'roles': ['cashier'], 'password': '" PASSWORD "'}" \
    }
#define LOGIN_BOB(label_, as_)                                                                               \
    {                                                                                                        \
        label_, POST("/api/v1/session"), .as = as_, .want = 201,                                             \
                                         .body = "{'name': 'bob', 'password': '" PASSWORD "'}"               \
    }

STORY(session, login_tells_who_one_is)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"before", GET("/api/v1/session"), .as = "bob", .want_err = "unauthenticated"},
        {"wrong password", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': 'four quiet green'}", .want_err = "login_failed",
         .lacks = "errors"},
        {"wrong name", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bop', 'password': '" PASSWORD "'}", .want_err = "login_failed"},
        {"login", POST("/api/v1/session"), .as = "bob", .body = "{'name': 'BoB', 'password': '" PASSWORD "'}",
         .want = 201, .want_header = "Set-Cookie",
         .has = "{'operator': {'id': '{bob.id}', 'name': 'bob', 'full_name': 'Bob Hill'}, 'roles': "
                "['cashier'], 'desk': null,"
                " 'permissions': ['cards.issue', 'cards.read', 'cases.read', 'desks.use', 'money', "
                "'people.read',"
                " 'people.write', 'settings.read', 'training', 'transactions.read'], 'idle_limit_s': 3600}"},
        {"me", GET("/api/v1/session"), .as = "bob", .want = 200,
         .has = "{'id': '{login.id}', 'expires_at': '{login.expires_at}'}", .want_header = "Cache-Control"},
        {"stored",
         SQL("SELECT count(*) FROM session WHERE id = '{login.id}' AND expires_at = created_at + '12 hours'"),
         .text = "1"},
        {"not allowed", GET("/api/v1/operators"), .as = "bob", .want_err = "forbidden"},
        {"logout", DELETE("/api/v1/session"), .as = "bob", .want = 204, .want_header = "Set-Cookie"},
        {"after", GET("/api/v1/session"), .as = "bob", .want_err = "unauthenticated"},
        {"reason", SQL("SELECT ended_reason FROM session WHERE id = '{login.id}'"), .text = "logout"},
    };
    story_play(story, steps, STEPS(steps));
}

static void stolen_cookie(struct story *story)
{
    story_cookie_set(story, "thief", "sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void keep_cookie(struct story *story)
{
    char *cookie = story_cookie_get(story, "bob");
    story_cookie_set(story, "old", cookie);
    free(cookie);
}

STORY(session, without_a_live_session_nothing_opens)
{
    static const struct step steps[] = {
        {"cookie", CALL(stolen_cookie)},
        {"get", GET("/api/v1/session"), .as = "thief", .want_err = "unauthenticated"},
        {"delete", DELETE("/api/v1/session"), .as = "thief", .want_err = "unauthenticated"},
        {"desk", PUT("/api/v1/session/desk"), .as = "thief", .body = "{'desk_id': null}",
         .want_err = "unauthenticated"},
        {"step up", POST("/api/v1/session/step-up"), .as = "thief",
         .body = "{'password': 'x', 'operation_id': '{new.id}', 'purpose': 'x'}",
         .want_err = "unauthenticated"},
        {"password", POST("/api/v1/session/password"), .as = "nobody",
         .body = "{'old_password': 'x', 'new_password': 'y'}", .want_err = "unauthenticated"},
        {"operators", GET("/api/v1/operators"), .as = "thief", .want_err = "unauthenticated"},
        {"roles", GET("/api/v1/roles"), .as = "nobody", .want_err = "unauthenticated"},
        {"audit", GET("/api/v1/audit"), .as = "nobody", .want_err = "unauthenticated"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, sessions_end_of_age)
{
    static const struct step steps[] = {
        {"fresh", GET("/api/v1/session"), .as = "cashier", .want = 200},
        {"idle", SQL("UPDATE session SET last_seen_at = now() - interval '59 minutes'")},
        {"still", GET("/api/v1/session"), .as = "cashier", .want = 200},
        {"stamped",
         SQL("SELECT last_seen_at > now() - interval '1 minute' FROM session WHERE id = "
             "'{as.cashier.session_id}'"),
         .text = "t"},
        {"too idle", SQL("UPDATE session SET last_seen_at = now() - interval '61 minutes'")},
        {"ended", GET("/api/v1/session"), .as = "cashier", .want_err = "unauthenticated"},
        {"not revived",
         SQL("SELECT last_seen_at < now() - interval '1 hour' FROM session WHERE id = "
             "'{as.cashier.session_id}'"),
         .text = "t"},
        {"work lane", GET("/api/v1/roles"), .as = "cashier", .want_err = "unauthenticated"},
        {"hr", GET("/api/v1/roles"), .as = "hr", .want = 200},
        {"hr idle", SQL("UPDATE session SET last_seen_at = now() - interval '10 minutes'")},
        {"hr again", GET("/api/v1/roles"), .as = "hr", .want = 200},
        {"hr stamped",
         SQL("SELECT last_seen_at > now() - interval '1 minute' FROM session WHERE id = "
             "'{as.hr.session_id}'"),
         .text = "t"},
        {"quiet", SQL("UPDATE session SET last_seen_at = now() - interval '9 minutes' WHERE id = "
                      "'{as.finance.session_id}'")},
        {"search", GET("/api/v1/people"), .as = "finance", .want = 200},
        {"search stamped",
         SQL("SELECT last_seen_at > now() - interval '1 minute' FROM session WHERE id = "
             "'{as.finance.session_id}'"),
         .text = "t"},
        {"old", SQL("UPDATE session SET expires_at = now()")},
        {"hr ended", GET("/api/v1/session"), .as = "hr", .want_err = "unauthenticated"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, at_a_desk_a_session_sleeps_sooner)
{
    static const struct step steps[] = {
        {"desk", SQL("INSERT INTO desk (id, name) VALUES ('{new.desk}', 'Desk 1');"
                     "INSERT INTO desk_live (desk_id) VALUES ('{new.desk}') ON CONFLICT DO NOTHING")},
        {"sit", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{new.desk}'}",
         .want = 200, .has = "{'desk': {'id': '{new.desk}', 'name': 'Desk 1'}, 'idle_limit_s': 900}"},
        {"idle", SQL("UPDATE session SET last_seen_at = now() - interval '14 minutes'")},
        {"still", GET("/api/v1/session"), .as = "cashier", .want = 200},
        {"too idle", SQL("UPDATE session SET last_seen_at = now() - interval '16 minutes'")},
        {"ended", GET("/api/v1/session"), .as = "cashier", .want_err = "unauthenticated"},
        {"desk is free", PUT("/api/v1/session/desk"), .as = "cashier2", .body = "{'desk_id': '{new.desk}'}",
         .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, one_session_a_desk)
{
    static const struct step steps[] = {
        {"desk", SQL("INSERT INTO desk (id, name) VALUES ('{new.desk}', 'Desk 1');"
                     "INSERT INTO desk_live (desk_id) VALUES ('{new.desk}') ON CONFLICT DO NOTHING")},
        {"no field", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{}", .want_err = "bad_field",
         .pointer = "/desk_id"},
        {"no id", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': 'one'}",
         .want_err = "bad_field", .pointer = "/desk_id"},
        {"unknown", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{new.other}'}",
         .want_err = "not_found"},
        {"not for hr", PUT("/api/v1/session/desk"), .as = "hr", .body = "{'desk_id': '{new.desk}'}",
         .want_err = "forbidden"},
        {"sit", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{new.desk}'}",
         .want = 200},
        {"sit again", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{new.desk}'}",
         .want = 200},
        {"taken", PUT("/api/v1/session/desk"), .as = "cashier2", .body = "{'desk_id': '{new.desk}'}",
         .want_err = "desk_taken", .has = "{'operator': {'full_name': 'Story cashier'}}"},
        {"take over", PUT("/api/v1/session/desk"), .as = "cashier2",
         .body = "{'desk_id': '{new.desk}', 'take_over': true}", .want = 200,
         .has = "{'desk': {'name': 'Desk 1'}}"},
        {"the other", GET("/api/v1/session"), .as = "cashier", .want = 200, .has = "{'desk': null}"},
        {"told",
         SQL("SELECT kind || ' ' || (body ->> 'session_id') FROM desk_event WHERE desk_id = '{new.desk}'"),
         .text = "session_taken {as.cashier.session_id}"},
        {"noted", SQL("SELECT operator_id FROM audit WHERE action = 'session.take_over'"),
         .text = "{as.cashier2.operator_id}"},
        {"leave", PUT("/api/v1/session/desk"), .as = "cashier2", .body = "{'desk_id': null}", .want = 200,
         .has = "{'desk': null}"},
        {"free", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{new.desk}'}",
         .want = 200},
        {"retired", SQL("UPDATE desk SET active = false")},
        {"gone", PUT("/api/v1/session/desk"), .as = "cashier2",
         .body = "{'desk_id': '{new.desk}', 'take_over': true}", .want_err = "not_found"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, a_login_in_the_same_browser_takes_over_its_desk)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"desk", SQL("INSERT INTO desk (id, name) VALUES ('{new.desk}', 'Desk 1');"
                     "INSERT INTO desk_live (desk_id) VALUES ('{new.desk}') ON CONFLICT DO NOTHING")},
        {"sit", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{new.desk}'}",
         .want = 200},
        {"switch", POST("/api/v1/session"), .as = "cashier",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want = 201,
         .has = "{'operator': {'name': 'bob'}, 'desk': {'id': '{new.desk}'}}"},
        {"before", SQL("SELECT ended_reason FROM session WHERE id = '{as.cashier.session_id}'"),
         .text = "replaced"},
        {"now", GET("/api/v1/session"), .as = "cashier", .want = 200, .has = "{'id': '{switch.id}'}"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, logout_everywhere)
{
    static const struct step steps[] = {
        MAKE_BOB,
        LOGIN_BOB("one", "bob"),
        LOGIN_BOB("two", "bob2"),
        {"bad flag", DELETE("/api/v1/session?everywhere=perhaps"), .as = "bob", .want_err = "bad_field"},
        {"out", DELETE("/api/v1/session?everywhere=true"), .as = "bob", .want = 204},
        {"other browser", GET("/api/v1/session"), .as = "bob2", .want_err = "unauthenticated"},
        {"reasons",
         SQL("SELECT string_agg(DISTINCT ended_reason, ' ') FROM session WHERE operator_id = '{bob.id}'"),
         .text = "logout_everywhere"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, an_operator_keeps_at_most_20_sessions)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"many",
         SQL("INSERT INTO session (id, token_sha256, operator_id, expires_at, created_at) SELECT "
             "gen_random_uuid(), "
             "sha256(i::text::bytea), '{bob.id}', now() + interval '1 hour', now() - i * interval '1 minute' "
             "FROM generate_series(1, 30) i")},
        LOGIN_BOB("login", "bob"),
        {"live", SQL("SELECT count(*) FROM session WHERE operator_id = '{bob.id}' AND ended_at IS NULL"),
         .text = "20"},
        {"the new one lives", GET("/api/v1/session"), .as = "bob", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}

/* Wrong passwords of bob, so many that the next try has to wait. */
static void wrong_until_locked(struct story *story)
{
    static const struct step wrong = {"wrong", POST("/api/v1/session"), .as = "bob",
                                      .body = "{'name': 'bob', 'password': 'nothing like it'}",
                                      .want_err = "login_failed"};
    for (int i = 0; i < 5; i++)
        story_step(story, &wrong);
}

STORY(session, wrong_passwords_have_to_wait)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"five", CALL(wrong_until_locked)},
        {"locked", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'Bob', 'password': '" PASSWORD "'}", .want_err = "login_locked",
         .want_header = "Retry-After"},
        {"shown", GET("/api/v1/operators/{bob.id}"), .want = 200, .has = "{'locked_until': '*'}"},
        {"waits",
         SQL("SELECT extract(epoch FROM locked_until - last_at)::int FROM login_attempt WHERE kind = 'name'"),
         .text = "5"},
        {"time passes", SQL("UPDATE login_attempt SET locked_until = now()")},
        {"sixth", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': 'nothing like it'}", .want_err = "login_failed"},
        {"longer",
         SQL("SELECT extract(epoch FROM locked_until - last_at)::int FROM login_attempt WHERE kind = 'name'"),
         .text = "10"},
        {"many", SQL("UPDATE login_attempt SET failures = 400, locked_until = now()")},
        {"roomy address", SQL("UPDATE login_attempt SET failures = 0 WHERE kind = 'address'")},
        {"wrong once more", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': 'nothing like it'}", .want_err = "login_failed"},
        {"at most", SQL("SELECT locked_until - last_at FROM login_attempt WHERE kind = 'name'"),
         .text = "00:15:00"},
        {"time passes again", SQL("UPDATE login_attempt SET locked_until = now()")},
        LOGIN_BOB("right", "bob"),
        {"forgotten", SQL("SELECT count(*) FROM login_attempt WHERE kind = 'name'"), .text = "0"},
        {"noted",
         SQL("SELECT count(*) FROM audit WHERE action = 'session.login_failed' AND subject_id = '{bob.id}'"),
         .text = "7"},
        {"nothing typed is kept", SQL("SELECT count(*) FROM audit WHERE detail::text LIKE '%nothing%'"),
         .text = "0"},
    };
    story_play(story, steps, STEPS(steps));
}

#define TRIES_AT_ONCE 12

/* Tries at the same instant are counted before any password is looked at: five may go on, the others wait. */
static void try_at_once(struct story *story)
{
    PGconn *tries[TRIES_AT_ONCE];
    int may_go_on = 0;
    for (int i = 0; i < TRIES_AT_ONCE; i++) {
        tries[i] = test_pg_connect(story_server(story)->pg.app);
        cr_assert(PQsendQuery(tries[i], "SELECT outcome FROM fn_login_begin('bob', NULL, '127.0.0.1')"));
    }
    for (int i = 0; i < TRIES_AT_ONCE; i++) {
        PGresult *result = PQgetResult(tries[i]);
        cr_assert(result && PQntuples(result) == 1, "%s", PQerrorMessage(tries[i]));
        may_go_on += strcmp(PQgetvalue(result, 0, 0), "done") == 0;
        PQclear(result);
        PQfinish(tries[i]);
    }
    cr_assert_eq(may_go_on, 5);
}

STORY(session, tries_at_the_same_instant_do_not_slip_past)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"at once", CALL(try_at_once)},
        {"locked", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want_err = "login_locked"},
    };
    story_play(story, steps, STEPS(steps));
}

static void eve_until_locked(struct story *story)
{
    static const struct step wrong = {"wrong", POST("/api/v1/session"), .as = "nobody",
                                      .body = "{'name': 'eve', 'password': 'nothing like it'}",
                                      .want_err = "login_failed"};
    for (int i = 0; i < 5; i++)
        story_step(story, &wrong);
}

STORY(session, names_nobody_has_wait_the_same)
{
    static const struct step steps[] = {
        {"five", CALL(eve_until_locked)},
        {"locked", POST("/api/v1/session"), .as = "nobody",
         .body = "{'name': 'Eve', 'password': 'nothing like it'}", .want_err = "login_locked",
         .want_header = "Retry-After"},
        {"kind", SQL("SELECT kind FROM login_attempt WHERE locked_until IS NOT NULL"), .text = "unknown"},
        {"old rows go",
         SQL("UPDATE login_attempt SET last_at = now() - interval '2 days', locked_until = NULL")},
        {"another", POST("/api/v1/session"), .as = "nobody",
         .body = "{'name': 'adam', 'password': 'nothing like it'}", .want_err = "login_failed"},
        {"swept", SQL("SELECT count(*) FROM login_attempt"), .text = "2"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, an_address_has_twenty_wrong_tries)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"nineteen",
         SQL("INSERT INTO login_attempt (kind, subject, failures) VALUES ('address', '127.0.0.1', 19)")},
        LOGIN_BOB("right ones cost nothing", "bob"),
        {"the last", POST("/api/v1/session"), .as = "nobody",
         .body = "{'name': 'eve', 'password': 'nothing like it'}", .want_err = "login_failed"},
        {"empty", POST("/api/v1/session"), .as = "nobody",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want_err = "login_locked"},
        {"refills",
         SQL("UPDATE login_attempt SET last_at = last_at - interval '31 seconds' WHERE kind = 'address'")},
        LOGIN_BOB("one more", "bob"),
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, own_password)
{
    static const struct step steps[] = {
        MAKE_BOB,
        LOGIN_BOB("here", "bob"),
        LOGIN_BOB("there", "bob2"),
        {"keep", CALL(keep_cookie)},
        {"wrong old", POST("/api/v1/session/password"), .as = "bob",
         .body = "{'old_password': 'nothing like it', 'new_password': 'six loud yellow lakes'}",
         .want_err = "login_failed"},
        {"weak", POST("/api/v1/session/password"), .as = "bob",
         .body = "{'old_password': '" PASSWORD "', 'new_password': 'hill after hill'}",
         .want_err = "password_weak", .pointer = "/new_password"},
        {"short", POST("/api/v1/session/password"), .as = "bob",
         .body = "{'old_password': '" PASSWORD "', 'new_password': 'six lakes'}",
         .want_err = "password_weak"},
        {"changed", POST("/api/v1/session/password"), .as = "bob",
         .body = "{'old_password': '" PASSWORD "', 'new_password': 'six loud yellow lakes'}", .want = 200,
         .has = "{'id': '{here.id}'}", .want_header = "Set-Cookie"},
        {"goes on", GET("/api/v1/session"), .as = "bob", .want = 200},
        {"old token", GET("/api/v1/session"), .as = "old", .want_err = "unauthenticated"},
        {"other browser", GET("/api/v1/session"), .as = "bob2", .want_err = "unauthenticated"},
        {"old password", POST("/api/v1/session"), .as = "bob2",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want_err = "login_failed"},
        {"new password", POST("/api/v1/session"), .as = "bob2",
         .body = "{'name': 'bob', 'password': 'six loud yellow lakes'}", .want = 201},
    };
    story_play(story, steps, STEPS(steps));
}

/* A hash of another day's cost, as an older release would have left it. */
static void cheap_hash(struct story *story)
{
    char hash[crypto_pwhash_STRBYTES], sql[300];
    cr_assert_eq(
        crypto_pwhash_str_alg(hash, PASSWORD, strlen(PASSWORD), 1, 16384, crypto_pwhash_ALG_ARGON2ID13), 0);
    snprintf(sql, sizeof(sql), "UPDATE operator SET password_hash = '%s' WHERE name = 'bob'", hash);
    free(story_sql(story, sql));
}

STORY(session, login_renews_an_outdated_hash)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"older release", CALL(cheap_hash)},
        LOGIN_BOB("login", "bob"),
        {"renewed",
         SQL("SELECT password_hash LIKE '$argon2id$v=19$m=65536,t=3,p=1$%' FROM operator WHERE name = 'bob'"),
         .text = "t"},
        LOGIN_BOB("again", "bob"),
    };
    story_play(story, steps, STEPS(steps));
}

STORY(session, bad_input_is_named)
{
    static const struct step steps[] = {
        {"no password", POST("/api/v1/session"), .as = "nobody", .body = "{'name': 'bob'}",
         .want_err = "bad_field", .pointer = "/password"},
        {"wrong type", POST("/api/v1/session"), .as = "nobody", .body = "{'name': ['bob'], 'password': 'x'}",
         .want_err = "bad_field", .pointer = "/name"},
        {"unknown", POST("/api/v1/session"), .as = "nobody",
         .body = "{'name': 'bob', 'password': 'x', 'role': 'admin'}", .want_err = "bad_field",
         .pointer = "/role"},
        {"no body", POST("/api/v1/session"), .as = "nobody", .want = 0, .want_err = "bad_json"},
        {"a form", POST("/api/v1/session"), .as = "nobody", .raw_body = "name=bob&password=x",
         .headers = "Content-Type: application/x-www-form-urlencoded", .want_err = "unsupported_media_type"},
        {"other site", POST("/api/v1/session"), .as = "nobody", .body = "{'name': 'bob', 'password': 'x'}",
         .headers = "Sec-Fetch-Site: cross-site", .want_err = "cross_site"},
        {"other origin", DELETE("/api/v1/session"), .as = "cashier",
         .headers = "Sec-Fetch-Site:\nOrigin: http://elsewhere.example", .want_err = "cross_site"},
        {"strange agent", POST("/api/v1/session"), .as = "nobody", .body = "{'name': 'bob', 'password': 'x'}",
         .headers = "User-Agent: \xff\xfe", .want_err = "login_failed"},
        {"still in", GET("/api/v1/session"), .as = "cashier", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}
