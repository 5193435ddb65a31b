/* The settings of the site, and the system password. */
#include "api/answer.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/money.h"
#include "flow/site_keys.h"
#include "http/in.h"
#include "http/reply.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void settings_get(struct request *rq, struct db_conn *db)
{
    answer_run(rq, db, "site_read", NULL, NULL);
}

/* ---- PATCH /api/v1/settings ---- */

struct change {
    int64_t number; /* of all whole numbers: only their limits matter here, the values stay in the body */
    bool truth;
    int64_t consumption_limit_minor;
    int64_t water_limit_minor;
    int64_t currency_exponent;
    int64_t card_valid_years;
    enum in_given valid_given;
    const char *training_url;
    enum in_given training_given;
    const char *name;
    const char *currency_code;
    const char *time_zone;
    const char *day_starts_at;
    int mode;
    json_t *presets_minor;
};

/* What does not fit a card is refused with the reason, not only with a number. */
static void check_card_format(struct request *rq, const struct change *in)
{
    if (in->consumption_limit_minor > PURSE_CONSUMPTION_MINOR_MAX)
        field_error_add(rq, "/consumption_limit_minor", "card_format",
                        "At most 16777215 minor units: a card keeps the balance of this account in 24 bits.");
    if (in->water_limit_minor > PURSE_WATER_MINOR_MAX)
        field_error_add(
            rq, "/water_limit_minor", "card_format",
            "At most 131071 minor units: a card keeps the balance of the water account in 17 bits.");
    if (in->currency_exponent > 2)
        field_error_add(
            rq, "/currency_exponent", "card_format",
            "At most 2: with three decimals the 17 bits of the water account would end at 131.071.");
}

static bool is_currency(const char *code)
{
    return strlen(code) == 3 && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool is_time_of_day(const char *text)
{
    const char *digits = "0123456789";
    return strlen(text) == 5 && text[2] == ':' && strspn(text, digits) == 2 &&
           strspn(text + 3, digits) == 2 && strcmp(text, "24:00") < 0 && text[3] < '6';
}

/* A link that a screen offers: of the web, and without what would end it in a text. */
static bool is_web_address(const char *url)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0 || strspn(url + scheme, "/?#:@") > 0 || url[scheme] == '\0')
        return false;
    for (const char *at = url; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7F || strchr("\"<>\\^`{|}", *at))
            return false;
    return true;
}

static void check_texts(struct request *rq, const struct change *in)
{
    if (in->training_url && !is_web_address(in->training_url))
        field_error_add(rq, "/training_url", "address",
                        "A web address such as https://training.example.org/, without blanks.");
    if (in->currency_code && !is_currency(in->currency_code))
        field_error_add(rq, "/currency_code", "currency",
                        "Three capital letters as in ISO 4217, such as CNY or EUR.");
    if (in->day_starts_at && !is_time_of_day(in->day_starts_at))
        field_error_add(rq, "/day_starts_at", "time", "A time of day from 00:00 to 23:59.");
    size_t index;
    json_t *preset;
    json_array_foreach(in->presets_minor, index, preset)
    {
        json_int_t amount_minor = json_integer_value(preset); /* 0 for what is no whole number */
        if (amount_minor < 1 || amount_minor > PURSE_CONSUMPTION_MINOR_MAX)
            field_error_add(rq, request_printf(rq, "/presets_minor/%zu", index), "range",
                            "A whole number of minor units from 1 to 16777215.");
    }
}

static bool change_check(struct request *rq, struct change *in)
{
    static const char *const modes[] = {"training", "live", NULL};
    int64_t *number = &in->number;
    const struct in_field spec[] = {
        IN_TEXT_OPT("name", &in->name, 0, NAME_CHARACTERS_MAX, NULL),
        IN_ENUM_OPT("mode", &in->mode, modes, NULL),
        IN_INT_OPT("site_id", number, 1, UINT16_MAX, NULL),
        IN_TEXT_OPT("currency_code", &in->currency_code, 1, 10, NULL),
        IN_INT_OPT("currency_exponent", &in->currency_exponent, 0, MONEY_EXPONENT_MAX, NULL),
        IN_TEXT_OPT("time_zone", &in->time_zone, 1, 64, NULL),
        IN_TEXT_OPT("day_starts_at", &in->day_starts_at, 1, 10, NULL),
        IN_MINOR_OPT("consumption_limit_minor", &in->consumption_limit_minor, 1, MONEY_MINOR_MAX, NULL),
        IN_MINOR_OPT("water_limit_minor", &in->water_limit_minor, 1, MONEY_MINOR_MAX, NULL),
        IN_INT_OPT("times_limit", number, 1, PURSE_CONSUMPTION_MINOR_MAX, NULL),
        IN_MINOR_OPT("times_price_minor", number, 0, 1000000, NULL),
        IN_BOOL_OPT("uses_times", &in->truth, NULL),
        IN_ARRAY_OPT("presets_minor", &in->presets_minor, 1, PRESETS_MAX, NULL),
        IN_MINOR_OPT("withdraw_step_up_minor", number, 0, MONEY_MINOR_MAX, NULL),
        IN_BOOL_OPT("drawer_may_go_negative", &in->truth, NULL),
        IN_INT_PATCH("card_valid_years", &in->card_valid_years, 1, 50, &in->valid_given),
        IN_INT_OPT("start_sector", number, 1, 9, NULL),
        IN_TEXT_PATCH("training_url", &in->training_url, 1, URL_CHARACTERS_MAX, &in->training_given),
        IN_END,
    };
    if (!in_read(rq, spec))
        return false;
    check_card_format(rq, in);
    check_texts(rq, in);
    return in_done(rq);
}

/* The checked body as the change: null means absent, but for what null clears, and texts are normalised. */
static char *change_text(struct request *rq, const struct change *in)
{
    json_t *change = json_copy(request_body_json(rq));
    const char *member;
    json_t *value;
    void *next;
    json_object_foreach_safe(change, next, member, value)
    {
        if (json_is_null(value) && strcmp(member, "card_valid_years") != 0 &&
            strcmp(member, "training_url") != 0)
            json_object_del(change, member);
    }
    if (in->name)
        json_object_set_new(change, "name", json_string(in->name));
    if (in->training_url)
        json_object_set_new(change, "training_url", json_string(in->training_url));
    char *text = answer_some(rq, json_object_size(change) > 0) ? json_dumps(change, JSON_COMPACT) : NULL;
    json_decref(change);
    return text;
}

void settings_patch(struct request *rq, struct db_conn *db)
{
    struct change in = {0};
    struct db_params params = {0};
    if (!change_check(rq, &in))
        return;
    CLEANUP(cleanup_free) char *change = change_text(rq, &in);
    if (!change)
        return;
    answer_bind_token(rq, &params);
    if (!answer_bind_version(rq, &params))
        return;
    db_bind_text(&params, change);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "site_change", &params, NULL);
}

/* ---- PUT /api/v1/settings/system-password ---- */

static bool are_digits(const char *text)
{
    return strlen(text) == SITE_DIGITS && strspn(text, "0123456789") == SITE_DIGITS;
}

void settings_system_password_put(struct request *rq, struct db_conn *db)
{
    const char *digits = NULL;
    const struct in_field spec[] = {IN_SECRET("digits", &digits, 0, SYSTEM_PASSWORD_CHARACTERS_MAX), IN_END};
    if (!in_read(rq, spec))
        return;
    if (!are_digits(digits)) {
        reply_error(rq, ERR_DIGITS_WRONG, NULL);
        return;
    }
    uint8_t sealed[SITE_PASSWORD_SEALED_BYTES];
    site_keys_seal_digits(digits, sealed);
    struct db_params params = {0};
    answer_bind_token(rq, &params);
    db_bind_bytes(&params, sealed, sizeof sealed);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "site_password", &params, NULL);
}
