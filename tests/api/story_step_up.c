/* The operator's password once more, bound to one operation: given here, spent by money functions. */
#include "tests/lib/story.h"

#include <stdlib.h>

#define PASSWORD "four quiet green rivers"
#define GRANT(label_, as_, operation_)                                                                       \
    {                                                                                                        \
        label_, POST("/api/v1/session/step-up"),                                                             \
            .as = as_, .want = 201,                                                                          \
            .body = "{'password': '" PASSWORD "', 'operation_id': '{new." operation_                         \
                    "}', 'purpose': 'withdraw'}",                                                            \
            .has = "{'token': '*', 'operation_id': '{new." operation_ "}', 'expires_at': '*'}"               \
    }
#define BOB                                                                                                  \
    {"bob", POST("/api/v1/operators"), .want = 201,                                                          \
     .body = "{'name': 'bob', 'full_name': 'Bob Hill', 'roles': ['cashier'], 'password': '" PASSWORD "'}"},  \
    {                                                                                                        \
        "login", POST("/api/v1/session"), .as = "bob", .want = 201,                                          \
                                          .body = "{'name': 'bob', 'password': '" PASSWORD "'}"              \
    }
#define ASK(function, grant, session, operation)                                                             \
    SQL("SELECT " function "(sha256('{" grant ".token}'), '" session "', '{new." operation "}')")

STORY(step_up, a_grant_opens_one_operation_once)
{
    static const struct step steps[] = {
        BOB,
        GRANT("grant", "bob", "operation"),
        {"two minutes", SQL("SELECT expires_at - created_at FROM step_up"), .text = "00:02:00"},
        {"only its hash", SQL("SELECT count(*) FROM step_up WHERE token_sha256 = sha256('{grant.token}')"),
         .text = "1"},
        {"another operation", ASK("fn_step_up_use", "grant", "{login.id}", "other"), .text = "f"},
        {"another session", ASK("fn_step_up_use", "grant", "{as.cashier.session_id}", "operation"),
         .text = "f"},
        {"valid", ASK("fn_step_up_valid", "grant", "{login.id}", "operation"), .text = "t"},
        {"asking spends nothing", ASK("fn_step_up_valid", "grant", "{login.id}", "operation"), .text = "t"},
        {"use", ASK("fn_step_up_use", "grant", "{login.id}", "operation"), .text = "t"},
        {"once", ASK("fn_step_up_use", "grant", "{login.id}", "operation"), .text = "f"},
        {"spent", ASK("fn_step_up_valid", "grant", "{login.id}", "operation"), .text = "f"},
        GRANT("second", "bob", "operation"),
        {"old", SQL("UPDATE step_up SET expires_at = now() WHERE used_at IS NULL")},
        {"too late", ASK("fn_step_up_use", "second", "{login.id}", "operation"), .text = "f"},
        GRANT("third", "bob", "operation"),
        {"swept", SQL("SELECT count(*) FROM step_up"), .text = "1"},
        {"audit",
         SQL("SELECT count(*) FROM audit WHERE action = 'session.step_up' AND operator_id = '{bob.id}' AND "
             "detail "
             "->> 'purpose' = 'withdraw'"),
         .text = "3"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(step_up, a_wrong_password_gives_none)
{
    static const struct step steps[] = {
        BOB,
        {"wrong", POST("/api/v1/session/step-up"), .as = "bob", .want_err = "login_failed",
         .body = "{'password': 'nothing like it', 'operation_id': '{new.operation}', 'purpose': 'withdraw'}"},
        {"no password", POST("/api/v1/session/step-up"), .as = "bob", .want_err = "bad_field",
         .pointer = "/password", .body = "{'operation_id': '{new.operation}', 'purpose': 'withdraw'}"},
        {"no operation", POST("/api/v1/session/step-up"), .as = "bob", .want_err = "bad_field",
         .pointer = "/operation_id",
         .body = "{'password': '" PASSWORD "', 'operation_id': 'x', 'purpose': 'withdraw'}"},
        {"no purpose", POST("/api/v1/session/step-up"), .as = "bob", .want_err = "bad_field",
         .pointer = "/purpose", .body = "{'password': '" PASSWORD "', 'operation_id': '{new.operation}'}"},
        {"still logged in", GET("/api/v1/session"), .as = "bob", .want = 200},
        {"four wrong before", SQL("UPDATE login_attempt SET failures = 4 WHERE kind = 'name'")},
        {"fifth", POST("/api/v1/session/step-up"), .as = "bob", .want_err = "login_failed",
         .body = "{'password': 'nothing like it', 'operation_id': '{new.operation}', 'purpose': 'withdraw'}"},
        {"locked", POST("/api/v1/session/step-up"), .as = "bob", .want_err = "login_locked",
         .want_header = "Retry-After",
         .body = "{'password': '" PASSWORD "', 'operation_id': '{new.operation}', 'purpose': 'withdraw'}"},
        {"none", SQL("SELECT count(*) FROM step_up"), .text = "0"},
        {"noted", SQL("SELECT count(*) FROM audit WHERE action = 'session.step_up_failed'"), .text = "2"},
    };
    story_play(story, steps, STEPS(steps));
}
