#include "flow/receipt.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <criterion/criterion.h>
#include <string.h>

static const char recharge[] =
    "{\"id\": \"019aabcd-1f2e-7a3b-9c4d-5e6f70819203\", \"kind\": \"receipt\", \"copy_no\": 0, \"language\": "
    "\"en\","
    " \"paper_mm\": 80, \"site\": \"Demo\", \"training\": false, \"currency\": \"CNY\", \"exponent\": 2,"
    " \"number\": \"5E6F-7081-9203\", \"at\": \"2026-11-22 17:06:08\", \"desk\": \"Main desk\", "
    "\"operator\": "
    "\"Mei Chen\","
    " \"person\": \"Ann Bell\", \"card_no\": 88001042, \"act\": \"recharge\", \"undo\": false, \"state\": "
    "\"completed\","
    " \"legs\": [{\"purse\": \"consumption\", \"state\": \"C\", \"amount_minor\": 123450}],"
    " \"entries\": [{\"account\": \"stored\", \"amount_minor\": 123450, \"balance_after_minor\": 133450}],"
    " \"cash_taken_minor\": 123450, \"cash_paid_minor\": 0}";

static json_t *facts_with(const char *name, json_t *value)
{
    json_t *facts = json_loads(recharge, 0, NULL);
    cr_assert(facts);
    if (name)
        json_object_set_new(facts, name, value);
    return facts;
}

/* All lines as "style:text=value", parted by |. The facts are given back. */
static const char *spoken(json_t *facts)
{
    static char said[4000];
    size_t count = 0;
    size_t index;
    json_t *line;
    json_t *lines = receipt_lines(facts);
    said[0] = '\0';
    json_array_foreach(lines, index, line)
    {
        const char *text = json_string_value(json_object_get(line, "text"));
        const char *value = json_string_value(json_object_get(line, "value"));
        count += (size_t)snprintf(said + count, sizeof said - count, "%s:%s%s%s|",
                                  json_string_value(json_object_get(line, "style")), text ? text : "",
                                  value ? "=" : "", value ? value : "");
    }
    json_decref(lines);
    json_decref(facts);
    return said;
}

Test(flow_receipt, says_all_of_a_recharge_in_order)
{
    cr_expect_str_eq(
        spoken(facts_with(NULL, NULL)),
        "title:Demo|head:Recharge|rule:|row:Receipt no.=5E6F-7081-9203|row:Time=2026-11-22 17:06:08|"
        "row:Desk=Main desk|row:Operator=Mei Chen|row:Name=Ann Bell|row:Card no.=8800 1042|rule:|"
        "strong:Stored=+1,234.50|row:  before=100.00|row:  now=1,334.50|rule:|"
        "strong:Taken in cash=CNY 1,234.50|rule:|note:Keep this receipt.|");
}

Test(flow_receipt, speaks_the_language_of_the_desk)
{
    const char *said = spoken(facts_with("language", json_string("zh-CN")));
    cr_expect(strstr(said, "head:充值|"), "%s", said);
    cr_expect(strstr(said, "strong:储值=+1,234.50|"), "%s", said);
    cr_expect(strstr(said, "strong:已收现金=CNY 1,234.50|"), "%s", said);
}

Test(flow_receipt, marks_copies_training_and_what_was_not_done)
{
    cr_expect(strstr(spoken(facts_with("copy_no", json_integer(1))), "head:Recharge|head:COPY|"));
    cr_expect(strstr(spoken(facts_with("training", json_true())), "note:TRAINING, no real money|"));
    cr_expect(strstr(spoken(facts_with("undo", json_true())), "head:Withdrawal undone|"));
    json_t *mixed =
        facts_with("legs", json_pack("[{s:s, s:s, s:i}]", "purse", "water", "state", "X", "amount_minor", 5));
    cr_expect(strstr(spoken(mixed), "row:Water account=not done|"));
}

Test(flow_receipt, the_slip_of_an_open_act_promises_nothing)
{
    json_t *slip = facts_with("kind", json_string("slip"));
    json_object_set_new(slip, "cash_taken_minor", json_integer(0));
    const char *said = spoken(slip);
    cr_expect(strstr(said, "head:Open act|head:Recharge|"), "%s", said);
    cr_expect(strstr(said, "row:Consumption account=1,234.50|"), "%s", said);
    cr_expect(strstr(said, "Bring the card to any desk."), "%s", said);
    cr_expect_not(strstr(said, "  now"), "%s", said);
}

Test(flow_receipt, counts_and_other_currencies)
{
    json_t *yen = facts_with("exponent", json_integer(0));
    cr_expect(strstr(spoken(yen), "strong:Stored=+123,450|"));
    json_t *times = facts_with("entries", json_pack("[{s:s, s:i, s:i}]", "account", "times", "amount_minor",
                                                    -3, "balance_after_minor", 7));
    const char *said = spoken(times);
    cr_expect(strstr(said, "strong:Times=-3|row:  before=10|row:  now=7|"), "%s", said);
}

Test(flow_receipt, facts_that_make_no_receipt)
{
    json_t *none = facts_with("exponent", json_integer(9));
    cr_expect_null(receipt_lines(none));
    json_decref(none);
    cr_expect_null(receipt_lines(NULL));
}

Test(flow_receipt, is_sealed_for_one_agent)
{
    uint8_t key[AGENT_KEY_BYTES] = {7};
    struct seal_context context = {.agent_key = key, .id = uuid_make_v7(), .agent_id = uuid_make_v7()};
    json_t *facts = facts_with(NULL, NULL);
    char *hex = receipt_seal(facts, &context);
    cr_assert(hex);
    uint8_t sealed[RECEIPT_JSON_BYTES_MAX];
    char text[RECEIPT_JSON_BYTES_MAX] = "";
    int count = bytes_from_hex_any(hex, sealed, sizeof sealed);
    cr_assert_gt(count, 0);
    cr_assert_gt(agent_open(&context, sealed, (size_t)count, text), 0);
    cr_expect(strstr(text, "\"paper_mm\":80"));
    context.id = uuid_make_v7();
    cr_expect_eq(agent_open(&context, sealed, (size_t)count, text), -1);
    json_object_set_new(facts, "site", json_stringn("", 0));
    free(hex);
    json_decref(facts);
}
