/* The holders of cards: read, find, make, change. */
#include "api/answer.h"
#include "api/fast.h"
#include "api/page.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

#include <stdlib.h>

/* ---- GET /api/v1/people ---- */

static const char *const person_states[] = {"active", "inactive", "left", NULL};

struct search {
    struct page page;
    const char *q;
    struct uuid department_id;
    bool has_department;
    const char *state;
};

static bool search_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct search *search = state;
    fast_bind_token(rq, &call->params);
    db_bind_text(&call->params, search->q);
    db_bind_uuid(&call->params, search->has_department ? search->department_id.bytes : NULL);
    db_bind_text(&call->params, search->state);
    db_bind_int64(&call->params, search->page.limit);
    db_bind_text(&call->params, search->page.after);
    return true;
}

static enum fast_next search_next(struct request *rq, void *state, const struct db_rows *rows,
                                  const struct fast_stage **ret_next)
{
    (void)state;
    (void)ret_next;
    answer_page(rq, rows);
    return FAST_REPLIED;
}

void people_get(struct request *rq)
{
    static const struct fast_stage find = {
        .statement = "person_search", .bind = search_bind, .next = search_next, .repeatable = true};
    struct search *search = request_alloc(rq, sizeof *search);
    search->page = (struct page)PAGE_FIRST;
    int word = -1;
    const struct in_field spec[] = {
        IN_PAGE(&search->page), IN_TEXT_OPT("q", &search->q, 0, SEARCH_TEXT_CHARACTERS_MAX, NULL),
        IN_UUID_OPT("department_id", &search->department_id, &search->has_department),
        IN_ENUM_OPT("state", &word, person_states, NULL), IN_END};
    if (!in_query(rq, spec) || !page_open(rq, &search->page))
        return;
    search->state = word < 0 ? NULL : person_states[word];
    fast_run(rq, &find, search);
}

/* ---- GET /api/v1/people/:person_id ---- */

void people_person_get(struct request *rq)
{
    static const struct fast_stage read = {
        .statement = "person_read", .bind = fast_bind_target, .repeatable = true};
    struct uuid *id = request_alloc(rq, sizeof *id);
    if (request_param_uuid(rq, "person_id", id))
        fast_run(rq, &read, id);
}

/* ---- POST /api/v1/people ---- */

void people_post(struct request *rq, struct db_conn *db)
{
    struct uuid id = uuid_make_v7();
    struct uuid department_id;
    bool has_department = false;
    const char *name = NULL;
    const char *personnel_no = NULL;
    const char *external_id = NULL;
    const struct in_field spec[] = {
        IN_UUID_OPT("id", &id, NULL),
        IN_TEXT("name", &name, 1, NAME_CHARACTERS_MAX),
        IN_TEXT_OPT("personnel_no", &personnel_no, 1, PERSONNEL_NO_CHARACTERS_MAX, NULL),
        IN_UUID_OPT("department_id", &department_id, &has_department),
        IN_TEXT_OPT("external_id", &external_id, 1, EXTERNAL_ID_CHARACTERS_MAX, NULL),
        IN_END,
    };
    if (!in_read(rq, spec))
        return;
    char id_text[UUID_TEXT_BYTES];
    uuid_format(&id, id_text);
    struct db_params params = {0};
    answer_bind_token(rq, &params);
    db_bind_uuid(&params, id.bytes);
    db_bind_text(&params, name);
    db_bind_text(&params, personnel_no);
    db_bind_uuid(&params, has_department ? department_id.bytes : NULL);
    db_bind_text(&params, external_id);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "person_create", &params, request_printf(rq, "/api/v1/people/%s", id_text));
}

/* ---- PATCH /api/v1/people/:person_id ---- */

struct person_change {
    const char *name;
    const char *personnel_no;
    enum in_given personnel_no_given;
    struct uuid department_id;
    enum in_given department_given;
    const char *external_id;
    enum in_given external_id_given;
};

static void set_text(json_t *change, const char *member, enum in_given given, const char *text)
{
    if (given != IN_ABSENT)
        json_object_set_new(change, member, given == IN_GIVEN_NULL ? json_null() : json_string(text));
}

/* The members to change as JSON text, allocated; NULL: it replied. */
static char *change_read(struct request *rq)
{
    struct person_change in = {0};
    const struct in_field spec[] = {
        IN_TEXT_OPT("name", &in.name, 1, NAME_CHARACTERS_MAX, NULL),
        IN_TEXT_PATCH("personnel_no", &in.personnel_no, 1, PERSONNEL_NO_CHARACTERS_MAX,
                      &in.personnel_no_given),
        IN_UUID_PATCH("department_id", &in.department_id, &in.department_given),
        IN_TEXT_PATCH("external_id", &in.external_id, 1, EXTERNAL_ID_CHARACTERS_MAX, &in.external_id_given),
        IN_END,
    };
    if (!in_read(rq, spec))
        return NULL;
    char department_text[UUID_TEXT_BYTES] = "";
    if (in.department_given == IN_GIVEN_VALUE)
        uuid_format(&in.department_id, department_text);
    json_t *change = json_object();
    set_text(change, "name", in.name ? IN_GIVEN_VALUE : IN_ABSENT, in.name);
    set_text(change, "personnel_no", in.personnel_no_given, in.personnel_no);
    set_text(change, "department_id", in.department_given, department_text);
    set_text(change, "external_id", in.external_id_given, in.external_id);
    char *text = answer_some(rq, json_object_size(change) > 0) ? json_dumps(change, JSON_COMPACT) : NULL;
    json_decref(change);
    return text;
}

void people_person_patch(struct request *rq, struct db_conn *db)
{
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "person_id"))
        return;
    CLEANUP(cleanup_free) char *change = change_read(rq);
    if (!change || !answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, change);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "person_change", &params, NULL);
}

/* ---- POST /api/v1/people/:person_id/activate, …/deactivate ---- */

static void change_state(struct request *rq, struct db_conn *db, const char *state)
{
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "person_id") || !answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, state);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "person_state", &params, NULL);
}

void people_person_activate_post(struct request *rq, struct db_conn *db)
{
    change_state(rq, db, "active");
}

void people_person_deactivate_post(struct request *rq, struct db_conn *db)
{
    change_state(rq, db, "inactive");
}
