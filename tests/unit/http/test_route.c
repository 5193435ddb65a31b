#include "http/route.h"

#include "base/log.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROW(method_, path_)                                                                                  \
    {                                                                                                        \
        .method = METHOD_##method_, .path = path_, .name = path_, .perm = PERM_PUBLIC, .lane = LANE_FAST,    \
        .replay = REPLAY_NONE, .body = BODY_NONE, .help = ""                                                 \
    }

static const struct route routes[] = {
    ROW(GET, "/livez"),
    ROW(GET, "/api/v1/people"),
    ROW(POST, "/api/v1/people"),
    ROW(POST, "/api/v1/people:import"),
    ROW(GET, "/api/v1/people/:person_id"),
    ROW(DELETE, "/api/v1/people/:person_id"),
    ROW(GET, "/api/v1/people/me"),
    ROW(GET, "/api/v1/people/me/cards"),
    ROW(POST, "/api/v1/people/:person_id:merge"),
    ROW(GET, "/api/v1/people/:person_id/cards/:card_id"),
};
#define COUNT (sizeof routes / sizeof *routes)

static struct route_table *table;

static void make_table(void)
{
    log_set_level(LOG_LEVEL_NONE);
    table = route_table_new(routes, COUNT);
}

static void drop_table(void)
{
    route_table_free(table);
}

TestSuite(http_route, .init = make_table, .fini = drop_table);

static const char *find(enum http_method method, const char *path)
{
    struct route_match match;
    route_find(table, method, path, &match);
    return match.route ? match.route->path : "";
}

Test(http_route, literals_and_parameters)
{
    cr_expect_str_eq(find(METHOD_GET, "/livez"), "/livez");
    cr_expect_str_eq(find(METHOD_GET, "/api/v1/people"), "/api/v1/people");
    cr_expect_str_eq(find(METHOD_GET, "/api/v1/people/7"), "/api/v1/people/:person_id");
    cr_expect_str_eq(find(METHOD_POST, "/api/v1/people:import"), "/api/v1/people:import");
    cr_expect_str_eq(find(METHOD_POST, "/api/v1/people/7:merge"), "/api/v1/people/:person_id:merge");
}

Test(http_route, a_literal_goes_before_a_parameter_and_gives_way_to_it)
{
    cr_expect_str_eq(find(METHOD_GET, "/api/v1/people/me"), "/api/v1/people/me");
    cr_expect_str_eq(find(METHOD_GET, "/api/v1/people/me/cards"), "/api/v1/people/me/cards");
    cr_expect_str_eq(find(METHOD_GET, "/api/v1/people/me/cards/3"),
                     "/api/v1/people/:person_id/cards/:card_id");
}

Test(http_route, values_are_the_segments)
{
    struct route_match match;
    route_find(table, METHOD_GET, "/api/v1/people/ab/cards/cde", &match);
    cr_assert(match.route);
    cr_expect_eq(match.value_bytes[0], 2);
    cr_expect_eq(strncmp(match.values[0], "ab/", 3), 0);
    cr_expect_eq(match.value_bytes[1], 3);
    cr_expect_eq(strcmp(match.values[1], "cde"), 0);
    cr_expect_null(match.values[2]);
    route_find(table, METHOD_POST, "/api/v1/people/ab:merge", &match);
    cr_assert(match.route);
    cr_expect_eq(match.value_bytes[0], 2);
}

Test(http_route, parameter_names)
{
    size_t bytes;
    const char *name = route_param_name(&routes[9], 1, &bytes);
    cr_expect_eq(bytes, strlen("card_id"));
    cr_expect_eq(strncmp(name, "card_id", bytes), 0);
    name = route_param_name(&routes[8], 0, &bytes);
    cr_expect_eq(bytes, strlen("person_id"), "the verb is not part of it");
    cr_expect_eq(strncmp(name, "person_id", bytes), 0);
    cr_expect_null(route_param_name(&routes[9], 2, &bytes));
}

Test(http_route, what_does_not_match)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "livez",
                                        "/livez/",
                                        "//livez",
                                        "/api/v1",
                                        "/Livez",
                                        "/api/v1/people/",
                                        "/api/v1/people//x",
                                        "/livezz",
                                        "/api/v1/people/7/cards",
                                        "/api/v1/people/7/cards/",
                                        "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct route_match match;
        route_find(table, METHOD_GET, paths[i], &match);
        cr_expect(!match.route && !match.methods, "%s", paths[i]);
    }
}

Test(http_route, other_methods_are_listed)
{
    struct route_match match;
    route_find(table, METHOD_PUT, "/api/v1/people/7", &match);
    cr_expect_null(match.route);
    cr_expect_eq(match.methods, 1u << METHOD_GET | 1u << METHOD_DELETE);
}

Test(http_route, colliding_rows_make_no_table)
{
    static const struct route twice[] = {ROW(GET, "/a/:x"), ROW(GET, "/a/:y")};
    cr_expect_null(route_table_new(twice, 2));
    static const struct route no_slash[] = {ROW(GET, "a")};
    cr_expect_null(route_table_new(no_slash, 1));
    static const struct route no_permission[] = {{.method = METHOD_GET, .path = "/a"}};
    cr_expect_null(route_table_new(no_permission, 1));
}

Test(http_route, method_words)
{
    cr_expect_eq(method_parse("GET"), METHOD_GET);
    cr_expect_eq(method_parse("HEAD"), METHOD_GET);
    cr_expect_eq(method_parse("DELETE"), METHOD_DELETE);
    cr_expect_eq(method_parse("get"), 0);
    cr_expect_eq(method_parse("BREW"), 0);
}
