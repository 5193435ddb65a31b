/* Desk acts in lists, and the line of time of a person. */
#include "tests/lib/story_internal.h"

#include <string.h>

/* Ann was given 12.34 from her card at one desk and spent 50.00 elsewhere; Bob's act is still open at
 * another. */
#define ACTS                                                                                                 \
    {"fingerprint", SQL("INSERT INTO site_key VALUES (9, decode(repeat('00', 32), 'hex'))")},                \
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell', 'personnel_no': '77'}", .want = 201},  \
        {"bob", POST("/api/v1/people"), .body = "{'name': 'Bob'}", .want = 201},                             \
        {"one", POST("/api/v1/desks"), .body = "{'name': 'One'}", .want = 201},                              \
        {"two", POST("/api/v1/desks"), .body = "{'name': 'Two'}", .want = 201},                              \
        {"cards",                                                                                            \
         SQL("INSERT INTO card (id, uid, chip, card_no, person_id, key_version, start_sector, state, "       \
             "issued_on, created_at) VALUES ('{new.red}', '\\x0a0b0c0d', '1k', 700001, '{ann.id}', 9, 1, "   \
             "'active', '2026-01-01', now() - interval '2 days'), ('{new.blue}', '\\x0a0b0c0e', '1k', "      \
             "700002, '{bob.id}', 9, 1, 'active', '2026-01-01', now() - interval '1 day')")},                \
        {"accounts", SQL("SELECT fn_accounts_open('{ann.id}'), fn_accounts_open('{bob.id}')")},              \
        {"opening",                                                                                          \
         SQL("SELECT fn_transfer(fn_account_site('safe'), fn_account_person('{ann.id}', 'stored'), 20000, "  \
             "'opening', NULL::operation, NULL)")},                                                          \
        {"seen", SQL("INSERT INTO presentation (id, desk_id, presence_id, uid, state, blocks, sectors, "     \
                     "seen) VALUES ('{new.p}', '{one.id}', '{new.p}', '\\x0a0b0c0d', 'ours', '{}', '{}', "   \
                     "'{}'), ('{new.q}', '{two.id}', '{new.q}', '\\x0a0b0c0e', 'ours', '{}', '{}', '{}')")}, \
        {"acts",                                                                                             \
         SQL("INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, "       \
             "presentation_id, finished_at) VALUES ('{new.o}', 'withdraw', 'completed', '{new.red}', "       \
             "'\\x0a0b0c0d', '{ann.id}', '{one.id}', '{as.admin.operator_id}', '{new.p}', "                  \
             "clock_timestamp())")},                                                                         \
        {"open act",                                                                                         \
         SQL("INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, "       \
             "presentation_id) VALUES ('{new.w}', 'recharge', 'in_doubt', '{new.blue}', '\\x0a0b0c0e', "     \
             "'{bob.id}', '{two.id}', '{as.admin.operator_id}', '{new.q}')")},                               \
        {"paid", SQL("SELECT fn_transfer(fn_account_person('{ann.id}', 'stored'), "                          \
                     "fn_account_person('{ann.id}', 'in_transit'), 1234, 'prepare', o, NULL) FROM "          \
                     "operation o WHERE id = '{new.o}'")},                                                   \
    {                                                                                                        \
        "drop",                                                                                              \
            SQL("SELECT fn_transfer(fn_account_person('{ann.id}', 'stored'), fn_account_person('{ann.id}', " \
                "'uncollected'), 5000, "                                                                     \
                "'spend', jsonb_populate_record(NULL::operation, '{\"uid\": \"\\\\x0a0b0c0d\"}'), NULL)")    \
    }

STORY(history, lists_desk_acts_by_what_they_concern)
{
    static const struct step steps[] = {
        ACTS,
        {"all", GET("/api/v1/operations"), .as = "finance", .want = 200, .has = "{'next_cursor': null}"},
        {"order", SQL("SELECT '{all.items.0.id} {all.items.1.id}'"), .text = "{new.w} {new.o}"},
        {"who", SQL("SELECT '{all.items.1.person.personnel_no} {all.items.1.desk.name}'"), .text = "77 One"},
        {"left",
         SQL("SELECT '{all.items.1.entries.0.amount_minor} "
             "{all.items.1.entries.0.balance_after_minor}'"),
         .text = "-1234 18766"},
        {"first", GET("/api/v1/operations?limit=1"), .want = 200, .want_header = "Link"},
        {"second", GET("/api/v1/operations?limit=1&cursor={first.next_cursor}"), .want = 200,
         .has = "{'next_cursor': null}"},
        {"older", SQL("SELECT '{second.items.0.id}'"), .text = "{new.o}"},
        {"open", GET("/api/v1/operations?state=open&desk_id={two.id}"), .want = 200},
        {"bob's", SQL("SELECT '{open.items.0.person.name}'"), .text = "Bob"},
        {"none there", GET("/api/v1/operations?state=open&desk_id={one.id}"), .want = 200,
         .has = "{'items': []}"},
        {"of_ann", GET("/api/v1/operations?person_id={ann.id}&kind=withdraw&state=completed"), .want = 200},
        {"hers", SQL("SELECT '{of_ann.items.0.id}'"), .text = "{new.o}"},
        {"by nobody", GET("/api/v1/operations?operator_id={new.none}"), .want = 200, .has = "{'items': []}"},
        {"long ago", GET("/api/v1/operations?to=2001-01-01"), .want = 200, .has = "{'items': []}"},
        {"future", GET("/api/v1/operations?from=2999-01-01"), .want = 200, .has = "{'items': []}"},
        {"gift", GET("/api/v1/operations?kind=gift"), .want_err = "bad_field", .pointer = "/query/kind"},
        {"cursor", GET("/api/v1/operations?cursor=eHg"), .want_err = "bad_field", .pointer = "/query/cursor"},
        {"nobody", GET("/api/v1/operations"), .as = "nobody", .want_err = "unauthenticated"},
        {"technician", GET("/api/v1/operations"), .as = "technician", .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}

/* The business day begins at four in the morning: what was done at one belongs to the day before. More acts
 * than one page of a list holds. */
STORY(history, sums_up_a_business_day_of_a_desk)
{
    static const struct step steps[] = {
        ACTS,
        {"legs", SQL("INSERT INTO leg (operation_id, purse, amount_minor, price_minor, state, decided_by, "
                     "decided_at) "
                     "VALUES ('{new.o}', 'consumption', 1234, 0, 'C', 'report', now()), "
                     "('{new.w}', 'consumption', 700, 0, 'C', 'report', now()), "
                     "('{new.w}', 'water', 300, 0, 'P', NULL, NULL)")},
        {"now", GET("/api/v1/desks/{one.id}/day"), .as = "finance", .want = 200,
         .has = "{'acts': 1, 'taken_minor': 0, 'paid_minor': 1234}"},
        {"open one", GET("/api/v1/desks/{two.id}/day"), .want = 200,
         .has = "{'acts': 1, 'taken_minor': 700, 'paid_minor': 0}"},
        {"night", SQL("UPDATE site SET time_zone = 'UTC', day_starts_at = '04:00'")},
        {"at one", SQL("UPDATE operation SET created_at = '2026-03-02 01:00Z' WHERE id = '{new.w}'")},
        {"that day", GET("/api/v1/desks/{two.id}/day?day=2026-03-02"), .want = 200, .has = "{'acts': 0}"},
        {"day before", GET("/api/v1/desks/{two.id}/day?day=2026-03-01"), .want = 200,
         .has = "{'day': '2026-03-01', 'acts': 1, 'taken_minor': 700}"},
        {"many",
         SQL("INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, "
             "presentation_id, created_at, finished_at) SELECT gen_random_uuid(), 'recharge', 'completed', "
             "'{new.blue}', '\\x0a0b0c0e', '{bob.id}', '{two.id}', '{as.admin.operator_id}', '{new.q}', "
             "'2026-03-01 12:00Z', now() FROM generate_series(1, 250)")},
        {"their legs", SQL("INSERT INTO leg (operation_id, purse, amount_minor, price_minor, state, "
                           "decided_by, decided_at) "
                           "SELECT id, 'times', 2, 150, 'C', 'report', now() FROM operation "
                           "WHERE created_at = '2026-03-01 12:00Z'")},
        {"all of them", GET("/api/v1/desks/{two.id}/day?day=2026-03-01"), .want = 200,
         .has = "{'acts': 251, 'taken_minor': 38200, 'paid_minor': 0}"},
        {"no day", GET("/api/v1/desks/{two.id}/day?day=today"), .want_err = "bad_field",
         .pointer = "/query/day"},
        {"no desk", GET("/api/v1/desks/{new.none}/day"), .want_err = "not_found"},
        {"technician", GET("/api/v1/desks/{two.id}/day"), .as = "technician", .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(history, tells_a_person_in_one_line_of_time)
{
    static const struct step steps[] = {
        ACTS,
        {"all", GET("/api/v1/people/{ann.id}/timeline"), .as = "cashier", .want = 200,
         .has = "{'next_cursor': null}"},
        {"kinds", SQL("SELECT '{all.items.0.kind} {all.items.1.kind} {all.items.2.kind}'"),
         .text = "spend withdraw opening"},
        {"spent",
         SQL("SELECT '{all.items.0.entries.0.amount_minor} "
             "{all.items.0.entries.0.balance_after_minor} {all.items.0.card.card_no}'"),
         .text = "-5000 13766 700001"},
        {"act", SQL("SELECT '{all.items.1.operation.state} {all.items.1.desk}'"), .text = "completed One"},
        {"first", GET("/api/v1/people/{ann.id}/timeline?limit=2"), .want = 200, .want_header = "Link"},
        {"rest", GET("/api/v1/people/{ann.id}/timeline?limit=2&cursor={first.next_cursor}"), .want = 200,
         .has = "{'next_cursor': null}"},
        {"oldest", SQL("SELECT '{rest.items.0.kind}'"), .text = "opening"},
        {"cursor", GET("/api/v1/people/{ann.id}/timeline?cursor=eHg"), .want_err = "bad_field",
         .pointer = "/query/cursor"},
        {"no person", GET("/api/v1/people/{new.none}/timeline"), .want_err = "not_found"},
        {"no uuid", GET("/api/v1/people/7/timeline"), .want_err = "not_found"},
        {"nobody", GET("/api/v1/people/{ann.id}/timeline"), .as = "nobody", .want_err = "unauthenticated"},
        {"technician", GET("/api/v1/people/{ann.id}/timeline"), .as = "technician", .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}
