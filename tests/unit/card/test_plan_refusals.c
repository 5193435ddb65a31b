/* What the plan builder refuses, and by which name. */
#include "bench.h"

Test(card_plan_refusals, one_leg)
{
    struct bench bench;
    static struct card_plan plan;
    bench_init(&bench);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 51845, 50000);
    struct plan_request request = bench_request(&bench, PLAN_ACT_WRITE, 1);

    bench.legs[0].terms.opening_minor = PURSE_CONSUMPTION_MINOR_MAX + 1;
    cr_assert_eq(plan_build(&request, &plan), PLAN_BAD_REQUEST);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 5, 6);
    cr_assert_eq(plan_build(&request, &plan), PLAN_BAD_REQUEST);
    bench.legs[0] = bench_leg(PURSE_WATER, 3, PURSE_WATER_MINOR_MAX + 1, 0);
    cr_assert_eq(plan_build(&request, &plan), PLAN_BAD_REQUEST);
    request.leg_count = 0;
    cr_assert_eq(plan_build(&request, &plan), PLAN_BAD_REQUEST);
    request.leg_count = 2;
    bench.legs[0] = bench_leg(PURSE_WATER, 3, 1, 0);
    bench.legs[1] = bench_leg(PURSE_CONSUMPTION, 6, 1, 0);
    cr_assert_eq(plan_build(&request, &plan), PLAN_BAD_REQUEST);

    request.leg_count = 1;
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 5, 5, 0);
    cr_assert_eq(plan_build(&request, &plan), PLAN_EPOCH_NOT_NEWER);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 5, 0);
    request.purses[PURSE_WATER].epoch_count = 0;
    cr_assert_eq(plan_build(&request, &plan), PLAN_EPOCH_UNKNOWN);
    request.purses[PURSE_WATER].epoch_count = 1;
    bench.image.sectors[SECTOR_CONSUMPTION].opened.version = 0;
    cr_assert_eq(plan_build(&request, &plan), PLAN_SECTOR_CLOSED);
    bench.image.sectors[SECTOR_CONSUMPTION].present = 1;
    cr_assert_eq(plan_build(&request, &plan), PLAN_BLOCK_MISSING);
}

static enum plan_outcome outcome_of(struct bench *bench, enum plan_act act, size_t leg_count)
{
    static struct card_plan plan;
    struct plan_request request = bench_request(bench, act, leg_count);
    return plan_build(&request, &plan);
}

Test(card_plan_refusals, legs_and_ledger)
{
    struct bench bench;
    bench_init(&bench);
    struct plan_leg consumption = bench_leg(PURSE_CONSUMPTION, 6, 5, 0);
    struct plan_leg water = bench_leg(PURSE_WATER, 3, 5, 0);

    bench.legs[0] = bench_leg((enum card_purse)7, 6, 5, 0);
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 1), PLAN_BAD_REQUEST);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, -1, -1);
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 1), PLAN_BAD_REQUEST);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 1, -1);
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 1), PLAN_BAD_REQUEST);
    bench.legs[0] = bench_leg((enum card_purse)7, 5, 0, 0);
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_REFRESH, 1), PLAN_BAD_REQUEST);
    bench.legs[0] = bench.legs[1] = consumption;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 2), PLAN_BAD_REQUEST);
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 3), PLAN_BAD_REQUEST);
    bench.legs[1] = water;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_REPAIR, 2), PLAN_BAD_REQUEST);

    bench.legs[0] = water;
    bench.term_count[PURSE_CONSUMPTION] = 1;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 1), PLAN_EPOCH_UNKNOWN);
    bench.legs[0] = consumption;
    bench.legs[1] = water;
    bench.term_count[PURSE_WATER] = 0;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 2), PLAN_EPOCH_UNKNOWN);
    bench.legs[1].terms.epoch_no = 2;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 2), PLAN_EPOCH_NOT_NEWER);
    bench.decoded.free_issuer = FREE_RECORD_NONE;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 1), PLAN_NO_FREE_RECORD);
    bench.decoded.free_times = FREE_RECORD_NONE;
    bench.legs[0] = bench_leg(PURSE_TIMES, 3, 5, 0);
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_WRITE, 1), PLAN_NO_FREE_RECORD);
    bench.decoded.purses[PURSE_TIMES].readable = false;
    cr_assert_eq(outcome_of(&bench, PLAN_ACT_REFRESH, 1), PLAN_UNREADABLE);
}
