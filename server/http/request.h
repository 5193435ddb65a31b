/* One request as handlers see it. Everything returned here is borrowed and lives until the request is
 * complete. A request belongs to the loop thread; while a WORK handler runs, to that pool thread alone. */
#ifndef CARDWRIGHT_HTTP_REQUEST_H
#define CARDWRIGHT_HTTP_REQUEST_H

#include "base/err.h"
#include "base/ids.h"
#include "crypto/hmac.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;
struct http_server;
struct route;

enum principal_kind { PRINCIPAL_NONE, PRINCIPAL_SESSION, PRINCIPAL_AGENT };

/* Who the request says it is. For a session only the token's hash is known here: the database decides whether
 * it is alive. An agent stays PRINCIPAL_NONE until its signature was checked and request_agent_set was
 * called. */
struct principal {
    enum principal_kind kind;
    uint8_t token_sha256[SHA256_BYTES]; /* session: SHA-256 of the cookie's value, as text */
    uint8_t agent_id[UUID_BYTES];
};

/* The signature an agent claims (agent/PROTOCOL.md, Signature); nothing of it is proven yet. */
struct agent_claim {
    struct uuid agent_id;
    int64_t unix_ms;
    uint8_t mac[SHA256_BYTES];
};

/* ---- what was asked ---- */
const char *request_method(const struct request *rq);
const char *request_target(const struct request *rq); /* raw path?query, as signed by agents */
const struct route *request_route(const struct request *rq);
const char *request_id(const struct request *rq);       /* X-Request-Id of the caller, else a new UUIDv7 */
const char *request_trace_id(const struct request *rq); /* 32 hex digits of traceparent, or NULL */
const char *request_client_ip(const struct request *rq);
bool request_is_secure(const struct request *rq); /* came over TLS, here or at the proxy in front */

/* Percent-decoded path parameter of the route ("person_id" of /people/:person_id); never NULL for one it
 * names. */
const char *request_param(const struct request *rq, const char *name);

/* The path parameter as an id; false: it is not one, and ERR_NOT_FOUND was replied. */
bool request_param_uuid(struct request *rq, const char *name, struct uuid *ret_id);

/* Percent-decoded query parameter, "" if it has no value, NULL if absent. in_query (in.h) checks all at once.
 */
const char *request_query(const struct request *rq, const char *name);
int request_query_count(const struct request *rq);
void request_query_at(const struct request *rq, int index, const char **ret_name, const char **ret_value);

/* First value of the header, any letter case of `name`; NULL: absent, or the client of a stream has gone. */
const char *request_header(const struct request *rq, const char *name);

/* ---- body ---- */
json_t *
request_body_json(const struct request *rq); /* borrowed object, checked; NULL if the route reads no JSON */
const char *request_body(const struct request *rq,
                         size_t *ret_bytes); /* raw, NUL-terminated; NULL if empty */
void request_body_digest(const struct request *rq,
                         uint8_t digest[static SHA256_BYTES]); /* SHA-256 of the raw body */

/* SHA-256 over method, path and canonical body (sorted keys, no blanks): what an Idempotency-Key is bound to.
 */
void request_body_sha256(struct request *rq, uint8_t digest[static SHA256_BYTES]);

/* ---- who, and under which promise ---- */
const struct principal *request_principal(const struct request *rq);
bool request_agent_claim(const struct request *rq,
                         struct agent_claim *ret_claim); /* false: none, or malformed */
void request_agent_set(struct request *rq, const struct uuid *agent_id);

/* The Idempotency-Key; never NULL on a REPLAY_KEYED route (checked before the handler), NULL elsewhere. */
const struct uuid *request_key(const struct request *rq);

/* Reads If-Match: W/"7" into 7. -1: header absent. Malformed: replied BAD_FIELD and false. */
bool request_if_match(struct request *rq, int64_t *ret_version);

/* ---- memory ---- */
void *request_alloc(struct request *rq, size_t bytes); /* zeroed, aligned for anything, never NULL */
char *request_copy(struct request *rq, const char *text);
char *request_printf(struct request *rq, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- lanes: used by api/fast.c, api/work.c and waits, not by handlers ---- */
struct http_server *request_server(const struct request *rq);

/* One pointer for the lane that runs the request, NULL at first. */
void **request_lane_slot(struct request *rq);

/* Keeps the memory of the request beyond the end of its connection. Loop thread only. */
void request_hold(struct request *rq);
void request_release(struct request *rq);

/* The client has gone (streams only: others are noticed when they are answered); replies go nowhere. */
bool request_is_gone(const struct request *rq);
bool request_is_replied(const struct request *rq);

/* Hands the request to another thread / takes it back. Between the two, replies only set fields; after
 * request_finish (loop thread) the answer goes out. A request finished without a reply answers ERR_INTERNAL.
 */
void request_detach(struct request *rq);
void request_finish(struct request *rq);

#endif
