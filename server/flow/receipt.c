#include "flow/receipt.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/money.h"

#include <stdlib.h>
#include <string.h>

#define AMOUNT_BYTES 80 /* sign, grouped digits, currency code */

enum text {
#define RECEIPT_TEXT(name, en, zh) TEXT_##name,
#include "flow/receipt_text.def"
#undef RECEIPT_TEXT
    TEXT_COUNT
};

static const char *const texts[2][TEXT_COUNT] = {
    {
#define RECEIPT_TEXT(name, en, zh) en,
#include "flow/receipt_text.def"
#undef RECEIPT_TEXT
    },
    {
#define RECEIPT_TEXT(name, en, zh) zh,
#include "flow/receipt_text.def"
#undef RECEIPT_TEXT
    },
};

struct receipt {
    const json_t *facts;
    const char *const *texts;
    const char *currency;
    int exponent;
    json_t *lines;
};

static const char *fact(const struct receipt *receipt, const char *name)
{
    const char *text = json_string_value(json_object_get(receipt->facts, name));
    return text ? text : "";
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

/* ---- lines ---- */

static void add_text(struct receipt *receipt, const char *style, const char *text)
{
    json_array_append_new(receipt->lines, json_pack("{s:s, s:s}", "style", style, "text", text));
}

static void add_row(struct receipt *receipt, const char *style, enum text name, const char *value)
{
    json_array_append_new(receipt->lines, json_pack("{s:s, s:s, s:s}", "style", style, "text",
                                                    receipt->texts[name], "value", value));
}

static void add_rule(struct receipt *receipt)
{
    json_array_append_new(receipt->lines, json_pack("{s:s}", "style", "rule"));
}

/* ---- figures ---- */

/* Digits before the point in groups of three: 1,234.50. */
static void group(const char *plain, char ret_text[AMOUNT_BYTES])
{
    size_t sign = plain[0] == '-';
    size_t whole = strcspn(plain + sign, ".");
    size_t out = 0;
    if (sign)
        ret_text[out++] = '-';
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            ret_text[out++] = ',';
        ret_text[out++] = plain[sign + i];
    }
    snprintf(ret_text + out, AMOUNT_BYTES - out, "%s", plain + sign + whole);
}

static void figure(const struct receipt *receipt, bool is_count, int64_t amount, char ret_text[AMOUNT_BYTES])
{
    char plain[MONEY_TEXT_BYTES];
    money_format(amount, is_count ? 0 : receipt->exponent, plain);
    group(plain, ret_text);
}

/* 8800 1042: card numbers are read out in groups of four, from the right. */
static void card_number(int64_t card_no, char ret_text[AMOUNT_BYTES])
{
    char plain[MONEY_TEXT_BYTES];
    size_t out = 0;
    money_format(card_no, 0, plain);
    size_t count = strlen(plain);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 4 == 0)
            ret_text[out++] = ' ';
        ret_text[out++] = plain[i];
    }
    ret_text[out] = '\0';
}

static void add_amount(struct receipt *receipt, enum text name, bool is_count, int64_t amount)
{
    char text[AMOUNT_BYTES];
    figure(receipt, is_count, amount, text);
    add_row(receipt, "row", name, text);
}

/* ---- parts ---- */

static enum text act_text(const struct receipt *receipt)
{
    const char *act = fact(receipt, "act");
    bool undo = json_is_true(json_object_get(receipt->facts, "undo"));
    if (is(act, "recharge")) /* the undo of a withdrawal is a recharge */
        return undo ? TEXT_UNDO_WITHDRAW : TEXT_RECHARGE;
    if (is(act, "withdraw"))
        return undo ? TEXT_UNDO_RECHARGE : TEXT_WITHDRAW;
    return is(act, "issue") ? TEXT_ISSUE : is(act, "unissue") ? TEXT_UNISSUE : TEXT_OTHER;
}

static void add_head(struct receipt *receipt)
{
    add_text(receipt, "title", fact(receipt, "site")[0] ? fact(receipt, "site") : "Cardwright");
    if (is(fact(receipt, "kind"), "slip"))
        add_text(receipt, "head", receipt->texts[TEXT_SLIP]);
    add_text(receipt, "head", receipt->texts[act_text(receipt)]);
    if (number(receipt->facts, "copy_no") > 0)
        add_text(receipt, "head", receipt->texts[TEXT_COPY]);
    if (is(fact(receipt, "state"), "aborted"))
        add_text(receipt, "head", receipt->texts[TEXT_ABORTED]);
    if (json_is_true(json_object_get(receipt->facts, "training")))
        add_text(receipt, "note", receipt->texts[TEXT_TRAINING]);
}

static void add_facts(struct receipt *receipt)
{
    char card[AMOUNT_BYTES];
    card_number(number(receipt->facts, "card_no"), card);
    add_rule(receipt);
    add_row(receipt, "row", TEXT_NUMBER, fact(receipt, "number"));
    add_row(receipt, "row", TEXT_AT, fact(receipt, "at"));
    add_row(receipt, "row", TEXT_DESK, fact(receipt, "desk"));
    add_row(receipt, "row", TEXT_OPERATOR, fact(receipt, "operator"));
    add_row(receipt, "row", TEXT_PERSON, fact(receipt, "person"));
    add_row(receipt, "row", TEXT_CARD, card);
}

static enum text account_text(const char *account)
{
    static const struct {
        const char *word;
        enum text text;
    } accounts[] = {{"stored", TEXT_STORED}, {"subsidy", TEXT_SUBSIDY}, {"water", TEXT_WATER},
                    {"times", TEXT_TIMES},   {"debt", TEXT_DEBT},       {"consumption", TEXT_CONSUMPTION}};
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
        if (is(account, accounts[i].word))
            return accounts[i].text;
    return TEXT_OTHER;
}

/* What the act changed, with the balance before and after it. */
static void add_entries(struct receipt *receipt)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(receipt->facts, "entries"), index, entry)
    {
        const char *account = json_string_value(json_object_get(entry, "account"));
        bool is_count = account && is(account, "times");
        int64_t amount = number(entry, "amount_minor");
        int64_t after = number(entry, "balance_after_minor");
        char text[AMOUNT_BYTES];
        char signed_text[AMOUNT_BYTES + 1];
        figure(receipt, is_count, amount, text);
        snprintf(signed_text, sizeof signed_text, "%s%s", amount > 0 ? "+" : "", text);
        add_row(receipt, "strong", account_text(account ? account : ""), signed_text);
        add_amount(receipt, TEXT_BEFORE, is_count, after - amount);
        add_amount(receipt, TEXT_AFTER, is_count, after);
    }
}

/* Legs that are still open, with what they are about; those that were not done. */
static void add_legs(struct receipt *receipt, bool is_slip)
{
    size_t index;
    json_t *leg;
    json_array_foreach(json_object_get(receipt->facts, "legs"), index, leg)
    {
        const char *purse = json_string_value(json_object_get(leg, "purse"));
        const char *state = json_string_value(json_object_get(leg, "state"));
        int64_t amount = number(leg, "amount_minor");
        if (!purse || !state || amount == 0)
            continue;
        if (is(state, "X"))
            add_row(receipt, "row", account_text(purse), receipt->texts[TEXT_VOID]);
        else if (is_slip)
            add_amount(receipt, account_text(purse), is(purse, "times"), amount);
    }
}

static void add_cash(struct receipt *receipt, enum text name, int64_t amount_minor)
{
    char text[AMOUNT_BYTES];
    char with_currency[AMOUNT_BYTES + 8];
    if (amount_minor <= 0)
        return;
    figure(receipt, false, amount_minor, text);
    snprintf(with_currency, sizeof with_currency, "%.6s %s", receipt->currency, text);
    add_rule(receipt);
    add_row(receipt, "strong", name, with_currency);
}

json_t *receipt_lines(const json_t *facts)
{
    struct receipt receipt = {.facts = facts};
    receipt.texts = texts[is(fact(&receipt, "language"), "zh-CN")];
    receipt.currency = fact(&receipt, "currency");
    receipt.exponent = (int)number(facts, "exponent");
    if (!fact(&receipt, "number")[0] || !receipt.currency[0] || receipt.exponent < 0 ||
        receipt.exponent > MONEY_EXPONENT_MAX)
        return NULL;
    bool is_slip = is(fact(&receipt, "kind"), "slip");
    receipt.lines = json_array();
    add_head(&receipt);
    add_facts(&receipt);
    add_rule(&receipt);
    if (!is_slip)
        add_entries(&receipt);
    add_legs(&receipt, is_slip);
    add_cash(&receipt, TEXT_CASH_TAKEN, number(facts, "cash_taken_minor"));
    add_cash(&receipt, TEXT_CASH_PAID, number(facts, "cash_paid_minor"));
    add_rule(&receipt);
    add_text(&receipt, "note", receipt.texts[is_slip ? TEXT_UNSETTLED : TEXT_KEEP]);
    return receipt.lines;
}

char *receipt_seal(const json_t *facts, const struct seal_context *context)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(&context->id, id);
    json_t *lines = receipt_lines(facts);
    json_t *task =
        lines ? json_pack("{s:s, s:O, s:O, s:o}", "print", id, "paper_mm", json_object_get(facts, "paper_mm"),
                          "language", json_object_get(facts, "language"), "lines", lines)
              : NULL;
    CLEANUP(cleanup_free) char *text = task ? json_dumps(task, JSON_COMPACT) : NULL;
    json_decref(task);
    size_t count = text ? strlen(text) : 0;
    size_t sealed_bytes = count + SEAL_OVERHEAD_BYTES;
    if (count == 0 || count > RECEIPT_JSON_BYTES_MAX)
        return NULL;
    CLEANUP(cleanup_free) uint8_t *sealed = malloc(sealed_bytes);
    char *hex = malloc(2 * sealed_bytes + 1);
    if (sealed && hex) {
        agent_seal(context, text, count, sealed);
        bytes_to_hex(sealed, sealed_bytes, hex);
        return hex;
    }
    free(hex);
    return NULL;
}
