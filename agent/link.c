#include "agent/link.h"

#include "agent/agent.h"
#include "agent/strict_json.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/request_sign.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_PREFIX "/agent/v1/"
#define PATH_BYTES_MAX 64
#define HEADER_BYTES_MAX 256

struct link {
    char server[AGENT_URL_BYTES_MAX];
    char *ca_file;
    bool to_loopback;
    const struct identity *identity;
    _Atomic int64_t clock_offset_ms; /* server's clock minus ours */
};

struct link_line {
    struct link *link;
    CURLM *multi;
    CURL *easy;
    atomic_bool interrupted;
    char curl_error[CURL_ERROR_SIZE];
};

void link_answer_free(struct link_answer *answer)
{
    json_decref(answer->body);
    answer->body = NULL;
}

/* ---- options ---- */

/* By number, not by the look of the name: 127.0.0.1.example.org is somebody else's. */
static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* What the parts of the URL say; texts of libcurl, freed by the caller. */
struct url_parts {
    char *scheme;
    char *host;
    char *path;
    char *query;
    char *user;
};

static void url_parts_free(struct url_parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->path);
    curl_free(parts->query);
    curl_free(parts->user);
}

static bool url_split(const char *text, struct url_parts *ret_parts)
{
    CURLU *url = curl_url();
    bool good = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &ret_parts->scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &ret_parts->host, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_PATH, &ret_parts->path, 0) == CURLUE_OK;
    if (good) {
        curl_url_get(url, CURLUPART_QUERY, &ret_parts->query, 0);
        curl_url_get(url, CURLUPART_USER, &ret_parts->user, 0);
    }
    curl_url_cleanup(url);
    return good;
}

/* NULL, or what is wrong with the address of the server. */
static const char *check_server(const struct link_options *options, bool *ret_to_loopback)
{
    CLEANUP(url_parts_free) struct url_parts parts = {0};
    if (strlen(options->server) >= AGENT_URL_BYTES_MAX || !url_split(options->server, &parts))
        return "is not a URL like https://cards.example.org:8080";
    bool plain = strcmp(parts.scheme, "http") == 0;
    if (!plain && strcmp(parts.scheme, "https") != 0)
        return "must begin with https:// (or http:// on this machine)";
    if (strcmp(parts.path, "/") != 0 || parts.query || parts.user)
        return "must have no path, no query and no user name";
    *ret_to_loopback = is_loopback(parts.host);
    if (plain && !*ret_to_loopback && !options->allow_plain_http)
        return "is plain http to another machine: use https, or add --allow-plain-http if you know the "
               "network";
    return NULL;
}

struct link *link_new(const struct link_options *options, char *error, size_t error_bytes)
{
    bool to_loopback = false;
    const char *wrong = check_server(options, &to_loopback);
    if (wrong) {
        snprintf(error, error_bytes, "--server %.200s %s", options->server, wrong);
        return NULL;
    }
    struct link *link = calloc(1, sizeof *link);
    if (!link) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    snprintf(link->server, sizeof link->server, "%s", options->server);
    size_t length = strlen(link->server);
    if (length > 0 && link->server[length - 1] == '/')
        link->server[length - 1] = '\0';
    link->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
    link->to_loopback = to_loopback;
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    free(link->ca_file);
    free(link);
}

void link_set_identity(struct link *link, const struct identity *identity)
{
    link->identity = identity;
}

int64_t link_server_time_ms(struct link *link)
{
    return clock_unix_ms() + atomic_load(&link->clock_offset_ms);
}

/* ---- lines ---- */

static void set_options(const struct link *link, CURL *easy, char *error)
{
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)AGENT_CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "cardwright-agent/" AGENT_VERSION);
    if (link->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, link->ca_file);
    if (link->to_loopback) /* a proxy of the environment cannot know our loopback */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

struct link_line *link_line_new(struct link *link)
{
    struct link_line *line = calloc(1, sizeof *line);
    if (!line)
        return NULL;
    line->link = link;
    line->multi = curl_multi_init();
    line->easy = curl_easy_init();
    if (!line->multi || !line->easy) {
        link_line_free(line);
        return NULL;
    }
    set_options(link, line->easy, line->curl_error);
    return line;
}

void link_line_free(struct link_line *line)
{
    if (!line)
        return;
    curl_easy_cleanup(line->easy);
    if (line->multi)
        curl_multi_cleanup(line->multi);
    free(line);
}

void link_line_interrupt(struct link_line *line)
{
    atomic_store(&line->interrupted, true);
    curl_multi_wakeup(line->multi);
}

/* ---- one exchange ---- */

struct exchange {
    const char *path;
    const char *body;
    int64_t timeout_ms;
    int64_t signed_at_ms; /* the time in the signature */
    struct buf answer;
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    return buf_add(&exchange->answer, bytes, size * count) ? size * count : 0;
}

/* The Authorization header, or "" for the unsigned call. */
static void sign(struct link *link, struct exchange *exchange, char header[HEADER_BYTES_MAX])
{
    header[0] = '\0';
    exchange->signed_at_ms = link_server_time_ms(link);
    if (strcmp(exchange->path, PATH_PREFIX "pair") == 0)
        return;
    struct signed_request request = {.method = "POST",
                                     .target = exchange->path,
                                     .unix_ms = exchange->signed_at_ms,
                                     .body = exchange->body,
                                     .body_bytes = strlen(exchange->body)};
    uint8_t mac[SHA256_BYTES];
    char mac_text[2 * SHA256_BYTES + 1];
    char agent_id[UUID_TEXT_BYTES];
    request_sign(link->identity->key, &request, mac);
    bytes_to_hex(mac, sizeof mac, mac_text);
    uuid_format(&link->identity->agent_id, agent_id);
    snprintf(header, HEADER_BYTES_MAX, "Authorization: Cardwright agent=%s, time=%" PRId64 ", mac=%s",
             agent_id, exchange->signed_at_ms, mac_text);
}

/* Drives the transfer until it ends or the line is interrupted. */
static CURLcode drive(struct link_line *line, bool *ret_interrupted)
{
    int running = 1;
    *ret_interrupted = false;
    if (curl_multi_add_handle(line->multi, line->easy) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    while (running) {
        *ret_interrupted = atomic_exchange(&line->interrupted, false);
        if (*ret_interrupted || curl_multi_perform(line->multi, &running) != CURLM_OK)
            break;
        if (running)
            curl_multi_poll(line->multi, NULL, 0, AGENT_CALL_SLICE_MS, NULL);
    }
    CURLcode code = CURLE_RECV_ERROR;
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(line->multi, &left));)
        if (message->msg == CURLMSG_DONE)
            code = message->data.result;
    curl_multi_remove_handle(line->multi, line->easy);
    return code;
}

static CURLcode send_once(struct link_line *line, struct exchange *exchange, bool *ret_interrupted)
{
    char url[AGENT_URL_BYTES_MAX + PATH_BYTES_MAX];
    char authorization[HEADER_BYTES_MAX];
    snprintf(url, sizeof url, "%s%s", line->link->server, exchange->path);
    sign(line->link, exchange, authorization);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (authorization[0])
        headers = curl_slist_append(headers, authorization);
    curl_easy_setopt(line->easy, CURLOPT_URL, url);
    curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(line->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(exchange->body));
    curl_easy_setopt(line->easy, CURLOPT_POSTFIELDS, exchange->body);
    curl_easy_setopt(line->easy, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(line->easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(line->easy, CURLOPT_WRITEDATA, exchange);
    line->curl_error[0] = '\0';
    CURLcode code = drive(line, ret_interrupted);
    curl_slist_free_all(headers);
    return code;
}

/* ---- answers ---- */

static void copy_member(const json_t *body, const char *name, char *ret_text, size_t text_bytes)
{
    const char *text = json_string_value(json_object_get(body, name));
    snprintf(ret_text, text_bytes, "%s", text ? text : "");
}

static enum link_result result_of(long status, const json_t *body, const char *code)
{
    if (status >= 200 && status < 300)
        return body ? LINK_OK : LINK_BUSY;
    if (!code[0]) /* not an answer of our server: a proxy, a captive portal */
        return LINK_BUSY;
    if (status == 401)
        return LINK_NOT_PAIRED;
    if (status == 426)
        return LINK_TOO_OLD;
    bool passing = status == 408 || status == 425 || status == 429 || status >= 500;
    return passing ? LINK_BUSY : LINK_REFUSED;
}

static void read_answer(struct link_line *line, const struct exchange *exchange, struct link_answer *answer)
{
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(line->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s > AGENT_RETRY_AFTER_S_MAX)
        retry_after_s = AGENT_RETRY_AFTER_S_MAX;
    answer->retry_after_ms = (int64_t)retry_after_s * 1000;
    answer->body = strict_json_load(exchange->answer.bytes, exchange->answer.count, AGENT_ANSWER_BYTES_MAX);
    copy_member(answer->body, "code", answer->code, sizeof answer->code);
    copy_member(answer->body, "detail", answer->detail, sizeof answer->detail);
    answer->result = result_of(answer->status, answer->body, answer->code);
}

/* Takes over the server's clock if it proves with the pairing key that it is the server's. */
static bool correct_clock(struct link *link, const struct exchange *exchange,
                          const struct link_answer *answer)
{
    const json_t *time = json_object_get(answer->body, "server_time_ms");
    const char *mac_text = json_string_value(json_object_get(answer->body, "time_mac"));
    uint8_t mac[SHA256_BYTES];
    uint8_t wanted[SHA256_BYTES];
    if (!link->identity || !json_is_integer(time) || !mac_text || !bytes_from_hex(mac_text, mac, sizeof mac))
        return false;
    int64_t server_ms = json_integer_value(time);
    request_sign_time(link->identity->key, server_ms, exchange->signed_at_ms, wanted);
    if (!bytes_equal_constant_time(mac, wanted, sizeof mac))
        return false;
    int64_t offset_ms = server_ms - clock_unix_ms();
    atomic_store(&link->clock_offset_ms, offset_ms);
    log_warn("link.clock_corrected", LOG_INT("offset_ms", offset_ms));
    return true;
}

static void call_once(struct link_line *line, struct exchange *exchange, struct link_answer *answer)
{
    bool interrupted;
    exchange->answer = buf_make(AGENT_ANSWER_BYTES_MAX);
    *answer = (struct link_answer){.result = LINK_UNREACHABLE};
    CURLcode code = send_once(line, exchange, &interrupted);
    if (interrupted) {
        answer->result = LINK_INTERRUPTED;
    } else if (code == CURLE_OK) {
        read_answer(line, exchange, answer);
    } else {
        snprintf(answer->code, sizeof answer->code, "curl_%d", (int)code);
        snprintf(answer->detail, sizeof answer->detail, "%s",
                 line->curl_error[0] ? line->curl_error : curl_easy_strerror(code));
    }
    buf_free(&exchange->answer);
}

void link_call(struct link_line *line, const char *name, const char *body, int64_t timeout_ms,
               struct link_answer *ret_answer)
{
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, PATH_PREFIX "%s", name);
    struct exchange exchange = {.path = path, .body = body, .timeout_ms = timeout_ms};
    for (int repeats = 0;; repeats++) {
        call_once(line, &exchange, ret_answer);
        bool skewed = ret_answer->status == 401 && strcmp(ret_answer->code, "clock_skew") == 0;
        if (!skewed || repeats == AGENT_SKEW_REPEATS_MAX || !correct_clock(line->link, &exchange, ret_answer))
            break;
        link_answer_free(ret_answer);
    }
    if (ret_answer->result != LINK_OK)
        link_answer_free(ret_answer);
}
