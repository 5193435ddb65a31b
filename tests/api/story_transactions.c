/* Bookings of a person or a card, in pages and as CSV. */
#include "tests/lib/story_internal.h"

#include <string.h>

/* Ann: 200.00 and 3 times came in, 50.00 went away by a drop on her card, 7.00 is owed. Bob has one booking.
 */
#define BOOKS                                                                                                \
    {"fingerprint", SQL("INSERT INTO site_key VALUES (9, decode(repeat('00', 32), 'hex'))")},                \
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell'}", .want = 201},                        \
        {"bob", POST("/api/v1/people"), .body = "{'name': 'Bob'}", .want = 201},                             \
        {"cards",                                                                                            \
         SQL("INSERT INTO card (id, uid, chip, card_no, person_id, key_version, start_sector, state, "       \
             "issued_on, created_at) VALUES ('{new.old}', '\\x0a0b0c0d', '1k', 700001, '{ann.id}', 9, 1, "   \
             "'cancelled', '2026-01-01', now() - interval '2 days'), ('{new.red}', '\\x0a0b0c0d', '1k', "    \
             "700002, '{ann.id}', 9, 1, 'active', '2026-01-01', now() - interval '1 day')")},                \
        {"accounts", SQL("SELECT fn_accounts_open('{ann.id}'), fn_accounts_open('{bob.id}')")},              \
        {"one side",                                                                                         \
         SQL("CREATE FUNCTION fn_entry(bigint, bigint, bigint) RETURNS void LANGUAGE sql AS 'WITH k AS "     \
             "(UPDATE account SET balance_minor = balance_minor + $3, version = version + 1 WHERE id = $2 "  \
             "AND balance_minor IS NOT NULL RETURNING version, balance_minor) INSERT INTO entry SELECT $1, " \
             "$2, $3, k.version, k.balance_minor - $3, k.balance_minor FROM (SELECT) o LEFT JOIN k ON "      \
             "true'")},                                                                                      \
        {"opening",                                                                                          \
         SQL("SELECT fn_transfer(fn_account_site('safe'), fn_account_person('{ann.id}', 'stored'), 20000, "  \
             "'opening', NULL::operation, NULL)")},                                                          \
        {"times", SQL("SELECT fn_transfer(fn_account_site('times_issued'), fn_account_person('{ann.id}', "   \
                      "'times'), 3, "                                                                        \
                      "'opening', NULL::operation, NULL)")},                                                 \
        {"bob's",                                                                                            \
         SQL("SELECT fn_transfer(fn_account_site('safe'), fn_account_person('{bob.id}', 'water'), 100, "     \
             "'opening', NULL::operation, NULL)")},                                                          \
        {"drop", SQL("WITH t AS (INSERT INTO transfer (kind, uid, event_at) VALUES ('spend', "               \
                     "'\\x0a0b0c0d', now() - "                                                               \
                     "interval '1 hour') RETURNING id) SELECT fn_entry(id, fn_account_person('{ann.id}', "   \
                     "'stored'), "                                                                           \
                     "-5000), fn_entry(id, fn_account_person('{ann.id}', 'uncollected'), 5000) FROM t")},    \
    {                                                                                                        \
        "debt", SQL("SELECT fn_transfer(fn_account_person('{ann.id}', 'debt'), "                             \
                    "fn_account_site('suspense'), 700, "                                                     \
                    "'correction', NULL::operation, NULL)")                                                  \
    }

STORY(transactions, show_balances_before_and_after)
{
    static const struct step steps[] = {
        BOOKS,
        {"all", GET("/api/v1/transactions?person_id={ann.id}"), .as = "finance", .want = 200,
         .has = "{'next_cursor': null}"},
        {"kinds", SQL("SELECT '{all.items.0.kind} {all.items.1.kind} {all.items.2.kind} {all.items.3.kind}'"),
         .text = "correction spend opening opening"},
        {"debts", GET("/api/v1/transactions?person_id={ann.id}&kind=correction"), .want = 200},
        {"owed",
         SQL("SELECT '{debts.items.0.entries.0.amount_minor} {debts.items.0.entries.0.balance_after_minor}'"),
         .text = "700 700"},
        {"spends", GET("/api/v1/transactions?person_id={ann.id}&kind=spend"), .want = 200},
        {"sides",
         SQL("SELECT '{spends.items.0.entries.0.account} {spends.items.0.entries.0.balance_after_minor} "
             "{spends.items.0.entries.1.account} {spends.items.0.entries.1.amount_minor} "
             "{spends.items.0.entries.1.balance_before_minor} "
             "{spends.items.0.entries.1.balance_after_minor}'"),
         .text = "uncollected 5000 stored -5000 20000 15000"},
        {"of the card", SQL("SELECT '{spends.items.0.card.card_no}'"), .text = "700002"},
        {"by_card", GET("/api/v1/transactions?card_id={new.red}"), .want = 200},
        {"only that", SQL("SELECT '{by_card.items.0.kind}'"), .text = "spend"},
        {"by old card", GET("/api/v1/transactions?card_id={new.old}"), .want = 200, .has = "{'items': []}"},
        {"count", GET("/api/v1/transactions?person_id={ann.id}&kind=opening&limit=1"), .want = 200,
         .want_header = "Link"},
        {"unit",
         SQL("SELECT '{count.items.0.entries.0.unit} {count.items.0.entries.0.amount} "
             "{count.items.0.entries.0.balance_after}'"),
         .text = "count 3 3"},
        {"next",
         GET("/api/v1/transactions?person_id={ann.id}&kind=opening&limit=1&cursor={count.next_cursor}"),
         .want = 200, .has = "{'next_cursor': null}"},
        {"money", SQL("SELECT '{next.items.0.entries.0.amount_minor}'"), .text = "20000"},
        {"before", GET("/api/v1/transactions?person_id={ann.id}&to=2001-01-01"), .want = 200,
         .has = "{'items': []}"},
        {"since", GET("/api/v1/transactions?person_id={ann.id}&from=2001-01-01&kind=spend"), .want = 200},
        {"found", SQL("SELECT '{since.items.0.kind}'"), .text = "spend"},
        {"not hers", GET("/api/v1/transactions?person_id={bob.id}&card_id={new.red}"),
         .want_err = "not_found"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(transactions, a_business_day_is_that_of_the_site)
{
    static const struct step steps[] = {
        BOOKS,
        {"zone", SQL("UPDATE site SET time_zone = 'Asia/Shanghai', day_starts_at = '04:00'")},
        {"late", SQL("WITH t AS (INSERT INTO transfer (kind, event_at) VALUES ('spend', '2026-03-02 03:59 "
                     "Asia/Shanghai'), "
                     "('debt_paid', '2026-03-02 04:00 Asia/Shanghai') RETURNING id) SELECT fn_entry(id, "
                     "fn_account_person('{bob.id}', 'water'), 1), fn_entry(id, fn_account_site('suspense'), "
                     "-1) FROM t")},
        {"first", GET("/api/v1/transactions?person_id={bob.id}&from=2026-03-01&to=2026-03-01"), .want = 200},
        {"of the day before", SQL("SELECT '{first.items.0.kind}'"), .text = "spend"},
        {"second", GET("/api/v1/transactions?person_id={bob.id}&from=2026-03-02&to=2026-03-02"), .want = 200},
        {"of that day", SQL("SELECT '{second.items.0.kind}'"), .text = "debt_paid"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(transactions, are_never_a_csv_that_is_cut)
{
    static const struct step steps[] = {
        BOOKS,
        {"many", SQL("WITH t AS (INSERT INTO transfer (kind, uid, operator_id, event_at) SELECT 'spend', "
                     "'\\x0a0b0c0d', '{as.admin.operator_id}', '2026-03-01 12:00Z' "
                     "FROM generate_series(1, 20001) RETURNING id) INSERT INTO entry (transfer_id, "
                     "account_id, amount_minor, account_version, balance_before_minor, "
                     "balance_after_minor) SELECT t.id, a.id, v.amount, 1000000 + t.id, 0, v.amount FROM t, "
                     "(VALUES ('stored', -1), ('uncollected', 1)) v (kind, amount), "
                     "account a WHERE a.person_id = '{ann.id}' AND a.kind = v.kind")},
        {"all", GET("/api/v1/transactions?person_id={ann.id}"), .headers = "Accept: text/csv",
         .want_err = "bad_field", .pointer = "/query/from",
         .has = "{'errors': [{'pointer': '/query/from', 'code': 'too_many', 'message': '*'}]}"},
        {"another day", GET("/api/v1/transactions?person_id={ann.id}&from=2026-03-05"),
         .headers = "Accept: text/csv", .want = 200},
        {"page by page", GET("/api/v1/transactions?person_id={ann.id}&limit=1"), .want = 200,
         .want_header = "Link"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(transactions, come_as_csv_that_no_spreadsheet_takes_for_a_formula)
{
    static const struct step steps[] = {
        BOOKS,
        {"desk", POST("/api/v1/desks"), .body = "{'name': '=1+1'}", .want = 201},
        {"act",
         SQL("INSERT INTO presentation (id, desk_id, presence_id, uid, state, blocks, sectors, seen) VALUES "
             "('{new.p}', '{desk.id}', '{new.p}', '\\x0a0b0c0d', 'card', '{}', '{}', '{}'); INSERT INTO "
             "operation "
             "(id, kind, state, card_id, uid, person_id, desk_id, operator_id, presentation_id, finished_at) "
             "VALUES ('{new.o}', 'withdraw', 'completed', '{new.red}', '\\x0a0b0c0d', '{ann.id}', "
             "'{desk.id}', "
             "'{as.admin.operator_id}', '{new.p}', now()); WITH t AS (INSERT INTO transfer (kind, "
             "operation_id, uid, "
             "operator_id, event_at) VALUES ('prepare', '{new.o}', '\\x0a0b0c0d', '{as.admin.operator_id}', "
             "now()) "
             "RETURNING id) SELECT fn_entry(id, fn_account_person('{ann.id}', 'stored'), -1234), "
             "fn_entry(id, "
             "fn_account_person('{ann.id}', 'in_transit'), 1234) FROM t")},
        {"json", GET("/api/v1/transactions?card_id={new.red}&kind=withdraw"), .want = 200},
        {"of a desk", SQL("SELECT '{json.items.0.desk.name} {json.items.0.operation.id}'"),
         .text = "=1+1 {new.o}"},
        {"csv", GET("/api/v1/transactions?card_id={new.red}&kind=withdraw"), .headers = "Accept: text/csv",
         .want = 200, .want_header = "Content-Type"},
        {"nobody", GET("/api/v1/transactions?card_id={new.red}"), .as = "nobody",
         .want_err = "unauthenticated"},
        {"technician", GET("/api/v1/transactions?card_id={new.red}"), .as = "technician",
         .want_err = "forbidden"},
        {"of whom", GET("/api/v1/transactions"), .want_err = "bad_field", .pointer = "/query/person_id"},
        {"bad kind", GET("/api/v1/transactions?person_id={ann.id}&kind=gift"), .want_err = "bad_field",
         .pointer = "/query/kind"},
        {"bad day", GET("/api/v1/transactions?person_id={ann.id}&from=2026-02-30"), .want_err = "bad_field",
         .pointer = "/query/from"},
        {"bad cursor", GET("/api/v1/transactions?person_id={ann.id}&cursor=eHg"), .want_err = "bad_field",
         .pointer = "/query/cursor"},
        {"no person", GET("/api/v1/transactions?person_id={new.none}"), .want_err = "not_found"},
        {"no card", GET("/api/v1/transactions?card_id={new.none}"), .want_err = "not_found"},
    };
    story_play(story, steps, STEPS(steps));
    const char *csv = json_string_value(json_object_get(json_object_get(story->labels, "csv"), "text"));
    cr_assert(csv && strncmp(csv, "at,booked_at,kind,operation,", 28) == 0, "%s", csv);
    cr_assert(strstr(csv, "700002,\"stored\",\"money\",-12.34,150.00,137.66,"), "%s", csv);
    cr_assert(strstr(csv, "\"in_transit\",\"money\",12.34,0.00,12.34,"), "%s", csv);
    cr_assert(strstr(csv, ",\"'=1+1\"\r\n"), "%s", csv);
    cr_assert_null(strstr(csv, ",\"="));
}
