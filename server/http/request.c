#include "http/internal.h"

#include "base/log.h"

#include <assert.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

static struct arena_chunk *chunk_new(size_t bytes)
{
    size_t capacity = bytes > HTTP_REQUEST_CHUNK_BYTES ? bytes : HTTP_REQUEST_CHUNK_BYTES;
    struct arena_chunk *chunk = malloc(sizeof *chunk + capacity);
    if (!chunk) { /* a request cannot be answered halfway: the service manager starts us anew */
        log_error("http.out_of_memory", LOG_INT("bytes", capacity));
        abort();
    }
    *chunk = (struct arena_chunk){.capacity = capacity};
    return chunk;
}

void *request_alloc(struct request *rq, size_t bytes)
{
    size_t align = _Alignof(max_align_t);
    size_t rounded = (bytes + align - 1) / align * align;
    if (!rq->chunks || rounded > rq->chunks->capacity - rq->chunks->used) {
        struct arena_chunk *chunk = chunk_new(rounded);
        chunk->next = rq->chunks;
        rq->chunks = chunk;
    }
    void *place = rq->chunks->bytes + rq->chunks->used;
    rq->chunks->used += rounded;
    memset(place, 0, bytes);
    return place;
}

char *request_copy(struct request *rq, const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(request_alloc(rq, bytes), text, bytes);
}

char *request_printf(struct request *rq, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    char *text = request_alloc(rq, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* Frees all chunks but the oldest, which the next request begins with. */
static struct arena_chunk *arena_reset(struct arena_chunk *chunk)
{
    while (chunk && chunk->next) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    if (chunk && chunk->capacity > HTTP_REQUEST_CHUNK_BYTES) {
        free(chunk);
        return NULL;
    }
    if (chunk)
        chunk->used = 0;
    return chunk;
}

/* ---- life ---- */

struct request *request_new(struct http_server *server, const char *target)
{
    struct request *rq = server->free_requests;
    struct arena_chunk *chunk = NULL;
    if (rq) {
        server->free_requests = (struct request *)(void *)rq->ready.next;
        server->free_count--;
        chunk = rq->chunks;
    } else {
        rq = malloc(sizeof *rq);
        if (!rq)
            return NULL;
    }
    memset(rq, 0, sizeof *rq);
    rq->magic = REQUEST_MAGIC;
    rq->server = server;
    rq->chunks = chunk;
    rq->wait.fd = -1;
    rq->target = request_copy(rq, target);
    rq->started_us = metrics_now_us();
    server->requests_open++;
    return rq;
}

static void destroy(struct request *rq)
{
    struct http_server *server = rq->server;
    assert(!rq->suspended && !rq->detached && !rq->ready.next);
    server->bodies_bytes -= rq->body.capacity;
    if (rq->body.bytes)
        sodium_memzero(rq->body.bytes, rq->body.count); /* passwords come in bodies */
    buf_free(&rq->body);
    json_decref(rq->json);
    json_decref(rq->field_errors);
    reply_release(rq);
    rq->magic = 0;
    rq->chunks = arena_reset(rq->chunks);
    server->requests_open--;
    if (server->free_count < HTTP_FREE_REQUESTS_MAX) {
        rq->ready.next = (struct link *)(void *)server->free_requests;
        server->free_requests = rq;
        server->free_count++;
        return;
    }
    free(rq->chunks);
    free(rq);
}

void request_pool_free(struct http_server *server)
{
    while (server->free_requests) {
        struct request *rq = server->free_requests;
        server->free_requests = (struct request *)(void *)rq->ready.next;
        free(rq->chunks);
        free(rq);
    }
    server->free_count = 0;
}

void request_complete(struct request *rq)
{
    assert(rq->magic == REQUEST_MAGIC);
    rq->connection = NULL;
    wait_forget(rq);
    sse_forget(rq);
    list_remove(&rq->ready);
    metrics_count(rq);
    if (rq->holds == 0)
        destroy(rq);
}

void request_hold(struct request *rq)
{
    if (rq->holds++ == 0)
        rq->server->held_count++;
}

void request_release(struct request *rq)
{
    assert(rq->holds > 0);
    if (--rq->holds > 0)
        return;
    rq->server->held_count--;
    if (!rq->connection)
        destroy(rq);
}

bool request_is_gone(const struct request *rq)
{
    return !rq->connection || rq->abandoned;
}

bool request_is_replied(const struct request *rq)
{
    return rq->reply.done;
}

void request_detach(struct request *rq)
{
    assert(!rq->detached);
    rq->detached = true;
}

void request_finish(struct request *rq)
{
    assert(rq->detached);
    rq->detached = false;
    if (!rq->reply.done) {
        log_error("http.no_reply", LOG_TEXT("route", rq->match.route->name),
                  LOG_TEXT("request_id", request_id(rq)));
        reply_error(rq, ERR_INTERNAL, NULL);
        return;
    }
    reply_schedule(rq);
}

/* ---- the target ---- */

/* Splits "a=1&b" into decoded pairs; false: malformed, too many, or a name given twice. */
static bool parse_query(struct request *rq, const char *query)
{
    while (*query) {
        size_t pair_bytes = strcspn(query, "&");
        size_t name_bytes = strcspn(query, "=&");
        if (pair_bytes > 0) {
            if (rq->query_count == HTTP_QUERY_PARAMS_MAX)
                return false;
            size_t value_bytes = name_bytes < pair_bytes ? pair_bytes - name_bytes - 1 : 0;
            char *name = request_alloc(rq, name_bytes + 1);
            char *value = request_alloc(rq, value_bytes + 1);
            if (!url_decode(query, name_bytes, true, name) ||
                !url_decode(query + pair_bytes - value_bytes, value_bytes, true, value) ||
                request_query(rq, name))
                return false;
            rq->query[rq->query_count].name = name;
            rq->query[rq->query_count++].value = value;
        }
        query += pair_bytes;
        query += *query == '&';
    }
    return true;
}

bool request_parse_target(struct request *rq)
{
    size_t path_bytes = strcspn(rq->target, "?");
    char *path = request_alloc(rq, path_bytes + 1);
    memcpy(path, rq->target, path_bytes);
    rq->path = path;
    if (rq->target[path_bytes] == '?' && !parse_query(rq, rq->target + path_bytes + 1)) {
        reply_error(rq, ERR_BAD_REQUEST,
                    "The query string is malformed, not UTF-8, names a parameter twice or has "
                    "more than %d of them.",
                    HTTP_QUERY_PARAMS_MAX);
        return false;
    }
    return true;
}

/* ---- what handlers read ---- */

const char *request_method(const struct request *rq)
{
    return rq->method_text;
}

const char *request_target(const struct request *rq)
{
    return rq->target;
}

const struct route *request_route(const struct request *rq)
{
    return rq->match.route;
}

const char *request_id(const struct request *rq)
{
    if (!rq->id[0]) { /* made when first asked for: most static files never need one */
        struct uuid id = uuid_make_v7();
        char text[UUID_TEXT_BYTES];
        uuid_format(&id, text);
        memcpy(((struct request *)(uintptr_t)rq)->id, text, sizeof text);
    }
    return rq->id;
}

const char *request_trace_id(const struct request *rq)
{
    return rq->trace_id[0] ? rq->trace_id : NULL;
}

const char *request_client_ip(const struct request *rq)
{
    return rq->client_ip;
}

bool request_is_secure(const struct request *rq)
{
    return rq->is_secure;
}

const char *request_param(const struct request *rq, const char *name)
{
    size_t bytes = 0;
    for (int i = 0; i < HTTP_ROUTE_PARAMS_MAX; i++) {
        const char *each = route_param_name(rq->match.route, i, &bytes);
        if (!each)
            break;
        if (bytes == strlen(name) && memcmp(each, name, bytes) == 0)
            return rq->param_values[i];
    }
    assert(!"the route has no parameter of this name");
    return "";
}

bool request_param_uuid(struct request *rq, const char *name, struct uuid *ret_id)
{
    if (uuid_parse(request_param(rq, name), ret_id))
        return true;
    reply_error(rq, ERR_NOT_FOUND, "The %s in the address is not an id.", name);
    return false;
}

const char *request_query(const struct request *rq, const char *name)
{
    for (int i = 0; i < rq->query_count; i++)
        if (strcmp(rq->query[i].name, name) == 0)
            return rq->query[i].value;
    return NULL;
}

int request_query_count(const struct request *rq)
{
    return rq->query_count;
}

void request_query_at(const struct request *rq, int index, const char **ret_name, const char **ret_value)
{
    *ret_name = rq->query[index].name;
    *ret_value = rq->query[index].value;
}

const char *request_header(const struct request *rq, const char *name)
{
    return rq->connection ? MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, name) : NULL;
}

json_t *request_body_json(const struct request *rq)
{
    return rq->json;
}

const char *request_body(const struct request *rq, size_t *ret_bytes)
{
    *ret_bytes = rq->body.count;
    return rq->body.bytes;
}

void request_body_digest(const struct request *rq, uint8_t digest[static SHA256_BYTES])
{
    crypto_hash_sha256(digest, (const unsigned char *)buf_string(&rq->body), rq->body.count);
}

void request_body_sha256(struct request *rq, uint8_t digest[static SHA256_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)rq->method_text, strlen(rq->method_text) + 1);
    crypto_hash_sha256_update(&state, (const unsigned char *)rq->path, strlen(rq->path) + 1);
    if (rq->json) {
        char *canonical = json_dumps(rq->json, JSON_SORT_KEYS | JSON_COMPACT);
        if (canonical)
            crypto_hash_sha256_update(&state, (const unsigned char *)canonical, strlen(canonical));
        free(canonical);
    } else {
        crypto_hash_sha256_update(&state, (const unsigned char *)buf_string(&rq->body), rq->body.count);
    }
    crypto_hash_sha256_final(&state, digest);
}

const struct principal *request_principal(const struct request *rq)
{
    return &rq->principal;
}

void request_agent_set(struct request *rq, const struct uuid *agent_id)
{
    rq->principal.kind = PRINCIPAL_AGENT;
    memcpy(rq->principal.agent_id, agent_id->bytes, UUID_BYTES);
}

const struct uuid *request_key(const struct request *rq)
{
    return rq->has_key ? &rq->key : NULL;
}

struct http_server *request_server(const struct request *rq)
{
    return rq->server;
}

void **request_lane_slot(struct request *rq)
{
    return &rq->lane;
}
