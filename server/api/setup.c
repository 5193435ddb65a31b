/* Set-up: one-time links for the first administrator and for passwords chosen by their owners. */
#include "api/fast.h"
#include "api/login.h"
#include "api/operator_fields.h"
#include "api/routes.h"
#include "api/work.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

#include <string.h>

/* ---- GET /api/v1/setup ---- */

static bool state_bind(struct request *rq, void *state, struct db_call *call)
{
    (void)rq;
    (void)state;
    (void)call;
    return true;
}

void setup_get(struct request *rq)
{
    static const struct fast_stage read = {
        .statement = "setup_state", .bind = state_bind, .repeatable = true};
    fast_run(rq, &read, NULL);
}

/* ---- POST /api/v1/setup/link: what does this link open? ---- */

/* NULL: it replied. The caller frees the rows. */
static struct db_rows *link_read(struct request *rq, struct db_conn *db, const char *token,
                                 uint8_t ret_sha256[SHA256_BYTES])
{
    token_hash(token, ret_sha256);
    struct db_params params = {0};
    db_bind_bytes(&params, ret_sha256, SHA256_BYTES);
    struct db_rows *rows = NULL;
    enum err err = db_query(db, "setup_link_read", &params, &rows);
    if (!err && strcmp(db_text(rows, 0, 0), "done") != 0)
        err = err_from_code(db_text(rows, 0, 0));
    if (!err)
        return rows;
    reply_error(rq, err, NULL);
    db_rows_free(rows);
    return NULL;
}

void setup_link_post(struct request *rq, struct db_conn *db)
{
    const char *token = NULL;
    const struct in_field spec[] = {IN_SECRET("token", &token, 1, SETUP_TOKEN_CHARACTERS_MAX), IN_END};
    if (!in_read(rq, spec))
        return;
    uint8_t sha256_of_token[SHA256_BYTES];
    CLEANUP(db_rows_release) struct db_rows *rows = link_read(rq, db, token, sha256_of_token);
    if (rows)
        reply_json(rq, 200, db_text(rows, 0, 1));
}

/* ---- POST /api/v1/setup: use the link ---- */

static const char *const site_modes[] = {"training", "live", NULL};

struct setup_input {
    const char *token;
    const char *password;
    const char *name;
    const char *full_name;
    const char *site_name;
    int language;
    int site_mode;
    bool has_site_mode;
};

/* The set-up of a new site: the first administrator needs a name, too. */
static bool first_ok(struct request *rq, const struct setup_input *input)
{
    if (!input->name)
        field_error_add(rq, "/name", "missing", "must be given for the first administrator");
    else
        operator_name_check(rq, "/name", input->name);
    if (!input->full_name)
        field_error_add(rq, "/full_name", "missing", "must be given for the first administrator");
    if (!in_done(rq))
        return false;
    const char *const names[] = {input->name, input->full_name, NULL};
    return login_password_ok(rq, "/password", input->password, names);
}

static void bind_session(struct request *rq, struct db_params *params, const struct login_session *session)
{
    db_bind_uuid(params, session->id.bytes);
    db_bind_bytes(params, session->token.sha256, SHA256_BYTES);
    db_bind_text(params, session->user_agent);
    db_bind_text(params, request_client_ip(rq));
    db_bind_text(params, request_id(rq));
}

static void use_first(struct request *rq, struct db_conn *db, const struct setup_input *input,
                      const uint8_t *link_sha256)
{
    char hash[PASSWORD_HASH_BYTES];
    if (!first_ok(rq, input))
        return;
    enum err err = password_hash(input->password, hash);
    struct login_session session;
    login_session_make(rq, &session);
    struct uuid operator_id = uuid_make_v7();

    struct db_params params = {0};
    db_bind_bytes(&params, link_sha256, SHA256_BYTES);
    db_bind_uuid(&params, operator_id.bytes);
    db_bind_text(&params, input->name);
    db_bind_text(&params, input->full_name);
    db_bind_text(&params, operator_languages[input->language]);
    db_bind_text(&params, hash);
    db_bind_text(&params, input->site_name);
    db_bind_text(&params, input->has_site_mode ? site_modes[input->site_mode] : NULL);
    bind_session(rq, &params, &session);
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    if (!err)
        err = db_query(db, "setup_first", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        login_session_reply(rq, &session, rows);
}

static void use_password(struct request *rq, struct db_conn *db, const struct setup_input *input,
                         const uint8_t *link_sha256)
{
    char hash[PASSWORD_HASH_BYTES];
    enum err err = password_hash(input->password, hash);
    struct login_session session;
    login_session_make(rq, &session);

    struct db_params params = {0};
    db_bind_bytes(&params, link_sha256, SHA256_BYTES);
    db_bind_text(&params, hash);
    bind_session(rq, &params, &session);
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    if (!err)
        err = db_query(db, "setup_password", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        login_session_reply(rq, &session, rows);
}

void setup_post(struct request *rq, struct db_conn *db)
{
    struct setup_input input = {0};
    const struct in_field spec[] = {
        IN_SECRET("token", &input.token, 1, SETUP_TOKEN_CHARACTERS_MAX),
        IN_SECRET("password", &input.password, 1, PASSWORD_CHARACTERS_MAX),
        IN_TEXT_OPT("name", &input.name, 1, OPERATOR_NAME_CHARACTERS_MAX, NULL),
        IN_TEXT_OPT("full_name", &input.full_name, 1, OPERATOR_FULL_NAME_CHARACTERS_MAX, NULL),
        IN_ENUM_OPT("language", &input.language, operator_languages, NULL),
        IN_TEXT_OPT("site_name", &input.site_name, 1, 120, NULL),
        IN_ENUM_OPT("site_mode", &input.site_mode, site_modes, &input.has_site_mode),
        IN_END,
    };
    if (!in_read(rq, spec))
        return;
    uint8_t link_sha256[SHA256_BYTES];
    CLEANUP(db_rows_release) struct db_rows *link = link_read(rq, db, input.token, link_sha256);
    if (!link)
        return;
    if (strcmp(db_text(link, 0, 2), "first_admin") == 0) {
        use_first(rq, db, &input, link_sha256);
        return;
    }
    const char *const names[] = {db_text(link, 0, 3), db_text(link, 0, 4), NULL};
    if (login_password_ok(rq, "/password", input.password, names))
        use_password(rq, db, &input, link_sha256);
}
