/* Errors as RFC 9457 problems. */
#include "base/log.h"
#include "http/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wants_retry_after(const struct request *rq)
{
    for (int i = 0; i < rq->reply.header_count; i++)
        if (strcmp(rq->reply.headers[i].name, "Retry-After") == 0)
            return false;
    return true;
}

static json_t *problem(struct request *rq, enum err err, const char *detail)
{
    const struct err_info *info = err_info(err);
    char type[96];
    snprintf(type, sizeof type, "/docs/errors/%s", info->code);
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "type", type, "title", info->title, "status",
                     info->http_status, "detail", detail ? detail : info->cause, "instance", request_id(rq),
                     "code", info->code, "next", info->next);
}

static void send_problem(struct request *rq, enum err err, const char *detail, json_t *extra)
{
    const struct err_info *info = err_info(err);
    json_t *body = problem(rq, err, detail);
    if (body && extra)
        json_object_update_missing(body, extra);
    if (body && rq->field_errors)
        json_object_set(body, "errors", rq->field_errors);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if ((info->http_status == 503 || info->http_status == 429) && wants_retry_after(rq))
        reply_retry_after(rq, HTTP_RETRY_AFTER_S);
    log_debug("http.refused", LOG_TEXT("code", info->code), LOG_TEXT("blame", err_blame_word(info->blame)),
              LOG_TEXT("method", rq->method_text), LOG_TEXT("path", rq->path),
              LOG_TEXT("request_id", request_id(rq)));
    if (!text)
        text = strdup("{\"status\":500,\"code\":\"internal\"}");
    if (text)
        reply_bytes(rq, info->http_status, "application/problem+json", text, strlen(text));
    free(text);
}

void reply_error(struct request *rq, enum err err, const char *detail_format, ...)
{
    char *detail = NULL;
    if (detail_format) {
        va_list arguments;
        va_start(arguments, detail_format);
        if (vasprintf(&detail, detail_format, arguments) < 0)
            detail = NULL;
        va_end(arguments);
    }
    send_problem(rq, err, detail, NULL);
    free(detail);
}

void reply_error_extra(struct request *rq, enum err err, json_t *extra)
{
    send_problem(rq, err, NULL, extra);
}

void reply_error_extra_text(struct request *rq, enum err err, const char *extra_json)
{
    json_t *extra = extra_json ? json_loads(extra_json, 0, NULL) : NULL;
    send_problem(rq, err, NULL, json_is_object(extra) ? extra : NULL);
    json_decref(extra);
}

void field_error_add(struct request *rq, const char *pointer, const char *code, const char *message)
{
    if (!rq->field_errors)
        rq->field_errors = json_array();
    if (json_array_size(rq->field_errors) < IN_FIELDS_MAX)
        json_array_append_new(rq->field_errors, json_pack("{s:s, s:s, s:s}", "pointer", pointer, "code", code,
                                                          "message", message));
}

void reply_field_error(struct request *rq, const char *pointer, const char *code, const char *message)
{
    field_error_add(rq, pointer, code, message);
    reply_error(rq, ERR_BAD_FIELD, NULL);
}
