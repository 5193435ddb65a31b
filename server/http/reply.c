#include "http/internal.h"

#include "base/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HSTS "max-age=31536000"

/* The first reply counts. A second one is our bug, but the first may be on its way already. */
static bool may_reply(struct request *rq)
{
    if (rq->reply.done)
        log_error("http.second_reply", LOG_TEXT("request_id", request_id(rq)), LOG_TEXT("path", rq->path));
    return !rq->reply.done;
}

static void set_reply(struct request *rq, int status, const char *content_type, const void *bytes,
                      size_t count)
{
    rq->reply.status = status;
    rq->reply.content_type = content_type;
    rq->reply.body = bytes;
    rq->reply.body_bytes = count;
    rq->reply.done = true;
    reply_schedule(rq);
}

void reply_schedule(struct request *rq)
{
    if (!rq->detached)
        server_resume_later(rq);
}

void reply_bytes(struct request *rq, int status, const char *content_type, const void *bytes, size_t count)
{
    if (!may_reply(rq))
        return;
    char *copy = request_alloc(rq, count + 1);
    if (count)
        memcpy(copy, bytes, count);
    set_reply(rq, status, request_copy(rq, content_type), copy, count);
}

void reply_json(struct request *rq, int status, const char *json_text)
{
    if (!may_reply(rq))
        return;
    size_t count = strlen(json_text);
    char *copy = request_alloc(rq, count + 1);
    memcpy(copy, json_text, count);
    set_reply(rq, status, "application/json", copy, count);
}

void reply_json_t(struct request *rq, int status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text)
        reply_json(rq, status, text);
    else
        reply_error(rq, ERR_INTERNAL, NULL);
    free(text);
}

void reply_empty(struct request *rq, int status)
{
    if (may_reply(rq))
        set_reply(rq, status, NULL, "", 0);
}

void reply_csv(struct request *rq, const char *file_name, const char *text, size_t bytes)
{
    reply_header(rq, "Content-Disposition", request_printf(rq, "attachment; filename=\"%s\"", file_name));
    reply_bytes(rq, 200, "text/csv; charset=utf-8", text, bytes);
}

void reply_header(struct request *rq, const char *name, const char *value)
{
    assert(!strpbrk(value, "\r\n"));
    struct reply_header *header = rq->reply.headers;
    const struct reply_header *end = header + rq->reply.header_count;
    bool may_repeat = strcasecmp(name, "Set-Cookie") == 0;
    while (header < end && (may_repeat || strcasecmp(header->name, name) != 0))
        header++;
    if (header == end) {
        assert(rq->reply.header_count < HTTP_REPLY_HEADERS_MAX);
        rq->reply.header_count++;
        header->name = request_copy(rq, name);
    }
    header->value = request_copy(rq, value);
}

void reply_etag(struct request *rq, int64_t version)
{
    reply_header(rq, "ETag", request_printf(rq, "W/\"%" PRId64 "\"", version));
}

void reply_retry_after(struct request *rq, int seconds)
{
    reply_header(rq, "Retry-After", request_printf(rq, "%d", seconds));
}

void reply_session_cookie(struct request *rq, const char *token, int max_age_s)
{
    const char *format = rq->is_secure
                             ? "__Host-sid=%s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Strict"
                             : "sid=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict";
    reply_header(rq, "Set-Cookie", request_printf(rq, format, token, max_age_s));
}

/* ---- sending: loop thread, inside MHD's access handler ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        log_error("http.header_refused", LOG_TEXT("name", name));
}

static bool has_header(const struct reply *reply, const char *name)
{
    for (int i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static struct MHD_Response *build(struct request *rq)
{
    struct reply *reply = &rq->reply;
    /* The body lies in the arena, which outlives the response: MHD reports the end of a request after its
     * last use. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body_bytes, (void *)(uintptr_t)reply->body, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return NULL;
    if (reply->content_type)
        add_header(response, "Content-Type", reply->content_type);
    if (!has_header(reply, "Cache-Control"))
        add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "X-Request-Id", request_id(rq));
    if (rq->is_secure)
        add_header(response, "Strict-Transport-Security", HSTS);
    if (rq->close_after)
        add_header(response, "Connection", "close");
    for (int i = 0; i < reply->header_count; i++)
        add_header(response, reply->headers[i].name, reply->headers[i].value);
    return response;
}

void reply_release(struct request *rq)
{
    if (rq->reply.prebuilt && !rq->reply.is_shared)
        MHD_destroy_response(rq->reply.prebuilt);
    rq->reply.prebuilt = NULL;
}

enum MHD_Result reply_send(struct request *rq)
{
    assert(rq->reply.done && rq->phase != PHASE_ANSWERING);
    rq->phase = PHASE_ANSWERING;
    if (!rq->reply.prebuilt)
        rq->reply.prebuilt = build(rq);
    if (!rq->reply.prebuilt)
        return MHD_NO;
    if (rq->reply.status >= 500 && rq->reply.status != 503)
        log_warn("http.our_fault", LOG_INT("status", rq->reply.status), LOG_TEXT("method", rq->method_text),
                 LOG_TEXT("path", rq->path), LOG_TEXT("request_id", request_id(rq)));
    enum MHD_Result queued =
        MHD_queue_response(rq->connection, (unsigned)rq->reply.status, rq->reply.prebuilt);
    reply_release(rq); /* MHD holds its own reference now */
    return queued;
}
