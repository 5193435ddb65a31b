#include "bench.h"

static struct plan_leg leg_from(const json_t *legs, const char *name, enum card_purse purse)
{
    const json_t *leg = json_object_get(legs, name);
    int64_t stored = json_array_size(leg) > 2 ? json_integer_value(json_array_get(leg, 2)) : 0;
    return bench_leg(purse, json_integer_value(json_array_get(leg, 0)),
                     json_integer_value(json_array_get(leg, 1)), stored);
}

static void check_writes(const struct card_plan *plan, const json_t *writes)
{
    size_t found = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->kind != STEP_WRITE)
            continue;
        const json_t *wanted = json_array_get(writes, found++);
        cr_assert_eq(step->block, json_integer_value(json_array_get(wanted, 1)), "write %zu", found);
        assert_hex(step->data, CARD_BLOCK_BYTES, json_string_value(json_array_get(wanted, 2)), "write");
    }
    cr_assert_eq(found, json_array_size(writes));
}

Test(card_plan, vectors)
{
    struct bench bench;
    json_t *file = vectors_load();
    size_t index;
    json_t *vector;

    json_array_foreach(json_object_get(file, "plans_on_first_vector"), index, vector)
    {
        const json_t *legs = json_object_get(vector, "legs");
        struct card_plan plan;
        size_t count = 0;
        bench_init(&bench);
        if (json_object_get(legs, "c"))
            bench.legs[count++] = leg_from(legs, "c", PURSE_CONSUMPTION);
        if (json_object_get(legs, "w"))
            bench.legs[count++] = leg_from(legs, "w", PURSE_WATER);
        struct plan_request request = bench_request(&bench, PLAN_ACT_WRITE, count);
        cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
        cr_assert_eq((int64_t)plan.write_count, number_of(vector, "order"));
        check_writes(&plan, json_object_get(vector, "writes"));
    }
    cr_assert_eq(index, 4);
    json_decref(file);
}

/* One kind of plan: what it is made from and how many commands and writes it takes. */
struct shape {
    const char *name;
    enum plan_act act;
    struct plan_leg legs[2];
    size_t leg_count;
    bool other_open;
    bool emptied;
    bool damage; /* the spare consumption slot is torn first */
    size_t commands;
    size_t writes;
};

#define CONSUMPTION_LEG(...)                                                                                 \
    {                                                                                                        \
        .purse = PURSE_CONSUMPTION, .leg_id = {{1}}, .terms = { __VA_ARGS__ }                                \
    }
#define WATER_LEG(...)                                                                                       \
    {                                                                                                        \
        .purse = PURSE_WATER, .leg_id = {{2}}, .terms = { __VA_ARGS__ }                                      \
    }
#define TIMES_LEG(...)                                                                                       \
    {                                                                                                        \
        .purse = PURSE_TIMES, .leg_id = {{3}}, .terms = { __VA_ARGS__ }                                      \
    }

static const struct shape shapes[] = {
    {.name = "recharge consumption",
     .legs = {CONSUMPTION_LEG(6, 51845, 50000)},
     .leg_count = 1,
     .commands = 10,
     .writes = 2},
    {.name = "withdraw water", .legs = {WATER_LEG(3, 100, 0)}, .leg_count = 1, .commands = 10, .writes = 2},
    {.name = "fence consumption",
     .legs = {CONSUMPTION_LEG(7, 31845, 30000)},
     .leg_count = 1,
     .commands = 10,
     .writes = 2},
    {.name = "one purse, other open",
     .legs = {WATER_LEG(3, 9100, 0)},
     .leg_count = 1,
     .other_open = true,
     .commands = 13,
     .writes = 2},
    {.name = "three writes",
     .legs = {CONSUMPTION_LEG(6, 51845, 50000), WATER_LEG(3, 9100, 0)},
     .leg_count = 2,
     .commands = 16,
     .writes = 3},
    {.name = "three writes, 127 apart",
     .legs = {CONSUMPTION_LEG(6, 51845, 50000), WATER_LEG(129, 9100, 0)},
     .leg_count = 2,
     .commands = 16,
     .writes = 3},
    {.name = "four writes, water withdrawn",
     .legs = {CONSUMPTION_LEG(6, 51845, 50000), WATER_LEG(3, 1100, 0)},
     .leg_count = 2,
     .commands = 18,
     .writes = 4},
    {.name = "retire in three",
     .legs = {CONSUMPTION_LEG(6, 0, 0), WATER_LEG(3, 0, 0)},
     .leg_count = 2,
     .emptied = true,
     .commands = 16,
     .writes = 3},
    {.name = "refresh",
     .act = PLAN_ACT_REFRESH,
     .legs = {CONSUMPTION_LEG(5, 0, 0)},
     .leg_count = 1,
     .commands = 11,
     .writes = 2},
    {.name = "repair",
     .act = PLAN_ACT_REPAIR,
     .legs = {CONSUMPTION_LEG(6, 31845, 30000)},
     .leg_count = 1,
     .damage = true,
     .commands = 12,
     .writes = 3},
    {.name = "times", .legs = {TIMES_LEG(3, 24, 0)}, .leg_count = 1, .commands = 10, .writes = 2},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static struct plan_request shape_request(const struct shape *shape, struct bench *bench)
{
    bench_init(bench);
    if (shape->damage) {
        memset(bench->card.blocks[9], 0, CARD_BLOCK_BYTES);
        bench_present(bench);
    }
    memcpy(bench->legs, shape->legs, sizeof(bench->legs));
    for (size_t i = 0; i < shape->leg_count && shape->act != PLAN_ACT_REFRESH; i++)
        bench_terms(bench, shape->legs[i].purse, shape->legs[i].terms);
    struct plan_request request = bench_request(bench, shape->act, shape->leg_count);
    request.emptied_for_good = shape->emptied;
    request.purses[PURSE_CONSUMPTION].has_open = shape->other_open;
    return request;
}

Test(card_plan, commands_and_writes_of_the_design)
{
    for (size_t i = 0; i < SHAPES; i++) {
        struct bench bench;
        struct card_plan plan;
        struct plan_request request = shape_request(&shapes[i], &bench);
        cr_assert_eq(plan_build(&request, &plan), PLAN_OK, "%s", shapes[i].name);
        cr_assert_eq(plan.command_count, shapes[i].commands, "%s: %zu", shapes[i].name, plan.command_count);
        cr_assert_eq(plan.write_count, shapes[i].writes, "%s", shapes[i].name);

        struct run_result result = soft_run(&bench.card, &plan, &(struct fault){0});
        cr_assert(result.complete, "%s stops after %zu commands", shapes[i].name, result.commands);
        cr_assert_eq(result.legs, shapes[i].leg_count);
        cr_assert_eq(result.commands, shapes[i].commands);
        struct card_image expected = bench.image;
        plan_apply(&plan, &bench.keys, &expected);
        bench_present(&bench);
        cr_assert_eq(memcmp(&expected, &bench.image, sizeof(expected)), 0, "%s: plan_apply differs",
                     shapes[i].name);
    }
}

Test(card_plan, one_request_one_plan)
{
    for (size_t i = 0; i < SHAPES; i++) {
        struct bench bench;
        struct card_plan first;
        struct card_plan second;
        uint8_t hash[GUARD_HASH_BYTES];
        struct plan_request request = shape_request(&shapes[i], &bench);
        plan_build(&request, &first);
        plan_build(&request, &second);
        cr_assert_eq(memcmp(&first, &second, sizeof(first)), 0);
        cr_assert_eq(plan_guard_hash(&request, hash), PLAN_OK);
        cr_assert_eq(memcmp(hash, first.guard_hash, sizeof(hash)), 0);
    }
}

/* ---- tears ---- */

struct level {
    uint8_t epoch;
    int32_t value;
};

static struct level level_of(const struct bench *bench, enum card_purse purse)
{
    const struct decoded_purse *state = &bench->decoded.purses[purse];
    return (struct level){state->epoch, state->value};
}

static bool same_level(struct level left, struct level right)
{
    return left.epoch == right.epoch && left.value == right.value;
}

static struct level new_level(const struct shape *shape, enum card_purse purse, struct level old)
{
    for (size_t i = 0; i < shape->leg_count && shape->act != PLAN_ACT_REFRESH; i++) {
        if (shape->legs[i].purse == purse)
            return (struct level){epoch_byte(shape->legs[i].terms.epoch_no),
                                  (int32_t)shape->legs[i].terms.opening_minor};
    }
    return old;
}

/* After any interruption: every purse is old or new, a record place is free, and the act can be finished. */
static void check_interrupted(const struct shape *shape, struct bench *bench, const struct fault *fault)
{
    struct card_plan plan;
    struct plan_request request = shape_request(shape, bench);
    struct level old[PURSES];
    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_TIMES; purse++)
        old[purse] = level_of(bench, purse);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    soft_run(&bench->card, &plan, fault);

    bench_present(bench);
    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_TIMES; purse++) {
        cr_assert(bench->decoded.purses[purse].readable,
                  "%s: purse %d unreadable (command %zu, write %zu, tear %d)", shape->name, purse,
                  fault->cut_before_command, fault->tear_write, fault->tear);
        struct level now = level_of(bench, purse);
        cr_assert(same_level(now, old[purse]) || same_level(now, new_level(shape, purse, old[purse])),
                  "%s: purse %d neither old nor new", shape->name, purse);
    }
    cr_assert_neq(bench->decoded.free_issuer, FREE_RECORD_NONE, "%s", shape->name);
    cr_assert_neq(bench->decoded.free_times, FREE_RECORD_NONE, "%s", shape->name);
    cr_assert(bench->decoded.id_good);
}

/* The legs that are not on the card yet, again with the same epochs, on the card as the tear left it. */
static void finish(const struct shape *shape, struct bench *bench)
{
    struct card_plan plan;
    size_t left = 0;
    for (size_t i = 0; i < shape->leg_count; i++) {
        const struct plan_leg *leg = &shape->legs[i];
        if (bench->decoded.purses[leg->purse].epoch != epoch_byte(leg->terms.epoch_no))
            bench->legs[left++] = *leg;
    }
    if (left == 0)
        return;
    struct plan_request request = bench_request(bench, shape->act, left);
    request.emptied_for_good = shape->emptied;
    for (int purse = 0; purse < PURSES; purse++)
        request.purses[purse].has_open = true;
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK, "%s", shape->name);
    cr_assert(soft_run(&bench->card, &plan, &(struct fault){0}).complete, "%s", shape->name);
    bench_present(bench);
    for (size_t i = 0; i < shape->leg_count; i++)
        cr_assert_eq(bench->decoded.purses[shape->legs[i].purse].value, shape->legs[i].terms.opening_minor);
}

Test(card_plan, every_tear_leaves_old_or_new)
{
    struct bench bench;
    size_t cases = 0;
    for (size_t i = 0; i < SHAPES; i++) {
        const struct shape *shape = &shapes[i];
        for (size_t command = 1; command <= shape->commands; command++, cases++) {
            check_interrupted(shape, &bench, &(struct fault){.cut_before_command = command});
            if (shape->act == PLAN_ACT_WRITE)
                finish(shape, &bench);
        }
        for (size_t write = 1; write <= shape->writes; write++) {
            for (enum tear tear = TEAR_OLD; tear < TEAR_KINDS; tear++, cases++) {
                check_interrupted(shape, &bench, &(struct fault){.tear_write = write, .tear = tear});
                if (shape->act == PLAN_ACT_WRITE)
                    finish(shape, &bench);
            }
        }
    }
    cr_assert_gt(cases, 250);
}

/* The same plan run again later must not get past its guard (R4), whatever happened in between. */
Test(card_plan, stale_plan_is_stopped_by_its_guard)
{
    for (size_t i = 0; i < SHAPES; i++) {
        struct bench bench;
        struct card_plan stale;
        struct plan_request request = shape_request(&shapes[i], &bench);
        cr_assert_eq(plan_build(&request, &stale), PLAN_OK);
        cr_assert(soft_run(&bench.card, &stale, &(struct fault){0}).complete);
        struct soft_card after = bench.card;
        cr_assert_not(soft_run(&bench.card, &stale, &(struct fault){0}).started, "%s", shapes[i].name);
        cr_assert_eq(memcmp(after.blocks, bench.card.blocks, sizeof(after.blocks)), 0);
    }
}

static bool guards(const struct card_plan *plan, uint8_t block)
{
    for (size_t i = 0; i < plan->step_count && plan->steps[i].kind != STEP_BEGIN; i++) {
        if (plan->steps[i].kind == STEP_EXPECT && plan->steps[i].block == block)
            return true;
    }
    return false;
}

/* R37: both records and both slots; R23, R24: the other purse exactly when something is open on it. */
Test(card_plan, what_the_guard_compares)
{
    struct bench bench;
    struct card_plan plan;
    struct plan_request request = shape_request(&shapes[0], &bench);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert(guards(&plan, 5) && guards(&plan, 6) && guards(&plan, 8) && guards(&plan, 9));
    cr_assert_not(guards(&plan, 12) || guards(&plan, 13));
    request.purses[PURSE_WATER].has_open = true;
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert(guards(&plan, 12) && guards(&plan, 13));

    /* one changed bit in any guarded block stops the plan before it starts */
    static const uint8_t guarded[] = {5, 6, 8, 9, 12, 13};
    for (size_t i = 0; i < sizeof(guarded); i++) {
        struct soft_card card = bench.card;
        card.blocks[guarded[i]][3] ^= 1;
        cr_assert_not(soft_run(&card, &plan, &(struct fault){0}).started, "block %u", guarded[i]);
    }
}

/* R10: a card that left between the first and the second write still shows the old value, and nothing
 * uncovered. */
Test(card_plan, record_goes_before_value)
{
    struct bench bench;
    struct card_plan plan;
    for (size_t i = 0; i < SHAPES; i++) {
        struct plan_request request = shape_request(&shapes[i], &bench);
        cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
        if (shapes[i].act == PLAN_ACT_REFRESH)
            continue;
        uint8_t record_sector = shapes[i].legs[0].purse == PURSE_TIMES ? 5 : 1;
        for (size_t step = 0; step < plan.step_count; step++) {
            if (plan.steps[step].kind != STEP_WRITE)
                continue;
            cr_assert_eq(plan.steps[step].block / SECTOR_BLOCKS, record_sector, "%s", shapes[i].name);
            break;
        }
    }
}

/* R39, R3: repair of a purse whose slots are both torn writes both, and works from nothing. */
Test(card_plan, repair_from_nothing)
{
    struct bench bench;
    struct card_plan plan;
    bench_init(&bench);
    memset(bench.card.blocks[8], 0xFF, CARD_BLOCK_BYTES);
    memset(bench.card.blocks[9], 0x00, CARD_BLOCK_BYTES);
    bench_present(&bench);
    cr_assert_not(bench.decoded.purses[PURSE_CONSUMPTION].readable);

    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 51845, 50000);
    struct plan_request request = bench_request(&bench, PLAN_ACT_WRITE, 1);
    cr_assert_eq(plan_build(&request, &plan), PLAN_UNREADABLE);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 7, 31845, 30000);
    request = bench_request(&bench, PLAN_ACT_REPAIR, 1);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    bench_present(&bench);
    const struct decoded_purse *purse = &bench.decoded.purses[PURSE_CONSUMPTION];
    cr_assert(purse->readable && purse->slots_equal && purse->repaired);
    cr_assert_eq(purse->value, 31845);
    cr_assert_eq(purse->epoch, 7);
    cr_assert(bench.decoded.purses[PURSE_WATER].readable);
}

Test(card_plan, retire_sets_the_flag)
{
    struct bench bench;
    struct card_plan plan;
    struct plan_request request = shape_request(&shapes[7], &bench);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    bench_present(&bench);
    cr_assert(bench.decoded.purses[PURSE_CONSUMPTION].cancelled &&
              bench.decoded.purses[PURSE_WATER].cancelled);
}

/* More than 127 epochs apart the one record cannot cover both water epochs: four writes. */
Test(card_plan, distance_too_great_for_three_writes)
{
    struct bench bench;
    static struct card_plan plan;
    bench_init(&bench);
    bench.committed[PURSE_WATER] = 2;
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 51845, 50000);
    bench.legs[1] = bench_leg(PURSE_WATER, 129, 9100, 0);
    struct plan_request request = bench_request(&bench, PLAN_ACT_WRITE, 2);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert_eq(plan.write_count, 3, "127 apart");
    bench.legs[1].terms.epoch_no = 130;
    cr_assert_eq(plan_build(&request, &plan), PLAN_EPOCH_NOT_NEWER, "128 apart has no order");
}

Test(card_plan, refresh_of_both_purses)
{
    struct bench bench;
    static struct card_plan plan;
    bench_init(&bench);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 5, 0, 0);
    bench.legs[1] = bench_leg(PURSE_WATER, 2, 0, 0);
    struct plan_request request = bench_request(&bench, PLAN_ACT_REFRESH, 2);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert_eq(plan.write_count, 4, "each slot of both");
    cr_assert_eq(soft_run(&bench.card, &plan, &(struct fault){0}).legs, 2);
    bench_present(&bench);
    cr_assert(bench.decoded.purses[PURSE_CONSUMPTION].slots_equal &&
              bench.decoded.purses[PURSE_WATER].slots_equal);
    cr_assert_eq(bench.decoded.purses[PURSE_WATER].value, 4100);
}

/* The water purse is torn; a recharge of consumption still works and keeps the water record. */
Test(card_plan, other_purse_unreadable)
{
    struct bench bench;
    static struct card_plan plan;
    bench_init(&bench);
    memset(bench.card.blocks[12], 0, CARD_BLOCK_BYTES);
    memset(bench.card.blocks[13], 0, CARD_BLOCK_BYTES);
    bench_present(&bench);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 51845, 50000);
    struct plan_request request = bench_request(&bench, PLAN_ACT_WRITE, 1);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    bench_present(&bench);
    cr_assert_eq(bench.decoded.purses[PURSE_CONSUMPTION].value, 51845);
    cr_assert_eq(bench.decoded.issuer[0].fields.epoch_water, 2);
    cr_assert_eq(bench.decoded.issuer[0].fields.opening_water, 5000);
}

/* The slot that was read goes last: until then its bits, which may be marginal, are all that is sure. */
Test(card_plan, refresh_makes_both_slots_equal)
{
    struct bench bench;
    struct card_plan plan;
    uint8_t written[2];
    size_t writes = 0;
    struct plan_request request = shape_request(&shapes[8], &bench);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    for (size_t step = 0; step < plan.step_count && writes < 2; step++)
        if (plan.steps[step].kind == STEP_WRITE)
            written[writes++] = plan.steps[step].block;
    uint8_t read_slot = bench.decoded.purses[PURSE_CONSUMPTION].slot;
    cr_assert_eq(written[1], 8 + read_slot);
    cr_assert_eq(written[0], 8 + (1 - read_slot));
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    bench_present(&bench);
    cr_assert(bench.decoded.purses[PURSE_CONSUMPTION].slots_equal);
    cr_assert_eq(plan_build(&request, &plan), PLAN_NOTHING_TO_DO);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 0, 0);
    cr_assert_eq(plan_build(&request, &plan), PLAN_EPOCH_NOT_NEWER);
}
