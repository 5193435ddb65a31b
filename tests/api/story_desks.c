/* Desks: made, renamed, retired; who may. */
#include "tests/lib/story_agent.h"

STORY(desks, a_desk_is_made_read_and_renamed)
{
    static const struct step steps[] = {
        {"main", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201,
         .want_header = "Location",
         .has = "{'name': 'Main desk', 'active': true, 'agent': null, 'session': null, 'version': 1}"},
        {"live row", SQL("SELECT count(*) FROM desk_live WHERE desk_id = '{main.id}'"), .text = "1"},
        {"twin", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want_err = "name_taken",
         .pointer = "/name"},
        {"side", POST("/api/v1/desks"), .body = "{'id': '{new.side}', 'name': 'Side desk'}", .want = 201},
        {"side again", POST("/api/v1/desks"), .body = "{'id': '{new.side}', 'name': 'Side desk'}",
         .want = 200},
        {"side other", POST("/api/v1/desks"), .body = "{'id': '{new.side}', 'name': 'Sida desk'}",
         .want_err = "name_taken", .pointer = "/id"},
        {"list", GET("/api/v1/desks"), .as = "cashier", .want = 200, .has = "{'items': '*'}"},
        {"first of list", SQL("SELECT '{list.items.0.name}|{list.items.1.name}'"),
         .text = "Main desk|Side desk"},
        {"read", GET("/api/v1/desks/{main.id}"), .as = "technician", .want = 200,
         .want_header = "ETag: W/\"1\""},
        {"rename", PATCH("/api/v1/desks/{main.id}"), .as = "technician", .headers = "If-Match: {read.@etag}",
         .body = "{'name': 'Front desk'}", .want = 200, .has = "{'name': 'Front desk', 'version': 2}"},
        {"stale", PATCH("/api/v1/desks/{main.id}"), .headers = "If-Match: {read.@etag}",
         .body = "{'name': 'X'}", .want_err = "precondition_failed"},
        {"taken", PATCH("/api/v1/desks/{main.id}"), .body = "{'name': 'Side desk'}",
         .want_err = "name_taken"},
        {"audit", SQL("SELECT string_agg(action, ' ' ORDER BY no) FROM audit WHERE subject_id = '{main.id}'"),
         .text = "desk.create desk.change"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(desks, a_desk_in_use_is_not_retired_and_a_retired_one_takes_no_agent)
{
    static const struct step make[] = {
        {"main", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201}};
    static const struct step steps[] = {
        {"with agent", GET("/api/v1/desks/{main.id}"), .want = 200,
         .has = "{'agent': {'id': '{paired.agent_id}', 'simulated': true, 'host': 'till', 'online': true, "
                "'reader_state': 'ok', 'reader_name': 'pn532', 'version': '0.1.0'}}"},
        {"sit down", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{main.id}'}",
         .want = 200},
        {"worked at", GET("/api/v1/desks/{main.id}"), .want = 200,
         .has = "{'session': {'operator_id': '{as.cashier.operator_id}'}}"},
        {"retire", PATCH("/api/v1/desks/{main.id}"), .body = "{'active': false}", .want_err = "still_in_use"},
        {"stand up", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': null}", .want = 200},
        {"retire now", PATCH("/api/v1/desks/{main.id}"), .body = "{'active': false}", .want = 200,
         .has = "{'active': false, 'agent': null}"},
        {"revoked", SQL("SELECT count(*) FROM agent WHERE revoked_at IS NOT NULL"), .text = "1"},
        {"told", SQL("SELECT kind FROM desk_event WHERE desk_id = '{main.id}' ORDER BY no DESC"),
         .text = "agent_offline"},
        {"agent", POST("/agent/v1/hello"), .as = "till",
         .body =
             "{'run': '00112233445566778899aabbccddeeff', 'protocol': 1, 'version': '1', 'simulated': true, "
             "'reader': {'state': 'ok', 'name': ''}}",
         .want_err = "agent_unknown"},
        {"no code", POST("/api/v1/desks/{main.id}/pairings"), .want_err = "not_found"},
        {"revive", PATCH("/api/v1/desks/{main.id}"), .body = "{'active': true}", .want = 200},
        {"code again", POST("/api/v1/desks/{main.id}/pairings"), .want = 201},
    };
    story_play(story, make, STEPS(make));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "main", "id"), true);
    story_agent_hello(story, agent, "ok");
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}

STORY(desks, wrong_input_and_wrong_callers_are_refused)
{
    static const struct step steps[] = {
        {"no name", POST("/api/v1/desks"), .body = "{}", .want_err = "bad_field", .pointer = "/name"},
        {"unknown", POST("/api/v1/desks"), .body = "{'name': 'A', 'printer': 1}", .want_err = "bad_field",
         .pointer = "/printer"},
        {"main", POST("/api/v1/desks"), .body = "{'name': 'Main'}", .want = 201},
        {"nothing", PATCH("/api/v1/desks/{main.id}"), .body = "{}", .want_err = "bad_field"},
        {"none", GET("/api/v1/desks/{new.none}"), .want_err = "not_found"},
        {"none changes", PATCH("/api/v1/desks/{new.none}"), .body = "{'name': 'X'}", .want_err = "not_found"},
        {"none pairs", POST("/api/v1/desks/{new.none}/pairings"), .want_err = "not_found"},
        {"none revokes", DELETE("/api/v1/desks/{new.none}/agent"), .want_err = "not_found"},
        {"nobody lists", GET("/api/v1/desks"), .as = "nobody", .want_err = "unauthenticated"},
        {"hr lists", GET("/api/v1/desks"), .as = "hr", .want_err = "forbidden"},
        {"hr reads", GET("/api/v1/desks/{main.id}"), .as = "hr", .want_err = "forbidden"},
        {"cashier makes", POST("/api/v1/desks"), .as = "cashier", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"cashier changes", PATCH("/api/v1/desks/{main.id}"), .as = "cashier", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"cashier pairs", POST("/api/v1/desks/{main.id}/pairings"), .as = "cashier", .want_err = "forbidden"},
        {"cashier revokes", DELETE("/api/v1/desks/{main.id}/agent"), .as = "cashier",
         .want_err = "forbidden"},
        {"nobody pairs", POST("/api/v1/desks/{main.id}/pairings"), .as = "nobody",
         .want_err = "unauthenticated"},
        {"nobody revokes", DELETE("/api/v1/desks/{main.id}/agent"), .as = "nobody",
         .want_err = "unauthenticated"},
        {"no agent", DELETE("/api/v1/desks/{main.id}/agent"), .want = 204},
    };
    story_play(story, steps, STEPS(steps));
}
