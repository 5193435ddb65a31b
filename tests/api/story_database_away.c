/* The database goes away and comes back: what needs it answers 503 with Retry-After and has done nothing, the
 * rest goes on, and nobody has to start anything. */
#include "tests/lib/story_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOKS_MAX 600 /* of 50 ms: for the server to find the database again */
#define LOOK_S "0.05"

/* The server's connections end and it gets no new ones, as when PostgreSQL is stopped; the story's own stays.
 */
static void take_away(struct story *story)
{
    char sql[200];
    const struct test_pg *pg = &story_server(story)->pg;
    PGconn *admin = test_pg_connect(pg->admin);
    snprintf(sql, sizeof sql, "ALTER DATABASE %s CONNECTION LIMIT 0", pg->name);
    test_pg_exec(admin, sql);
    test_pg_exec(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                        "current_database() AND usename = 'cardwright_app'");
    PQfinish(admin);
}

static void give_back(struct story *story)
{
    char sql[200];
    snprintf(sql, sizeof sql, "ALTER DATABASE %s CONNECTION LIMIT -1", story_server(story)->pg.name);
    free(story_sql(story, sql));
    struct outgoing request = {.method = "GET", .path = "/readyz", .client = client_of(story, "nobody")};
    for (int look = 0; look < LOOKS_MAX; look++) {
        struct answer answer;
        story_send(story, &request, &answer);
        long status = answer.status;
        answer_clear(&answer);
        if (status == 200)
            return;
        free(story_sql(story, "SELECT pg_sleep(" LOOK_S ")"));
    }
    cr_assert_fail("the server did not come back to its database");
}

STORY(database_away, answers_503_and_has_done_nothing)
{
    static const struct step steps[] = {
        {"before", POST("/api/v1/people"), .body = "{'id': '{new.ann}', 'name': 'Ann Bell'}", .want = 201},
        {"away", CALL(take_away)},
        {"asked meanwhile", GET("/readyz"), .as = "nobody", .want_err = "unavailable"},
        {"not ready", GET("/readyz"), .as = "nobody", .want_err = "unavailable", .has = "{'database': false}",
         .want_header = "Retry-After"},
        {"reads", GET("/api/v1/people/{new.ann}"), .want_err = "unavailable", .want_header = "Retry-After"},
        {"writes", POST("/api/v1/people"), .body = "{'id': '{new.bob}', 'name': 'Bob Ash'}",
         .want_err = "unavailable", .want_header = "Retry-After"},
        {"money", POST("/api/v1/desks/{new.desk}/operations"), .headers = "Idempotency-Key: {new.key}",
         .body = "{'kind': 'recharge', 'presentation_id': '{new.seen}', 'water_minor': 1}",
         .want_err = "unavailable"},
        {"logs in", POST("/api/v1/session"), .as = "nobody", .body = "{'name': 'a', 'password': 'b'}",
         .want_err = "unavailable"},
        {"lives", GET("/livez"), .as = "nobody", .want = 200},
        {"shows its page", GET("/"), .as = "nobody", .want = 200},
        {"counts", GET("/metrics"), .as = "nobody", .want = 200},
        {"refuses as ever", POST("/api/v1/people"), .raw_body = "{", .want_err = "bad_json"},
        {"back", CALL(give_back)},
        {"nothing half done", SQL("SELECT string_agg(name, ',') FROM person"), .text = "Ann Bell"},
        {"the same once more", POST("/api/v1/people"), .body = "{'id': '{new.bob}', 'name': 'Bob Ash'}",
         .want = 201},
        {"reads again", GET("/api/v1/people/{new.ann}"), .want = 200},
        {"ready", GET("/readyz"), .as = "nobody", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}
