/* The link against answers of every kind. */
#include "agent/link.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/request_sign.h"
#include "http_peer.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>

static struct http_peer peer;
static struct link *link_to_peer;
static struct link_line *line;
static struct identity *identity;
static struct link_answer answer;
static char error[512];

static struct link *link_to(const char *server, bool allow_plain_http)
{
    struct link_options options = {.server = server, .allow_plain_http = allow_plain_http};
    return link_new(&options, error, sizeof error);
}

static void start(peer_fn *fn)
{
    cr_assert_geq(sodium_init(), 0);
    cr_assert_eq(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    peer_start(&peer, fn);
    identity = identity_new();
    memset(identity->key, 7, sizeof identity->key);
    link_to_peer = link_to(peer.url, false);
    cr_assert(link_to_peer, "%s", error);
    link_set_identity(link_to_peer, identity);
    line = link_line_new(link_to_peer);
}

static void finish(void)
{
    link_answer_free(&answer);
    link_line_free(line);
    link_free(link_to_peer);
    identity_free(identity);
    peer_stop(&peer);
}

static void call(const char *name)
{
    link_answer_free(&answer);
    link_call(line, name, "{\"a\":1}", 2000, &answer);
}

/* ---- which servers may be named ---- */

Test(agent_link, plain_http_only_where_nobody_can_listen)
{
    static const char *const good[] = {"https://cards.example.org", "https://cards.example.org:8080/",
                                       "http://localhost:8080",     "http://127.0.0.1:1",
                                       "http://127.9.9.9",          "http://[::1]:8080"};
    static const char *const bad[] = {"http://cards.example.org", "http://127.0.0.1.example.org.",
                                      "http://localhost.example.org", "http://10.0.0.1:8080"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct link *link = link_to(good[i], false);
        cr_assert(link, "%s", error);
        link_free(link);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_null(link_to(bad[i], false), "%s", bad[i]);
        struct link *link = link_to(bad[i], true);
        cr_assert(link, "%s", error);
        link_free(link);
    }
    cr_assert_null(link_to("http://10.0.0.1", false));
    cr_assert(strstr(error, "--allow-plain-http"), "%s", error);
}

Test(agent_link, other_addresses_are_refused)
{
    static const char *const bad[] = {"",          "cards.example.org:8080", "ftp://x",
                                      "file:///x", "https://x/path",         "https://x/?q=1",
                                      "https://",  "https://user:secret@x",  "https://x:99999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_null(link_to(bad[i], true), "%s", bad[i]);
}

/* ---- signature and clock ---- */

static int64_t peer_clock_offset_ms;
static bool peer_time_mac_is_wrong;
static atomic_int accepted;

/* Checks the signature as a server does, by a clock of its own. */
static void answer_signed(const struct peer_request *request, struct peer_answer *reply)
{
    uint8_t key[AGENT_KEY_BYTES];
    uint8_t mac[SHA256_BYTES];
    char mac_text[2 * SHA256_BYTES + 1];
    char agent_id[UUID_TEXT_BYTES];
    char path[64];
    int64_t time_ms = 0;
    memset(key, 7, sizeof key);
    int read = sscanf(request->authorization, "Cardwright agent=%36[^,], time=%" SCNd64 ", mac=%64s",
                      agent_id, &time_ms, mac_text);
    snprintf(path, sizeof path, "/agent/v1/%s", request->name);
    struct signed_request said = {.method = "POST",
                                  .target = path,
                                  .unix_ms = time_ms,
                                  .body = request->body,
                                  .body_bytes = strlen(request->body)};
    if (read != 3 || !bytes_from_hex(mac_text, mac, sizeof mac) || !request_verify(key, &said, mac)) {
        reply->status = 401;
        snprintf(reply->body, sizeof reply->body, "{\"code\":\"agent_unknown\"}");
        return;
    }
    int64_t now_ms = clock_unix_ms() + peer_clock_offset_ms;
    if (llabs(now_ms - time_ms) <= 60000) {
        atomic_fetch_add(&accepted, 1);
        snprintf(reply->body, sizeof reply->body, "{\"x\":1}");
        return;
    }
    request_sign_time(key, now_ms, time_ms, mac);
    mac[0] ^= peer_time_mac_is_wrong;
    bytes_to_hex(mac, sizeof mac, mac_text);
    reply->status = 401;
    snprintf(reply->body, sizeof reply->body,
             "{\"code\":\"clock_skew\",\"server_time_ms\":%" PRId64 ",\"time_mac\":\"%s\"}", now_ms,
             mac_text);
}

Test(agent_link, calls_are_signed)
{
    start(answer_signed);
    call("poll");
    cr_assert_eq(answer.result, LINK_OK, "%s", answer.code);
    cr_assert_eq(json_integer_value(json_object_get(answer.body, "x")), 1);
    cr_assert_eq(atomic_load(&accepted), 1);
    finish();
}

Test(agent_link, a_wrong_clock_is_put_right_and_the_call_repeated)
{
    peer_clock_offset_ms = 3600000;
    start(answer_signed);
    call("poll");
    cr_assert_eq(answer.result, LINK_OK, "%s", answer.code);
    cr_assert_eq(atomic_load(&peer.requests), 2);
    call("poll");
    cr_assert_eq(atomic_load(&peer.requests), 3, "the offset is kept");
    cr_assert_geq(link_server_time_ms(link_to_peer), clock_unix_ms() + 3590000);
    finish();
}

Test(agent_link, a_clock_nobody_proves_is_not_believed)
{
    peer_clock_offset_ms = 3600000;
    peer_time_mac_is_wrong = true;
    start(answer_signed);
    call("poll");
    cr_assert_eq(answer.result, LINK_NOT_PAIRED);
    cr_assert_str_eq(answer.code, "clock_skew");
    cr_assert_eq(atomic_load(&peer.requests), 1);
    finish();
}

static void answer_pair(const struct peer_request *request, struct peer_answer *reply)
{
    cr_assert_str_eq(request->authorization, "");
    reply->status = 201;
    snprintf(reply->body, sizeof reply->body, "{}");
}

Test(agent_link, pairing_is_not_signed)
{
    start(answer_pair);
    call("pair");
    cr_assert_eq(answer.result, LINK_OK);
    finish();
}

/* ---- answers ---- */

static struct peer_answer scripted;

static void answer_scripted(const struct peer_request *request, struct peer_answer *reply)
{
    (void)request;
    *reply = scripted;
}

static const struct outcome {
    int status;
    const char *body;
    enum link_result wanted;
} outcomes[] = {
    {200, "{}", LINK_OK},
    {201, "{\"a\":[]}", LINK_OK},
    {200, "[]", LINK_BUSY},
    {200, "<html>Welcome to the hotel</html>", LINK_BUSY},
    {200, "", LINK_BUSY},
    {302, "{}", LINK_BUSY},
    {400, "{\"code\":\"bad_field\"}", LINK_REFUSED},
    {403, "{\"code\":\"training_only\"}", LINK_REFUSED},
    {404, "not ours", LINK_BUSY},
    {404, "{\"code\":\"not_found\"}", LINK_REFUSED},
    {409, "{\"code\":\"card_changed\"}", LINK_REFUSED},
    {401, "{\"code\":\"agent_unknown\"}", LINK_NOT_PAIRED},
    {401, "proxy", LINK_BUSY},
    {426, "{\"code\":\"agent_too_old\"}", LINK_TOO_OLD},
    {429, "{\"code\":\"rate_limited\"}", LINK_BUSY},
    {500, "{\"code\":\"internal\"}", LINK_BUSY},
    {502, "bad gateway", LINK_BUSY},
    {503, "{\"code\":\"unavailable\"}", LINK_BUSY},
};

Test(agent_link, every_answer_has_its_meaning)
{
    scripted.more_headers = "";
    start(answer_scripted);
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        scripted.status = outcomes[i].status;
        snprintf(scripted.body, sizeof scripted.body, "%s", outcomes[i].body);
        call("poll");
        cr_assert_eq(answer.result, outcomes[i].wanted, "%d %s: %d", outcomes[i].status, outcomes[i].body,
                     answer.result);
        cr_assert_eq(answer.body != NULL, outcomes[i].wanted == LINK_OK);
        cr_assert_eq(answer.status, outcomes[i].status);
    }
    finish();
}

Test(agent_link, retry_after_is_kept_in_bounds)
{
    start(answer_scripted);
    scripted = (struct peer_answer){.status = 503, .more_headers = "Retry-After: 7\r\n"};
    call("poll");
    cr_assert_eq(answer.retry_after_ms, 7000);
    scripted.more_headers = "Retry-After: 86400\r\n";
    call("poll");
    cr_assert_eq(answer.retry_after_ms, AGENT_RETRY_AFTER_S_MAX * 1000);
    finish();
}

Test(agent_link, a_connection_that_breaks_off)
{
    start(answer_scripted);
    scripted = (struct peer_answer){.status = 0};
    call("poll");
    cr_assert_eq(answer.result, LINK_UNREACHABLE);
    cr_assert_neq(answer.detail[0], '\0');
    finish();
}

Test(agent_link, an_answer_that_never_comes)
{
    start(answer_scripted);
    scripted = (struct peer_answer){.status = -1};
    link_call(line, "poll", "{}", 100, &answer);
    cr_assert_eq(answer.result, LINK_UNREACHABLE);
    finish();
}

static void *interrupt_line(void *context)
{
    (void)context;
    while (atomic_load(&peer.requests) == 0)
        usleep(1000);
    link_line_interrupt(line);
    return NULL;
}

Test(agent_link, a_waiting_call_is_interrupted_from_another_thread)
{
    start(answer_scripted);
    scripted = (struct peer_answer){.status = -1};
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt_line, NULL);
    link_call(line, "poll", "{}", 30000, &answer);
    pthread_join(thread, NULL);
    cr_assert_eq(answer.result, LINK_INTERRUPTED);
    scripted = (struct peer_answer){.status = 200, .more_headers = "", .body = "{}"};
    call("poll");
    cr_assert_eq(answer.result, LINK_OK, "the line is good again");
    link_line_interrupt(line);
    call("poll");
    cr_assert_eq(answer.result, LINK_INTERRUPTED, "an interruption between two calls is not lost");
    finish();
}

static void answer_without_end(const struct peer_request *request, struct peer_answer *reply)
{
    (void)request;
    memset(reply->body, ' ', sizeof reply->body - 1);
    reply->body[sizeof reply->body - 1] = '\0';
    reply->more_headers = "X: 1\r\n";
}

Test(agent_link, deep_or_long_answers_do_no_harm)
{
    start(answer_without_end);
    call("poll");
    cr_assert_eq(answer.result, LINK_BUSY);
    finish();
    start(answer_scripted);
    scripted = (struct peer_answer){.status = 200, .more_headers = ""};
    memset(scripted.body, '[', sizeof scripted.body - 1);
    call("poll");
    cr_assert_eq(answer.result, LINK_BUSY);
    finish();
}
