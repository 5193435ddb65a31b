/* Cards on the screens: find, read, correct what is printed and how long they are valid. */
#include "api/answer.h"
#include "api/fast.h"
#include "api/page.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

#include <stdlib.h>

static const char *const card_states[] = {"issuing",  "active",    "damaged",  "lost",
                                          "replaced", "cancelled", "scrapped", NULL};

void cards_get(struct request *rq, struct db_conn *db)
{
    struct page page = PAGE_FIRST;
    struct uuid person_id;
    bool has_person = false;
    const char *q = NULL;
    int state = -1;
    const struct in_field spec[] = {IN_PAGE(&page), IN_ENUM_OPT("state", &state, card_states, NULL),
                                    IN_UUID_OPT("person_id", &person_id, &has_person),
                                    IN_TEXT_OPT("q", &q, 0, SEARCH_TEXT_CHARACTERS_MAX, NULL), IN_END};
    if (!in_query(rq, spec) || !page_open(rq, &page))
        return;
    struct db_params params = {0};
    db_bind_text(&params, state < 0 ? NULL : card_states[state]);
    db_bind_uuid(&params, has_person ? person_id.bytes : NULL);
    db_bind_text(&params, q);
    db_bind_int64(&params, page.limit);
    db_bind_text(&params, page.after);
    answer_run_page(rq, db, "card_list", &params);
}

void cards_card_get(struct request *rq)
{
    static const struct fast_stage read = {
        .statement = "card_read", .bind = fast_bind_target, .repeatable = true};
    struct uuid *id = request_alloc(rq, sizeof *id);
    if (request_param_uuid(rq, "card_id", id))
        fast_run(rq, &read, id);
}

void cards_card_patch(struct request *rq, struct db_conn *db)
{
    const char *printed_no = NULL;
    const char *expires_on = NULL;
    enum in_given printed_given = IN_ABSENT;
    enum in_given expires_given = IN_ABSENT;
    const struct in_field spec[] = {
        IN_TEXT_PATCH("printed_no", &printed_no, 1, PRINTED_NO_CHARACTERS_MAX, &printed_given),
        IN_DATE_PATCH("expires_on", &expires_on, &expires_given), IN_END};
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "card_id") || !in_read(rq, spec) ||
        !answer_some(rq, printed_given != IN_ABSENT || expires_given != IN_ABSENT))
        return;
    json_t *members = json_object();
    if (printed_given != IN_ABSENT)
        json_object_set_new(members, "printed_no",
                            printed_given == IN_GIVEN_NULL ? json_null() : json_string(printed_no));
    if (expires_given != IN_ABSENT)
        json_object_set_new(members, "expires_on",
                            expires_given == IN_GIVEN_NULL ? json_null() : json_string(expires_on));
    CLEANUP(cleanup_free) char *change = json_dumps(members, JSON_COMPACT);
    json_decref(members);

    if (!answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, change);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "card_change", &params, NULL);
}
