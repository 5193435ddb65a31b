#include "http/in.h"

#include "http/internal.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

static struct http_server server;
static struct request *rq;

/* A request that came with this body; no connection is needed to read it. */
static void with_body(const char *json)
{
    cr_assert_geq(sodium_init(), 0);
    rq = request_new(&server, "/x");
    rq->method_text = "POST";
    rq->path = "/x";
    rq->json = json_loads(json, 0, NULL);
    cr_assert(rq->json, "%s", json);
}

static void with_query(const char *target)
{
    cr_assert_geq(sodium_init(), 0);
    rq = request_new(&server, target);
    rq->method_text = "GET";
    cr_assert(request_parse_target(rq));
}

static void done(void)
{
    request_complete(rq);
    request_pool_free(&server);
    rq = NULL;
}

/* True if the answer is BAD_FIELD and lists this pointer with this code. */
static bool refused(const char *pointer, const char *code)
{
    json_t *body = rq->reply.done ? json_loads(rq->reply.body, 0, NULL) : NULL;
    json_t *each;
    size_t index;
    bool found = false;
    json_array_foreach(json_object_get(body, "errors"), index, each)
    {
        found |= strcmp(json_string_value(json_object_get(each, "pointer")), pointer) == 0 &&
                 strcmp(json_string_value(json_object_get(each, "code")), code) == 0;
    }
    cr_expect(found, "%s %s not in %s", pointer, code, rq->reply.done ? rq->reply.body : "(no reply)");
    json_decref(body);
    return rq->reply.status == 400;
}

Test(http_in, all_kinds)
{
    with_body(
        "{\"amount_minor\": 500, \"on\": true, \"id\": \"01234567-89ab-7def-8123-456789abcdef\", \"name\": "
        "\" Zoe\u0308 \", \"kind\": \"water\", \"uid\": \"04A1b2\", \"day\": \"2024-02-29\", \"o\": {\"x\": "
        "1}, \"a\": [1, 2]}");
    static const char *const words[] = {"consumption", "water", NULL};
    int64_t amount_minor = 0;
    bool on = false;
    struct uuid id;
    const char *name = NULL;
    const char *day = NULL;
    int kind = -1;
    struct in_bytes uid;
    json_t *object = NULL;
    json_t *array = NULL;
    const struct in_field spec[] = {IN_MINOR("amount_minor", &amount_minor, 1, 500),
                                    IN_BOOL("on", &on),
                                    IN_UUID("id", &id),
                                    IN_TEXT("name", &name, 1, 3),
                                    IN_ENUM("kind", &kind, words),
                                    IN_HEX("uid", &uid, 3, 3),
                                    IN_DATE("day", &day),
                                    IN_OBJECT("o", &object),
                                    IN_ARRAY("a", &array, 2, 2),
                                    IN_END};
    cr_assert(in_read(rq, spec), "%s", rq->reply.body);
    cr_expect_eq(amount_minor, 500);
    cr_expect(on);
    cr_expect_eq(id.bytes[0], 0x01);
    cr_expect_str_eq(name, "Zo\u00eb", "trimmed and composed");
    cr_expect_eq(kind, 1);
    cr_expect_eq(uid.count, 3);
    cr_expect_eq(uid.bytes[1], 0xa1);
    cr_expect_str_eq(day, "2024-02-29");
    cr_expect_eq(json_object_size(object), 1);
    cr_expect_eq(json_array_size(array), 2);
    done();
}

Test(http_in, every_wrong_field_is_named)
{
    with_body("{\"amount_minor\": 501, \"name\": 7, \"extra\": 1, \"on\": \"true\", \"a/b~c\": 1}");
    int64_t amount_minor = -1;
    const char *name = "before";
    bool on = false;
    struct uuid id;
    const struct in_field spec[] = {IN_MINOR("amount_minor", &amount_minor, 1, 500),
                                    IN_TEXT("name", &name, 1, 10), IN_BOOL("on", &on), IN_UUID("id", &id),
                                    IN_END};
    cr_assert_not(in_read(rq, spec));
    cr_expect(refused("/amount_minor", "out_of_range"));
    cr_expect(refused("/name", "wrong_type"));
    cr_expect(refused("/extra", "unknown_field"));
    cr_expect(refused("/on", "wrong_type"));
    cr_expect(refused("/id", "missing"));
    cr_expect(refused("/a~1b~0c", "unknown_field"));
    cr_expect_eq(amount_minor, -1);
    cr_expect_str_eq(name, "before");
    done();
}

static void refuse_minor(const char *json, const char *code)
{
    with_body(json);
    int64_t amount_minor = 0;
    const struct in_field spec[] = {IN_MINOR("amount_minor", &amount_minor, 1, 500), IN_END};
    cr_expect_not(in_read(rq, spec));
    refused("/amount_minor", code);
    done();
}

Test(http_in, money_is_whole_and_in_its_limits)
{
    refuse_minor("{\"amount_minor\": 1.0}", "wrong_type");
    refuse_minor("{\"amount_minor\": 1e2}", "wrong_type");
    refuse_minor("{\"amount_minor\": \"1\"}", "wrong_type");
    refuse_minor("{\"amount_minor\": 0}", "out_of_range");
    refuse_minor("{\"amount_minor\": 501}", "out_of_range");
    refuse_minor("{\"amount_minor\": null}", "missing");
    refuse_minor("{\"amount_minor\": true}", "wrong_type");
    refuse_minor("{\"amount_minor\": []}", "wrong_type");
}

static void refuse_text(const char *json, const char *code)
{
    with_body(json);
    const char *name = NULL;
    const struct in_field spec[] = {IN_TEXT("name", &name, 1, 3), IN_END};
    cr_expect_not(in_read(rq, spec), "%s", json);
    refused("/name", code);
    done();
}

Test(http_in, texts_have_characters_not_controls)
{
    refuse_text("{\"name\": \"\"}", "out_of_range");
    refuse_text("{\"name\": \"   \"}", "out_of_range");
    refuse_text("{\"name\": \"李雷李雷\"}", "out_of_range");
    refuse_text("{\"name\": \"a\\nb\"}", "malformed");
    refuse_text("{\"name\": \"a\\u0007\"}", "malformed");
    refuse_text("{\"name\": \"a\\u202e\"}", "malformed");
    refuse_text("{\"name\": \"a\\u2028\"}", "malformed");
}

Test(http_in, a_secret_keeps_its_blanks)
{
    with_body("{\"password\": \" a b \"}");
    const char *password = NULL;
    const struct in_field spec[] = {IN_SECRET("password", &password, 1, 10), IN_END};
    cr_assert(in_read(rq, spec));
    cr_expect_str_eq(password, " a b ");
    done();
}

Test(http_in, absent_null_and_given_are_told_apart)
{
    with_body("{\"a\": null, \"b\": \"x\", \"d\": null}");
    const char *text = "before";
    bool given_a = true, given_c = true;
    enum in_given b = IN_ABSENT, c = IN_GIVEN_NULL, d = IN_ABSENT;
    const char *changed = NULL;
    const struct in_field spec[] = {
        IN_TEXT_OPT("a", &text, 1, 3, &given_a), IN_TEXT_PATCH("b", &changed, 1, 3, &b),
        IN_TEXT_PATCH("c", &text, 1, 3, &c),     IN_TEXT_PATCH("d", &text, 1, 3, &d),
        IN_TEXT_OPT("e", &text, 1, 3, &given_c), IN_END};
    cr_assert(in_read(rq, spec));
    cr_expect_not(given_a);
    cr_expect_not(given_c);
    cr_expect_eq(b, IN_GIVEN_VALUE);
    cr_expect_str_eq(changed, "x");
    cr_expect_eq(c, IN_ABSENT);
    cr_expect_eq(d, IN_GIVEN_NULL);
    cr_expect_str_eq(text, "before");
    done();
}

Test(http_in, dates_exist)
{
    static const char *const bad[] = {
        "2023-02-29", "2024-13-01",       "2024-00-10", "2024-04-31", "24-04-01",
        "2024-4-1",   "2024-04-01T00:00", "2024/04/01", "+024-04-01", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char json[64];
        snprintf(json, sizeof json, "{\"day\": \"%s\"}", bad[i]);
        with_body(json);
        const char *day = NULL;
        const struct in_field spec[] = {IN_DATE("day", &day), IN_END};
        cr_expect_not(in_read(rq, spec), "%s", bad[i]);
        done();
    }
}

Test(http_in, nested_objects_have_their_own_pointers)
{
    with_body("{\"legs\": [{\"amount\": 1}, {\"amount\": 99, \"x\": 1}]}");
    json_t *legs = NULL;
    const struct in_field spec[] = {IN_ARRAY("legs", &legs, 1, 4), IN_END};
    cr_assert(in_read(rq, spec));
    int64_t amount = 0;
    const struct in_field leg[] = {IN_INT("amount", &amount, 1, 10), IN_END};
    in_object(rq, "/legs/0", json_array_get(legs, 0), leg);
    in_object(rq, "/legs/1", json_array_get(legs, 1), leg);
    cr_expect_eq(amount, 1);
    cr_expect_not(in_done(rq));
    refused("/legs/1/amount", "out_of_range");
    refused("/legs/1/x", "unknown_field");
    done();
}

Test(http_in, query_parameters)
{
    with_query("/x?limit=20&active=false&q=%E6%9D%8E+a&id=01234567-89ab-7def-8123-456789abcdef");
    int64_t limit = 50;
    bool active = true, given = false;
    const char *search = NULL;
    struct uuid id;
    const struct in_field spec[] = {IN_INT_OPT("limit", &limit, 1, 200, NULL),
                                    IN_BOOL_OPT("active", &active, &given),
                                    IN_TEXT_OPT("q", &search, 1, 60, NULL), IN_UUID("id", &id), IN_END};
    cr_assert(in_query(rq, spec), "%s", rq->reply.body);
    cr_expect_eq(limit, 20);
    cr_expect(given && !active);
    cr_expect_str_eq(search, "李 a");
    done();
}

Test(http_in, wrong_query_parameters_are_named)
{
    with_query("/x?limit=2x&other=1");
    int64_t limit = 50;
    struct uuid id;
    const struct in_field spec[] = {IN_INT_OPT("limit", &limit, 1, 200, NULL), IN_UUID("id", &id), IN_END};
    cr_assert_not(in_query(rq, spec));
    refused("/query/limit", "wrong_type");
    refused("/query/other", "unknown_field");
    refused("/query/id", "missing");
    cr_expect_eq(limit, 50);
    done();
}

Test(http_in, a_long_foreign_name_is_cut_between_characters)
{
    char json[512] = "{\"";
    for (int i = 0; i < 40; i++)
        memcpy(json + 2 + 3 * i, "\xe6\x9d\x8e", 4);
    memcpy(json + 2 + 3 * 40, "\": 1}", 6);
    with_body(json);
    const struct in_field spec[] = {IN_END};
    cr_assert_not(in_read(rq, spec));
    cr_expect_eq(rq->reply.status, 400);
    cr_expect(strstr(rq->reply.body, "unknown_field"), "%s", rq->reply.body);
    done();
}
