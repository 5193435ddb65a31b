#include "card/epoch.h"

#include <criterion/criterion.h>

Test(card_epoch, newer_goes_round_the_circle)
{
    cr_assert(epoch_newer(2, 1));
    cr_assert(epoch_newer(0, 255));
    cr_assert(epoch_newer(1, 255));
    cr_assert(epoch_newer(127, 0));
    cr_assert_not(epoch_newer(128, 0));
    cr_assert_not(epoch_newer(0, 128));
    cr_assert_not(epoch_newer(5, 5));
    for (int left = 0; left < 256; left++) {
        for (int right = 0; right < 256; right++)
            cr_assert_not(epoch_newer((uint8_t)left, (uint8_t)right) &&
                          epoch_newer((uint8_t)right, (uint8_t)left));
    }
}

Test(card_epoch, byte_to_number)
{
    cr_assert_eq(epoch_from_image(5, 5), 5);
    cr_assert_eq(epoch_from_image(6, 5), 6);
    cr_assert_eq(epoch_from_image(105, 5), 105);
    cr_assert_eq(epoch_from_image(106, 5), 106 - 256);
    cr_assert_eq(epoch_from_image(4, 5), 4);
    cr_assert_eq(epoch_from_image(1, 255), 257);
    cr_assert_eq(epoch_from_machine_record(255, 257), 255);
    cr_assert_eq(epoch_from_machine_record(1, 257), 257);
    cr_assert_eq(epoch_from_machine_record(2, 257), 2);
    for (int64_t committed = 1; committed < 600; committed++) {
        for (int64_t epoch_no = committed - EPOCH_WINDOW_BELOW; epoch_no <= committed + EPOCH_WINDOW_ABOVE;
             epoch_no++)
            cr_assert_eq(epoch_from_image(epoch_byte(epoch_no), committed), epoch_no);
    }
}

Test(card_epoch, split_spends_subsidy_first)
{
    struct purse_split split = purse_split(31845, 30000);
    cr_assert_eq(split.stored_minor, 30000);
    cr_assert_eq(split.subsidy_minor, 1845);
    split = purse_split(100, 30000);
    cr_assert_eq(split.stored_minor, 100);
    cr_assert_eq(split.subsidy_minor, 0);
    split = purse_split(-1, 30000);
    cr_assert_eq(split.stored_minor, 0);
    cr_assert_eq(split.subsidy_minor, 0);
}

static void check_result(struct result_input input, int64_t opening_minor, int64_t stored_minor)
{
    struct epoch_terms terms = {.epoch_no = 77};
    cr_assert(epoch_result(&input, &terms));
    cr_assert_eq(terms.opening_minor, opening_minor);
    cr_assert_eq(terms.stored_minor, stored_minor);
    cr_assert_eq(terms.epoch_no, 77);
}

Test(card_epoch, results)
{
    struct epoch_terms terms;
    struct result_input input = {.kind = RESULT_RECHARGE, .value_minor = 120, .stored_of_epoch_minor = 100};

    input.amount_minor = 50;
    check_result(input, 170, 150);
    input.kind = RESULT_WITHDRAW;
    check_result(input, 70, 50);
    input.amount_minor = 100;
    check_result(input, 20, 0);
    input.amount_minor = 101;
    cr_assert_not(epoch_result(&input, &terms), "subsidy is never paid out");
    input.kind = RESULT_GRANT;
    input.amount_minor = 30;
    check_result(input, 150, 100);
    input.kind = RESULT_FENCE;
    check_result(input, 120, 100);
    input.value_minor = 60;
    input.kind = RESULT_REPAIR;
    check_result(input, 60, 60);
    input.value_minor = -5;
    check_result(input, 0, 0);
    input = (struct result_input){.kind = RESULT_LOAD, .amount_minor = 40, .subsidy_minor = 2};
    check_result(input, 42, 40);
    input.amount_minor = -1;
    cr_assert_not(epoch_result(&input, &terms));
}
