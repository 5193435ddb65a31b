/* Answers. A handler replies exactly once; a second reply is a bug and is refused with an entry in the log.
 * From a WORK handler they only set fields: the loop thread sends. Errors are RFC 9457 problems out of
 * err.def. */
#ifndef CARDWRIGHT_HTTP_REPLY_H
#define CARDWRIGHT_HTTP_REPLY_H

#include "http/request.h"

void reply_json(struct request *rq, int status, const char *json_text); /* text is copied */
void reply_json_t(struct request *rq, int status, json_t *json);        /* borrowed, not stolen */
void reply_empty(struct request *rq, int status);
void reply_csv(struct request *rq, const char *file_name, const char *text, size_t bytes); /* copied */
void reply_bytes(struct request *rq, int status, const char *content_type, const void *bytes, size_t count);

/* A problem of err.def; `detail_format` adds what is special about this case, or is NULL for the general
 * cause. */
void reply_error(struct request *rq, enum err err, const char *detail_format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with further members merged in (limit_minor, balance_minor, largest_minor ...); `extra` is
 * borrowed and may be NULL. Members of the problem itself are never overwritten. */
void reply_error_extra(struct request *rq, enum err err, json_t *extra);
void reply_error_extra_text(struct request *rq, enum err err,
                            const char *extra_json); /* NULL or a JSON object */

/* Collects a wrong field for `errors`; pointer as in RFC 6901 ("/amount_minor"). Then reply_error(BAD_FIELD).
 */
void field_error_add(struct request *rq, const char *pointer, const char *code, const char *message);
void reply_field_error(struct request *rq, const char *pointer, const char *code, const char *message);

/* Before the reply. Without a Cache-Control of its own an answer is "no-store". Values must be single lines
 * and are copied; a name given again replaces (but Set-Cookie).
 */
void reply_header(struct request *rq, const char *name, const char *value);
void reply_etag(struct request *rq, int64_t version); /* weak: W/"7" */
void reply_retry_after(struct request *rq, int seconds);

/* The session cookie: __Host-sid over TLS, plain sid on http. max_age_s 0 removes it. `token` is its whole
 * value. */
void reply_session_cookie(struct request *rq, const char *token, int max_age_s);

#endif
