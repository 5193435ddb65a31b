/* The audit trail: what is in it, how it is read, and that nobody changes it. */
#include "tests/lib/pg.h"
#include "tests/lib/story.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define MAKE(label_, name_)                                                                                  \
    {                                                                                                        \
        label_, POST("/api/v1/operators"),                                                                   \
            .want = 201, .headers = "X-Request-Id: make-" label_,                                            \
            .body = "{'name': '" name_ "', 'full_name': 'Somebody', 'roles': ['cashier']}"                   \
    }

STORY(audit, names_who_did_what)
{
    static const struct step steps[] = {
        MAKE("one", "one"),
        MAKE("two", "two"),
        {"change", PATCH("/api/v1/operators/{one.id}"), .body = "{'full_name': 'Else'}", .want = 200},
        {"all", GET("/api/v1/audit"), .as = "finance", .want = 200,
         .has =
             "{'items': [{'action': 'operator.change', 'operator': {'id': '{as.admin.operator_id}', 'name': "
             "'admin'},"
             " 'subject': {'kind': 'operator', 'id': '{one.id}'}, 'detail': {'full_name': 'Else'}, 'at': '*',"
             " 'request_id': '*', 'agent_id': null}, {'action': 'operator.create', 'request_id': 'make-two'},"
             " {'action': 'operator.create', 'request_id': 'make-one'}], 'next_cursor': null}"},
        {"first", GET("/api/v1/audit?limit=2"), .want = 200,
         .has = "{'items': [{'action': 'operator.change'}, {}]}", .want_header = "Link"},
        {"second", GET("/api/v1/audit?limit=2&cursor={first.next_cursor}"), .want = 200,
         .has = "{'items': [{'request_id': 'make-one'}], 'next_cursor': null}"},
        {"by operator", GET("/api/v1/audit?operator_id={one.id}"), .want = 200, .has = "{'items': []}"},
        {"by action", GET("/api/v1/audit?action=operator.create"), .want = 200, .has = "{'items': [{}, {}]}"},
        {"by noun", GET("/api/v1/audit?action=operator"), .want = 200, .has = "{'items': [{}, {}, {}]}"},
        {"by subject", GET("/api/v1/audit?subject_kind=operator&subject_id={two.id}"), .want = 200,
         .has = "{'items': [{}]}"},
        {"until yesterday", GET("/api/v1/audit?to=2020-01-01"), .want = 200, .has = "{'items': []}"},
        {"from then on", GET("/api/v1/audit?from=2020-01-01&to=2999-12-31"), .want = 200,
         .has = "{'items': [{}, {}, {}]}"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(audit, bad_input_is_named)
{
    static const struct step steps[] = {
        {"not for cashiers", GET("/api/v1/audit"), .as = "cashier", .want_err = "forbidden"},
        {"day", GET("/api/v1/audit?from=2026-02-30"), .want_err = "bad_field", .pointer = "/query/from"},
        {"limit", GET("/api/v1/audit?limit=201"), .want_err = "bad_field", .pointer = "/query/limit"},
        {"cursor of another list", GET("/api/v1/audit?cursor=b3AwNQ"), .want_err = "bad_field",
         .pointer = "/query/cursor"},
        {"negative cursor", GET("/api/v1/audit?cursor=LTE"), .want_err = "bad_field",
         .pointer = "/query/cursor"},
        {"id", GET("/api/v1/audit?operator_id=7"), .want_err = "bad_field", .pointer = "/query/operator_id"},
        {"unknown", GET("/api/v1/audit?who=me"), .want_err = "bad_field", .pointer = "/query/who"},
    };
    story_play(story, steps, STEPS(steps));
}

/* Every one of these must be refused to this role. */
static void refuse(const char *conninfo, const char *const statements[])
{
    PGconn *pg = test_pg_connect(conninfo);
    for (size_t i = 0; statements[i]; i++) {
        PGresult *result = PQexec(pg, statements[i]);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        cr_assert(state && strcmp(state, "42501") == 0, "not refused: %s (%s)", statements[i],
                  PQerrorMessage(pg));
        PQclear(result);
    }
    PQfinish(pg);
}

static void nobody_changes_it(struct story *story)
{
    static const char *const writes[] = {"UPDATE audit SET action = 'nothing.happened'", "DELETE FROM audit",
                                         "TRUNCATE audit", NULL};
    const struct test_pg *pg = &story_server(story)->pg;
    refuse(pg->owner, writes);
    refuse(pg->app, writes);
    refuse(pg->auditor, writes);
}

/* The server's own role reaches operators through functions only. */
static void the_server_sees_no_secrets(struct story *story)
{
    static const char *const acts[] = {
        "SELECT password_hash FROM operator",
        "UPDATE operator SET password_hash = NULL",
        "INSERT INTO operator_role SELECT id, 'admin' FROM operator",
        "INSERT INTO role_permission VALUES ('cashier', 'operators.manage')",
        "SELECT token_sha256 FROM session",
        "UPDATE session SET operator_id = operator_id",
        "DELETE FROM login_attempt",
        "UPDATE step_up SET used_at = NULL",
        NULL,
    };
    refuse(story_server(story)->pg.app, acts);
}

STORY(audit, only_takes_new_rows)
{
    static const struct step steps[] = {
        MAKE("one", "one"),
        {"writes", CALL(nobody_changes_it)},
        {"secrets", CALL(the_server_sees_no_secrets)},
        {"still there", SQL("SELECT action FROM audit"), .text = "operator.create"},
    };
    story_play(story, steps, STEPS(steps));
}
