/* Cards on the screen and the cases that lock them. */
#include "tests/lib/story.h"

#define CARDS                                                                                                \
    {"fingerprint", SQL("INSERT INTO site_key VALUES (9, decode(repeat('00', 32), 'hex'))")},                \
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell', 'personnel_no': 'A-1'}", .want = 201}, \
        {"bob", POST("/api/v1/people"), .body = "{'name': 'Bob'}", .want = 201},                             \
        {"cards",                                                                                            \
         SQL("INSERT INTO card (id, uid, chip, card_no, printed_no, person_id, key_version, start_sector, "  \
             "state, issued_on) VALUES ('{new.old}', '\\x01020304', '1k', 700001, NULL, '{ann.id}', 9, 1, "  \
             "'cancelled', '2025-01-01'), ('{new.red}', '\\x0a0b0c0d', '1k', 700002, 'R 2', '{ann.id}', 9, " \
             "1, 'active', '2026-01-01'), ('{new.blue}', '\\x11223344556677', '4k', 700003, NULL, "          \
             "'{bob.id}', 9, 1, 'active', '2026-01-01')")},                                                  \
        {"accounts", SQL("SELECT fn_accounts_open('{ann.id}')")},                                            \
    {                                                                                                        \
        "money", SQL("SELECT fn_transfer(fn_account_site('safe'), fn_account_person('{ann.id}', 'stored'), " \
                     "12345, "                                                                               \
                     "'opening', NULL::operation, NULL)")                                                    \
    }

STORY(cards, are_listed_read_and_corrected)
{
    static const struct step steps[] = {
        CARDS,
        {"all", GET("/api/v1/cards"), .as = "technician", .want = 200},
        {"order", SQL("SELECT '{all.items.0.card_no} {all.items.1.card_no} {all.items.2.card_no}'"),
         .text = "700003 700002 700001"},
        {"two", GET("/api/v1/cards?limit=2"), .want = 200, .want_header = "Link",
         .has = "{'next_cursor': '*'}"},
        {"rest", GET("/api/v1/cards?limit=2&cursor={two.next_cursor}"), .want = 200,
         .has =
             "{'items': [{'card_no': 700001, 'id': '*', 'printed_no': null, 'uid': '01020304', 'chip': '1k', "
             "'state': "
             "'cancelled', 'block': null, 'has_purses': true, 'issued_on': '2025-01-01', 'expires_on': null, "
             "'created_at': '*', 'version': 1, 'person': {'id': '{ann.id}', 'name': 'Ann Bell', "
             "'personnel_no': 'A-1', "
             "'state': 'active'}}], 'next_cursor': null}"},
        {"active", GET("/api/v1/cards?state=active&person_id={ann.id}"), .want = 200},
        {"one", SQL("SELECT '{active.items.0.card_no}'"), .text = "700002"},
        {"by_print", GET("/api/v1/cards?q=r2"), .want = 200},
        {"print", SQL("SELECT '{by_print.items.0.card_no}'"), .text = "700002"},
        {"by_uid", GET("/api/v1/cards?q=112233"), .want = 200},
        {"uid", SQL("SELECT '{by_uid.items.0.card_no}'"), .text = "700003"},
        {"read", GET("/api/v1/cards/{new.red}"), .as = "hr", .want = 200, .want_header = "ETag: W/\"1\"",
         .has = "{'card_no': 700002, 'person': {'name': 'Ann Bell'}, 'balances': {'stored_minor': 12345, "
                "'water_minor': 0, "
                "'times': 0, 'debt_minor': 0}, 'operation': null, 'cases': []}"},
        {"read old", GET("/api/v1/cards/{new.old}"), .want = 200,
         .has = "{'state': 'cancelled', 'balances': null}"},
        {"holder", GET("/api/v1/people/{ann.id}"), .want = 200,
         .has = "{'balances': {'stored_minor': 12345}, 'cards': '*'}"},
        {"correct", PATCH("/api/v1/cards/{new.red}"), .as = "cashier", .headers = "If-Match: {read.@etag}",
         .body = "{'printed_no': 'R 3', 'expires_on': '2030-12-31'}", .want = 200,
         .has = "{'printed_no': 'R 3', 'expires_on': '2030-12-31', 'version': 2}"},
        {"stale", PATCH("/api/v1/cards/{new.red}"), .headers = "If-Match: {read.@etag}",
         .body = "{'printed_no': null}", .want_err = "precondition_failed"},
        {"clear", PATCH("/api/v1/cards/{new.red}"), .body = "{'printed_no': null, 'expires_on': null}",
         .want = 200, .has = "{'printed_no': null, 'expires_on': null}"},
        {"too early", PATCH("/api/v1/cards/{new.red}"), .body = "{'expires_on': '2025-12-31'}",
         .want_err = "bad_field", .pointer = "/expires_on"},
        {"later than a card can hold", PATCH("/api/v1/cards/{new.red}"),
         .body = "{'expires_on': '2179-06-06'}", .want_err = "bad_field", .pointer = "/expires_on"},
        {"much later", PATCH("/api/v1/cards/{new.red}"), .body = "{'expires_on': '2200-01-01'}",
         .want_err = "bad_field", .pointer = "/expires_on"},
        {"no day", PATCH("/api/v1/cards/{new.red}"), .body = "{'expires_on': '2027-02-29'}",
         .want_err = "bad_field", .pointer = "/expires_on"},
        {"over", PATCH("/api/v1/cards/{new.old}"), .body = "{'printed_no': 'X'}", .want_err = "card_state",
         .has = "{'card_state': 'cancelled'}"},
        {"nothing", PATCH("/api/v1/cards/{new.red}"), .body = "{}", .want_err = "bad_field"},
        {"unknown", PATCH("/api/v1/cards/{new.red}"), .body = "{'state': 'active'}", .want_err = "bad_field",
         .pointer = "/state"},
        {"none", GET("/api/v1/cards/{new.none}"), .want_err = "not_found"},
        {"none changes", PATCH("/api/v1/cards/{new.none}"), .body = "{'printed_no': 'X'}",
         .want_err = "not_found"},
        {"bad state", GET("/api/v1/cards?state=eaten"), .want_err = "bad_field", .pointer = "/query/state"},
        {"bad cursor", GET("/api/v1/cards?cursor=eHg"), .want_err = "bad_field", .pointer = "/query/cursor"},
        {"nobody lists", GET("/api/v1/cards"), .as = "nobody", .want_err = "unauthenticated"},
        {"nobody reads", GET("/api/v1/cards/{new.red}"), .as = "nobody", .want_err = "unauthenticated"},
        {"hr changes", PATCH("/api/v1/cards/{new.red}"), .as = "hr", .body = "{'printed_no': 'X'}",
         .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(cards, the_last_case_closed_unlocks_the_card_and_moves_no_money)
{
    static const struct step steps[] = {
        CARDS,
        {"lock", SQL("UPDATE card SET block = 'case' WHERE id = '{new.red}'")},
        {"cases",
         SQL("INSERT INTO card_case (id, uid, card_id, purse, kind, evidence, opened_at) VALUES "
             "('{new.one}', '\\x0a0b0c0d', '{new.red}', 'water', 'rollback', '{\"seen\": 5}', now()), "
             "('{new.two}', '\\x0a0b0c0d', '{new.red}', NULL, 'bad_mac', '{}', now() + '1 second')")},
        {"before", SQL("SELECT count(*) || '/' || (SELECT sum(balance_minor) FROM account) FROM transfer")},
        {"list", GET("/api/v1/cases?open=true"), .as = "cashier", .want = 200,
         .has = "{'next_cursor': null}"},
        {"newest first",
         SQL("SELECT '{list.items.0.id}' = '{new.two}' AND '{list.items.1.id}' = '{new.one}'"), .text = "t"},
        {"page", GET("/api/v1/cases?limit=1"), .want = 200},
        {"page_2", GET("/api/v1/cases?limit=1&cursor={page.next_cursor}"), .want = 200},
        {"second", SQL("SELECT '{page_2.items.0.id}' = '{new.one}'"), .text = "t"},
        {"on card", GET("/api/v1/cards/{new.red}"), .want = 200, .has = "{'block': 'case', 'cases': '*'}"},
        {"read", GET("/api/v1/cases/{new.one}"), .as = "finance", .want = 200,
         .has = "{'kind': 'rollback', 'purse': 'water', 'evidence': {'seen': 5}, 'closed_at': null, 'card': "
                "{'id': "
                "'{new.red}', 'person': {'name': 'Ann Bell'}}}"},
        {"no reason", POST("/api/v1/cases/{new.one}/close"), .body = "{}", .want_err = "bad_field",
         .pointer = "/reason"},
        {"short reason", POST("/api/v1/cases/{new.one}/close"), .body = "{'reason': 'ok'}",
         .want_err = "bad_field", .pointer = "/reason"},
        {"cashier", POST("/api/v1/cases/{new.one}/close"), .as = "cashier",
         .body = "{'reason': 'a cloned card'}", .want_err = "forbidden"},
        {"close one", POST("/api/v1/cases/{new.one}/close"), .as = "supervisor",
         .body = "{'reason': 'looked at it'}", .want = 200,
         .has = "{'closed_reason': 'looked at it', 'closed_at': '*', 'closed_by': {'id': "
                "'{as.supervisor.operator_id}'}, "
                "'card': {'block': 'case'}}"},
        {"close two", POST("/api/v1/cases/{new.two}/close"), .as = "supervisor",
         .body = "{'reason': 'that too'}", .want = 200, .has = "{'card': {'block': null}}"},
        {"again", POST("/api/v1/cases/{new.two}/close"), .body = "{'reason': 'another word'}", .want = 200,
         .has = "{'closed_reason': 'that too'}"},
        {"after",
         SQL("SELECT (count(*) || '/' || (SELECT sum(balance_minor) FROM account)) = '1/12345' FROM "
             "transfer"),
         .text = "t"},
        {"audit",
         SQL("SELECT string_agg(detail ->> 'card_unlocked', ' ' ORDER BY no) FROM audit WHERE action = "
             "'case.close'"),
         .text = "false true"},
        {"open ones", GET("/api/v1/cases?open=true"), .want = 200, .has = "{'items': []}"},
        {"closed ones", GET("/api/v1/cases?open=false&card_id={new.red}"), .want = 200,
         .has = "{'items': '*'}"},
        {"none", GET("/api/v1/cases/{new.none}"), .want_err = "not_found"},
        {"none closed", POST("/api/v1/cases/{new.none}/close"), .body = "{'reason': 'nothing there'}",
         .want_err = "not_found"},
        {"bad cursor", GET("/api/v1/cases?cursor=eHg"), .want_err = "bad_field", .pointer = "/query/cursor"},
        {"nobody", GET("/api/v1/cases"), .as = "nobody", .want_err = "unauthenticated"},
        {"hr", GET("/api/v1/cases/{new.one}"), .as = "hr", .want_err = "forbidden"},
        {"nobody closes", POST("/api/v1/cases/{new.one}/close"), .as = "nobody", .body = "{'reason': 'xyz'}",
         .want_err = "unauthenticated"},
    };
    story_play(story, steps, STEPS(steps));
}
