/* Operators and roles: management, and what ends at once when rights change. */
#include "tests/lib/pg.h"
#include "tests/lib/story.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD "four quiet green rivers"
#define MAKE_BOB                                                                                             \
    {                                                                                                        \
        "bob", POST("/api/v1/operators"),                                                                    \
            .want = 201, .want_header = "ETag: W/\"1\"",                                                     \
            .body =                                                                                          \
                "{'name': 'bob', 'full_name': 'Bob Hill', 'roles': ['cashier'], 'password': '" PASSWORD "'}" \
    }
#define LOGIN_BOB(label_, as_)                                                                               \
    {                                                                                                        \
        label_, POST("/api/v1/session"), .as = as_, .want = 201,                                             \
                                         .body = "{'name': 'bob', 'password': '" PASSWORD "'}"               \
    }

STORY(operators, are_made_read_and_changed)
{
    static const struct step steps[] = {
        {"bob", POST("/api/v1/operators"), .want = 201,
         .body =
             "{'name': 'bob', 'full_name': 'Bob Hill', 'roles': ['hr', 'cashier', 'hr'], 'language': 'zh-CN',"
             " 'password': '" PASSWORD "'}",
         .has = "{'name': 'bob', 'full_name': 'Bob Hill', 'active': true, 'language': 'zh-CN', "
                "'has_password': true,"
                " 'roles': ['cashier', 'hr'], 'locked_until': null, 'last_login_at': null, 'version': 1}",
         .lacks = "password_hash", .want_header = "Location"},
        {"read", GET("/api/v1/operators/{bob.id}"), .want = 200, .has = "{'id': '{bob.id}', 'name': 'bob'}",
         .want_header = "ETag: W/\"1\"", .lacks = "password_hash"},
        {"taken", POST("/api/v1/operators"), .body = "{'name': 'BOB', 'full_name': 'Other', 'roles': ['hr']}",
         .want_err = "name_taken"},
        {"rename", PATCH("/api/v1/operators/{bob.id}"), .headers = "If-Match: {read.@etag}",
         .body = "{'name': 'bobby', 'full_name': 'Bobby Hill', 'language': 'en'}", .want = 200,
         .has = "{'name': 'bobby', 'full_name': 'Bobby Hill', 'language': 'en', 'version': 2}",
         .want_header = "ETag: W/\"2\""},
        {"stale", PATCH("/api/v1/operators/{bob.id}"), .headers = "If-Match: {read.@etag}",
         .body = "{'full_name': 'X'}", .want_err = "precondition_failed"},
        {"malformed", PATCH("/api/v1/operators/{bob.id}"), .headers = "If-Match: two",
         .body = "{'full_name': 'X'}", .want = 400, .want_err = "bad_field"},
        {"any version", PATCH("/api/v1/operators/{bob.id}"), .body = "{'full_name': 'Bob Hill'}", .want = 200,
         .has = "{'name': 'bobby', 'version': 3}"},
        {"name of another", PATCH("/api/v1/operators/{bob.id}"), .body = "{'name': 'Admin'}",
         .want_err = "name_taken"},
        {"own name in capitals", PATCH("/api/v1/operators/{bob.id}"), .body = "{'name': 'BOBBY'}",
         .want = 200},
        {"unknown", GET("/api/v1/operators/{new.other}"), .want_err = "not_found"},
        {"no id", GET("/api/v1/operators/bob"), .want_err = "not_found"},
        {"change unknown", PATCH("/api/v1/operators/{new.other}"), .body = "{'full_name': 'X'}",
         .want_err = "not_found"},
        {"roles of unknown", PUT("/api/v1/operators/{new.other}/roles"), .body = "{'roles': ['hr']}",
         .want_err = "not_found"},
        {"reset unknown", POST("/api/v1/operators/{new.other}/password-reset"), .want_err = "not_found"},
        {"audit",
         SQL("SELECT string_agg(action, ' ' ORDER BY no) FROM audit WHERE subject_id = '{bob.id}' AND "
             "operator_id = '{as.admin.operator_id}'"),
         .text = "operator.create operator.change operator.change operator.change"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, bad_input_is_named)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"no roles", POST("/api/v1/operators"), .body = "{'name': 'eve', 'full_name': 'Eve'}",
         .want_err = "bad_field", .pointer = "/roles"},
        {"empty roles", POST("/api/v1/operators"), .body = "{'name': 'eve', 'full_name': 'Eve', 'roles': []}",
         .want_err = "bad_field", .pointer = "/roles"},
        {"unknown role", POST("/api/v1/operators"),
         .body = "{'name': 'eve', 'full_name': 'Eve', 'roles': ['hr', 'king']}", .want_err = "bad_field",
         .pointer = "/roles/1"},
        {"role of a wrong type", POST("/api/v1/operators"),
         .body = "{'name': 'eve', 'full_name': 'Eve', 'roles': [7]}", .want_err = "bad_field",
         .pointer = "/roles/0"},
        {"blank in the name", POST("/api/v1/operators"),
         .body = "{'name': 'eve x', 'full_name': 'Eve', 'roles': ['hr']}", .want_err = "bad_field",
         .pointer = "/name"},
        {"no name", POST("/api/v1/operators"), .body = "{'full_name': 'Eve', 'roles': ['hr']}",
         .want_err = "bad_field", .pointer = "/name"},
        {"weak", POST("/api/v1/operators"),
         .body = "{'name': 'eve', 'full_name': 'Eve', 'roles': ['hr'], 'password': 'eve'}",
         .want_err = "password_weak", .pointer = "/password"},
        {"language", PATCH("/api/v1/operators/{bob.id}"), .body = "{'language': 'tlh'}",
         .want_err = "bad_field", .pointer = "/language"},
        {"rename with a blank", PATCH("/api/v1/operators/{bob.id}"), .body = "{'name': 'b ob'}",
         .want_err = "bad_field", .pointer = "/name"},
        {"roles by patch", PATCH("/api/v1/operators/{bob.id}"), .body = "{'roles': ['admin']}",
         .want_err = "bad_field", .pointer = "/roles"},
        {"bad roles", PUT("/api/v1/operators/{bob.id}/roles"), .body = "{'roles': ['king']}",
         .want_err = "bad_field", .pointer = "/roles/0"},
        {"no field", PUT("/api/v1/operators/{bob.id}/roles"), .body = "{}", .want_err = "bad_field",
         .pointer = "/roles"},
        {"limit", GET("/api/v1/operators?limit=0"), .want_err = "bad_field", .pointer = "/query/limit"},
        {"cursor", GET("/api/v1/operators?cursor=%21%21"), .want_err = "bad_field",
         .pointer = "/query/cursor"},
        {"unknown filter", GET("/api/v1/operators?role=hr"), .want_err = "bad_field",
         .pointer = "/query/role"},
        {"nothing happened", SQL("SELECT string_agg(name, ' ' ORDER BY name) FROM operator"),
         .text = "admin bob"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, only_administrators_manage_them)
{
    static const struct step steps[] = {
        MAKE_BOB,
        {"list", GET("/api/v1/operators"), .as = "supervisor", .want_err = "forbidden"},
        {"create", POST("/api/v1/operators"), .as = "hr",
         .body = "{'name': 'eve', 'full_name': 'Eve', 'roles': ['admin']}", .want_err = "forbidden"},
        {"read", GET("/api/v1/operators/{bob.id}"), .as = "cashier", .want_err = "forbidden"},
        {"change", PATCH("/api/v1/operators/{bob.id}"), .as = "finance", .body = "{'active': false}",
         .want_err = "forbidden"},
        {"roles", PUT("/api/v1/operators/{as.technician.operator_id}/roles"), .as = "technician",
         .body = "{'roles': ['admin']}", .want_err = "forbidden"},
        {"reset", POST("/api/v1/operators/{bob.id}/password-reset"), .as = "supervisor",
         .want_err = "forbidden"},
        {"all read roles", GET("/api/v1/roles"), .as = "cashier", .want = 200,
         .has = "{'items': [{'name': 'admin'}, {'name': 'cashier'}, {'name': 'finance', 'permissions': "
                "['audit.read',"
                " 'cards.read', 'cases.read', 'people.read', 'settings.read', 'transactions.read']}, "
                "{'name': 'hr'},"
                " {'name': 'supervisor'}, {'name': 'technician'}]}"},
        {"unchanged", SQL("SELECT version || ' ' || active FROM operator WHERE name = 'bob'"),
         .text = "1 true"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, come_in_pages)
{
    static const struct step steps[] = {
        {"many", SQL("INSERT INTO operator (id, name, full_name, active) SELECT gen_random_uuid(), 'op' || "
                     "to_char(i, 'FM00'), 'Operator ' || i, i % 2 = 0 FROM generate_series(1, 11) i")},
        {"all", GET("/api/v1/operators"), .want = 200, .has = "{'next_cursor': null}"},
        {"first", GET("/api/v1/operators?limit=5&q=op"), .want = 200, .want_header = "Link",
         .has = "{'items': [{'name': 'op01'}, {'name': 'op02'}, {'name': 'op03'}, {'name': 'op04'}, {'name': "
                "'op05'}],"
                " 'next_cursor': '*'}"},
        {"second", GET("/api/v1/operators?limit=5&q=op&cursor={first.next_cursor}"), .want = 200,
         .has = "{'items': [{'name': 'op06'}, {'name': 'op07'}, {'name': 'op08'}, {'name': 'op09'}, {'name': "
                "'op10'}]}"},
        {"last", GET("/api/v1/operators?limit=5&q=op&cursor={second.next_cursor}"), .want = 200,
         .has = "{'items': [{'name': 'op11'}], 'next_cursor': null}"},
        {"inactive", GET("/api/v1/operators?active=false&q=OPERATOR%201"), .want = 200,
         .has = "{'items': [{'name': 'op01'}, {'name': 'op11'}]}"},
        {"none", GET("/api/v1/operators?q=nobody%25"), .want = 200,
         .has = "{'items': [], 'next_cursor': null}"},
    };
    story_play(story, steps, STEPS(steps));
}

static void follow_link(struct story *story)
{
    const char *link = story_value(story, "first", "@link");
    cr_assert(strncmp(link, "</api/v1/operators?", 19) == 0 && strstr(link, ">; rel=\"next\""), "%s", link);
    char target[512] = "";
    strncat(target, link + 1, strcspn(link, ">") - 1);
    story_set(story, "next", target);
}

STORY(operators, link_headers_lead_on)
{
    static const struct step steps[] = {
        {"many", SQL("INSERT INTO operator (id, name, full_name) SELECT gen_random_uuid(), '王' || i, 'Ann "
                     "& Bell' FROM "
                     "generate_series(1, 3) i")},
        {"first", GET("/api/v1/operators?limit=2&q=n%20%26%20B"), .want = 200,
         .has = "{'items': [{'name': '王1'}, {'name': '王2'}]}"},
        {"link", CALL(follow_link)},
        {"next", GET("{set.next}"), .want = 200, .has = "{'items': [{'name': '王3'}], 'next_cursor': null}"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, deactivation_ends_every_session_at_once)
{
    static const struct step steps[] = {
        MAKE_BOB,
        LOGIN_BOB("one", "bob"),
        LOGIN_BOB("two", "bob2"),
        {"off", PATCH("/api/v1/operators/{bob.id}"), .body = "{'active': false}", .want = 200,
         .has = "{'active': false}"},
        {"fast lane", GET("/api/v1/session"), .as = "bob", .want_err = "unauthenticated"},
        {"work lane", GET("/api/v1/roles"), .as = "bob2", .want_err = "unauthenticated"},
        {"no login", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want_err = "login_failed"},
        {"no reset", POST("/api/v1/operators/{bob.id}/password-reset"), .want_err = "not_found"},
        {"on", PATCH("/api/v1/operators/{bob.id}"), .body = "{'active': true}", .want = 200},
        {"old session stays dead", GET("/api/v1/session"), .as = "bob", .want_err = "unauthenticated"},
        LOGIN_BOB("again", "bob"),
        {"reasons",
         SQL("SELECT string_agg(ended_reason, ' ') FROM session WHERE ended_at IS NOT NULL AND operator_id = "
             "'{bob.id}'"),
         .text = "deactivated deactivated"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, deactivation_by_hand_ends_sessions_too)
{
    static const struct step steps[] = {
        {"in", GET("/api/v1/session"), .as = "cashier", .want = 200},
        {"off", SQL("UPDATE operator SET active = false WHERE name = 'cashier'")},
        {"out", GET("/api/v1/session"), .as = "cashier", .want_err = "unauthenticated"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, new_roles_need_a_new_login)
{
    static const struct step steps[] = {
        MAKE_BOB,
        LOGIN_BOB("one", "bob"),
        {"stale", PUT("/api/v1/operators/{bob.id}/roles"), .body = "{'roles': ['hr']}",
         .headers = "If-Match: W/\"7\"", .want_err = "precondition_failed"},
        {"still", GET("/api/v1/session"), .as = "bob", .want = 200},
        {"roles", PUT("/api/v1/operators/{bob.id}/roles"), .body = "{'roles': ['finance']}",
         .headers = "If-Match: W/\"1\"", .want = 200, .has = "{'roles': ['finance'], 'version': 2}",
         .want_header = "ETag: W/\"2\""},
        {"ended", GET("/api/v1/session"), .as = "bob", .want_err = "unauthenticated"},
        LOGIN_BOB("two", "bob"),
        {"new rights", GET("/api/v1/audit"), .as = "bob", .want = 200},
        {"audit", SQL("SELECT detail FROM audit WHERE action = 'operator.roles'"),
         .text = "{\"after\": [\"finance\"], \"before\": [\"cashier\"]}"},
    };
    story_play(story, steps, STEPS(steps));
}

static void keep_cookie(struct story *story)
{
    char *cookie = story_cookie_get(story, "admin");
    story_cookie_set(story, "old", cookie);
    free(cookie);
}

STORY(operators, own_new_roles_come_with_a_new_token)
{
    static const struct step steps[] = {
        {"me", GET("/api/v1/session"), .want = 200},
        {"keep", CALL(keep_cookie)},
        {"roles", PUT("/api/v1/operators/{as.admin.operator_id}/roles"), .body = "{'roles': ['admin', 'hr']}",
         .want = 200, .want_header = "Set-Cookie"},
        {"go on", GET("/api/v1/session"), .want = 200, .has = "{'id': '{me.id}', 'roles': ['admin', 'hr']}"},
        {"old token", GET("/api/v1/session"), .as = "old", .want_err = "unauthenticated"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(operators, the_last_administrator_stays)
{
    static const struct step steps[] = {
        {"off", PATCH("/api/v1/operators/{as.admin.operator_id}"), .body = "{'active': false}",
         .want_err = "last_admin"},
        {"other role", PUT("/api/v1/operators/{as.admin.operator_id}/roles"), .body = "{'roles': ['hr']}",
         .want_err = "last_admin"},
        {"second", POST("/api/v1/operators"),
         .body = "{'name': 'ann', 'full_name': 'Ann Bell', 'roles': ['admin']}", .want = 201},
        {"second off", PATCH("/api/v1/operators/{second.id}"), .body = "{'active': false}", .want = 200},
        {"still the last", PUT("/api/v1/operators/{as.admin.operator_id}/roles"), .body = "{'roles': ['hr']}",
         .want_err = "last_admin"},
        {"second on", PATCH("/api/v1/operators/{second.id}"), .body = "{'active': true}", .want = 200},
        {"now", PATCH("/api/v1/operators/{as.admin.operator_id}"), .body = "{'active': false}", .want = 200},
        {"out", GET("/api/v1/session"), .want_err = "unauthenticated"},
    };
    story_play(story, steps, STEPS(steps));
}

/* Sends a statement without waiting for its result. */
static void begin(PGconn *pg, const char *sql)
{
    cr_assert_eq(PQsendQuery(pg, sql), 1, "%s", PQerrorMessage(pg));
}

static void outcome_is(PGconn *pg, const char *wanted)
{
    PGresult *result = PQgetResult(pg), *rest;
    cr_assert(result && PQntuples(result) == 1, "%s", PQerrorMessage(pg));
    cr_assert_str_eq(PQgetvalue(result, 0, 0), wanted);
    PQclear(result);
    while ((rest = PQgetResult(pg)))
        PQclear(rest);
}

/* The second waits for the first because both lock every administrator; then it is alone, and stays. */
static void remove_each_other(struct story *story)
{
    const char *owner = story_server(story)->pg.owner;
    PGconn *first = test_pg_connect(owner), *second = test_pg_connect(owner);
    char *off = story_fill(
        story, "SELECT outcome FROM fn_operator_change(NULL, '{as.admin.operator_id}', NULL, NULL, "
               "NULL, NULL, false, NULL)");
    char *roles = story_fill(
        story, "SELECT outcome FROM fn_operator_roles(NULL, NULL, '{as.admin_b.operator_id}', NULL, "
               "'{hr}', NULL, NULL)");
    test_pg_exec(first, "BEGIN");
    begin(first, off);
    outcome_is(first, "done");
    begin(second, roles);
    /* Asked by a connection outside the transaction, which would see the same moment again and again. */
    bool waits = false;
    while (!waits) {
        char *count =
            story_sql(story, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                             "datname = current_database()");
        waits = strcmp(count, "0") != 0;
        free(count);
        poll(NULL, 0, 10);
    }
    test_pg_exec(first, "COMMIT");
    outcome_is(second, "last_admin");
    free(roles);
    free(off);
    PQfinish(first);
    PQfinish(second);
}

STORY(operators, two_administrators_cannot_remove_each_other_at_once)
{
    static const struct step steps[] = {
        {"both", SQL("SELECT '{as.admin.operator_id}{as.admin_b.operator_id}'")},
        {"race", CALL(remove_each_other)},
        {"one is left", GET("/api/v1/operators?active=true"), .as = "admin_b", .want = 200,
         .has = "{'items': [{}]}"},
    };
    story_play(story, steps, STEPS(steps));
}

static void take_token(struct story *story)
{
    const char *path = story_value(story, "reset", "setup_path");
    cr_assert(strncmp(path, "/#/setup/", 9) == 0, "%s", path);
    story_set(story, "link", path + 9);
}

static void take_first_token(struct story *story)
{
    story_set(story, "first", story_value(story, "eve", "setup_path") + 9);
}

STORY(operators, choose_their_password_by_a_link)
{
    static const struct step steps[] = {
        {"eve", POST("/api/v1/operators"),
         .body = "{'name': 'eve', 'full_name': 'Eve Lake', 'roles': ['hr']}", .want = 201,
         .has = "{'has_password': false, 'setup_path': '*'}"},
        {"token", CALL(take_first_token)},
        {"not shown again", GET("/api/v1/operators/{eve.id}"), .want = 200, .lacks = "setup_path"},
        {"choose", POST("/api/v1/setup"), .as = "eve",
         .body = "{'token': '{set.first}', 'password': '" PASSWORD "'}", .want = 201,
         .has = "{'operator': {'name': 'eve'}}"},
        {"reset", POST("/api/v1/operators/{eve.id}/password-reset"), .want = 201,
         .has = "{'expires_at': '*'}"},
        {"link", CALL(take_token)},
        {"out", GET("/api/v1/session"), .as = "eve", .want_err = "unauthenticated"},
        {"no password", GET("/api/v1/operators/{eve.id}"), .want = 200, .has = "{'has_password': false}"},
        {"choose anew", POST("/api/v1/setup"), .as = "eve",
         .body = "{'token': '{set.link}', 'password': 'six loud yellow seas'}", .want = 201},
        {"deactivated", PATCH("/api/v1/operators/{eve.id}"), .body = "{'active': false}", .want = 200},
        {"link of one who left", POST("/api/v1/setup/link"), .as = "nobody",
         .body = "{'token': '{set.link}'}", .want_err = "setup_link_invalid"},
    };
    story_play(story, steps, STEPS(steps));
}
