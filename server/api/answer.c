#include "api/answer.h"

#include "api/outcome.h"
#include "api/page.h"
#include "base/cleanup.h"
#include "http/reply.h"

#include <string.h>

static bool outcome_is(const struct db_rows *rows, const char *word)
{
    return db_rows_count(rows) > 0 && !db_is_null(rows, 0, 0) && strcmp(db_text(rows, 0, 0), word) == 0;
}

void answer_run(struct request *rq, struct db_conn *db, const char *statement, const struct db_params *params,
                const char *created_path)
{
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, statement, params, &rows);
    if (err) {
        reply_error(rq, err, NULL);
        return;
    }
    if (created_path && outcome_is(rows, "created"))
        reply_header(rq, "Location", created_path);
    outcome_reply(rq, rows);
}

void answer_page(struct request *rq, const struct db_rows *rows)
{
    if (outcome_is(rows, "done"))
        page_reply(rq, db_text(rows, 0, 1), db_text(rows, 0, 3));
    else
        outcome_reply(rq, rows);
}

void answer_run_page(struct request *rq, struct db_conn *db, const char *statement,
                     const struct db_params *params)
{
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, statement, params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        answer_page(rq, rows);
}

bool answer_bind_version(struct request *rq, struct db_params *params)
{
    int64_t version = -1;
    if (!request_if_match(rq, &version))
        return false;
    if (version < 0)
        db_bind_null(params);
    else
        db_bind_int64(params, version);
    return true;
}

void answer_bind_token(struct request *rq, struct db_params *params)
{
    const struct principal *principal = request_principal(rq);
    db_bind_bytes(params, principal->kind == PRINCIPAL_SESSION ? principal->token_sha256 : NULL,
                  SHA256_BYTES);
}

const struct uuid *answer_bind_target(struct request *rq, struct db_params *params, const char *name)
{
    struct uuid *id = request_alloc(rq, sizeof *id);
    if (!request_param_uuid(rq, name, id))
        return NULL;
    answer_bind_token(rq, params);
    db_bind_uuid(params, id->bytes);
    return id;
}

bool answer_some(struct request *rq, bool some)
{
    if (!some)
        reply_field_error(rq, "", "empty", "Name at least one member to change.");
    return some;
}
