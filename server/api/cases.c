/* Cards that contradict the books: look at the evidence, close with a reason. */
#include "api/answer.h"
#include "api/page.h"
#include "api/routes.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

void cases_get(struct request *rq, struct db_conn *db)
{
    struct page page = PAGE_FIRST;
    bool open = false;
    bool has_open = false;
    struct uuid card_id;
    bool has_card = false;
    const struct in_field spec[] = {IN_PAGE(&page), IN_BOOL_OPT("open", &open, &has_open),
                                    IN_UUID_OPT("card_id", &card_id, &has_card), IN_END};
    if (!in_query(rq, spec) || !page_open(rq, &page))
        return;
    struct db_params params = {0};
    if (has_open)
        db_bind_bool(&params, open);
    else
        db_bind_null(&params);
    db_bind_uuid(&params, has_card ? card_id.bytes : NULL);
    db_bind_int64(&params, page.limit);
    db_bind_text(&params, page.after);
    answer_run_page(rq, db, "case_list", &params);
}

void cases_case_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    struct db_params params = {0};
    if (!request_param_uuid(rq, "case_id", &id))
        return;
    db_bind_uuid(&params, id.bytes);
    answer_run(rq, db, "case_read", &params, NULL);
}

void cases_case_close_post(struct request *rq, struct db_conn *db)
{
    const char *reason = NULL;
    const struct in_field spec[] = {
        IN_TEXT("reason", &reason, CASE_REASON_CHARACTERS_MIN, CASE_REASON_CHARACTERS_MAX), IN_END};
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "case_id") || !in_read(rq, spec))
        return;
    db_bind_text(&params, reason);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "case_close", &params, NULL);
}
