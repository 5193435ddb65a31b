/* Pairing an agent, its signature, its clock, its hello. */
#include "tests/lib/story_agent.h"

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DESK                                                                                                 \
    {                                                                                                        \
        "desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201                          \
    }
#define HELLO_AS(label_, as_, run_, want_)                                                                   \
    {                                                                                                        \
        label_, POST("/agent/v1/hello"),                                                                     \
            .as = as_,                                                                                       \
            .body = "{'run': '" run_ "', 'protocol': 1, 'version': '0.1.0', 'simulated': "                   \
                    "true, 'reader': {'state': 'ok', 'name': 'pn532'}}",                                     \
            want_                                                                                            \
    }
#define RUN_1 "00112233445566778899aabbccddeeff"
#define RUN_2 "ffeeddccbbaa99887766554433221100"

static struct story_agent *paired(struct story *story)
{
    static const struct step steps[] = {DESK};
    story_play(story, steps, STEPS(steps));
    return story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
}

STORY(pairing, a_code_makes_an_agent_that_says_hello)
{
    static const struct step steps[] = {
        {"expiry",
         SQL("SELECT '{pairing_code.expires_at}'::timestamptz BETWEEN now() + '9 minutes' AND now() + '10 "
             "minutes'"),
         .text = "t"},
        {"code only hashed",
         SQL("SELECT count(*) FROM pairing WHERE code_sha256 = sha256('{pairing_code.code}')"), .text = "1"},
        {"key sealed", SQL("SELECT octet_length(key_sealed) FROM agent WHERE id = '{paired.agent_id}'"),
         .text = "72"},
        HELLO_AS("hello", "till", RUN_1, .want = 200),
        {"answer", SQL("SELECT '{hello.desk_id} {hello.desk_name} {hello.site_mode} {hello.poll_wait_ms}'"),
         .text = "{desk.id} Main desk training 10000"},
        {"live",
         SQL("SELECT encode(run, 'hex') || agent_version || reader_state || agent_online FROM desk_live"),
         .text = RUN_1 "0.1.0oktrue"},
        {"told", SQL("SELECT kind || (body ->> 'reader_state') FROM desk_event"), .text = "agent_onlineok"},
        HELLO_AS("hello again", "till", RUN_1, .want = 200),
        {"told once", SQL("SELECT count(*) FROM desk_event"), .text = "1"},
        {"card on it",
         SQL("UPDATE desk_live SET presence_id = gen_random_uuid(), presence_kind = 'card', uid = "
             "'\\x01020304', sak = 8")},
        HELLO_AS("new process", "till", RUN_2, .want = 200),
        {"card forgotten", SQL("SELECT presence_id IS NULL AND uid IS NULL FROM desk_live"), .text = "t"},
        {"told both", SQL("SELECT string_agg(kind, ' ' ORDER BY no) FROM desk_event"),
         .text = "agent_online card_removed agent_online"},
        {"audit",
         SQL("SELECT string_agg(action, ' ' ORDER BY no) FROM audit WHERE subject_kind = 'agent' OR action "
             "LIKE "
             "'pairing%'"),
         .text = "pairing.create agent.pair"},
    };
    struct story_agent *agent = paired(story);
    story_play(story, steps, STEPS(steps));
    cr_assert_str_eq(story_value(story, "hello", "server_version"), "0.1.0");
    story_agent_free(agent);
}

static void try_code(struct story *story, const char *label, const char *code, bool simulated,
                     const char *want_err)
{
    struct story_agent_keys keys;
    char body[512];
    story_agent_keys_make(&keys);
    snprintf(body, sizeof body,
             "{'code': '%s', 'public_key': '%s', 'version': '0.1.0', 'protocol': 1, 'simulated': %s, 'host': "
             "'till'}",
             code, keys.public_hex, simulated ? "true" : "false");
    const struct step step = {.label = label,
                              POST("/agent/v1/pair"),
                              .as = "nobody",
                              .body = body,
                              .want = want_err ? 0 : 201,
                              .want_err = want_err};
    story_step(story, &step);
}

static const char *new_code(struct story *story, const char *label)
{
    const struct step step = {.label = label, POST("/api/v1/desks/{desk.id}/pairings"), .want = 201};
    story_step(story, &step);
    return story_value(story, label, "code");
}

STORY(pairing, a_code_works_once_in_time_and_however_it_is_typed)
{
    static const struct step steps[] = {DESK};
    char typed[32];
    story_play(story, steps, STEPS(steps));
    const char *code = new_code(story, "code");
    cr_assert_eq(strlen(code), 8);
    cr_assert_eq(strspn(code, "23456789ABCDEFGHJKMNPQRSTUVWXYZ"), 8);
    snprintf(typed, sizeof typed, " %c%c%c%c-%s", tolower(code[0]), tolower(code[1]), tolower(code[2]),
             tolower(code[3]), code + 4);
    try_code(story, "typed", typed, true, NULL);
    try_code(story, "twice", code, true, "pairing_code_invalid");
    code = new_code(story, "old");
    free(story_sql(story, "UPDATE pairing SET expires_at = now() - interval '1 second'"));
    try_code(story, "too late", code, true, "pairing_code_invalid");
    code = new_code(story, "superseded");
    new_code(story, "newer");
    try_code(story, "older one", code, true, "pairing_code_invalid");
    try_code(story, "newer one", story_value(story, "newer", "code"), true, NULL);
    static const struct step after[] = {
        {"one agent", SQL("SELECT count(*) || '/' || count(revoked_at) FROM agent"), .text = "2/1"},
    };
    story_play(story, after, STEPS(after));
}

STORY(pairing, five_wrong_tries_void_a_code)
{
    static const struct step steps[] = {DESK};
    story_play(story, steps, STEPS(steps));
    const char *code = new_code(story, "code");
    for (int i = 0; i < 4; i++)
        try_code(story, "wrong", "22222222", true, "pairing_code_invalid");
    try_code(story, "no code at all", "2222", true, "pairing_code_invalid");
    try_code(story, "right at last", code, true, NULL);
    code = new_code(story, "second");
    for (int i = 0; i < 5; i++)
        try_code(story, "wrong again", "33333333", true, "pairing_code_invalid");
    try_code(story, "right too late", code, true, "pairing_code_invalid");
}

/* The server counts by minutes of the monotonic clock, which is the same for all processes: none may turn
 * while we count. */
static void wait_for_room_in_the_minute(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec % 60 >= 45)
        sleep((unsigned)(61 - now.tv_sec % 60));
}

STORY(pairing, tries_are_limited_by_address)
{
    wait_for_room_in_the_minute();
    for (int i = 0; i < 20; i++) {
        const struct step step = {.label = "try",
                                  POST("/agent/v1/pair"),
                                  .as = "nobody",
                                  .raw_body = "{}",
                                  .want_err = "bad_field"};
        story_step(story, &step);
    }
    const struct step last = {.label = "one more",
                              POST("/agent/v1/pair"),
                              .as = "nobody",
                              .raw_body = "{}",
                              .want_err = "rate_limited",
                              .want_header = "Retry-After"};
    story_step(story, &last);
}

STORY(pairing, wrong_input_is_refused)
{
    static const struct step steps[] = {
        {"nothing", POST("/agent/v1/pair"), .as = "nobody", .body = "{}", .want_err = "bad_field",
         .pointer = "/code"},
        {"short key", POST("/agent/v1/pair"), .as = "nobody",
         .body = "{'code': '22222222', 'public_key': 'abcd', 'version': '1', 'protocol': 1, 'simulated': "
                 "true, 'host': 'x'}",
         .want_err = "bad_field", .pointer = "/public_key"},
        {"zero key", POST("/agent/v1/pair"), .as = "nobody",
         .body = "{'code': '22222222', 'public_key': "
                 "'0000000000000000000000000000000000000000000000000000000000000000', "
                 "'version': '1', 'protocol': 1, 'simulated': true, 'host': 'x'}",
         .want_err = "bad_field", .pointer = "/public_key"},
        {"old", POST("/agent/v1/pair"), .as = "nobody",
         .body = "{'code': '22222222', 'public_key': "
                 "'0900000000000000000000000000000000000000000000000000000000000000', "
                 "'version': '0', 'protocol': 0, 'simulated': true, 'host': 'x'}",
         .want_err = "agent_too_old"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY_WITH(pairing, a_live_site_refuses_simulated_readers, ((struct server_options){.live = true}))
{
    static const struct step steps[] = {DESK};
    static const struct step after[] = {
        HELLO_AS("pretends", "till", RUN_1, .want_err = "training_only"),
        {"real", POST("/agent/v1/hello"), .as = "till",
         .body = "{'run': '" RUN_1
                 "', 'protocol': 1, 'version': '0.1.0', 'simulated': false, 'reader': {'state': "
                 "'absent', 'name': ''}}",
         .want = 200, .has = "{'site_mode': 'live'}"},
    };
    story_play(story, steps, STEPS(steps));
    try_code(story, "simulated", new_code(story, "code"), true, "training_only");
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), false);
    story_play(story, after, STEPS(after));
    story_agent_free(agent);
}

STORY(pairing, only_the_right_signature_opens)
{
    static const struct step known[] = {HELLO_AS("known", "till", RUN_1, .want = 200)};
    static const struct step broken[] = {HELLO_AS("broken", "till", RUN_1, .want_err = "agent_unknown")};
    static const struct step others[] = {
        HELLO_AS("unsigned", "nobody", RUN_1, .want_err = "agent_unknown"),
        HELLO_AS("a browser", "admin", RUN_1, .want_err = "agent_unknown"),
        {"malformed", POST("/agent/v1/hello"), .as = "nobody", .body = "{}",
         .headers = "Authorization: Cardwright agent=1, time=2, mac=3", .want_err = "agent_unknown"},
        {"revoke", DELETE("/api/v1/desks/{desk.id}/agent"), .want = 204},
        HELLO_AS("revoked", "till", RUN_1, .want_err = "agent_unknown"),
        {"told", SQL("SELECT kind FROM desk_event ORDER BY no DESC"), .text = "agent_offline"},
        {"revoke again", DELETE("/api/v1/desks/{desk.id}/agent"), .want = 204},
        {"audit", SQL("SELECT count(*) FROM audit WHERE action = 'agent.revoke'"), .text = "1"},
    };
    struct story_agent *agent = paired(story);
    agent->break_mac = true;
    story_play(story, broken, STEPS(broken));
    agent->break_mac = false;
    story_play(story, known, STEPS(known));
    agent->break_mac = true;
    story_play(story, broken, STEPS(broken));
    agent->break_mac = false;
    story_play(story, others, STEPS(others));
    story_agent_free(agent);
}

STORY(pairing, a_wrong_clock_is_told_the_time_under_the_key)
{
    static const struct step early[] = {HELLO_AS("early", "till", RUN_1, .want_err = "clock_skew")};
    static const struct step late[] = {HELLO_AS("late", "till", RUN_1, .want_err = "clock_skew")};
    static const struct step fine[] = {HELLO_AS("fine", "till", RUN_1, .want = 200)};
    struct story_agent *agent = paired(story);
    agent->skew_ms = -61000;
    story_play(story, early, STEPS(early));
    int64_t server_ms = strtoll(story_value(story, "early", "server_time_ms"), NULL, 10);
    int64_t said_ms = strtoll(strstr(agent->authorization, "time=") + 5, NULL, 10);
    char said[80];
    uint8_t mac[32];
    char mac_hex[65];
    snprintf(said, sizeof said, "v1-time\n%" PRId64 "\n%" PRId64, server_ms, said_ms);
    crypto_auth_hmacsha256(mac, (const uint8_t *)said, strlen(said), agent->key);
    sodium_bin2hex(mac_hex, sizeof mac_hex, mac, sizeof mac);
    cr_assert_str_eq(story_value(story, "early", "time_mac"), mac_hex);
    cr_assert(server_ms - said_ms >= 61000 && server_ms - said_ms < 120000);
    agent->skew_ms = 120000;
    story_play(story, late, STEPS(late));
    agent->skew_ms = -30000;
    story_play(story, fine, STEPS(fine));
    story_agent_free(agent);
}

#define NAME_63 "a reader with a name of sixty-three characters, as few readers "
#define NAME_64 "a reader with a name of sixty-four characters, as few readers ha"
#define HELLO_OF(name_)                                                                                      \
    POST("/agent/v1/hello"),                                                                                 \
        .as = "till",                                                                                        \
        .body = "{'run': '" RUN_1 "', 'protocol': 1, 'version': '1', 'simulated': true, "                    \
                "'reader': {'state': 'ok', 'name': '" name_ "'}}"

STORY(pairing, a_hello_that_is_wrong_is_refused)
{
    static const struct step steps[] = {
        {"nothing", POST("/agent/v1/hello"), .as = "till", .body = "{}", .want_err = "bad_field",
         .pointer = "/run"},
        {"reader", POST("/agent/v1/hello"), .as = "till",
         .body = "{'run': '" RUN_1
                 "', 'protocol': 1, 'version': '1', 'simulated': true, 'reader': {'state': 'bent', "
                 "'name': ''}}",
         .want_err = "bad_field", .pointer = "/reader/state"},
        {"a name that is too long", HELLO_OF("x" NAME_63 NAME_64), .want_err = "bad_field",
         .pointer = "/reader/name"},
        {"the longest name that an agent of before sends", HELLO_OF(NAME_63 NAME_64), .want = 200},
        {"old", POST("/agent/v1/hello"), .as = "till",
         .body = "{'run': '" RUN_1
                 "', 'protocol': 0, 'version': '1', 'simulated': true, 'reader': {'state': 'ok', 'name': "
                 "''}}",
         .want_err = "agent_too_old"},
    };
    struct story_agent *agent = paired(story);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}
