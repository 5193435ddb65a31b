/* Desks and the pairing of their agents, from the operator's side. */
#include "api/agent_auth.h"
#include "api/answer.h"
#include "api/desk_wake.h"
#include "api/outcome.h"
#include "api/pairing_code.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "http/in.h"
#include "http/reply.h"

#include <sodium.h>

void desks_get(struct request *rq, struct db_conn *db)
{
    const struct in_field spec[] = {IN_END};
    if (in_query(rq, spec))
        answer_run(rq, db, "desk_list", NULL, NULL);
}

void desks_post(struct request *rq, struct db_conn *db)
{
    struct uuid id = uuid_make_v7();
    const char *name = NULL;
    const struct in_field spec[] = {IN_UUID_OPT("id", &id, NULL),
                                    IN_TEXT("name", &name, 1, DESK_NAME_CHARACTERS_MAX), IN_END};
    if (!in_read(rq, spec))
        return;
    char id_text[UUID_TEXT_BYTES];
    uuid_format(&id, id_text);
    struct db_params params = {0};
    answer_bind_token(rq, &params);
    db_bind_uuid(&params, id.bytes);
    db_bind_text(&params, name);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "desk_create", &params, request_printf(rq, "/api/v1/desks/%s", id_text));
}

void desks_desk_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    struct db_params params = {0};
    if (!request_param_uuid(rq, "desk_id", &id))
        return;
    db_bind_uuid(&params, id.bytes);
    answer_run(rq, db, "desk_read", &params, NULL);
}

/* A statement that may revoke the desk's agent: then this process forgets it and the desk's screen is told.
 */
static void run_revoking(struct request *rq, struct db_conn *db, const char *statement,
                         const struct db_params *params, const struct uuid *desk_id)
{
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    struct uuid agent_id;
    enum err err = db_query(db, statement, params, &rows);
    if (err) {
        reply_error(rq, err, NULL);
        return;
    }
    int column = db_rows_column(rows, "agent_id");
    if (db_rows_count(rows) > 0 && column >= 0 && db_uuid(rows, 0, column, agent_id.bytes)) {
        agent_auth_forget(&agent_id);
        desk_wake_post(desk_id);
    }
    outcome_reply(rq, rows);
}

/* The members given, as text for fn_desk_change; null counts as absent. NULL: it replied. The caller frees
 * it. */
static char *change_read(struct request *rq)
{
    static const char *const printers[] = {"browser", "printer", NULL};
    static const char *const languages[] = {"en", "zh-CN", NULL};
    const char *name = NULL;
    bool active;
    int word;
    int64_t paper_mm = RECEIPT_PAPER_WIDE_MM;
    const struct in_field spec[] = {IN_TEXT_OPT("name", &name, 1, DESK_NAME_CHARACTERS_MAX, NULL),
                                    IN_BOOL_OPT("active", &active, NULL),
                                    IN_ENUM_OPT("receipt_by", &word, printers, NULL),
                                    IN_INT_OPT("receipt_paper_mm", &paper_mm, 0, INT16_MAX, NULL),
                                    IN_ENUM_OPT("receipt_language", &word, languages, NULL),
                                    IN_END};
    if (!in_read(rq, spec))
        return NULL;
    if (paper_mm != RECEIPT_PAPER_NARROW_MM && paper_mm != RECEIPT_PAPER_WIDE_MM)
        field_error_add(rq, "/receipt_paper_mm", "paper", "The paper is 58 or 80 mm wide.");
    json_t *change = json_copy(request_body_json(rq));
    const char *member;
    void *next;
    json_t *value;
    json_object_foreach_safe(change, next, member, value)
    {
        if (json_is_null(value))
            json_object_del(change, member);
    }
    if (name) /* as normalised */
        json_object_set_new(change, "name", json_string(name));
    char *text = in_done(rq) && answer_some(rq, json_object_size(change) > 0)
                     ? json_dumps(change, JSON_COMPACT)
                     : NULL;
    json_decref(change);
    return text;
}

void desks_desk_patch(struct request *rq, struct db_conn *db)
{
    struct db_params params = {0};
    const struct uuid *id = answer_bind_target(rq, &params, "desk_id");
    if (!id)
        return;
    CLEANUP(cleanup_free) char *change = change_read(rq);
    if (!change || !answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, change);
    db_bind_text(&params, request_id(rq));
    run_revoking(rq, db, "desk_change", &params, id);
}

void desks_desk_agent_delete(struct request *rq, struct db_conn *db)
{
    struct db_params params = {0};
    const struct uuid *id = answer_bind_target(rq, &params, "desk_id");
    if (!id)
        return;
    db_bind_text(&params, request_id(rq));
    run_revoking(rq, db, "desk_agent_delete", &params, id);
}

/* ---- POST /api/v1/desks/:desk_id/pairings ---- */

void desks_desk_pairings_post(struct request *rq, struct db_conn *db)
{
    static const char alphabet[] = PAIRING_ALPHABET;
    struct uuid desk_id;
    struct uuid id = uuid_make_v7();
    if (!request_param_uuid(rq, "desk_id", &desk_id))
        return;
    char code[PAIRING_CODE_LETTERS + 1] = "";
    for (int i = 0; i < PAIRING_CODE_LETTERS; i++)
        code[i] = alphabet[random_below(sizeof alphabet - 1)];
    uint8_t code_sha256[SHA256_BYTES];
    sha256(code, PAIRING_CODE_LETTERS, code_sha256);
    struct db_params params = {0};
    answer_bind_token(rq, &params);
    db_bind_uuid(&params, id.bytes);
    db_bind_uuid(&params, desk_id.bytes);
    db_bind_bytes(&params, code_sha256, sizeof code_sha256);
    db_bind_text(&params, code);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "pairing_create", &params, NULL);
    sodium_memzero(code, sizeof code);
}
