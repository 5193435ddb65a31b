/* Departments: a tree that stays one. */
#include "tests/lib/story.h"

STORY(departments, a_tree_is_made_renamed_moved_and_removed)
{
    static const struct step steps[] = {
        {"none", GET("/api/v1/departments"), .want = 200, .has = "{'items': []}"},
        {"works", POST("/api/v1/departments"), .body = "{'name': 'Works'}", .want = 201,
         .has = "{'name': 'Works', 'parent_id': null, 'people_count': 0, 'version': 1}",
         .want_header = "Location"},
        {"paint", POST("/api/v1/departments"), .body = "{'name': 'Paint shop', 'parent_id': '{works.id}'}",
         .want = 201, .want_header = "ETag: W/\"1\""},
        {"office", POST("/api/v1/departments"), .body = "{'name': 'Office', 'id': '{new.office}'}",
         .want = 201, .has = "{'id': '{new.office}'}"},
        {"office again", POST("/api/v1/departments"), .body = "{'name': 'Office', 'id': '{new.office}'}",
         .want = 200, .has = "{'id': '{new.office}'}"},
        {"office other", POST("/api/v1/departments"), .body = "{'name': 'Offices', 'id': '{new.office}'}",
         .want_err = "name_taken", .pointer = "/id"},
        {"tree", GET("/api/v1/departments"), .as = "cashier", .want = 200,
         .has = "{'items': [{'name': 'Office', 'level': 1, 'id': '*', 'parent_id': null, 'path': ['Office'], "
                "'version': 1, "
                "'people_count': 0, 'children_count': 0, 'created_at': '*'}, {'name': 'Works', 'level': 1, "
                "'id': '*', "
                "'parent_id': null, 'path': ['Works'], 'version': 1, 'people_count': 0, 'children_count': 1, "
                "'created_at': '*'}, {'name': 'Paint shop', 'level': 2, 'id': '*', 'parent_id': "
                "'{works.id}', 'path': "
                "['Works', 'Paint shop'], 'version': 1, 'people_count': 0, 'children_count': 0, "
                "'created_at': '*'}]}"},
        {"rename", PATCH("/api/v1/departments/{paint.id}"), .as = "hr", .body = "{'name': 'Paint'}",
         .headers = "If-Match: {paint.@etag}", .want = 200, .has = "{'name': 'Paint', 'version': 2}",
         .want_header = "ETag: W/\"2\""},
        {"stale", PATCH("/api/v1/departments/{paint.id}"), .body = "{'name': 'Lacquer'}",
         .headers = "If-Match: {paint.@etag}", .want_err = "precondition_failed"},
        {"move", PATCH("/api/v1/departments/{paint.id}"), .body = "{'parent_id': '{office.id}'}", .want = 200,
         .has = "{'name': 'Paint', 'parent_id': '{office.id}'}"},
        {"to the top", PATCH("/api/v1/departments/{paint.id}"), .body = "{'parent_id': null}", .want = 200,
         .has = "{'parent_id': null, 'version': 4}"},
        {"read", GET("/api/v1/departments/{paint.id}"), .want = 200,
         .has = "{'name': 'Paint', 'version': 4}"},
        {"stale delete", DELETE("/api/v1/departments/{paint.id}"), .headers = "If-Match: {paint.@etag}",
         .want_err = "precondition_failed"},
        {"delete", DELETE("/api/v1/departments/{paint.id}"), .want = 204},
        {"gone", GET("/api/v1/departments/{paint.id}"), .want_err = "not_found"},
        {"delete again", DELETE("/api/v1/departments/{paint.id}"), .want_err = "not_found"},
        {"audit",
         SQL("SELECT string_agg(action, ' ' ORDER BY no) FROM audit WHERE subject_id = '{paint.id}'"),
         .text = "department.create department.change department.change department.change department.delete"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(departments, what_would_break_the_tree_is_refused)
{
    static const struct step steps[] = {
        {"a", POST("/api/v1/departments"), .body = "{'name': 'A'}", .want = 201},
        {"b", POST("/api/v1/departments"), .body = "{'name': 'B', 'parent_id': '{a.id}'}", .want = 201},
        {"c", POST("/api/v1/departments"), .body = "{'name': 'C', 'parent_id': '{b.id}'}", .want = 201},
        {"below itself", PATCH("/api/v1/departments/{a.id}"), .body = "{'parent_id': '{c.id}'}",
         .want_err = "bad_field", .pointer = "/parent_id"},
        {"into itself", PATCH("/api/v1/departments/{a.id}"), .body = "{'parent_id': '{a.id}'}",
         .want_err = "bad_field", .pointer = "/parent_id"},
        {"no parent", POST("/api/v1/departments"), .body = "{'name': 'D', 'parent_id': '{new.nowhere}'}",
         .want_err = "bad_field", .pointer = "/parent_id"},
        {"twin", POST("/api/v1/departments"), .body = "{'name': 'A'}", .want_err = "name_taken",
         .pointer = "/name"},
        {"twin by move", PATCH("/api/v1/departments/{c.id}"), .body = "{'name': 'A', 'parent_id': null}",
         .want_err = "name_taken"},
        {"same name elsewhere", POST("/api/v1/departments"), .body = "{'name': 'A', 'parent_id': '{a.id}'}",
         .want = 201},
        {"too deep", SQL("WITH RECURSIVE chain AS (SELECT 2 AS n, gen_random_uuid() AS id, '{c.id}'::uuid AS "
                         "parent_id UNION ALL "
                         "SELECT n + 1, gen_random_uuid(), id FROM chain WHERE n < 14), made AS (INSERT INTO "
                         "department (id, "
                         "parent_id, name) SELECT id, parent_id, 'level' || n FROM chain RETURNING id, name) "
                         "SELECT id FROM made WHERE name = 'level14'")},
        {"deepest", GET("/api/v1/departments"), .want = 200, .has = "{'items': '*'}"},
        {"move deeper", PATCH("/api/v1/departments/{a.id}"), .body = "{'name': 'A1'}", .want = 200},
        {"not empty", DELETE("/api/v1/departments/{a.id}"), .want_err = "still_in_use"},
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann', 'department_id': '{b.id}'}", .want = 201},
        {"people there", DELETE("/api/v1/departments/{b.id}"), .want_err = "still_in_use",
         .has = "{'people_count': 1, 'children_count': 1}"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(departments, wrong_input_and_wrong_callers_are_refused)
{
    static const struct step steps[] = {
        {"no name", POST("/api/v1/departments"), .body = "{}", .want_err = "bad_field", .pointer = "/name"},
        {"blank name", POST("/api/v1/departments"), .body = "{'name': '  '}", .want_err = "bad_field",
         .pointer = "/name"},
        {"unknown", POST("/api/v1/departments"), .body = "{'name': 'A', 'boss': 'Ann'}",
         .want_err = "bad_field", .pointer = "/boss"},
        {"bad id", POST("/api/v1/departments"), .body = "{'name': 'A', 'id': '7'}", .want_err = "bad_field",
         .pointer = "/id"},
        {"a", POST("/api/v1/departments"), .body = "{'name': 'A'}", .want = 201},
        {"nothing", PATCH("/api/v1/departments/{a.id}"), .body = "{}", .want_err = "bad_field"},
        {"bad etag", PATCH("/api/v1/departments/{a.id}"), .body = "{'name': 'B'}",
         .headers = "If-Match: seven", .want_err = "bad_field"},
        {"not an id", GET("/api/v1/departments/seven"), .want_err = "not_found"},
        {"not there", PATCH("/api/v1/departments/{new.nowhere}"), .body = "{'name': 'B'}",
         .want_err = "not_found"},
        {"nobody reads", GET("/api/v1/departments"), .as = "nobody", .want_err = "unauthenticated"},
        {"nobody reads one", GET("/api/v1/departments/{a.id}"), .as = "nobody",
         .want_err = "unauthenticated"},
        {"technician reads", GET("/api/v1/departments"), .as = "technician", .want_err = "forbidden"},
        {"nobody makes", POST("/api/v1/departments"), .as = "nobody", .body = "{'name': 'X'}",
         .want_err = "unauthenticated"},
        {"finance makes", POST("/api/v1/departments"), .as = "finance", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"finance changes", PATCH("/api/v1/departments/{a.id}"), .as = "finance", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"finance removes", DELETE("/api/v1/departments/{a.id}"), .as = "finance", .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}
