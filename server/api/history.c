/* What happened, in lists: desk acts of the site, and one line of time over all cards of a person. */
#include "api/answer.h"
#include "api/page.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"

#include <stdlib.h>

/* ---- GET /api/v1/operations ---- */

static const char *const kinds[] = {"issue", "unissue", "recharge", "withdraw", NULL};
static const char *const states[] = {"prepared", "writing", "in_doubt", "completed", "aborted", "open", NULL};

static void set_id(json_t *filter, const char *member, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    json_object_set_new(filter, member, json_string(text));
}

struct operation_filter {
    struct page page;
    struct uuid person_id, desk_id, operator_id;
    bool has_person, has_desk, has_operator;
    const char *from;
    const char *to;
    int kind;
    int state;
};

static bool filter_read(struct request *rq, struct operation_filter *in)
{
    const struct in_field spec[] = {
        IN_PAGE(&in->page),
        IN_UUID_OPT("person_id", &in->person_id, &in->has_person),
        IN_UUID_OPT("desk_id", &in->desk_id, &in->has_desk),
        IN_UUID_OPT("operator_id", &in->operator_id, &in->has_operator),
        IN_ENUM_OPT("kind", &in->kind, kinds, NULL),
        IN_ENUM_OPT("state", &in->state, states, NULL),
        IN_DATE_OPT("from", &in->from, NULL),
        IN_DATE_OPT("to", &in->to, NULL),
        IN_END,
    };
    return in_query(rq, spec) && page_open(rq, &in->page);
}

/* The filter as fn_operation_list takes it, allocated. */
static char *filter_text(const struct operation_filter *in)
{
    json_t *filter = json_object();
    if (in->has_person)
        set_id(filter, "person_id", &in->person_id);
    if (in->has_desk)
        set_id(filter, "desk_id", &in->desk_id);
    if (in->has_operator)
        set_id(filter, "operator_id", &in->operator_id);
    if (in->kind >= 0)
        json_object_set_new(filter, "kind", json_string(kinds[in->kind]));
    if (in->state >= 0)
        json_object_set_new(filter, "state", json_string(states[in->state]));
    if (in->from)
        json_object_set_new(filter, "from", json_string(in->from));
    if (in->to)
        json_object_set_new(filter, "to", json_string(in->to));
    char *text = json_dumps(filter, JSON_COMPACT);
    json_decref(filter);
    return text;
}

void operations_get(struct request *rq, struct db_conn *db)
{
    struct operation_filter in = {.page = PAGE_FIRST, .kind = -1, .state = -1};
    if (!filter_read(rq, &in))
        return;
    CLEANUP(cleanup_free) char *filter = filter_text(&in);
    struct db_params params = {0};
    db_bind_text(&params, filter);
    db_bind_int64(&params, in.page.limit);
    db_bind_text(&params, in.page.after);
    answer_run_page(rq, db, "operation_list", &params);
}

/* ---- GET /api/v1/desks/:desk_id/day ---- */

void desks_desk_day_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    const char *day = NULL; /* NULL: the business day that runs */
    const struct in_field spec[] = {IN_DATE_OPT("day", &day, NULL), IN_END};
    if (!request_param_uuid(rq, "desk_id", &id) || !in_query(rq, spec))
        return;
    struct db_params params = {0};
    db_bind_uuid(&params, id.bytes);
    db_bind_text(&params, day);
    answer_run(rq, db, "desk_day", &params, NULL);
}

/* ---- GET /api/v1/people/:person_id/timeline ---- */

void people_person_timeline_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    struct page page = PAGE_FIRST;
    const struct in_field spec[] = {IN_PAGE(&page), IN_END};
    if (!request_param_uuid(rq, "person_id", &id) || !in_query(rq, spec) || !page_open(rq, &page))
        return;
    struct db_params params = {0};
    db_bind_uuid(&params, id.bytes);
    db_bind_int64(&params, page.limit);
    db_bind_text(&params, page.after);
    answer_run_page(rq, db, "person_timeline", &params);
}
