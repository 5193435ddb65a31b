#include "http/in.h"

#include "http/in_value.h"
#include "http/internal.h"

#include <assert.h>
#include <string.h>

static void note(const struct in_field *field, enum in_given given)
{
    if (field->given)
        *field->given = given == IN_GIVEN_VALUE;
    if (field->patch)
        *field->patch = given;
}

static const struct in_field *find_field(const struct in_field *spec, const char *name)
{
    for (; spec->kind != IN_KIND_END; spec++)
        if (strcmp(spec->name, name) == 0)
            return spec;
    return NULL;
}

/* A JSON pointer to `name` below `pointer`, with ~ and / escaped (RFC 6901). Names from outside are cut
 * short. */
static const char *pointer_to(struct request *rq, const char *pointer, const char *name)
{
    char escaped[2 * IN_NAME_BYTES_MAX + 1];
    size_t filled = 0;
    for (size_t i = 0; name[i] && i < IN_NAME_BYTES_MAX; i++) {
        if (i + 4 > IN_NAME_BYTES_MAX && (name[i] & 0xc0) != 0x80)
            break; /* cut between characters */
        bool special = name[i] == '~' || name[i] == '/';
        if (special)
            escaped[filled++] = '~';
        escaped[filled++] = !special ? name[i] : name[i] == '~' ? '0' : '1';
    }
    escaped[filled] = '\0';
    return request_printf(rq, "%s/%s", pointer, escaped);
}

static void add_fault(struct request *rq, const char *pointer, const char *name, struct in_fault fault)
{
    if (fault.code)
        field_error_add(rq, pointer_to(rq, pointer, name), fault.code, fault.message);
}

static void read_field(struct request *rq, const char *pointer, const struct in_field *field, json_t *value)
{
    struct in_fault missing = {"missing", "must be given"};
    bool is_null = value && json_is_null(value);
    if (!value || is_null) {
        note(field, is_null && field->need == IN_NULLABLE ? IN_GIVEN_NULL : IN_ABSENT);
        if (field->need == IN_MUST)
            add_fault(rq, pointer, field->name, missing);
        return;
    }
    note(field, IN_GIVEN_VALUE);
    add_fault(rq, pointer, field->name, in_value_json(rq, field, value));
}

void in_object(struct request *rq, const char *pointer, json_t *object, const struct in_field *spec)
{
    const char *name;
    json_t *value;
    struct in_fault unknown = {"unknown_field", "is not known here"};
    json_object_foreach(object, name, value)
    {
        if (!find_field(spec, name))
            add_fault(rq, pointer, name, unknown);
    }
    for (const struct in_field *field = spec; field->kind != IN_KIND_END; field++)
        read_field(rq, pointer, field, json_object_get(object, field->name));
}

bool in_done(struct request *rq)
{
    if (!rq->field_errors)
        return true;
    reply_error(rq, ERR_BAD_FIELD, NULL);
    return false;
}

bool in_read(struct request *rq, const struct in_field *spec)
{
    json_t *body = request_body_json(rq);
    assert(body); /* the route reads JSON, so the guard made it */
    in_object(rq, "", body, spec);
    return in_done(rq);
}

bool in_query(struct request *rq, const struct in_field *spec)
{
    const char *name;
    const char *value;
    struct in_fault unknown = {"unknown_field", "is not a parameter of this address"};
    for (int i = 0; i < request_query_count(rq); i++) {
        request_query_at(rq, i, &name, &value);
        if (!find_field(spec, name))
            add_fault(rq, "/query", name, unknown);
    }
    for (const struct in_field *field = spec; field->kind != IN_KIND_END; field++) {
        value = request_query(rq, field->name);
        bool given = value && (*value || field->kind == IN_KIND_TEXT);
        note(field, given ? IN_GIVEN_VALUE : IN_ABSENT);
        if (given)
            add_fault(rq, "/query", field->name, in_value_text(rq, field, value));
        else if (field->need == IN_MUST)
            add_fault(rq, "/query", field->name, (struct in_fault){"missing", "must be given"});
    }
    return in_done(rq);
}
