#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/permissions.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

Test(base_small, err_codes_go_both_ways)
{
    for (int err = 1; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info((enum err)err);
        cr_assert_eq((int)err_from_code(info->code), err);
        cr_assert(info->http_status >= 400 && info->http_status < 600, "%s", info->code);
        cr_assert_eq(strspn(info->code, "abcdefghijklmnopqrstuvwxyz_"), strlen(info->code));
    }
    cr_assert_str_eq(err_info(ERR_CARD_CHANGED)->code, "card_changed");
    cr_assert_eq(err_from_code("no_such_word"), ERR_INTERNAL);
    cr_assert_eq(err_from_code(NULL), ERR_INTERNAL);
}

Test(base_small, permissions_have_different_words)
{
    for (int left = 1; left < PERM_COUNT; left++)
        for (int right = left + 1; right < PERM_COUNT; right++)
            cr_assert_str_neq(perm_word((enum perm)left), perm_word((enum perm)right));
    cr_assert_str_eq(perm_word(PERM_PEOPLE_READ), "people.read");
}

Test(base_small, uuid_v7_holds_the_time)
{
    cr_assert_geq(sodium_init(), 0);
    clock_fake(-1, 0x0123456789ab);
    struct uuid id = uuid_make_v7();
    char text[UUID_TEXT_BYTES];
    uuid_format(&id, text);
    cr_assert_eq(strncmp(text, "01234567-89ab-7", 15), 0, "%s", text);
    cr_assert(strchr("89ab", text[19]), "%s", text);
    cr_assert_eq(uuid_version(&id), 7);
    struct uuid again;
    cr_assert(uuid_parse(text, &again));
    cr_assert(uuid_equal(&id, &again));
}

Test(base_small, ids_in_order_grow_while_the_clock_does_not)
{
    cr_assert_geq(sodium_init(), 0);
    char before[UUID_TEXT_BYTES];
    char text[UUID_TEXT_BYTES] = "";
    struct uuid id = {0};
    static const int64_t clocks[] = {0x0123456789ab, 0x0123456789ab, 0x0123456789ff, 0x012345000000, 0};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        memcpy(before, text, sizeof before);
        clock_fake(-1, clocks[i]);
        id = uuid_make_v7_after(&id);
        uuid_format(&id, text);
        cr_assert_lt(strncmp(before, text, 13), 0, "%s after %s", text, before);
        cr_assert_eq(uuid_version(&id), 7);
    }
    cr_assert_eq(strncmp(text, "01234567-8a01", 13), 0, "%s", text);
}

Test(base_small, uuid_parse_refuses_everything_else)
{
    static const char *const bad[] = {"",
                                      "01234567-89ab-7def-8123-456789abcde",
                                      "01234567-89ab-7def-8123-456789abcdeff",
                                      "01234567x89ab-7def-8123-456789abcdef",
                                      "0123456-789ab-7def-8123-456789abcdef",
                                      "g1234567-89ab-7def-8123-456789abcdef",
                                      "{1234567-89ab-7def-8123-456789abcde}",
                                      "0123456789ab7def8123456789abcdef----"};
    struct uuid id = {{7}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(uuid_parse(bad[i], &id), "%s", bad[i]);
    cr_assert_not(uuid_parse(NULL, &id));
    cr_assert_eq(id.bytes[0], 7, "untouched");
    cr_assert(uuid_parse("01234567-89AB-7DEF-8123-456789ABCDEF", &id));
}

Test(base_small, a_thousand_ids_differ)
{
    cr_assert_geq(sodium_init(), 0);
    static struct uuid ids[1000];
    clock_fake(-1, 1);
    for (int i = 0; i < 1000; i++)
        ids[i] = uuid_make_v7();
    for (int i = 0; i < 1000; i++)
        for (int j = i + 1; j < 1000; j++)
            cr_assert_not(uuid_equal(&ids[i], &ids[j]));
}

Test(base_small, money_is_written_with_its_exponent)
{
    char text[MONEY_TEXT_BYTES];
    money_format(123456, 2, text);
    cr_assert_str_eq(text, "1234.56");
    money_format(-5, 2, text);
    cr_assert_str_eq(text, "-0.05");
    money_format(1500, 0, text);
    cr_assert_str_eq(text, "1500");
    money_format(1, 3, text);
    cr_assert_str_eq(text, "0.001");
    money_format(INT64_MIN, 2, text);
    cr_assert_str_eq(text, "-92233720368547758.08");
}

Test(base_small, money_add_stays_exact)
{
    int64_t sum = 7;
    cr_assert(money_add(1, 2, &sum));
    cr_assert_eq(sum, 3);
    cr_assert_not(money_add(INT64_MAX, 1, &sum));
    cr_assert_not(money_add(MONEY_MINOR_MAX, 1, &sum));
    cr_assert_not(money_add(-MONEY_MINOR_MAX, -1, &sum));
    cr_assert_eq(sum, 3, "untouched");
    cr_assert(money_add(MONEY_MINOR_MAX, 0, &sum));
}

Test(base_small, time_is_written_as_rfc_3339)
{
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(1770091506789, text);
    cr_assert_str_eq(text, "2026-02-03T04:05:06.789Z");
    clock_format_iso(0, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
}
