/* People: made, changed, found. */
#include "tests/lib/story.h"

#include <stdio.h>
#include <string.h>

STORY(people, a_person_is_made_read_and_changed)
{
    static const struct step steps[] = {
        {"works", POST("/api/v1/departments"), .body = "{'name': 'Works'}", .want = 201},
        {"ann", POST("/api/v1/people"), .as = "hr",
         .body = "{'name': 'Ann Bell', 'personnel_no': 'A-17', 'department_id': '{works.id}', 'external_id': "
                 "'hr/17'}",
         .want = 201, .want_header = "ETag: W/\"1\"",
         .has = "{'name': 'Ann Bell', 'personnel_no': 'A-17', 'external_id': 'hr/17', 'state': 'active', "
                "'version': 1, "
                "'department': {'id': '{works.id}', 'name': 'Works'}, 'cards': [], 'balances': null}"},
        {"place", SQL("SELECT '{ann.@location}' = '/api/v1/people/{ann.id}'"), .text = "t"},
        {"read", GET("/api/v1/people/{ann.id}"), .as = "cashier", .want = 200, .want_header = "ETag: W/\"1\"",
         .has = "{'name': 'Ann Bell', 'department': {'name': 'Works'}}"},
        {"marry", PATCH("/api/v1/people/{ann.id}"), .body = "{'name': 'Ann Hill', 'personnel_no': null}",
         .headers = "If-Match: {read.@etag}", .want = 200,
         .has = "{'name': 'Ann Hill', 'personnel_no': null, 'external_id': 'hr/17', 'version': 2}"},
        {"stale", PATCH("/api/v1/people/{ann.id}"), .body = "{'name': 'Ann Lee'}",
         .headers = "If-Match: {read.@etag}", .want_err = "precondition_failed"},
        {"away", PATCH("/api/v1/people/{ann.id}"), .body = "{'department_id': null, 'external_id': null}",
         .want = 200, .has = "{'department': null, 'external_id': null, 'version': 3}"},
        {"stale state", POST("/api/v1/people/{ann.id}/deactivate"), .headers = "If-Match: {read.@etag}",
         .want_err = "precondition_failed"},
        {"off", POST("/api/v1/people/{ann.id}/deactivate"), .want = 200,
         .has = "{'state': 'inactive', 'version': 4}"},
        {"off again", POST("/api/v1/people/{ann.id}/deactivate"), .want = 200, .has = "{'version': 4}"},
        {"on", POST("/api/v1/people/{ann.id}/activate"), .want = 200,
         .has = "{'state': 'active', 'version': 5}"},
        {"audit", SQL("SELECT string_agg(action, ' ' ORDER BY no) FROM audit WHERE subject_id = '{ann.id}'"),
         .text = "person.create person.change person.change person.deactivate person.activate"},
        {"no names in it",
         SQL("SELECT count(*) FROM audit WHERE subject_kind = 'person' AND detail::text LIKE '%Ann%'"),
         .text = "0"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(people, the_caller_may_choose_the_id_and_repeat)
{
    static const struct step steps[] = {
        {"first", POST("/api/v1/people"), .body = "{'id': '{new.a}', 'name': 'Ann', 'personnel_no': '1'}",
         .want = 201},
        {"again", POST("/api/v1/people"), .body = "{'id': '{new.a}', 'name': 'Ann', 'personnel_no': '1'}",
         .want = 200, .has = "{'id': '{new.a}', 'version': 1}"},
        {"other", POST("/api/v1/people"), .body = "{'id': '{new.a}', 'name': 'Bob', 'personnel_no': '1'}",
         .want_err = "name_taken", .pointer = "/id"},
        {"one", SQL("SELECT count(*) FROM person"), .text = "1"},
        {"taken no", POST("/api/v1/people"), .body = "{'name': 'Bob', 'personnel_no': '1'}",
         .want_err = "name_taken", .pointer = "/personnel_no", .has = "{'person_id': '{new.a}'}"},
        {"bob", POST("/api/v1/people"), .body = "{'name': 'Bob', 'external_id': 'x'}", .want = 201},
        {"taken id", PATCH("/api/v1/people/{first.id}"), .body = "{'external_id': 'x'}",
         .want_err = "name_taken", .pointer = "/external_id"},
        {"taken by change", PATCH("/api/v1/people/{bob.id}"), .body = "{'personnel_no': '1'}",
         .want_err = "name_taken", .pointer = "/personnel_no"},
        {"no department", POST("/api/v1/people"), .body = "{'name': 'Eve', 'department_id': '{new.d}'}",
         .want_err = "bad_field", .pointer = "/department_id"},
        {"no department either", PATCH("/api/v1/people/{bob.id}"), .body = "{'department_id': '{new.d}'}",
         .want_err = "bad_field", .pointer = "/department_id"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(people, wrong_input_and_wrong_callers_are_refused)
{
    static const struct step steps[] = {
        {"all wrong", POST("/api/v1/people"), .body = "{'personnel_no': 5, 'department_id': 'x'}",
         .want_err = "bad_field", .pointer = "/personnel_no"},
        {"no name", POST("/api/v1/people"), .body = "{}", .want_err = "bad_field", .pointer = "/name"},
        {"control", POST("/api/v1/people"), .body = "{'name': 'A\\u0007'}", .want_err = "bad_field",
         .pointer = "/name"},
        {"unknown", POST("/api/v1/people"), .body = "{'name': 'A', 'age': 9}", .want_err = "bad_field",
         .pointer = "/age"},
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann'}", .want = 201},
        {"nothing", PATCH("/api/v1/people/{ann.id}"), .body = "{}", .want_err = "bad_field"},
        {"no such", GET("/api/v1/people/{new.none}"), .want_err = "not_found"},
        {"no such change", PATCH("/api/v1/people/{new.none}"), .body = "{'name': 'B'}",
         .want_err = "not_found"},
        {"no such state", POST("/api/v1/people/{new.none}/activate"), .want_err = "not_found"},
        {"not an id", GET("/api/v1/people/7"), .want_err = "not_found"},
        {"limit", GET("/api/v1/people?limit=0"), .want_err = "bad_field", .pointer = "/query/limit"},
        {"state", GET("/api/v1/people?state=dead"), .want_err = "bad_field", .pointer = "/query/state"},
        {"cursor", GET("/api/v1/people?cursor=AAAA"), .want_err = "bad_field", .pointer = "/query/cursor"},
        {"cursor text", GET("/api/v1/people?cursor=OS54"), .want_err = "bad_field",
         .pointer = "/query/cursor"},
        {"nobody finds", GET("/api/v1/people"), .as = "nobody", .want_err = "unauthenticated"},
        {"technician finds", GET("/api/v1/people"), .as = "technician", .want_err = "forbidden"},
        {"nobody reads", GET("/api/v1/people/{ann.id}"), .as = "nobody", .want_err = "unauthenticated"},
        {"technician reads", GET("/api/v1/people/{ann.id}"), .as = "technician", .want_err = "forbidden"},
        {"finance makes", POST("/api/v1/people"), .as = "finance", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"finance changes", PATCH("/api/v1/people/{ann.id}"), .as = "finance", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"finance stops", POST("/api/v1/people/{ann.id}/deactivate"), .as = "finance",
         .want_err = "forbidden"},
        {"finance starts", POST("/api/v1/people/{ann.id}/activate"), .as = "finance",
         .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}

/* Nine people in an order that is neither that of their names nor of their numbers. */
#define WANG "王小明"
#define LI "李明"
#define WIDE "ＺＯË"
#define CROWD                                                                                                \
    {"fingerprint", SQL("INSERT INTO site_key VALUES (9, decode(repeat('00', 32), 'hex'))")},                \
        {"works", POST("/api/v1/departments"), .body = "{'name': 'Works'}", .want = 201},                    \
        {"paint", POST("/api/v1/departments"), .body = "{'name': 'Paint', 'parent_id': '{works.id}'}",       \
         .want = 201},                                                                                       \
        {"wang", POST("/api/v1/people"), .body = "{'name': '" WANG "', 'personnel_no': 'P100'}",             \
         .want = 201},                                                                                       \
        {"li", POST("/api/v1/people"),                                                                       \
         .body = "{'name': '" LI "', 'personnel_no': 'p101', 'department_id': '{paint.id}'}", .want = 201},  \
        {"bell", POST("/api/v1/people"), .body = "{'name': 'Ann Bell', 'department_id': '{works.id}'}",      \
         .want = 201},                                                                                       \
        {"abel", POST("/api/v1/people"), .body = "{'name': 'Abel Ann'}", .want = 201},                       \
        {"percent", POST("/api/v1/people"), .body = "{'name': '100% Cotton_Ltd'}", .want = 201},             \
        {"wide", POST("/api/v1/people"), .body = "{'name': '" WIDE "'}", .want = 201},                       \
    {                                                                                                        \
        "card", SQL("INSERT INTO card (id, uid, chip, card_no, printed_no, person_id, key_version, "         \
                    "start_sector, state, issued_on) VALUES (gen_random_uuid(), '\\x01020304', '1k', "       \
                    "700042, 'No. 5', '{bell.id}', 9, 1, 'active', current_date)")                           \
    }

static void names_are(struct story *story, const char *label, const char *expected)
{
    char names[256] = "";
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(story_answer(story, label), "items"), index, item)
    {
        strncat(names, index ? "|" : "", sizeof names - strlen(names) - 1);
        strncat(names, json_string_value(json_object_get(item, "name")), sizeof names - strlen(names) - 1);
    }
    cr_assert_str_eq(names, expected, "%s found %s", label, names);
}

static void find(struct story *story, const char *query, const char *expected)
{
    char path[256];
    snprintf(path, sizeof path, "/api/v1/people?%s", query);
    const struct step step = {.label = query, GET(path), .as = "cashier", .want = 200};
    story_step(story, &step);
    names_are(story, query, expected);
}

STORY(people, are_found_by_name_number_and_card)
{
    static const struct step steps[] = {CROWD};
    story_play(story, steps, STEPS(steps));
    find(story, "", "100% Cotton_Ltd|Abel Ann|Ann Bell|" WIDE "|" LI "|" WANG);
    find(story, "q=", "100% Cotton_Ltd|Abel Ann|Ann Bell|" WIDE "|" LI "|" WANG);
    find(story, "q=ann", "Ann Bell|Abel Ann");
    find(story, "q=BELL%20ann", "Ann Bell");
    find(story, "q=%E7%8E%8B", WANG);
    find(story, "q=%E6%98%8E", WANG "|" LI);
    find(story, "q=%E5%B0%8F%E6%98%8E", WANG);
    find(story, "q=zo%C3%AB", WIDE);
    find(story, "q=%25", "100% Cotton_Ltd");
    find(story, "q=_", "100% Cotton_Ltd");
    find(story, "q=P10", WANG "|" LI);
    find(story, "q=p101", LI);
    find(story, "q=700042", "Ann Bell");
    find(story, "q=7000", "Ann Bell");
    find(story, "q=042", "Ann Bell");
    find(story, "q=%EF%BC%97%EF%BC%90%EF%BC%90", "Ann Bell");
    find(story, "q=no.5", "Ann Bell");
    find(story, "q=nobody", "");
    find(story, "state=inactive", "");
}

STORY(people, are_found_by_department_and_state)
{
    static const struct step steps[] = {
        CROWD,
        {"off", POST("/api/v1/people/{li.id}/deactivate"), .want = 200},
        {"in works", GET("/api/v1/people?department_id={works.id}"), .want = 200},
        {"in paint", GET("/api/v1/people?department_id={paint.id}"), .want = 200},
        {"in paint active", GET("/api/v1/people?department_id={paint.id}&state=active"), .want = 200},
        {"by text", GET("/api/v1/people?department_id={works.id}&q=%E6%98%8E"), .want = 200},
        {"elsewhere", GET("/api/v1/people?department_id={paint.id}&q=700042"), .want = 200},
        {"nowhere", GET("/api/v1/people?department_id={new.nowhere}"), .want = 200},
        {"line", GET("/api/v1/people?q=bell&limit=1"), .want = 200},
    };
    story_play(story, steps, STEPS(steps));
    names_are(story, "in works", "Ann Bell|" LI);
    names_are(story, "in paint", LI);
    names_are(story, "in paint active", "");
    names_are(story, "by text", LI);
    names_are(story, "elsewhere", "");
    names_are(story, "nowhere", "");
    cr_assert_str_eq(story_value(story, "line", "items.0.card.printed_no"), "No. 5");
    cr_assert_str_eq(story_value(story, "line", "items.0.department.name"), "Works");
}

/* Walks a search in pages of `limit`; every one found once, in the order of the whole. */
static void pages_equal_whole(struct story *story, const char *query, int limit)
{
    char whole[4096] = "";
    char paged[4096] = "";
    char path[512];
    char cursor[256] = "";
    snprintf(path, sizeof path, "/api/v1/people?limit=200&q=%s", query);
    struct step step = {.label = "whole", GET(path), .want = 200};
    story_step(story, &step);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(story_answer(story, "whole"), "items"), index, item)
        strncat(whole, json_string_value(json_object_get(item, "name")), sizeof whole - strlen(whole) - 1);
    for (int page = 0; page < 100; page++) {
        snprintf(path, sizeof path, "/api/v1/people?limit=%d&q=%s%s%s", limit, query,
                 *cursor ? "&cursor=" : "", cursor);
        step.label = "page";
        story_step(story, &step);
        json_t *items = json_object_get(story_answer(story, "page"), "items");
        cr_assert(json_array_size(items) <= (size_t)limit);
        json_array_foreach(items, index, item) strncat(
            paged, json_string_value(json_object_get(item, "name")), sizeof paged - strlen(paged) - 1);
        json_t *next = json_object_get(story_answer(story, "page"), "next_cursor");
        if (!json_is_string(next))
            break;
        cr_assert_eq(json_array_size(items), (size_t)limit);
        cr_assert(strstr(story_value(story, "page", "@link"), "rel=\"next\""));
        snprintf(cursor, sizeof cursor, "%s", json_string_value(next));
    }
    cr_assert_str_eq(paged, whole, "%s in pages of %d", query, limit);
}

STORY(people, a_long_search_comes_in_pages_without_gap_or_double)
{
    static const struct step steps[] = {
        {"fingerprint", SQL("INSERT INTO site_key VALUES (9, decode(repeat('00', 32), 'hex'))")},
        {"people", SQL("INSERT INTO person (id, name, personnel_no) SELECT gen_random_uuid(), CASE n % 3 "
                       "WHEN 0 THEN '5' "
                       "WHEN 1 THEN 'x5' ELSE 'y 5 z' END || n % 7, CASE n % 4 WHEN 0 THEN '5' || n WHEN 1 "
                       "THEN 'Q' || n "
                       "END FROM generate_series(1, 60) n")},
        {"cards",
         SQL("INSERT INTO card (id, uid, chip, card_no, person_id, key_version, start_sector, state, "
             "issued_on) "
             "SELECT gen_random_uuid(), decode(lpad(to_hex(n), 8, '0'), 'hex'), '1k', 50 + n, id, 9, 1, "
             "'cancelled', current_date FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM person) p "
             "WHERE n % 5 = 0")},
    };
    story_play(story, steps, STEPS(steps));
    for (int limit = 1; limit <= 7; limit += 3) {
        pages_equal_whole(story, "5", limit);
        pages_equal_whole(story, "", limit);
        pages_equal_whole(story, "5z", limit);
    }
}
