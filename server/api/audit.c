/* The audit trail, newest first. */
#include "api/page.h"
#include "api/routes.h"
#include "api/work.h"
#include "base/cleanup.h"
#include "http/reply.h"

void audit_get(struct request *rq, struct db_conn *db)
{
    struct page page = PAGE_FIRST;
    struct uuid operator_id;
    bool has_operator = false;
    const char *action = NULL, *subject_kind = NULL, *subject_id = NULL, *from = NULL, *to = NULL;
    const struct in_field spec[] = {
        IN_PAGE(&page),
        IN_UUID_OPT("operator_id", &operator_id, &has_operator),
        IN_TEXT_OPT("action", &action, 1, 80, NULL),
        IN_TEXT_OPT("subject_kind", &subject_kind, 1, 40, NULL),
        IN_TEXT_OPT("subject_id", &subject_id, 1, 64, NULL),
        IN_DATE_OPT("from", &from, NULL),
        IN_DATE_OPT("to", &to, NULL),
        IN_END,
    };
    int64_t before = 0;
    if (!in_query(rq, spec) || !page_open_number(rq, &page, &before))
        return;

    struct db_params params = {0};
    if (before)
        db_bind_int64(&params, before);
    else
        db_bind_null(&params);
    db_bind_int64(&params, page.limit);
    db_bind_uuid(&params, has_operator ? operator_id.bytes : NULL);
    db_bind_text(&params, action);
    db_bind_text(&params, subject_kind);
    db_bind_text(&params, subject_id);
    db_bind_text(&params, from);
    db_bind_text(&params, to);
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "audit_list", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        page_reply(rq, db_text(rows, 0, 0), db_text(rows, 0, 1));
}
