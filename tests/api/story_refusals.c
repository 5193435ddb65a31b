/* What an operation is refused for, one reason after the other, with the numbers the screen needs. The desk's
 * agent is played by the story, and the state of card and books is set directly; the whole way of a card is
 * in story_operations.c. */
#include "tests/lib/story_agent.h"

#include <stdlib.h>

#define OPERATIONS POST("/api/v1/desks/{desk.id}/operations"), .as = "cashier"
/* Every refusal may be sent under the same key: refusals are not kept. */
#define KEY .headers = "Idempotency-Key: {new.key}"
#define READING "'presentation_id': '{new.reading}'"
#define ACT(kind, members) .body = "{'kind': '" kind "', " READING ", " members "}"
#define RECHARGE(members) OPERATIONS, KEY, ACT("recharge", members)
#define WITHDRAW(members) OPERATIONS, KEY, ACT("withdraw", members)
#define ISSUE(person) OPERATIONS, KEY, ACT("issue", "'person_id': '" person "'")
#define CANCEL(label_)                                                                                       \
    POST("/api/v1/operations/{" label_ ".id}/cancel"), .as = "cashier", .body = "{}", .want = 200,           \
                                                       .has = "{'state': 'aborted'}"

/* Ann's card with 200.00 and 50.00 lies on the desk and was read; the agent is heard until the story ends. */
#define SIGHT(value)                                                                                         \
    "{\"verdict\": \"nothing_new\", \"contradiction\": \"none\", \"epoch_no\": 1, \"value\": " value         \
    ", \"lower\": false, \"provisional\": false}"
#define PURSE(name, value)                                                                                   \
    "INSERT INTO epoch (uid, purse, epoch_no, opening_minor, opening_stored_minor, fence_id, state, "        \
    "lowest_minor) VALUES ('\\x9c3ad15e', '" name "', 1, " value ", 0, '{new.fence}', 'proven', " value ");" \
    "INSERT INTO card_purse VALUES ('\\x9c3ad15e', '" name "', 1, 1, " value ", CASE '" name                 \
    "' WHEN 'consumption' THEN " value " ELSE 0 END, " value ", " value ");"
#define OPENING(account, minor)                                                                              \
    "SELECT fn_transfer(fn_account_site('safe'), fn_account_person('{ann.id}', '" account "'), " minor       \
    ", 'opening', NULL::operation, NULL);"

static const struct step people[] = {
    {"digits", PUT("/api/v1/settings/system-password"), .body = "{'digits': '2580'}", .want = 204},
    {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell'}", .want = 201},
    {"bob", POST("/api/v1/people"), .body = "{'name': 'Bob Ash'}", .want = 201},
    {"sit", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': '{desk.id}'}", .want = 200},
};

static const struct step card[] = {
    {"card",
     SQL("INSERT INTO card (id, uid, chip, card_no, person_id, key_version, start_sector, state, issued_on) "
         "VALUES ('{new.card}', '\\x9c3ad15e', '1k', 700001, '{ann.id}', 1, 1, 'active', '2026-01-01');"
         "INSERT INTO fence (id, uid, state) VALUES ('{new.fence}', '\\x9c3ad15e', 'C');" PURSE(
             "consumption", "20000") PURSE("water", "5000") PURSE("times", "0"))},
    {"accounts", SQL("SELECT fn_accounts_open('{ann.id}')")},
    {"money", SQL(OPENING("stored", "20000") OPENING("water", "5000"))},
};

static const struct step reading[] = {
    {"reading",
     SQL("INSERT INTO presentation (id, desk_id, presence_id, uid, state, blocks, sectors, seen) VALUES "
         "('{new.reading}', '{desk.id}', '{new.presence}', '\\x9c3ad15e', 'ours', '{}', '{}', "
         "'{\"consumption\": " SIGHT("20000") ", \"water\": " SIGHT("5000") ", \"times\": " SIGHT(
             "0") "}')")},
    {"lies there",
     SQL("UPDATE desk_live SET presence_id = '{new.presence}', presence_kind = 'card', uid = '\\x9c3ad15e', "
         "sak = 8, read_mode = 'known', presentation_id = '{new.reading}', agent_seen_at = now() + interval "
         "'1 hour'")},
};

static struct story_agent *ready_desk(struct story *story)
{
    static const struct step desk[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201}};
    story_play(story, desk, STEPS(desk));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
    story_agent_hello(story, agent, "ok");
    story_set(story, "run", agent->run);
    story_play(story, people, STEPS(people));
    story_play(story, card, STEPS(card));
    story_play(story, reading, STEPS(reading));
    return agent;
}

static void play(struct story *story, const struct step *steps, size_t count)
{
    struct story_agent *agent = ready_desk(story);
    story_play(story, steps, count);
    story_agent_free(agent);
}

STORY(refusals, an_act_needs_its_key_and_its_fields)
{
    static const struct step steps[] = {
        {"no key", OPERATIONS, ACT("recharge", "'water_minor': 1"), .want_err = "key_missing"},
        {"no UUIDv7", OPERATIONS, .headers = "Idempotency-Key: 3b241101-e2bb-4255-8caf-4136c566a962",
         ACT("recharge", "'water_minor': 1"), .want_err = "key_missing"},
        {"twice", OPERATIONS, .headers = "Idempotency-Key: {new.key}\nIdempotency-Key: {new.key}",
         ACT("recharge", "'water_minor': 1"), .want_err = "bad_request"},
        {"in use", SQL("SELECT pg_advisory_lock(1, hashtext('{new.key}'))")},
        {"busy", RECHARGE("'water_minor': 1"), .want_err = "key_busy"},
        {"busy too", ISSUE("{bob.id}"), .want_err = "key_busy"},
        {"free", SQL("SELECT pg_advisory_unlock(1, hashtext('{new.key}'))"), .text = "t"},
        {"nothing", RECHARGE("'water_minor': null"), .want_err = "nothing_to_do"},
        {"typed 0", RECHARGE("'water_minor': 0"), .want_err = "bad_field", .pointer = "/water_minor"},
        {"less than 0", RECHARGE("'consumption_minor': -1"), .want_err = "bad_field",
         .pointer = "/consumption_minor"},
        {"a fraction", RECHARGE("'consumption_minor': 1.5"), .want_err = "bad_field",
         .pointer = "/consumption_minor"},
        {"as text", RECHARGE("'consumption_minor': '1'"), .want_err = "bad_field",
         .pointer = "/consumption_minor"},
        {"more than a card holds", RECHARGE("'consumption_minor': 16777216"), .want_err = "bad_field",
         .pointer = "/consumption_minor"},
        {"times and money", RECHARGE("'times': 1, 'water_minor': 1"), .want_err = "bad_field",
         .pointer = "/times"},
        {"unknown", RECHARGE("'water_minor': 1, 'tip_minor': 1"), .want_err = "bad_field",
         .pointer = "/tip_minor"},
        {"a card with money", OPERATIONS, KEY, ACT("issue", "'person_id': '{bob.id}', 'water_minor': 1"),
         .want_err = "bad_field", .pointer = "/kind"},
        {"a card for nobody", OPERATIONS, KEY, ACT("issue", "'printed_no': 'R 1'"), .want_err = "bad_field",
         .pointer = "/person_id"},
        {"a person", RECHARGE("'water_minor': 1, 'person_id': '{ann.id}'"), .want_err = "bad_field",
         .pointer = "/kind"},
        {"another kind", OPERATIONS, KEY, ACT("gift", "'water_minor': 1"), .want_err = "bad_field",
         .pointer = "/kind"},
        {"no desk", POST("/api/v1/desks/main/operations"), .as = "cashier", KEY,
         ACT("recharge", "'water_minor': 1"), .want_err = "not_found"},
        {"nobody", POST("/api/v1/desks/{desk.id}/operations"), .as = "nobody", KEY,
         ACT("recharge", "'water_minor': 1"), .want_err = "unauthenticated"},
        {"finance recharges", POST("/api/v1/desks/{desk.id}/operations"), .as = "finance", KEY,
         ACT("recharge", "'water_minor': 1"), .want_err = "forbidden"},
        {"finance issues", POST("/api/v1/desks/{desk.id}/operations"), .as = "finance", KEY,
         ACT("issue", "'person_id': '{bob.id}'"), .want_err = "forbidden"},
        {"nothing was done", SQL("SELECT count(*) FROM operation"), .text = "0"},
        {"taken", OPERATIONS, ACT("recharge", "'water_minor': 1"), .keyed = true, .want = 201},
        {"another body", OPERATIONS, .key_of = "taken", ACT("recharge", "'water_minor': 2"),
         .want_err = "key_reused"},
        {"another operator", POST("/api/v1/desks/{desk.id}/operations"), .as = "supervisor",
         .key_of = "taken", ACT("recharge", "'water_minor': 1"), .want_err = "key_reused"},
    };
    play(story, steps, STEPS(steps));
}

STORY(refusals, limits_hold_to_the_last_minor_unit)
{
    static const struct step steps[] = {
        {"over", RECHARGE("'consumption_minor': 9979901"), .want_err = "over_limit",
         .has = "{'purse': 'consumption', 'limit_minor': 9999900, 'balance_minor': 20000, 'largest_minor': "
                "9979900}"},
        {"to_limit", OPERATIONS, ACT("recharge", "'consumption_minor': 9979900"), .keyed = true, .want = 201},
        {"one at a time", RECHARGE("'water_minor': 1"), .want_err = "operation_open"},
        {"void 1", CANCEL("to_limit")},
        {"over water", RECHARGE("'water_minor': 95000"), .want_err = "over_limit",
         .has = "{'purse': 'water', 'limit_minor': 99999, 'balance_minor': 5000, 'largest_minor': 94999}"},
        {"both or none", RECHARGE("'consumption_minor': 1, 'water_minor': 95000"), .want_err = "over_limit",
         .has = "{'purse': 'water'}"},
        {"water_to_limit", OPERATIONS, ACT("recharge", "'water_minor': 94999"), .keyed = true, .want = 201},
        {"void 2", CANCEL("water_to_limit")},
        {"old price", RECHARGE("'times': 10, 'price_minor': 1"), .want_err = "bad_field",
         .has = "{'errors': [{'pointer': '/price_minor', 'code': 'changed', 'message': '*'}]}"},
        {"price of money", RECHARGE("'water_minor': 1, 'price_minor': 1"), .want_err = "bad_field",
         .pointer = "/price_minor"},
        {"over times", RECHARGE("'times': 10000"), .want_err = "over_limit",
         .has = "{'purse': 'times', 'limit_minor': 9999, 'largest_minor': 9999}"},
        {"short", WITHDRAW("'consumption_minor': 20001"), .want_err = "short",
         .has = "{'purse': 'consumption', 'balance_minor': 20000, 'largest_minor': 20000}"},
        {"all_of_it", OPERATIONS, ACT("withdraw", "'consumption_minor': 20000, 'water_minor': 5000"),
         .keyed = true, .want = 201},
        {"void 3", CANCEL("all_of_it")},
        {"short of water", WITHDRAW("'water_minor': 5001"), .want_err = "short",
         .has = "{'purse': 'water', 'largest_minor': 5000}"},
        {"short of times", WITHDRAW("'times': 1"), .want_err = "short", .has = "{'largest_minor': 0}"},
        {"strict drawer", PATCH("/api/v1/settings"), .body = "{'drawer_may_go_negative': false}",
         .want = 200},
        {"empty drawer", WITHDRAW("'water_minor': 100"), .want_err = "drawer_short",
         .has = "{'needed_minor': 100, 'largest_minor': 0}"},
        {"cash", SQL("SELECT fn_transfer(fn_account_drawer('{desk.id}'), fn_account_site('safe'), 100, "
                     "'opening', NULL::operation, NULL)")},
        {"one more", WITHDRAW("'water_minor': 101"), .want_err = "drawer_short",
         .has = "{'needed_minor': 101, 'largest_minor': 100}"},
        {"what is in it", OPERATIONS, ACT("withdraw", "'water_minor': 100"), .keyed = true, .want = 201},
        {"nothing moved",
         SQL("SELECT string_agg(kind || ' ' || balance_minor, ', ' ORDER BY kind) FROM account WHERE "
             "person_id = '{ann.id}' AND balance_minor <> 0"),
         .text = "in_transit 100, stored 20000, water 4900"},
    };
    play(story, steps, STEPS(steps));
}

STORY(refusals, large_withdrawals_need_the_password_again)
{
    static const struct step steps[] = {
        {"dora", POST("/api/v1/operators"), .want = 201,
         .body = "{'name': 'dora', 'full_name': 'Dora Hill', 'roles': ['cashier'], 'password': 'four quiet "
                 "green rivers'}"},
        {"login", POST("/api/v1/session"), .as = "dora", .want = 201,
         .body = "{'name': 'dora', 'password': 'four quiet green rivers'}"},
        {"take over", PUT("/api/v1/session/desk"), .as = "dora",
         .body = "{'desk_id': '{desk.id}', 'take_over': true}", .want = 200},
        {"threshold", PATCH("/api/v1/settings"), .body = "{'withdraw_step_up_minor': 1000}", .want = 200},
        {"more", POST("/api/v1/desks/{desk.id}/operations"), .as = "dora", KEY,
         ACT("withdraw", "'water_minor': 1001"), .want_err = "step_up_required",
         .has = "{'operation_id': '{new.key}'}"},
        {"a made-up grant", POST("/api/v1/desks/{desk.id}/operations"), .as = "dora",
         .headers = "Idempotency-Key: {new.key}\nStep-Up: abc", ACT("withdraw", "'water_minor': 1001"),
         .want_err = "step_up_required"},
        {"grant", POST("/api/v1/session/step-up"), .as = "dora", .want = 201,
         .body =
             "{'password': 'four quiet green rivers', 'operation_id': '{new.key}', 'purpose': 'withdraw'}"},
        {"for another act", POST("/api/v1/desks/{desk.id}/operations"), .as = "dora",
         .headers = "Idempotency-Key: {new.other}\nStep-Up: {grant.token}",
         ACT("withdraw", "'water_minor': 1001"), .want_err = "step_up_required"},
        {"granted", POST("/api/v1/desks/{desk.id}/operations"), .as = "dora",
         .headers = "Idempotency-Key: {new.key}\nStep-Up: {grant.token}",
         ACT("withdraw", "'water_minor': 1001"), .want = 201,
         .has = "{'id': '{new.key}', 'state': 'prepared'}"},
        {"repeated", POST("/api/v1/desks/{desk.id}/operations"), .as = "dora", KEY,
         ACT("withdraw", "'water_minor': 1001"), .want = 201, .want_header = "Idempotent-Replayed: true"},
        {"void", POST("/api/v1/operations/{granted.id}/cancel"), .as = "dora", .body = "{}", .want = 200},
        {"at the threshold", POST("/api/v1/desks/{desk.id}/operations"), .as = "dora",
         ACT("withdraw", "'water_minor': 1000"), .keyed = true, .want = 201},
    };
    play(story, steps, STEPS(steps));
}

STORY(refusals, the_desk_must_show_this_card)
{
    static const struct step steps[] = {
        {"at no desk", POST("/api/v1/desks/{desk.id}/operations"), .as = "cashier2", KEY,
         ACT("recharge", "'water_minor': 1"), .want_err = "wrong_desk"},
        {"at no desk issues", POST("/api/v1/desks/{desk.id}/operations"), .as = "cashier2", KEY,
         ACT("issue", "'person_id': '{bob.id}'"), .want_err = "wrong_desk"},
        {"another reading", OPERATIONS, KEY, .want_err = "card_changed",
         .body = "{'kind': 'recharge', 'presentation_id': '{new.old}', 'water_minor': 1}"},
        {"silent", SQL("UPDATE desk_live SET agent_online = false")},
        {"offline", RECHARGE("'water_minor': 1"), .want_err = "agent_offline"},
        {"heard", SQL("UPDATE desk_live SET agent_online = true, reader_state = 'absent'")},
        {"unplugged", RECHARGE("'water_minor': 1"), .want_err = "agent_offline"},
        {"plugged", SQL("UPDATE desk_live SET reader_state = 'ok'")},
        {"two", POST("/agent/v1/presence"), .as = "till", .want = 200, .has = "{'state': 'two_cards'}",
         .body = "{'run': '{set.run}', 'presence': '{new.two}', 'cards': 2, 'uid': '9c3ad15e', 'atqa': "
                 "'0004', 'sak': '08', 'ats': ''}"},
        {"two cards", RECHARGE("'water_minor': 1"), .want_err = "two_cards"},
        {"phone", POST("/agent/v1/presence"), .as = "till", .want = 200, .has = "{'state': 'not_supported'}",
         .body = "{'run': '{set.run}', 'presence': '{new.phone}', 'cards': 1, 'uid': '08112233', 'atqa': "
                 "'0004', 'sak': '20', 'ats': '7880'}"},
        {"not supported", RECHARGE("'water_minor': 1"), .want_err = "not_supported"},
        {"off", POST("/agent/v1/removed"), .as = "till", .want = 200,
         .body = "{'run': '{set.run}', 'presence': '{new.phone}'}"},
        {"no card", RECHARGE("'water_minor': 1"), .want_err = "no_card"},
        {"no card to issue", ISSUE("{bob.id}"), .want_err = "no_card"},
    };
    play(story, steps, STEPS(steps));
}

STORY(refusals, the_card_must_be_in_order)
{
    static const struct step steps[] = {
        {"by holder", SQL("UPDATE card SET block = 'holder'")},
        {"blocked", RECHARGE("'water_minor': 1"), .want_err = "card_blocked"},
        {"by a case", SQL("UPDATE card SET block = 'case'")},
        {"case", RECHARGE("'water_minor': 1"), .want_err = "case_open"},
        {"old", SQL("UPDATE card SET block = NULL, expires_on = current_date - 2")},
        {"expired", RECHARGE("'water_minor': 1"), .want_err = "card_expired"},
        {"lost", SQL("UPDATE card SET expires_on = NULL, state = 'lost'")},
        {"state", RECHARGE("'water_minor': 1"), .want_err = "card_state"},
        {"cancelled", SQL("UPDATE card SET state = 'cancelled'")},
        {"not ours", RECHARGE("'water_minor': 1"), .want_err = "card_not_ours"},
        {"active", SQL("UPDATE card SET state = 'active'")},
        {"scratched", SQL("UPDATE presentation SET seen = jsonb_set(seen, '{water,verdict}', "
                          "'\"unreadable\"')")},
        {"unreadable", RECHARGE("'water_minor': 1"), .want_err = "card_unreadable"},
        {"the other purse is fine", OPERATIONS, ACT("recharge", "'consumption_minor': 1"), .keyed = true,
         .want = 201},
        {"open", RECHARGE("'consumption_minor': 1"), .want_err = "operation_open"},
        {"writing stopped", SQL("UPDATE operation SET state = 'in_doubt'")},
        {"in doubt", RECHARGE("'consumption_minor': 1"), .want_err = "card_in_doubt"},
    };
    play(story, steps, STEPS(steps));
}

STORY(refusals, an_issue_needs_a_blank_card_and_a_person_without_one)
{
    static const struct step steps[] = {
        {"to whom", ISSUE("{new.nobody}"), .want_err = "not_found"},
        {"in use", ISSUE("{bob.id}"), .want_err = "card_not_blank"},
        {"left", SQL("UPDATE person SET state = 'inactive' WHERE id = '{bob.id}'")},
        {"inactive", ISSUE("{bob.id}"), .want_err = "person_inactive"},
        {"back", SQL("UPDATE person SET state = 'active' WHERE id = '{bob.id}'")},
        {"contradiction", SQL("INSERT INTO card_case (id, uid, card_id, kind, evidence) VALUES "
                              "('{new.case}', '\\x9c3ad15e', '{new.card}', 'rollback', '{}')")},
        {"case", ISSUE("{bob.id}"), .want_err = "case_open"},
        {"closed", POST("/api/v1/cases/{new.case}/close"), .body = "{'reason': 'looked at'}", .want = 200},
        {"given up", SQL("UPDATE card SET state = 'scrapped'")},
        {"scrapped", ISSUE("{bob.id}"), .want_err = "scrapped"},
        {"another chip", SQL("UPDATE desk_live SET uid = '\\x01020304'; UPDATE presentation SET uid = "
                             "'\\x01020304', state = 'blank'; UPDATE card SET state = 'active'")},
        {"has one", ISSUE("{ann.id}"), .want_err = "person_has_card"},
        {"not ours", RECHARGE("'water_minor': 1"), .want_err = "card_not_ours"},
        {"forget", SQL("UPDATE site SET system_password_sealed = NULL")},
        {"no digits", ISSUE("{bob.id}"), .want_err = "system_password_missing"},
        {"no digits, no reading", POST("/agent/v1/presence"), .as = "till", .want = 200,
         .has = "{'state': 'system_password_missing'}",
         .body = "{'run': '{set.run}', 'presence': '{new.later}', 'cards': 1, 'uid': '01020304', 'atqa': "
                 "'0004', 'sak': '08', 'ats': ''}"},
        {"said at the desk", ISSUE("{bob.id}"), .want_err = "system_password_missing"},
    };
    play(story, steps, STEPS(steps));
}

#define REVERSE(label_, as_)                                                                                 \
    POST("/api/v1/operations/{" label_ ".id}/reverse"),                                                      \
        .as = as_, KEY, .body = "{'desk_id': '{desk.id}', " READING ", 'reason': 'typed wrongly'}"

STORY(refusals, an_undo_is_for_whom_it_belongs_to)
{
    static const struct step steps[] = {
        {"done", OPERATIONS, ACT("recharge", "'water_minor': 300"), .keyed = true, .want = 201},
        {"not yet", REVERSE("done", "cashier"), .want_err = "operation_open"},
        {"on the card", SQL("SELECT fn_epoch_prove('\\x9c3ad15e', 'water', 2, 'report'), "
                            "fn_operation_settle('{done.id}')")},
        {"seen", SQL("UPDATE presentation SET seen = jsonb_set(jsonb_set(seen, '{water,epoch_no}', '2'), "
                     "'{water,value}', '5300')")},
        {"leaves", PUT("/api/v1/session/desk"), .as = "cashier", .body = "{'desk_id': null}", .want = 200},
        {"sits", PUT("/api/v1/session/desk"), .as = "cashier2", .body = "{'desk_id': '{desk.id}'}",
         .want = 200},
        {"of another cashier", REVERSE("done", "cashier2"), .want_err = "forbidden"},
        {"moves", PUT("/api/v1/session/desk"), .as = "supervisor",
         .body = "{'desk_id': '{desk.id}', 'take_over': true}", .want = 200},
        {"spent", SQL("UPDATE account SET balance_minor = 299 WHERE person_id = '{ann.id}' AND kind = "
                      "'water'")},
        {"short", REVERSE("done", "supervisor"), .want_err = "short", .has = "{'largest_minor': 299}"},
        {"there again", SQL("UPDATE account SET balance_minor = 5300 WHERE person_id = '{ann.id}' AND kind "
                            "= 'water'")},
        {"by a supervisor", REVERSE("done", "supervisor"), .want = 201, .has = "{'reverses': '{done.id}'}"},
    };
    play(story, steps, STEPS(steps));
}

/* An act that no agent has taken yet is void at once, and asking again changes nothing. */
STORY(refusals, an_act_not_begun_is_cancelled_at_once)
{
    static const struct step steps[] = {
        {"act", OPERATIONS, ACT("recharge", "'water_minor': 700"), .keyed = true, .want = 201},
        {"nobody", POST("/api/v1/operations/{act.id}/cancel"), .as = "nobody", .body = "{}",
         .want_err = "unauthenticated"},
        {"by whom it is not", POST("/api/v1/operations/{act.id}/cancel"), .as = "hr", .body = "{}",
         .want_err = "forbidden"},
        {"no such", POST("/api/v1/operations/{new.none}/cancel"), .as = "cashier", .body = "{}",
         .want_err = "not_found"},
        {"no id", POST("/api/v1/operations/all/cancel"), .as = "cashier", .body = "{}",
         .want_err = "not_found"},
        {"void", POST("/api/v1/operations/{act.id}/cancel"), .as = "cashier", .body = "{'scrap': null}",
         .want = 200,
         .has = "{'state': 'aborted', 'cash_to_return_minor': 700, 'legs': [{'state': 'X', 'decided_by': "
                "'burnt'}]}"},
        {"again", POST("/api/v1/operations/{act.id}/cancel"), .as = "cashier", .body = "{}", .want = 200,
         .want_header = "Idempotent-Replayed: true", .has = "{'state': 'aborted'}"},
        {"read", GET("/api/v1/operations/{act.id}"), .as = "hr", .want = 200, .has = "{'state': 'aborted'}"},
        {"read by nobody", GET("/api/v1/operations/{act.id}"), .as = "nobody", .want_err = "unauthenticated"},
        {"read none", GET("/api/v1/operations/{new.none}"), .want_err = "not_found"},
        {"not done, not undone", REVERSE("act", "cashier"), .want_err = "not_reversible"},
    };
    play(story, steps, STEPS(steps));
}
