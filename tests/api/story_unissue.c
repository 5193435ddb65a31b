/* A card issued by mistake, on the real agent and a simulated reader: taken back, wiped, and issued again to
 * the same person or another one. */
#include "tests/lib/story_desk.h"

#define PASSWORD "four quiet green rivers"
#define OPERATIONS OPERATIONS_BY("dora")
#define TAKE_BACK "{'kind': 'unissue', 'presentation_id': '{set.reading}', 'reason': 'wrong person'}"
#define GRANT(label_, key_)                                                                                  \
    {                                                                                                        \
        label_, POST("/api/v1/session/step-up"),                                                             \
            .as = "dora", .want = 201,                                                                       \
            .body = "{'password': '" PASSWORD "', 'operation_id': '{new." key_ "}', 'purpose': 'unissue'}"   \
    }
#define GRANTED(grant_, key_) .headers = "Idempotency-Key: {new." key_ "}\nStep-Up: {" grant_ ".token}"
#define CARDS(person_, text_)                                                                                \
    SQL("SELECT string_agg(state, ' ' ORDER BY card_no) FROM card WHERE person_id = '{" person_ ".id}'"),    \
        .text = text_

/* Dora sits at the desk, and Ann has the card "red". */
static struct story_desk *ready(struct story *story)
{
    static const struct step people[] = {
        {"dora", POST("/api/v1/operators"), .want = 201,
         .body =
             "{'name': 'dora', 'full_name': 'Dora Hill', 'roles': ['cashier'], 'password': '" PASSWORD "'}"},
        {"login", POST("/api/v1/session"), .as = "dora", .want = 201,
         .body = "{'name': 'dora', 'password': '" PASSWORD "'}"},
        {"bea", POST("/api/v1/people"), .body = "{'name': 'Bea Stone'}", .want = 201},
    };
    story_play(story, people, STEPS(people));
    return story_desk_start_issued(story, "dora");
}

STORY(unissue, what_is_refused)
{
    struct story_desk *desk = ready(story);
    static const struct step money[] = {
        {"both", OPERATIONS, ACT("recharge", "'consumption_minor': 2000, 'water_minor': 500")}};
    story_play(story, money, STEPS(money));
    story_desk_wait(desk, "both", "completed");
    static const struct step refused[] = {
        {"money on it", OPERATIONS, .headers = "Idempotency-Key: {new.a}", .body = TAKE_BACK,
         .want_err = "card_not_empty",
         .has = "{'stored_minor': 2000, 'subsidy_minor': 0, 'water_minor': 500, 'times': 0}"},
        {"no reason", OPERATIONS, .headers = "Idempotency-Key: {new.a}",
         .body = "{'kind': 'unissue', 'presentation_id': '{set.reading}'}", .want_err = "bad_field",
         .pointer = "/reason"},
        {"with money", OPERATIONS, .headers = "Idempotency-Key: {new.a}",
         .body = "{'kind': 'unissue', 'presentation_id': '{set.reading}', 'reason': 'x', 'water_minor': 5}",
         .want_err = "bad_field", .pointer = "/kind"},
        {"a reason for money", OPERATIONS, .headers = "Idempotency-Key: {new.a}",
         .body = "{'kind': 'recharge', 'presentation_id': '{set.reading}', 'reason': 'x', 'water_minor': 5}",
         .want_err = "bad_field", .pointer = "/reason"},
        {"for somebody", OPERATIONS, .headers = "Idempotency-Key: {new.a}",
         .body = "{'kind': 'unissue', 'presentation_id': '{set.reading}', 'reason': 'x', 'person_id': "
                 "'{ann.id}'}",
         .want_err = "bad_field", .pointer = "/kind"},
        {"by finance", OPERATIONS_BY("finance"), .headers = "Idempotency-Key: {new.a}", .body = TAKE_BACK,
         .want_err = "forbidden"},
        {"by nobody", OPERATIONS_BY("nobody"), .headers = "Idempotency-Key: {new.a}", .body = TAKE_BACK,
         .want_err = "unauthenticated"},
        {"off", OPERATIONS, ACT("withdraw", "'consumption_minor': 2000, 'water_minor': 500")},
    };
    story_play(story, refused, STEPS(refused));
    story_desk_wait(desk, "off", "completed");
    static const struct step password[] = {
        {"no password", OPERATIONS, .headers = "Idempotency-Key: {new.a}", .body = TAKE_BACK,
         .want_err = "step_up_required", .has = "{'operation_id': '{new.a}'}"},
        GRANT("grant", "b"),
        {"for another act", OPERATIONS, .headers = "Idempotency-Key: {new.a}\nStep-Up: {grant.token}",
         .body = TAKE_BACK, .want_err = "step_up_required"},
        {"nothing happened", CARDS("ann", "active")},
    };
    story_play(story, password, STEPS(password));
    story_desk_stop(desk);
}

/* Ann's by mistake, then Bea's, then Ann's after all: three numbers, and each timeline shows its own. */
STORY(unissue, a_card_is_taken_back_and_issued_again)
{
    struct story_desk *desk = ready(story);
    static const struct step back[] = {
        GRANT("grant", "u1"),
        {"back", OPERATIONS, GRANTED("grant", "u1"), .body = TAKE_BACK, .want = 201,
         .has = "{'id': '{new.u1}', 'kind': 'unissue', 'state': 'prepared', 'reason': 'wrong person', "
                "'person': {'name': 'Ann Bell'}, 'legs': [{'purse': null, 'amount_minor': 0}], "
                "'cash_to_pay_minor': 0}"},
        {"repeat", OPERATIONS, .headers = "Idempotency-Key: {new.u1}", .body = TAKE_BACK, .want = 201,
         .want_header = "Idempotent-Replayed: true"},
    };
    story_play(story, back, STEPS(back));
    story_desk_wait(desk, "back", "completed");
    static const struct step other[] = {
        {"over", GET("/api/v1/operations/{back.id}"), .want = 200,
         .has = "{'card': {'id': '{issue.card.id}', 'state': 'cancelled'}, 'legs': [{'state': 'C', "
                "'decided_by': 'report'}]}"},
        {"nobody's", GET("/api/v1/desks/{set.desk}/live"), .as = "dora", .want = 200,
         .has = "{'card': {'state': 'blank', 'card': null, 'person': null, 'operation': null}}"},
        {"hers no more", CARDS("ann", "cancelled")},
        {"list", GET("/api/v1/operations?kind=unissue"), .want = 200,
         .has = "{'items': [{'id': '{back.id}'}]}"},
        {"audit",
         SQL("SELECT detail ->> 'reason' FROM audit WHERE action = 'card.unissue' AND subject_id = "
             "'{back.id}'"),
         .text = "wrong person"},
        {"for_bea", OPERATIONS, ACT("issue", "'person_id': '{bea.id}'")},
    };
    story_play(story, other, STEPS(other));
    story_desk_wait(desk, "for_bea", "completed");
    static const struct step again[] = {
        {"a new number", SQL("SELECT count(DISTINCT card_no), count(DISTINCT uid) FROM card"), .text = "2"},
        GRANT("grant2", "u2"),
        {"back2", OPERATIONS, GRANTED("grant2", "u2"), .body = TAKE_BACK, .want = 201},
    };
    story_play(story, again, STEPS(again));
    story_desk_wait(desk, "back2", "completed");
    static const struct step home[] = {{"for_ann", OPERATIONS, ACT("issue", "'person_id': '{ann.id}'")}};
    story_play(story, home, STEPS(home));
    story_desk_wait(desk, "for_ann", "completed");
    static const struct step money[] = {
        {"recharge", OPERATIONS, ACT("recharge", "'consumption_minor': 2000")}};
    story_play(story, money, STEPS(money));
    story_desk_wait(desk, "recharge", "completed");
    static const struct step after[] = {
        {"both cards", GET("/api/v1/people/{ann.id}"), .want = 200,
         .has =
             "{'cards': [{'id': '{for_ann.card.id}', 'state': 'active'}, {'id': '{issue.card.id}', 'state': "
             "'cancelled'}], 'balances': {'stored_minor': 2000}}"},
        {"one line of time", GET("/api/v1/people/{ann.id}/timeline"), .want = 200,
         .has = "{'items': [{'kind': 'recharge', 'card': {'id': '{for_ann.card.id}'}}, {'kind': 'issue', "
                "'card': {'id': '{for_ann.card.id}'}}, {'kind': 'unissue', 'card': {'id': "
                "'{issue.card.id}'}, 'entries': []}, {'kind': 'issue', 'card': {'id': "
                "'{issue.card.id}'}}]}"},
        {"timeline of bea", GET("/api/v1/people/{bea.id}/timeline"), .want = 200,
         .has = "{'items': [{'kind': 'unissue'}, {'kind': 'issue'}]}"},
        {"too late", POST("/api/v1/operations/{back.id}/cancel"), .as = "dora", .body = "{}",
         .want_err = "too_late"},
        {"not reversible", POST("/api/v1/operations/{back.id}/reverse"), .as = "dora",
         .headers = "Idempotency-Key: {new.r}", .want_err = "not_reversible",
         .body = "{'desk_id': '{set.desk}', 'presentation_id': '{set.reading}', 'reason': 'x'}"},
    };
    story_play(story, after, STEPS(after));
    story_desk_stop(desk);
}

/* A card whose account is over still carries its old content; issued again, nothing of it counts. */
STORY(unissue, a_cancelled_card_with_its_old_content_is_issued_again)
{
    struct story_desk *desk = ready(story);
    static const struct step over[] = {
        {"over",
         SQL("UPDATE card SET state = 'cancelled', version = version + 1 WHERE id = '{issue.card.id}'")}};
    story_play(story, over, STEPS(over));
    story_desk_training(desk, "remove", "");
    story_desk_shows_none(desk);
    story_desk_training(desk, "place", ", 'card': 'red'");
    story_desk_shows(desk, "cancelled");
    static const struct step finds[] = {
        {"whose it was", GET("/api/v1/desks/{set.desk}/live"), .as = "dora", .want = 200,
         .has = "{'card': {'state': 'cancelled', 'person': {'name': 'Ann Bell'}}}"},
        {"for_bea", OPERATIONS, ACT("issue", "'person_id': '{bea.id}'")},
    };
    story_play(story, finds, STEPS(finds));
    story_desk_wait(desk, "for_bea", "completed");
    story_desk_shows(desk, "active"); /* the reading from before the issue is not */
    static const struct step money[] = {
        {"recharge", OPERATIONS, ACT("recharge", "'consumption_minor': 700, 'water_minor': 300")}};
    story_play(story, money, STEPS(money));
    story_desk_wait(desk, "recharge", "completed");
    static const struct step after[] = {
        {"hers", GET("/api/v1/people/{bea.id}"), .want = 200,
         .has = "{'balances': {'stored_minor': 700, 'water_minor': 300}}"},
        {"numbers", SQL("SELECT count(DISTINCT card_no) FROM card WHERE uid = '\\x9c3ad15e'"), .text = "2"},
    };
    story_play(story, after, STEPS(after));
    story_desk_stop(desk);
}

STORY(unissue, cut_in_the_middle_it_is_finished_by_the_card)
{
    struct story_desk *desk = ready(story);
    story_desk_training(desk, "cut", ", 'command': 60");
    static const struct step cut[] = {
        GRANT("grant", "u1"),
        {"back", OPERATIONS, GRANTED("grant", "u1"), .body = TAKE_BACK, .want = 201},
    };
    story_play(story, cut, STEPS(cut));
    story_desk_wait(desk, "back", "in_doubt");
    story_desk_shows_none(desk);
    static const struct step meanwhile[] = {
        {"ask for a void", POST("/api/v1/operations/{back.id}/cancel"), .as = "dora", .body = "{}",
         .want = 200, .has = "{'state': 'in_doubt', 'cancel_requested': false}"},
        {"still hers", CARDS("ann", "active")},
    };
    story_play(story, meanwhile, STEPS(meanwhile));
    story_desk_training(desk, "place", ", 'card': 'red'");
    story_desk_wait(desk, "back", "completed");
    static const struct step after[] = {{"taken back", CARDS("ann", "cancelled")}};
    story_play(story, after, STEPS(after));
    story_desk_stop(desk);
}

/* A trailer torn to zeros locks its sector for ever: the card is given up, its holder gets another one. */
STORY(unissue, a_locked_card_is_given_up)
{
    struct story_desk *desk = ready(story);
    story_desk_training(desk, "tear", ", 'write': 17, 'kind': 'zero'");
    static const struct step torn[] = {
        GRANT("grant", "u1"),
        {"back", OPERATIONS, GRANTED("grant", "u1"), .body = TAKE_BACK, .want = 201},
    };
    story_play(story, torn, STEPS(torn));
    story_desk_wait(desk, "back", "in_doubt");
    static const struct step scrap[] = {
        {"scrap", POST("/api/v1/operations/{back.id}/cancel"), .as = "dora",
         .body = "{'scrap': true, 'reason': 'broken'}", .want = 200,
         .has = "{'state': 'aborted', 'legs': [{'state': 'X', 'decided_by': 'scrapped'}]}"},
        {"given up", CARDS("ann", "scrapped")},
        {"why",
         SQL("SELECT detail ->> 'reason' FROM audit WHERE action = 'operation.cancel' AND subject_id = "
             "'{back.id}'"),
         .text = "broken"},
    };
    story_play(story, scrap, STEPS(scrap));
    story_desk_card(desk, "blue", "11223344");
    static const struct step another[] = {{"another", OPERATIONS, ACT("issue", "'person_id': '{ann.id}'")}};
    story_play(story, another, STEPS(another));
    story_desk_wait(desk, "another", "completed");
    story_desk_stop(desk);
}
