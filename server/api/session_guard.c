#include "api/session_guard.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "http/reply.h"
#include "http/route.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct session_who who;
static _Thread_local bool who_known;

const struct session_who *session_who(void)
{
    return who_known ? &who : NULL;
}

static bool guard_reply(struct request *rq, enum err err)
{
    if (err == ERR_FORBIDDEN)
        reply_error(rq, err, "This needs the permission %s: %s.", perm_word(request_route(rq)->perm),
                    perm_help(request_route(rq)->perm));
    else
        reply_error(rq, err, NULL);
    return false;
}

bool session_guard(struct request *rq, struct db_conn *db)
{
    const struct principal *principal = request_principal(rq);
    enum perm perm = request_route(rq)->perm;
    who_known = false;
    if (perm == PERM_PUBLIC || (perm == PERM_AGENT && principal->kind == PRINCIPAL_AGENT))
        return true;
    if (perm == PERM_AGENT || principal->kind != PRINCIPAL_SESSION)
        return guard_reply(rq, ERR_UNAUTHENTICATED);

    struct db_params params = {0};
    db_bind_bytes(&params, principal->token_sha256, SHA256_BYTES);
    db_bind_text(&params, perm_word(perm));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "session_guard", &params, &rows);
    if (err)
        return guard_reply(rq, err);
    const char *outcome = db_text(rows, 0, 0);
    if (strcmp(outcome, "ok") != 0)
        return guard_reply(rq, err_from_code(outcome));

    db_uuid(rows, 0, 1, who.operator_id.bytes);
    db_uuid(rows, 0, 2, who.session_id.bytes);
    who.has_desk = db_uuid(rows, 0, 3, who.desk_id.bytes);
    who_known = true;
    return true;
}

/* ---- stamps of the FAST lane ---- */

/* Tokens seen lately by this loop, found by the first bytes of their hash; a newer one takes the place of an
 * older. A lost place costs one statement that finds nothing to do. */
struct touch {
    uint8_t token_sha256[SHA256_BYTES];
    int64_t at_ms; /* 0: free */
};
static _Thread_local struct touch touches[SESSION_TOUCH_SLOTS];

struct touch_call {
    struct db_call call;
    uint8_t token_sha256[SHA256_BYTES];
};

static void touch_done(struct db_call *call, enum err err, const struct db_rows *rows)
{
    (void)err; /* a lost stamp comes again a minute later */
    (void)rows;
    free(call->context);
}

void session_touch_fast(struct db_fast *fast, const struct principal *principal)
{
    if (principal->kind != PRINCIPAL_SESSION)
        return;
    size_t place =
        (principal->token_sha256[0] | (size_t)principal->token_sha256[1] << 8) % SESSION_TOUCH_SLOTS;
    struct touch *touch = &touches[place];
    int64_t now_ms = clock_monotonic_ms();
    if (touch->at_ms && now_ms - touch->at_ms < SESSION_TOUCH_MS &&
        memcmp(touch->token_sha256, principal->token_sha256, SHA256_BYTES) == 0)
        return;
    struct touch_call *made = calloc(1, sizeof(*made));
    if (!made)
        return;
    memcpy(touch->token_sha256, principal->token_sha256, SHA256_BYTES);
    touch->at_ms = now_ms;

    memcpy(made->token_sha256, principal->token_sha256, SHA256_BYTES);
    made->call.name = "session_touch";
    made->call.repeatable = true;
    made->call.done = touch_done;
    made->call.context = made;
    db_bind_bytes(&made->call.params, made->token_sha256, SHA256_BYTES);
    db_fast_submit(fast, &made->call);
}
