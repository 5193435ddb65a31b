/* Operators: who may log in, with which roles. */
#include "api/answer.h"
#include "api/login.h"
#include "api/operator_fields.h"
#include "api/page.h"
#include "api/routes.h"
#include "api/session_guard.h"
#include "api/work.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

#include <sodium.h>
#include <string.h>

/* ---- GET /api/v1/operators ---- */

void operators_get(struct request *rq, struct db_conn *db)
{
    struct page page = PAGE_FIRST;
    const char *search = NULL;
    bool active = false, has_active = false;
    const struct in_field spec[] = {IN_PAGE(&page),
                                    IN_TEXT_OPT("q", &search, 1, OPERATOR_NAME_CHARACTERS_MAX, NULL),
                                    IN_BOOL_OPT("active", &active, &has_active), IN_END};
    if (!in_query(rq, spec) || !page_open(rq, &page))
        return;
    struct db_params params = {0};
    db_bind_text(&params, page.after);
    db_bind_int64(&params, page.limit);
    db_bind_text(&params, search);
    if (has_active)
        db_bind_bool(&params, active);
    else
        db_bind_null(&params);
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "operator_list", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        page_reply(rq, db_text(rows, 0, 0), db_text(rows, 0, 1));
}

/* ---- POST /api/v1/operators ---- */

struct operator_input {
    const char *name;
    const char *full_name;
    const char *password; /* NULL: a link lets the operator choose one */
    const char *roles;
    int language;
};

static bool read_new(struct request *rq, struct operator_input *input)
{
    json_t *roles = NULL;
    const struct in_field spec[] = {
        IN_TEXT("name", &input->name, 1, OPERATOR_NAME_CHARACTERS_MAX),
        IN_TEXT("full_name", &input->full_name, 1, OPERATOR_FULL_NAME_CHARACTERS_MAX),
        IN_ARRAY("roles", &roles, 1, OPERATOR_ROLES_MAX),
        IN_SECRET_OPT("password", &input->password, 1, PASSWORD_CHARACTERS_MAX, NULL),
        IN_ENUM_OPT("language", &input->language, operator_languages, NULL),
        IN_END,
    };
    if (!in_read(rq, spec))
        return false;
    operator_name_check(rq, "/name", input->name);
    input->roles = operator_roles_read(rq, "/roles", roles);
    if (!in_done(rq))
        return false;
    const char *const names[] = {input->name, input->full_name, NULL};
    return !input->password || login_password_ok(rq, "/password", input->password, names);
}

/* The body of a new operator, with the link when there is one. */
static void reply_created(struct request *rq, const struct db_rows *rows, const struct uuid *id,
                          const struct token *link)
{
    if (strcmp(db_text(rows, 0, 0), "created") != 0) {
        work_reply_outcome(rq, rows);
        return;
    }
    char id_text[UUID_TEXT_BYTES];
    uuid_format(id, id_text);
    reply_header(rq, "Location", request_printf(rq, "/api/v1/operators/%s", id_text));
    reply_etag(rq, db_int64(rows, 0, 3));
    if (!link) {
        work_reply_outcome(rq, rows);
        return;
    }
    const char *body = db_text(rows, 0, 1);
    size_t inside = strlen(body) - 1; /* all but the closing brace */
    reply_json(rq, 201,
               request_printf(rq, "%.*s, \"setup_path\": \"/#/setup/%s\"}", (int)inside, body, link->text));
}

void operators_post(struct request *rq, struct db_conn *db)
{
    struct operator_input input = {0};
    if (!read_new(rq, &input))
        return;
    char hash[PASSWORD_HASH_BYTES];
    enum err err = input.password ? password_hash(input.password, hash) : OK;
    struct uuid id = uuid_make_v7();
    struct token link;
    token_make(&link);

    struct db_params params = {0};
    db_bind_uuid(&params, session_who()->operator_id.bytes);
    db_bind_uuid(&params, id.bytes);
    db_bind_text(&params, input.name);
    db_bind_text(&params, input.full_name);
    db_bind_text(&params, operator_languages[input.language]);
    db_bind_text(&params, input.roles);
    db_bind_text(&params, input.password ? hash : NULL);
    db_bind_bytes(&params, input.password ? NULL : link.sha256, SHA256_BYTES);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    if (!err)
        err = db_query(db, "operator_create", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        reply_created(rq, rows, &id, input.password ? NULL : &link);
    sodium_memzero(&link, sizeof(link));
}

/* ---- GET and PATCH /api/v1/operators/:operator_id ---- */

void operators_operator_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    if (!request_param_uuid(rq, "operator_id", &id))
        return;
    struct db_params params = {0};
    db_bind_uuid(&params, id.bytes);
    answer_run(rq, db, "operator_read", &params, NULL);
}

void operators_operator_patch(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    const char *name = NULL, *full_name = NULL;
    int language = 0;
    bool has_language = false, active = false, has_active = false;
    const struct in_field spec[] = {
        IN_TEXT_OPT("name", &name, 1, OPERATOR_NAME_CHARACTERS_MAX, NULL),
        IN_TEXT_OPT("full_name", &full_name, 1, OPERATOR_FULL_NAME_CHARACTERS_MAX, NULL),
        IN_ENUM_OPT("language", &language, operator_languages, &has_language),
        IN_BOOL_OPT("active", &active, &has_active),
        IN_END,
    };
    if (!request_param_uuid(rq, "operator_id", &id) || !in_read(rq, spec))
        return;
    if (name)
        operator_name_check(rq, "/name", name);
    if (!in_done(rq))
        return;

    struct db_params params = {0};
    db_bind_uuid(&params, session_who()->operator_id.bytes);
    db_bind_uuid(&params, id.bytes);
    if (!answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, name);
    db_bind_text(&params, full_name);
    db_bind_text(&params, has_language ? operator_languages[language] : NULL);
    if (has_active)
        db_bind_bool(&params, active);
    else
        db_bind_null(&params);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "operator_change", &params, NULL);
}

/* ---- PUT /api/v1/operators/:operator_id/roles ---- */

void operators_operator_roles_put(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    json_t *roles = NULL;
    const struct in_field spec[] = {IN_ARRAY("roles", &roles, 1, OPERATOR_ROLES_MAX), IN_END};
    if (!request_param_uuid(rq, "operator_id", &id) || !in_read(rq, spec))
        return;
    const char *role_array = operator_roles_read(rq, "/roles", roles);
    if (!in_done(rq))
        return;
    const struct session_who *who = session_who();
    struct token token;
    token_make(&token);

    struct db_params params = {0};
    db_bind_uuid(&params, who->operator_id.bytes);
    db_bind_uuid(&params, who->session_id.bytes);
    db_bind_uuid(&params, id.bytes);
    if (!answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, role_array);
    db_bind_bytes(&params, token.sha256, SHA256_BYTES);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "operator_roles_set", &params, &rows);
    if (err) {
        reply_error(rq, err, NULL);
        return;
    }
    /* One's own new roles come with a new session token, as a new login would. */
    if (uuid_equal(&id, &who->operator_id) && strcmp(db_text(rows, 0, 0), "done") == 0)
        reply_session_cookie(rq, token.text, SESSION_COOKIE_MAX_AGE_S);
    sodium_memzero(&token, sizeof(token));
    work_reply_outcome(rq, rows);
}

/* ---- POST /api/v1/operators/:operator_id/password-reset ---- */

void operators_operator_password_reset_post(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    if (!request_param_uuid(rq, "operator_id", &id))
        return;
    struct token link;
    token_make(&link);
    struct db_params params = {0};
    db_bind_uuid(&params, session_who()->operator_id.bytes);
    db_bind_uuid(&params, id.bytes);
    db_bind_bytes(&params, link.sha256, SHA256_BYTES);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "operator_reset", &params, &rows);
    if (!err && strcmp(db_text(rows, 0, 0), "done") != 0)
        err = err_from_code(db_text(rows, 0, 0));
    if (err)
        reply_error(rq, err, NULL);
    else
        reply_json(rq, 201,
                   request_printf(rq, "{\"setup_path\": \"/#/setup/%s\", \"expires_at\": \"%s\"}", link.text,
                                  db_text(rows, 0, 1)));
    sodium_memzero(&link, sizeof(link));
}
