/* Departments: a tree. */
#include "api/answer.h"
#include "api/routes.h"
#include "base/limits.h"
#include "http/in.h"
#include "http/reply.h"

void departments_get(struct request *rq, struct db_conn *db)
{
    const struct in_field spec[] = {IN_END};
    if (in_query(rq, spec))
        answer_run(rq, db, "department_list", NULL, NULL);
}

void departments_post(struct request *rq, struct db_conn *db)
{
    struct uuid id = uuid_make_v7();
    struct uuid parent_id;
    bool has_parent = false;
    const char *name = NULL;
    const struct in_field spec[] = {IN_UUID_OPT("id", &id, NULL),
                                    IN_UUID_OPT("parent_id", &parent_id, &has_parent),
                                    IN_TEXT("name", &name, 1, NAME_CHARACTERS_MAX), IN_END};
    if (!in_read(rq, spec))
        return;
    char id_text[UUID_TEXT_BYTES];
    uuid_format(&id, id_text);
    struct db_params params = {0};
    answer_bind_token(rq, &params);
    db_bind_uuid(&params, id.bytes);
    db_bind_uuid(&params, has_parent ? parent_id.bytes : NULL);
    db_bind_text(&params, name);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "department_create", &params, request_printf(rq, "/api/v1/departments/%s", id_text));
}

void departments_department_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    if (!request_param_uuid(rq, "department_id", &id))
        return;
    struct db_params params = {0};
    db_bind_uuid(&params, id.bytes);
    answer_run(rq, db, "department_read", &params, NULL);
}

void departments_department_patch(struct request *rq, struct db_conn *db)
{
    struct uuid parent_id;
    enum in_given move = IN_ABSENT;
    const char *name = NULL;
    const struct in_field spec[] = {IN_TEXT_OPT("name", &name, 1, NAME_CHARACTERS_MAX, NULL),
                                    IN_UUID_PATCH("parent_id", &parent_id, &move), IN_END};
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "department_id") || !in_read(rq, spec) ||
        !answer_some(rq, name || move != IN_ABSENT) || !answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, name);
    db_bind_bool(&params, move != IN_ABSENT);
    db_bind_uuid(&params, move == IN_GIVEN_VALUE ? parent_id.bytes : NULL);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "department_change", &params, NULL);
}

void departments_department_delete(struct request *rq, struct db_conn *db)
{
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "department_id") || !answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "department_delete", &params, NULL);
}
