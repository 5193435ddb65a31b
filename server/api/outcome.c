#include "api/outcome.h"

#include "base/log.h"
#include "http/reply.h"

#include <string.h>

/* The cell of row 0 in the column of this name; NULL: no such column, or null. */
static const char *named_text(const struct db_rows *rows, const char *name)
{
    int column = db_rows_column(rows, name);
    return column < 0 ? NULL : db_text(rows, 0, column);
}

static int status_of(const struct db_rows *rows, int otherwise)
{
    int column = db_rows_column(rows, "status");
    return column < 0 || db_is_null(rows, 0, column) ? otherwise : (int)db_int64(rows, 0, column);
}

static void reply_body(struct request *rq, const struct db_rows *rows, int status)
{
    const char *body = db_rows_columns(rows) > 1 ? db_text(rows, 0, 1) : NULL;
    int version = db_rows_column(rows, "version");
    if (version >= 0 && !db_is_null(rows, 0, version))
        reply_etag(rq, db_int64(rows, 0, version));
    if (body)
        reply_json(rq, status, body);
    else
        reply_empty(rq, 204);
}

void outcome_reply(struct request *rq, const struct db_rows *rows)
{
    if (db_rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, NULL);
        return;
    }
    const char *word = db_text(rows, 0, 0);
    if (!word)
        word = "";
    if (strcmp(word, "replayed") == 0)
        reply_header(rq, "Idempotent-Replayed", "true");
    if (strcmp(word, "done") == 0 || strcmp(word, "replayed") == 0) {
        reply_body(rq, rows, status_of(rows, 200));
    } else if (strcmp(word, "created") == 0) {
        reply_body(rq, rows, status_of(rows, 201));
    } else if (strcmp(word, "empty") == 0) {
        reply_empty(rq, 204);
    } else {
        enum err err = err_from_code(word);
        if (err == ERR_INTERNAL)
            log_error("api.unknown_outcome", LOG_TEXT("outcome", word),
                      LOG_TEXT("request_id", request_id(rq)));
        reply_error_extra_text(rq, err, named_text(rows, "extra"));
    }
}
