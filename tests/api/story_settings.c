/* Settings: read, changed, refused with the reason; the system password. */
#include "tests/lib/story.h"

#include <stdlib.h>
#include <string.h>

#define SITE "/api/v1/settings"
#define PASSWORD SITE "/system-password"
#define REFUSED(label_, member_, value_)                                                                     \
    {                                                                                                        \
        label_, PATCH(SITE), .body = "{'" member_ "': " value_ "}", .want_err = "bad_field",                 \
                             .pointer = "/" member_                                                          \
    }
#define TAKEN(label_, member_, value_)                                                                       \
    {                                                                                                        \
        label_, PATCH(SITE), .body = "{'" member_ "': " value_ "}", .want = 200,                             \
                             .has = "{'" member_ "': " value_ "}"                                            \
    }

STORY(settings, are_read_and_changed)
{
    static const struct step steps[] = {
        {"read", GET(SITE), .as = "cashier", .want = 200, .want_header = "ETag",
         .has = "{'currency_code': 'CNY', 'currency_exponent': 2, 'consumption_limit_minor': 9999900, "
                "'water_limit_minor': 99999, 'presets_minor': [5000, 10000, 20000, 50000], 'day_starts_at': "
                "'00:00', "
                "'mode': 'training', 'card_valid_years': null, 'money_sealed_at': null}",
         .lacks = "system_password_sealed"},
        {"change", PATCH(SITE), .headers = "If-Match: {read.@etag}",
         .body = "{'name': ' North works ', 'water_limit_minor': 50000, 'presets_minor': [1000, 2000], "
                 "'card_valid_years': 5,"
                 " 'uses_times': false, 'time_zone': 'Asia/Shanghai', 'day_starts_at': '04:30', "
                 "'currency_code': 'EUR'}",
         .want = 200,
         .has = "{'name': 'North works', 'water_limit_minor': 50000, 'presets_minor': [1000, 2000], "
                "'card_valid_years': 5, "
                "'uses_times': false, 'time_zone': 'Asia/Shanghai', 'day_starts_at': '04:30', "
                "'currency_code': 'EUR'}"},
        {"stale", PATCH(SITE), .headers = "If-Match: {read.@etag}", .body = "{'name': 'X'}",
         .want_err = "precondition_failed"},
        {"years off", PATCH(SITE), .body = "{'card_valid_years': null, 'name': null}", .want = 200,
         .has = "{'card_valid_years': null, 'name': 'North works'}"},
        {"training server", PATCH(SITE), .body = "{'training_url': ' https://training.example.org/#/desk '}",
         .want = 200, .has = "{'training_url': 'https://training.example.org/#/desk'}"},
        {"no training server", PATCH(SITE), .body = "{'training_url': null}", .want = 200,
         .has = "{'training_url': null}"},
        {"audit", SQL("SELECT count(*) FROM audit WHERE action = 'settings.change'"), .text = "4"},
        TAKEN("water at the edge", "water_limit_minor", "131071"),
        TAKEN("consumption at the edge", "consumption_limit_minor", "16777215"),
        TAKEN("site number", "site_id", "65535"),
        TAKEN("start sector", "start_sector", "9"),
        {"yen", PATCH(SITE), .body = "{'currency_code': 'JPY', 'currency_exponent': 0}", .want = 200,
         .has = "{'currency_code': 'JPY', 'currency_exponent': 0}"},
        {"yen with hundredths", PATCH(SITE), .body = "{'currency_exponent': 2}", .want_err = "bad_field",
         .has =
             "{'errors': [{'pointer': '/currency_exponent', 'code': 'currency', 'message': 'JPY has 0 digits "
             "behind the point.'}]}"},
        {"yuan without", PATCH(SITE), .body = "{'currency_code': 'CNY'}", .want_err = "bad_field",
         .pointer = "/currency_exponent"},
        {"dinar", PATCH(SITE), .body = "{'currency_code': 'KWD', 'currency_exponent': 2}",
         .want_err = "bad_field", .pointer = "/currency_exponent"},
        TAKEN("same mode", "mode", "'training'"),
        TAKEN("times price", "times_price_minor", "0"),
        TAKEN("times limit", "times_limit", "16777215"),
        TAKEN("drawer", "drawer_may_go_negative", "false"),
        TAKEN("step up", "withdraw_step_up_minor", "0"),
    };
    story_play(story, steps, STEPS(steps));
}

STORY(settings, what_a_card_cannot_hold_is_refused_with_the_reason)
{
    static const struct step steps[] = {
        {"water", PATCH(SITE), .body = "{'water_limit_minor': 131072}", .want_err = "bad_field",
         .pointer = "/water_limit_minor",
         .has = "{'errors': [{'pointer': '/water_limit_minor', 'code': 'card_format', 'message': '*'}]}"},
        {"consumption", PATCH(SITE), .body = "{'consumption_limit_minor': 16777216}", .want_err = "bad_field",
         .has =
             "{'errors': [{'pointer': '/consumption_limit_minor', 'code': 'card_format', 'message': '*'}]}"},
        {"exponent", PATCH(SITE), .body = "{'currency_exponent': 3}", .want_err = "bad_field",
         .has = "{'errors': [{'pointer': '/currency_exponent', 'code': 'card_format', 'message': '*'}]}"},
        REFUSED("script", "training_url", "'javascript:alert(1)'"),
        REFUSED("no host", "training_url", "'https://'"),
        REFUSED("blank", "training_url", "'https://a b'"),
        REFUSED("markup", "training_url", "'https://a/<b>'"),
        REFUSED("no address", "training_url", "''"),
        REFUSED("no water", "water_limit_minor", "0"),
        REFUSED("fraction", "water_limit_minor", "1.5"),
        REFUSED("no presets", "presets_minor", "[]"),
        REFUSED("many presets", "presets_minor", "[1,2,3,4,5,6,7,8,9]"),
        {"bad preset", PATCH(SITE), .body = "{'presets_minor': [100, 0]}", .want_err = "bad_field",
         .pointer = "/presets_minor/1"},
        {"text preset", PATCH(SITE), .body = "{'presets_minor': ['a']}", .want_err = "bad_field",
         .pointer = "/presets_minor/0"},
        REFUSED("currency", "currency_code", "'euro'"),
        REFUSED("time", "day_starts_at", "'24:00'"),
        REFUSED("minute", "day_starts_at", "'23:60'"),
        REFUSED("zone", "time_zone", "'Mars/Base'"),
        REFUSED("zone like POSIX", "time_zone", "'FOO5'"),
        REFUSED("site 0", "site_id", "0"),
        REFUSED("sector", "start_sector", "10"),
        REFUSED("years", "card_valid_years", "0"),
        REFUSED("mode", "mode", "'demo'"),
        REFUSED("unknown", "colour", "'red'"),
        REFUSED("key version", "key_version", "2"),
        {"nothing", PATCH(SITE), .body = "{}", .want_err = "bad_field"},
        {"no change", SQL("SELECT count(*) FROM audit WHERE action = 'settings.change'"), .text = "0"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(settings, what_is_sealed_stays)
{
    static const struct step steps[] = {
        {"mode", PATCH(SITE), .body = "{'mode': 'live'}", .want_err = "sealed", .has = "{'setting': 'mode'}"},
        {"money", SQL("UPDATE site SET money_sealed_at = now()")},
        {"currency", PATCH(SITE), .body = "{'currency_code': 'EUR'}", .want_err = "sealed",
         .has = "{'setting': 'currency_code', 'sealed_by': 'transfer', 'sealed_at': '*'}"},
        {"exponent", PATCH(SITE), .body = "{'currency_exponent': 0}", .want_err = "sealed"},
        {"zone", PATCH(SITE), .body = "{'time_zone': 'Asia/Tokyo'}", .want_err = "sealed"},
        {"day", PATCH(SITE), .body = "{'day_starts_at': '03:00'}", .want_err = "sealed"},
        {"same currency", PATCH(SITE), .body = "{'currency_code': 'CNY', 'name': 'Works'}", .want = 200},
        {"site still", PATCH(SITE), .body = "{'site_id': 7}", .want = 200},
        {"cards", SQL("UPDATE site SET cards_sealed_at = now()")},
        {"site", PATCH(SITE), .body = "{'site_id': 8}", .want_err = "sealed", .has = "{'sealed_by': 'card'}"},
        {"sector", PATCH(SITE), .body = "{'start_sector': 2}", .want_err = "sealed"},
        {"password", PUT(PASSWORD), .body = "{'digits': '2580'}", .want_err = "sealed",
         .has = "{'setting': 'system_password'}"},
    };
    story_play(story, steps, STEPS(steps));
}

#define DIGITS_WRONG(label_, digits_)                                                                        \
    {                                                                                                        \
        label_, PUT(PASSWORD), .body = "{'digits': '" digits_ "'}", .want_err = "digits_wrong"               \
    }

STORY(settings, the_system_password_is_four_digits_and_never_shown)
{
    static const struct step steps[] = {
        DIGITS_WRONG("letter", "12a4"),
        DIGITS_WRONG("three", "123"),
        DIGITS_WRONG("five", "12345"),
        DIGITS_WRONG("wide", "\\uff11\\uff12\\uff13\\uff14"),
        DIGITS_WRONG("one wide", "123\\uff14"),
        DIGITS_WRONG("arabic", "\\u0661\\u0662\\u0663\\u0664"),
        DIGITS_WRONG("blank", "12 4"),
        DIGITS_WRONG("around", " 1234"),
        DIGITS_WRONG("none", ""),
        {"number", PUT(PASSWORD), .body = "{'digits': 1234}", .want_err = "bad_field", .pointer = "/digits"},
        {"missing", PUT(PASSWORD), .body = "{}", .want_err = "bad_field", .pointer = "/digits"},
        {"cleared", SQL("UPDATE site SET system_password_sealed = NULL")},
        {"unset", GET(SITE), .want = 200, .has = "{'system_password_set': false}"},
        {"set", PUT(PASSWORD), .body = "{'digits': '2580'}", .want = 204},
        {"is set", GET(SITE), .want = 200, .has = "{'system_password_set': true}"},
        {"sealed form", SQL("SELECT octet_length(system_password_sealed) FROM site"), .text = "44"},
        {"not in the clear",
         SQL("SELECT position('2580' IN encode(system_password_sealed, 'escape')) FROM site"), .text = "0"},
        {"again before the first card", PUT(PASSWORD), .body = "{'digits': '0000'}", .want = 204},
        {"audit", SQL("SELECT count(*) FROM audit WHERE action = 'settings.password' AND detail = '{}'"),
         .text = "2"},
    };
    story_play(story, steps, STEPS(steps));
    char *log = server_log(story_server(story));
    cr_assert_null(strstr(log, "2580"));
    free(log);
}

STORY(settings, belong_to_administrators)
{
    static const struct step steps[] = {
        {"nobody reads", GET(SITE), .as = "nobody", .want_err = "unauthenticated"},
        {"nobody changes", PATCH(SITE), .as = "nobody", .body = "{'name': 'X'}",
         .want_err = "unauthenticated"},
        {"supervisor changes", PATCH(SITE), .as = "supervisor", .body = "{'name': 'X'}",
         .want_err = "forbidden"},
        {"nobody's digits", PUT(PASSWORD), .as = "nobody", .body = "{'digits': '2580'}",
         .want_err = "unauthenticated"},
        {"supervisor's digits", PUT(PASSWORD), .as = "supervisor", .body = "{'digits': '2580'}",
         .want_err = "forbidden"},
    };
    story_play(story, steps, STEPS(steps));
}
