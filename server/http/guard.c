/* What every request must pass before its handler: framing, host, origin, size and type of the body, the key.
 */
#include "http/internal.h"
#include "http/json_scan.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Headers that mean something different when they are there twice. The library of Debian 12 lets such
 * requests through. */
static const char *const unique_headers[] = {"Content-Length", "Host",          "Transfer-Encoding",
                                             "Content-Type",   "Authorization", "Idempotency-Key",
                                             "Origin",         "Sec-Fetch-Site"};
#define UNIQUE_COUNT (sizeof unique_headers / sizeof *unique_headers)

struct header_census {
    int seen[UNIQUE_COUNT];
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    (void)value;
    struct header_census *census = context;
    for (size_t i = 0; i < UNIQUE_COUNT; i++)
        if (strcasecmp(name, unique_headers[i]) == 0)
            census->seen[i]++;
    return MHD_YES;
}

/* Such a request and what follows it on the connection cannot be told apart for sure, so the connection ends.
 */
static bool framing_is_fine(struct request *rq)
{
    struct header_census census = {{0}};
    MHD_get_connection_values(rq->connection, MHD_HEADER_KIND, count_header, &census);
    for (size_t i = 0; i < UNIQUE_COUNT; i++) {
        if (census.seen[i] < 2)
            continue;
        rq->close_after = true;
        reply_error(rq, ERR_BAD_REQUEST, "The header %s is there %d times.", unique_headers[i],
                    census.seen[i]);
        return false;
    }
    if (census.seen[0] && census.seen[2]) {
        rq->close_after = true;
        reply_error(rq, ERR_BAD_REQUEST, "Content-Length and Transfer-Encoding contradict each other.");
        return false;
    }
    const char *encoding = request_header(rq, "Transfer-Encoding");
    if (encoding && strcasecmp(encoding, "chunked") != 0) {
        rq->close_after = true;
        reply_error(rq, ERR_BAD_REQUEST, "The only Transfer-Encoding accepted is chunked.");
        return false;
    }
    const char *length = request_header(rq, "Content-Length");
    if (length && (!*length || strspn(length, "0123456789") != strlen(length))) {
        rq->close_after = true;
        reply_error(rq, ERR_BAD_REQUEST, "Content-Length is not a number.");
        return false;
    }
    return true;
}

/* The library itself refuses what does not fit into the memory of a connection; this limit is lower, so that
 * most of those who pass it learn why. */
static bool headers_fit(struct request *rq)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!info || info->header_size <= HTTP_HEADERS_BYTES_MAX)
        return true;
    rq->close_after = true;
    reply_error(rq, ERR_HEADERS_TOO_LARGE, "The request line and headers may have %d bytes.",
                HTTP_HEADERS_BYTES_MAX);
    return false;
}

/* ---- whose server, and whose page ---- */

bool hosts_parse(struct http_server *server, const char *hosts)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        server->hosts[server->host_count++] = always[i];
    server->hosts_text = strdup(hosts);
    char *rest = server->hosts_text;
    while (rest && *rest) {
        rest += strspn(rest, ", \t");
        size_t bytes = strcspn(rest, ", \t");
        if (bytes == 0)
            break;
        if (server->host_count == HTTP_HOSTS_MAX)
            return false;
        bool is_last = rest[bytes] == '\0';
        rest[bytes] = '\0';
        server->hosts[server->host_count++] = rest;
        rest = is_last ? NULL : rest + bytes + 1;
    }
    return server->hosts_text != NULL;
}

/* "name:8080" is name; "[::1]:8080" is [::1]. */
static size_t host_name_bytes(const char *host)
{
    if (*host == '[') {
        const char *end = strchr(host, ']');
        return end ? (size_t)(end - host) + 1 : strlen(host);
    }
    return strcspn(host, ":");
}

/* A page of another name that resolves to our address (DNS rebinding) must not reach us under its own name.
 */
static bool host_is_ours(struct request *rq)
{
    const struct http_server *server = rq->server;
    const char *host = request_header(rq, "Host");
    if (!server->check_hosts)
        return true;
    size_t bytes = host ? host_name_bytes(host) : 0;
    for (int i = 0; host && i < server->host_count; i++)
        if (strlen(server->hosts[i]) == bytes && strncasecmp(server->hosts[i], host, bytes) == 0)
            return true;
    reply_error(rq, ERR_CROSS_SITE,
                "The Host header does not name this server; names of it are added in http.hosts.");
    return false;
}

static bool origin_matches_host(const struct request *rq, const char *origin)
{
    const char *scheme = rq->is_secure ? "https://" : "http://";
    const char *host = request_header(rq, "Host");
    return host && strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
           strcasecmp(origin + strlen(scheme), host) == 0;
}

/* Browsers say where a request comes from; programs say nothing, and carry no cookie somebody else could use.
 */
static bool site_is_ours(struct request *rq)
{
    if (rq->method == METHOD_GET)
        return true;
    const char *site = request_header(rq, "Sec-Fetch-Site");
    const char *origin = request_header(rq, "Origin");
    bool fine = site     ? strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0
                : origin ? origin_matches_host(rq, origin)
                         : true;
    if (!fine)
        reply_error(rq, ERR_CROSS_SITE, NULL);
    return fine;
}

/* ---- who ---- */

static void read_session(struct request *rq)
{
    const char *name = rq->is_secure ? "__Host-sid" : "sid";
    const char *token = MHD_lookup_connection_value(rq->connection, MHD_COOKIE_KIND, name);
    if (!token || !*token || strlen(token) > HTTP_TOKEN_BYTES_MAX)
        return;
    rq->principal.kind = PRINCIPAL_SESSION;
    crypto_hash_sha256(rq->principal.token_sha256, (const unsigned char *)token, strlen(token));
}

static void read_ids(struct request *rq)
{
    const char *id = request_header(rq, "X-Request-Id");
    size_t bytes = id ? strlen(id) : 0;
    if (bytes > 0 && bytes <= HTTP_REQUEST_ID_BYTES_MAX &&
        strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == bytes)
        memcpy(rq->id, id, bytes + 1);
    /* W3C: version-traceid-parentid-flags, 2 32 16 2 hex digits */
    const char *trace = request_header(rq, "traceparent");
    if (trace && strlen(trace) >= 55 && trace[2] == '-' && trace[35] == '-' &&
        strspn(trace + 3, "0123456789abcdef") == 32)
        memcpy(rq->trace_id, trace + 3, 32);
}

/* ---- the body ---- */

size_t guard_body_max(const struct request *rq)
{
    switch (rq->match.route->body) {
    case BODY_NONE:
        return 0;
    case BODY_JSON:
    case BODY_JSON_MAYBE:
    case BODY_RAW:
        return HTTP_BODY_BYTES_MAX;
    case BODY_JSON_RECORDS:
        return HTTP_BODY_RECORDS_BYTES_MAX;
    case BODY_RAW_PHOTO:
        return HTTP_BODY_PHOTO_BYTES_MAX;
    case BODY_RAW_DEVICE:
        return HTTP_BODY_DEVICE_BYTES_MAX;
    case BODY_IMPORT:
        return HTTP_BODY_IMPORT_BYTES_MAX;
    }
    return 0;
}

static bool reads_json(const struct request *rq)
{
    enum body_kind body = rq->match.route->body;
    return body == BODY_JSON || body == BODY_JSON_MAYBE || body == BODY_JSON_RECORDS;
}

/* application/json or application/…+json, parameters ignored. */
static bool type_is_json(const char *type)
{
    size_t bytes = strcspn(type, "; \t");
    if (bytes == strlen("application/json") && strncasecmp(type, "application/json", bytes) == 0)
        return true;
    return bytes > 17 && strncasecmp(type, "application/", 12) == 0 &&
           strncasecmp(type + bytes - 5, "+json", 5) == 0;
}

static bool body_is_acceptable(struct request *rq)
{
    const char *length = request_header(rq, "Content-Length");
    bool chunked = request_header(rq, "Transfer-Encoding") != NULL;
    size_t bytes =
        length ? strtoull(length, NULL, 10) : 0; /* digits only; overflow gives the largest number */
    size_t bytes_max = guard_body_max(rq);
    if (bytes_max == 0 && (bytes > 0 || chunked)) {
        rq->close_after = true;
        reply_error(rq, ERR_BAD_REQUEST, "This endpoint takes no body.");
        return false;
    }
    if (bytes > bytes_max) {
        rq->close_after = true;
        reply_error(rq, ERR_BODY_TOO_LARGE, "The body may have %zu bytes here.", bytes_max);
        return false;
    }
    if (rq->server->bodies_bytes + bytes > HTTP_BODIES_BYTES_MAX) {
        rq->close_after = true;
        reply_error(rq, ERR_UNAVAILABLE, "Too many large uploads at once.");
        return false;
    }
    const char *type = request_header(rq, "Content-Type");
    if (reads_json(rq) && (bytes > 0 || chunked) && (!type || !type_is_json(type))) {
        rq->close_after = true;
        reply_error(rq, ERR_UNSUPPORTED_MEDIA_TYPE, NULL);
        return false;
    }
    return true;
}

static bool key_is_fine(struct request *rq)
{
    if (rq->match.route->replay != REPLAY_KEYED)
        return true;
    const char *key = request_header(rq, "Idempotency-Key");
    rq->has_key = key && uuid_parse(key, &rq->key) && uuid_version(&rq->key) == 7;
    if (!rq->has_key)
        reply_error(rq, ERR_KEY_MISSING, key ? "The Idempotency-Key is not a UUIDv7." : NULL);
    return rq->has_key;
}

/* ---- in order ---- */

static void add_allow(struct request *rq)
{
    char allow[64] = "OPTIONS";
    for (int method = METHOD_GET; method < METHOD_COUNT; method++) {
        if (!(rq->match.methods & 1u << method))
            continue;
        strncat(allow, ", ", sizeof allow - strlen(allow) - 1);
        strncat(allow, method_name((enum http_method)method), sizeof allow - strlen(allow) - 1);
        if (method == METHOD_GET)
            strncat(allow, ", HEAD", sizeof allow - strlen(allow) - 1);
    }
    reply_header(rq, "Allow", allow);
}

static bool decode_params(struct request *rq)
{
    for (int i = 0; i < HTTP_ROUTE_PARAMS_MAX && rq->match.values[i]; i++) {
        char *value = request_alloc(rq, rq->match.value_bytes[i] + 1);
        if (!url_decode(rq->match.values[i], rq->match.value_bytes[i], false, value)) {
            reply_error(rq, ERR_BAD_REQUEST, "The address is not percent-encoded UTF-8.");
            return false;
        }
        rq->param_values[i] = value;
    }
    return true;
}

/* Finds the route; false: replied, or a static file will be tried. */
static bool route_is_found(struct request *rq)
{
    route_find(rq->server->routes, rq->method, rq->path, &rq->match);
    if (rq->match.route)
        return decode_params(rq);
    bool has_body = request_header(rq, "Content-Length") || request_header(rq, "Transfer-Encoding");
    if (!rq->match.methods) {
        rq->close_after = has_body;
        if (!rq->server->files || rq->method != METHOD_GET)
            reply_error(rq, ERR_NOT_FOUND, NULL);
        else if (has_body)
            reply_error(rq, ERR_BAD_REQUEST, "This address takes no body.");
        return false;
    }
    add_allow(rq);
    rq->close_after = has_body;
    if (strcmp(rq->method_text, "OPTIONS") == 0)
        reply_empty(rq, 204);
    else
        reply_error(rq, ERR_METHOD_NOT_ALLOWED, NULL);
    return false;
}

void guard_headers(struct request *rq)
{
    read_ids(rq);
    if (!framing_is_fine(rq) || !headers_fit(rq) || !request_parse_target(rq) || !host_is_ours(rq) ||
        !route_is_found(rq))
        return;
    if (!site_is_ours(rq) || !body_is_acceptable(rq) || !key_is_fine(rq))
        return;
    read_session(rq);
}

bool guard_body_end(struct request *rq)
{
    if (!reads_json(rq))
        return true;
    if (rq->body.count == 0 && rq->match.route->body == BODY_JSON_MAYBE) {
        rq->json = json_object();
        return rq->json != NULL;
    }
    struct json_fault fault;
    rq->json = json_scan_object(buf_string(&rq->body), rq->body.count, &fault);
    if (!rq->json)
        reply_error(rq, ERR_BAD_JSON, "Line %d, column %d: %s.", fault.line, fault.column, fault.message);
    return rq->json != NULL;
}
