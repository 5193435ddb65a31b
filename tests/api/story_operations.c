/* A card from blank to undone, on the real agent and a simulated reader: issue, recharge, withdraw, times,
 * cancel, undo, and the books afterwards. Refusals are in story_refusals.c. */
#include "tests/lib/story_desk.h"

#define OPERATIONS OPERATIONS_BY("cashier")
#define REVERSE(label_)                                                                                      \
    POST("/api/v1/operations/{" label_ ".id}/reverse"),                                                      \
        .as = "cashier",                                                                                     \
        .body = "{'desk_id': '{set.desk}', 'presentation_id': '{set.reading}', 'reason': 'wrong amount'}"
#define BALANCES(text_)                                                                                      \
    SQL("SELECT string_agg(kind || ' ' || balance_minor, ', ' ORDER BY kind) FROM account WHERE person_id "  \
        "= '{ann.id}' AND balance_minor <> 0"),                                                              \
        .text = text_

STORY(operations, money_goes_on_a_card_and_comes_off_again)
{
    struct story_desk *desk = story_desk_start_issued(story, "cashier");
    static const struct step recharge[] = {
        {"both", OPERATIONS, ACT("recharge", "'consumption_minor': 20000, 'water_minor': 5000"),
         .has =
             "{'kind': 'recharge', 'state': 'prepared', 'cash_to_take_minor': 25000, 'finished_at': null}"},
        {"other body", OPERATIONS, .key_of = "both", .want_err = "key_reused",
         .body = "{'kind': 'recharge', 'presentation_id': '{set.reading}', 'consumption_minor': 20001, "
                 "'water_minor': 5000}"},
    };
    story_play(story, recharge, STEPS(recharge));
    story_desk_wait(desk, "both", "completed");
    static const struct step withdraw[] = {
        {"read", GET("/api/v1/operations/{both.id}"), .as = "cashier", .want = 200,
         .has = "{'state': 'completed', 'legs': [{'purse': 'consumption', 'state': 'C', 'amount_minor': "
                "20000, 'decided_by': 'report'}, {'purse': 'water', 'state': 'C', 'amount_minor': 5000}]}"},
        {"balances", BALANCES("stored 20000, water 5000")},
        {"off", OPERATIONS, ACT("withdraw", "'consumption_minor': 2000"),
         .has = "{'kind': 'withdraw', 'cash_to_pay_minor': 0}"},
    };
    story_play(story, withdraw, STEPS(withdraw));
    story_desk_wait(desk, "off", "completed");
    static const struct step undo[] = {
        {"paid", GET("/api/v1/operations/{off.id}"), .want = 200, .has = "{'cash_to_pay_minor': 2000}"},
        {"left", BALANCES("stored 18000, water 5000")},
        {"of an issue", REVERSE("issue"), .headers = "Idempotency-Key: {new.a}",
         .want_err = "not_reversible"},
        {"of nothing", POST("/api/v1/operations/{new.none}/reverse"), .as = "cashier",
         .headers = "Idempotency-Key: {new.a}", .want_err = "not_found",
         .body = "{'desk_id': '{set.desk}', 'presentation_id': '{set.reading}', 'reason': 'x'}"},
        {"by whom it is not", POST("/api/v1/operations/{off.id}/reverse"), .as = "hr",
         .headers = "Idempotency-Key: {new.a}", .want_err = "forbidden",
         .body = "{'desk_id': '{set.desk}', 'presentation_id': '{set.reading}', 'reason': 'x'}"},
        {"no reason", POST("/api/v1/operations/{off.id}/reverse"), .as = "cashier",
         .headers = "Idempotency-Key: {new.a}", .want_err = "bad_field", .pointer = "/reason",
         .body = "{'desk_id': '{set.desk}', 'presentation_id': '{set.reading}'}"},
        {"undo", REVERSE("off"), .keyed = true, .want = 201,
         .has = "{'kind': 'recharge', 'reverses': '{off.id}', 'reason': 'wrong amount'}"},
    };
    story_play(story, undo, STEPS(undo));
    story_desk_wait(desk, "undo", "completed");
    static const struct step after[] = {
        {"back", BALANCES("stored 20000, water 5000")},
        {"once", REVERSE("off"), .headers = "Idempotency-Key: {new.b}", .want_err = "already_reversed"},
        {"not an undo", REVERSE("undo"), .headers = "Idempotency-Key: {new.c}", .want_err = "not_reversible"},
        {"names it", GET("/api/v1/operations/{off.id}"), .want = 200, .has = "{'reversed_by': '{undo.id}'}"},
        {"too late", POST("/api/v1/operations/{both.id}/cancel"), .as = "cashier", .body = "{}",
         .want_err = "too_late"},
    };
    story_play(story, after, STEPS(after));
    story_desk_stop(desk);
}

STORY(operations, times_are_an_account_of_their_own)
{
    struct story_desk *desk = story_desk_start_issued(story, "cashier");
    static const struct step times[] = {
        {"with money", OPERATIONS, .headers = "Idempotency-Key: {new.a}", .want_err = "bad_field",
         .pointer = "/times",
         .body = "{'kind': 'recharge', 'presentation_id': '{set.reading}', 'times': 3, 'water_minor': 1}"},
        {"ten", OPERATIONS, ACT("recharge", "'times': 10, 'price_minor': 1000"),
         .has = "{'legs': [{'purse': 'times', 'amount_minor': 10, 'price_minor': 1000}], "
                "'cash_to_take_minor': 1000}"},
    };
    story_play(story, times, STEPS(times));
    story_desk_wait(desk, "ten", "completed");
    static const struct step back[] = {
        {"on the card", BALANCES("times 10")},
        {"dearer", PATCH("/api/v1/settings"), .body = "{'times_price_minor': 300}", .want = 200},
        {"undo", REVERSE("ten"), .keyed = true, .want = 201,
         .has = "{'kind': 'withdraw', 'legs': [{'purse': 'times', 'price_minor': 1000}]}"},
    };
    story_play(story, back, STEPS(back));
    story_desk_wait(desk, "undo", "completed");
    static const struct step after[] = {
        {"none", BALANCES("")},
        {"paid back", GET("/api/v1/operations/{undo.id}"), .want = 200, .has = "{'cash_to_pay_minor': 1000}"},
    };
    story_play(story, after, STEPS(after));
    story_desk_stop(desk);
}

/* The card leaves in the middle: in doubt, nothing else may begin, and the card itself finishes it. */
STORY(operations, a_card_pulled_out_is_in_doubt_until_it_comes_back)
{
    struct story_desk *desk = story_desk_start_issued(story, "cashier");
    story_desk_training(desk, "cut", ", 'command': 8");
    static const struct step cut[] = {
        {"torn", OPERATIONS, ACT("recharge", "'consumption_minor': 10000")},
    };
    story_play(story, cut, STEPS(cut));
    story_desk_wait(desk, "torn", "in_doubt");
    story_desk_shows_none(desk);
    static const struct step meanwhile[] = {
        {"gone", OPERATIONS, .headers = "Idempotency-Key: {new.a}", .want_err = "no_card",
         .body = "{'kind': 'withdraw', 'presentation_id': '{set.reading}', 'water_minor': 1}"},
        {"waiting", BALANCES("in_transit 10000")},
        {"ask for a void", POST("/api/v1/operations/{torn.id}/cancel"), .as = "cashier", .body = "{}",
         .want = 200, .has = "{'state': 'in_doubt', 'cancel_requested': true}"},
    };
    story_play(story, meanwhile, STEPS(meanwhile));
    story_desk_training(desk, "place", ", 'card': 'red'");
    story_desk_shows(desk, "active");
    static const struct step after[] = {
        {"decided", GET("/api/v1/operations/{torn.id}"), .want = 200, .has = "{'finished_at': '*'}"},
        {"nothing in transit",
         SQL("SELECT balance_minor FROM account WHERE person_id = '{ann.id}' AND kind = 'in_transit'"),
         .text = "0"},
    };
    story_play(story, after, STEPS(after));
    story_desk_stop(desk);
}
