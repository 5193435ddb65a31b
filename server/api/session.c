/* The session of a browser: login, who am I, logout, the desk, the own password, grants of a second password.
 */
#include "api/desk_wake.h"
#include "api/fast.h"
#include "api/login.h"
#include "api/routes.h"
#include "api/session_guard.h"
#include "api/work.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

#include <sodium.h>
#include <string.h>

/* ---- GET /api/v1/session ---- */

static bool read_bind(struct request *rq, void *state, struct db_call *call)
{
    (void)state;
    fast_bind_token(rq, &call->params);
    return true;
}

void session_get(struct request *rq)
{
    static const struct fast_stage read = {
        .statement = "session_read", .bind = read_bind, .repeatable = true};
    fast_run(rq, &read, NULL);
}

/* ---- POST /api/v1/session ---- */

static void open_session(struct request *rq, struct db_conn *db, const struct login_proof *proof,
                         const char *new_hash)
{
    const struct principal *before = request_principal(rq);
    struct login_session session;
    login_session_make(rq, &session);

    struct db_params params = {0};
    db_bind_uuid(&params, proof->operator_id.bytes);
    db_bind_text(&params, proof->hash);
    db_bind_text(&params, new_hash);
    db_bind_uuid(&params, session.id.bytes);
    db_bind_bytes(&params, session.token.sha256, SHA256_BYTES);
    db_bind_bytes(&params, before->kind == PRINCIPAL_SESSION ? before->token_sha256 : NULL, SHA256_BYTES);
    db_bind_text(&params, session.user_agent);
    db_bind_text(&params, request_client_ip(rq));
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "login_done", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        login_session_reply(rq, &session, rows);
}

void session_post(struct request *rq, struct db_conn *db)
{
    struct login_claim claim = {.refused_action = "session.login_failed"};
    const struct in_field spec[] = {IN_TEXT("name", &claim.name, 1, OPERATOR_NAME_CHARACTERS_MAX),
                                    IN_SECRET("password", &claim.password, 1, PASSWORD_CHARACTERS_MAX),
                                    IN_END};
    struct login_proof proof;
    if (!in_read(rq, spec) || !login_prove(rq, db, &claim, &proof))
        return;
    char new_hash[PASSWORD_HASH_BYTES];
    bool renewed = proof.outdated && password_hash(claim.password, new_hash) == OK;
    open_session(rq, db, &proof, renewed ? new_hash : NULL);
}

/* ---- DELETE /api/v1/session ---- */

void session_delete(struct request *rq, struct db_conn *db)
{
    bool everywhere = false;
    const struct in_field spec[] = {IN_BOOL_OPT("everywhere", &everywhere, NULL), IN_END};
    if (!in_query(rq, spec))
        return;
    const struct session_who *who = session_who();
    struct db_params params = {0};
    db_bind_uuid(&params, who->operator_id.bytes);
    db_bind_uuid(&params, who->session_id.bytes);
    db_bind_bool(&params, everywhere);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "session_logout", &params, &rows);
    if (err) {
        reply_error(rq, err, NULL);
        return;
    }
    reply_session_cookie(rq, "", 0);
    work_reply_outcome(rq, rows);
}

/* ---- POST /api/v1/session/lock ---- */

void session_lock_post(struct request *rq, struct db_conn *db)
{
    const struct session_who *who = session_who();
    struct db_params params = {0};
    db_bind_uuid(&params, who->operator_id.bytes);
    db_bind_uuid(&params, who->session_id.bytes);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "session_lock", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        work_reply_outcome(rq, rows);
}

/* ---- PUT /api/v1/session/desk ---- */

void session_desk_put(struct request *rq, struct db_conn *db)
{
    struct uuid desk_id;
    enum in_given given = IN_ABSENT;
    bool take_over = false;
    const struct in_field spec[] = {IN_UUID_PATCH("desk_id", &desk_id, &given),
                                    IN_BOOL_OPT("take_over", &take_over, NULL), IN_END};
    if (!in_read(rq, spec))
        return;
    if (given == IN_ABSENT) {
        reply_field_error(rq, "/desk_id", "missing",
                          "must be given: a desk, or null to leave the present one");
        return;
    }
    const struct session_who *who = session_who();
    struct db_params params = {0};
    db_bind_uuid(&params, who->operator_id.bytes);
    db_bind_uuid(&params, who->session_id.bytes);
    db_bind_uuid(&params, given == IN_GIVEN_VALUE ? desk_id.bytes : NULL);
    db_bind_bool(&params, take_over);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "session_desk_choose", &params, &rows);
    if (err) {
        reply_error(rq, err, NULL);
        return;
    }
    if (given == IN_GIVEN_VALUE && take_over)
        desk_wake_post(&desk_id); /* the screen that lost the desk is told */
    work_reply_outcome(rq, rows);
}

/* ---- POST /api/v1/session/step-up ---- */

static void reply_grant(struct request *rq, const struct token *token, const struct uuid *operation_id,
                        const char *expires_at)
{
    char operation_text[UUID_TEXT_BYTES];
    uuid_format(operation_id, operation_text);
    json_t *body = json_pack("{s:s, s:s, s:s}", "token", token->text, "operation_id", operation_text,
                             "expires_at", expires_at);
    reply_json_t(rq, 201, body);
    json_decref(body);
}

void session_step_up_post(struct request *rq, struct db_conn *db)
{
    const struct session_who *who = session_who();
    struct login_claim claim = {.operator_id = &who->operator_id, .refused_action = "session.step_up_failed"};
    struct uuid operation_id;
    const char *purpose = NULL;
    const struct in_field spec[] = {IN_SECRET("password", &claim.password, 1, PASSWORD_CHARACTERS_MAX),
                                    IN_UUID("operation_id", &operation_id),
                                    IN_TEXT("purpose", &purpose, 1, STEP_UP_PURPOSE_CHARACTERS_MAX), IN_END};
    struct login_proof proof;
    if (!in_read(rq, spec) || !login_prove(rq, db, &claim, &proof))
        return;

    struct token token;
    token_make(&token);
    struct db_params params = {0};
    db_bind_uuid(&params, who->operator_id.bytes);
    db_bind_uuid(&params, who->session_id.bytes);
    db_bind_bytes(&params, token.sha256, SHA256_BYTES);
    db_bind_text(&params, purpose);
    db_bind_uuid(&params, operation_id.bytes);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "step_up_grant", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        reply_grant(rq, &token, &operation_id, db_text(rows, 0, 0));
    sodium_memzero(&token, sizeof(token));
}

/* ---- POST /api/v1/session/password ---- */

static void change_password(struct request *rq, struct db_conn *db, const struct login_proof *proof,
                            const char *new_hash)
{
    struct login_session session;
    login_session_make(rq, &session);
    struct db_params params = {0};
    db_bind_uuid(&params, proof->operator_id.bytes);
    db_bind_uuid(&params, session_who()->session_id.bytes);
    db_bind_text(&params, proof->hash);
    db_bind_text(&params, new_hash);
    db_bind_bytes(&params, session.token.sha256, SHA256_BYTES);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "password_change", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        login_session_reply(rq, &session, rows);
}

void session_password_post(struct request *rq, struct db_conn *db)
{
    struct login_claim claim = {.operator_id = &session_who()->operator_id,
                                .refused_action = "operator.password_failed"};
    const char *new_password = NULL;
    const struct in_field spec[] = {IN_SECRET("old_password", &claim.password, 1, PASSWORD_CHARACTERS_MAX),
                                    IN_SECRET("new_password", &new_password, 1, PASSWORD_CHARACTERS_MAX),
                                    IN_END};
    struct login_proof proof;
    if (!in_read(rq, spec) || !login_prove(rq, db, &claim, &proof))
        return;
    const char *const names[] = {proof.name, proof.full_name, NULL};
    if (!login_password_ok(rq, "/new_password", new_password, names))
        return;
    char new_hash[PASSWORD_HASH_BYTES];
    enum err err = password_hash(new_password, new_hash);
    if (err)
        reply_error(rq, err, NULL);
    else
        change_password(rq, db, &proof, new_hash);
}
