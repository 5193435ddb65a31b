/* Set-up: the link of the first administrator, links for new passwords, the command line. */
#include "tests/lib/story.h"

#include <stdlib.h>
#include <string.h>

#define UNTOUCHED ((struct server_options){.no_settings = true})
#define PASSWORD "four quiet green rivers"

/* The token behind the last link in `text` becomes {set.NAME}. */
static void take_link(struct story *story, const char *text, const char *name)
{
    static const char mark[] = "/#/setup/";
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, mark)); at += sizeof(mark) - 1)
        found = at + sizeof(mark) - 1;
    cr_assert(found, "no link in: %s", text);
    char token[64] = "";
    size_t bytes = strcspn(found, "\r\n \"");
    cr_assert(bytes == 43, "a token has 43 characters: %.*s", (int)bytes, found);
    memcpy(token, found, bytes);
    story_set(story, name, token);
}

static void take_printed_link(struct story *story)
{
    char *log = server_log(story_server(story));
    cr_assert(strstr(log, story_server(story)->url), "the link names the address of the server");
    take_link(story, log, "link");
    free(log);
}

static void cookie_is_strict(struct story *story)
{
    const char *cookie = story_value(story, "first", "@set-cookie");
    cr_assert(strncmp(cookie, "sid=", 4) == 0, "%s", cookie);
    cr_assert(strstr(cookie, "HttpOnly"), "%s", cookie);
    cr_assert(strstr(cookie, "SameSite=Strict"), "%s", cookie);
    cr_assert(strstr(cookie, "Path=/"), "%s", cookie);
}

STORY_WITH(setup, the_printed_link_makes_the_first_administrator_once, UNTOUCHED)
{
    static const struct step steps[] = {
        {"link", CALL(take_printed_link)},
        {"needed", GET("/api/v1/setup"), .as = "nobody", .want = 200,
         .has = "{'needed': true, 'site_mode': 'live', 'site_name': ''}"},
        {"kind", POST("/api/v1/setup/link"), .as = "nobody", .body = "{'token': '{set.link}'}", .want = 200,
         .has = "{'kind': 'first_admin', 'name': null, 'expires_at': '*'}"},
        {"other token", POST("/api/v1/setup/link"), .as = "nobody", .body = "{'token': 'x{set.link}'}",
         .want_err = "setup_link_invalid"},
        {"no name", POST("/api/v1/setup"), .as = "nobody",
         .body = "{'token': '{set.link}', 'password': '" PASSWORD "'}", .want_err = "bad_field",
         .pointer = "/name"},
        {"name with a blank", POST("/api/v1/setup"), .as = "nobody",
         .body = "{'token': '{set.link}', 'password': '" PASSWORD
                 "', 'name': 'ann bell', 'full_name': 'Ann Bell'}",
         .want_err = "bad_field", .pointer = "/name"},
        {"weak", POST("/api/v1/setup"), .as = "nobody",
         .body =
             "{'token': '{set.link}', 'password': 'password2026', 'name': 'ann', 'full_name': 'Ann Bell'}",
         .want_err = "password_weak", .pointer = "/password"},
        {"own name", POST("/api/v1/setup"), .as = "nobody",
         .body = "{'token': '{set.link}', 'password': 'the old bell tower', 'name': 'ann', 'full_name': 'Ann "
                 "Bell'}",
         .want_err = "password_weak"},
        {"bad mode", POST("/api/v1/setup"), .as = "nobody",
         .body = "{'token': '{set.link}', 'password': '" PASSWORD
                 "', 'name': 'ann', 'full_name': 'Ann', 'site_mode': 'x'}",
         .want_err = "bad_field", .pointer = "/site_mode"},
        {"first", POST("/api/v1/setup"), .as = "ann",
         .body = "{'token': '{set.link}', 'password': '" PASSWORD "', 'name': 'ann', 'full_name': 'Ann Bell',"
                 " 'language': 'zh-CN', 'site_name': 'Plant 4', 'site_mode': 'training'}",
         .want = 201,
         .has = "{'operator': {'name': 'ann', 'full_name': 'Ann Bell', 'language': 'zh-CN'}, 'roles': "
                "['admin']}",
         .lacks = "operator.password_hash"},
        {"cookie", CALL(cookie_is_strict)},
        {"logged in", GET("/api/v1/session"), .as = "ann", .want = 200,
         .has = "{'id': '{first.id}', 'desk': null}"},
        {"again", POST("/api/v1/setup"), .as = "nobody",
         .body =
             "{'token': '{set.link}', 'password': '" PASSWORD "', 'name': 'bob', 'full_name': 'Bob Hill'}",
         .want_err = "setup_link_invalid"},
        {"done", GET("/api/v1/setup"), .as = "nobody", .want = 200,
         .has = "{'needed': false, 'site_mode': 'training', 'site_name': 'Plant 4'}"},
        {"one operator", SQL("SELECT count(*) FROM operator"), .text = "1"},
        {"only hashes",
         SQL("SELECT count(*) FROM setup_link WHERE encode(token_sha256, 'escape') = '{set.link}'"),
         .text = "0"},
        {"log in", POST("/api/v1/session"), .as = "ann2",
         .body = "{'name': 'ANN', 'password': '" PASSWORD "'}", .want = 201},
    };
    story_play(story, steps, STEPS(steps));
}

static void restart(struct story *story)
{
    cr_assert(server_halt(story_server(story)));
    cr_assert(server_restart(story_server(story)));
    take_printed_link(story);
}

static void restart_quietly(struct story *story)
{
    char *before = server_log(story_server(story));
    cr_assert(server_halt(story_server(story)));
    cr_assert(server_restart(story_server(story)));
    char *after = server_log(story_server(story));
    cr_assert_null(strstr(after + strlen(before), "/#/setup/"), "no link once an administrator exists");
    free(before);
    free(after);
}

STORY_WITH(setup, every_start_prints_a_link_until_somebody_can_log_in, UNTOUCHED)
{
    static const struct step steps[] = {
        {"first start", CALL(take_printed_link)},
        {"ages", SQL("UPDATE setup_link SET expires_at = now()")},
        {"too old", POST("/api/v1/setup/link"), .as = "nobody", .body = "{'token': '{set.link}'}",
         .want_err = "setup_link_invalid"},
        {"second start", CALL(restart)},
        {"works", POST("/api/v1/setup"), .as = "ann",
         .body =
             "{'token': '{set.link}', 'password': '" PASSWORD "', 'name': 'ann', 'full_name': 'Ann Bell'}",
         .want = 201},
        {"mode stays", GET("/api/v1/setup"), .as = "nobody", .want = 200, .has = "{'site_mode': 'live'}"},
        {"third start", CALL(restart_quietly)},
        {"still in", GET("/api/v1/session"), .as = "ann", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}

/* Runs "cardwrightd user …" and wants this exit status and a part of what it prints. */
static char *user(struct story *story, const char *const words[], int want_status)
{
    const char *arguments[8] = {"user"};
    for (int i = 0; words[i] && i < 6; i++)
        arguments[i + 1] = words[i];
    int status = -1;
    char *output = server_command(story_server(story), arguments, &status);
    cr_assert(status == want_status, "user %s: status %d, printed: %s", words[0], status, output);
    return output;
}

static void add_bob(struct story *story)
{
    char *output = user(story, (const char *[]){"add", "bob", "--role", "cashier", NULL}, 0);
    take_link(story, output, "link");
    free(output);
}

static void add_wrongly(struct story *story)
{
    free(user(story, (const char *[]){"add", "BOB", "--role", "cashier", NULL}, 1));
    free(user(story, (const char *[]){"add", "eve", "--role", "king", NULL}, 2));
    free(user(story, (const char *[]){"add", "eve", NULL}, 2));
    free(user(story, (const char *[]){"add", "e v e", "--role", "hr", NULL}, 2));
    free(user(story, (const char *[]){"remove", "bob", NULL}, 2));
    free(user(story, (const char *[]){"reset", "nobody-here", NULL}, 1));
}

static void reset_bob(struct story *story)
{
    char *first = user(story, (const char *[]){"reset", "Bob", NULL}, 0);
    take_link(story, first, "old");
    free(first);
    char *second = user(story, (const char *[]){"reset", "bob", NULL}, 0);
    take_link(story, second, "link");
    free(second);
}

STORY(setup, operators_from_the_command_line)
{
    static const struct step steps[] = {
        {"add", CALL(add_bob)},
        {"refused", CALL(add_wrongly)},
        {"no password yet", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want_err = "login_failed"},
        {"kind", POST("/api/v1/setup/link"), .as = "nobody", .body = "{'token': '{set.link}'}", .want = 200,
         .has = "{'kind': 'password', 'name': 'bob'}"},
        {"weak", POST("/api/v1/setup"), .as = "bob",
         .body = "{'token': '{set.link}', 'password': 'bob and his bobsled'}", .want_err = "password_weak"},
        {"choose", POST("/api/v1/setup"), .as = "bob",
         .body = "{'token': '{set.link}', 'password': '" PASSWORD "'}", .want = 201,
         .has = "{'operator': {'name': 'bob'}, 'roles': ['cashier']}"},
        {"in", GET("/api/v1/session"), .as = "bob", .want = 200},
        {"used", POST("/api/v1/setup"), .as = "nobody",
         .body = "{'token': '{set.link}', 'password': '" PASSWORD "'}", .want_err = "setup_link_invalid"},
        {"reset twice", CALL(reset_bob)},
        {"session ended", GET("/api/v1/session"), .as = "bob", .want_err = "unauthenticated"},
        {"old password", POST("/api/v1/session"), .as = "bob",
         .body = "{'name': 'bob', 'password': '" PASSWORD "'}", .want_err = "login_failed"},
        {"older link", POST("/api/v1/setup/link"), .as = "nobody", .body = "{'token': '{set.old}'}",
         .want_err = "setup_link_invalid"},
        {"new password", POST("/api/v1/setup"), .as = "bob",
         .body = "{'token': '{set.link}', 'password': 'six loud yellow lakes'}", .want = 201},
        {"log in", POST("/api/v1/session"), .as = "bob2",
         .body = "{'name': 'bob', 'password': 'six loud yellow lakes'}", .want = 201},
        {"audit",
         SQL("SELECT string_agg(action, ' ' ORDER BY no) FROM audit WHERE operator_id IS NULL AND detail ->> "
             "'ip' "
             "IS NULL"),
         .text = "operator.create operator.reset operator.reset"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(setup, bad_input_is_named)
{
    static const struct step steps[] = {
        {"no token", POST("/api/v1/setup"), .as = "nobody", .body = "{'password': 'x'}",
         .want_err = "bad_field", .pointer = "/token"},
        {"unknown field", POST("/api/v1/setup"), .as = "nobody",
         .body = "{'token': 'x', 'password': 'y', 'role': 'admin'}", .want_err = "bad_field",
         .pointer = "/role"},
        {"wrong type", POST("/api/v1/setup/link"), .as = "nobody", .body = "{'token': 7}",
         .want_err = "bad_field", .pointer = "/token"},
        {"no json", POST("/api/v1/setup/link"), .as = "nobody", .raw_body = "{'token'",
         .want_err = "bad_json"},
        {"method", DELETE("/api/v1/setup"), .as = "nobody", .want_err = "method_not_allowed",
         .want_header = "Allow"},
    };
    story_play(story, steps, STEPS(steps));
}
