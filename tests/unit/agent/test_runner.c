/* The runner on a reader in memory: every command failing in every way, and the rules one by one. */
#include "agent/runner.h"
#include "base/clock.h"
#include "fake_reader.h"

#include <criterion/criterion.h>
#include <sodium.h>

#define NOW_MS 1000000
#define GUARD_COMMANDS 6 /* auth, expect, expect, auth, expect, expect */

static const uint8_t run_id[RUN_BYTES] = {7};
static struct fake_reader fake;
static struct plan_memory *memory;
static struct runner runner;
static struct plan plan;
static struct run_result result;

static struct plan_step *add(enum plan_step_kind kind, uint8_t block)
{
    struct plan_step *step = &plan.steps[plan.step_count++];
    *step = (struct plan_step){.kind = kind, .block = block};
    return step;
}

static void add_auth(uint8_t block)
{
    struct plan_step *step = add(STEP_AUTH, block);
    step->key_count = 1;
    step->keys[0].slot = 'B';
    memset(step->keys[0].bytes, 0xb0, CARD_KEY_BYTES);
}

static void add_data(enum plan_step_kind kind, uint8_t block, uint8_t fill)
{
    memset(add(kind, block)->data, fill, CARD_BLOCK_BYTES);
}

static void add_leg(uint8_t number)
{
    struct plan_step *step = add(STEP_LEG, 0);
    step->leg_id.bytes[15] = number;
    step->epoch_no = 40 + number;
}

/* A recharge of both purses in three writes: record in block 5, consumption 9, water 13. */
static void set_up(void)
{
    cr_assert_geq(sodium_init(), 0);
    clock_fake(NOW_MS, NOW_MS);
    fake_start(&fake);
    memory = plan_memory_new(16);
    runner = (struct runner){.reader = &fake.reader, .memory = memory, .run = run_id};
    plan_wipe(&plan);
    plan.id.bytes[15] = 1;
    memcpy(plan.run, run_id, RUN_BYTES);
    plan.uid = fake.uid;
    plan.start_within_ms = 30000;
    add_auth(8);
    add_data(STEP_EXPECT, 8, 0);
    add_data(STEP_EXPECT, 9, 0);
    add_auth(4);
    add_data(STEP_EXPECT, 5, 0);
    add_data(STEP_EXPECT, 6, 0);
    add(STEP_BEGIN, 0);
    add_data(STEP_WRITE, 5, 0x55);
    add_auth(9);
    add_data(STEP_WRITE, 9, 0x99);
    add_data(STEP_CHECK, 9, 0x99);
    add_leg(1);
    add_auth(13);
    add_data(STEP_WRITE, 13, 0xdd);
    add_data(STEP_CHECK, 13, 0xdd);
    add_leg(2);
}

static void tear_down(void)
{
    plan_memory_free(memory);
    clock_fake(-1, -1);
}

static void go(void)
{
    runner_run(&runner, &plan, NOW_MS, &result);
}

TestSuite(agent_runner, .init = set_up, .fini = tear_down);

Test(agent_runner, everything_done)
{
    go();
    cr_assert_eq(result.outcome, RUN_WRITTEN);
    cr_assert_str_eq(result.reason, "done");
    cr_assert_eq(result.leg_count, 2);
    cr_assert_eq(result.legs[0].id.bytes[15], 1);
    cr_assert_eq(result.legs[1].epoch_no, 42);
    cr_assert_eq(result.block_count, 3);
    cr_assert_eq(result.blocks[0].number, 5);
    cr_assert_eq(result.blocks[2].data[15], 0xdd);
    cr_assert_str_eq(fake.log, "B8 r8 r9 B4 r5 r6 w5 B9 w9 r9 B13 w13 r13 ");
    cr_assert_eq(result.commands, 13, "exactly the plan's own commands");
    cr_assert_eq(plan_memory_look(memory, &plan.id), PLAN_STARTED);
}

/* Runs the plan with the n-th command failing; checks what must hold whatever happened. Returns false when
 * there is no n-th command. */
static bool run_failing(unsigned command, enum fake_failure failure)
{
    tear_down();
    set_up();
    fake.fail_at = command;
    fake.failure = failure;
    go();
    cr_assert_eq(fake.sent_in_doubt, 0, "command %u, failure %d: sent on a line in doubt", command, failure);
    if (fake.commands < command) {
        cr_assert_eq(result.outcome, RUN_WRITTEN);
        return false;
    }
    cr_assert_eq(fake.commands, command, "command %u, failure %d: went on after it", command, failure);
    bool before = command <= GUARD_COMMANDS;
    cr_assert_eq(result.outcome, before ? RUN_BURNT : RUN_UNKNOWN, "command %u, failure %d", command,
                 failure);
    cr_assert_eq(plan_memory_look(memory, &plan.id), before ? PLAN_BURNT : PLAN_STARTED);
    cr_assert_eq(fake.writes == 0 || !before, true, "a burnt plan wrote");
    cr_assert_eq(result.leg_count, command <= 10 ? 0 : 1, "command %u", command);
    return true;
}

Test(agent_runner, every_command_fails_in_every_way)
{
    unsigned cases = 0;
    for (int failure = FAKE_REFUSED; failure < FAKE_FAILURES; failure++)
        for (unsigned command = 1; run_failing(command, (enum fake_failure)failure); command++)
            cases++;
    cr_assert_eq(cases, 13 * (FAKE_FAILURES - 1));
}

Test(agent_runner, reasons_tell_refused_gone_and_silent_apart)
{
    run_failing(8, FAKE_REFUSED);
    cr_assert_str_eq(result.reason, "refused");
    run_failing(8, FAKE_GONE);
    cr_assert_str_eq(result.reason, "gone");
    run_failing(8, FAKE_LOST);
    cr_assert_str_eq(result.reason, "timeout");
    run_failing(2, FAKE_DONE_AND_LOST);
    cr_assert_str_eq(result.reason, "timeout");
}

Test(agent_runner, a_run_plan_is_never_run_again)
{
    go();
    unsigned writes = fake.writes;
    memset(fake.blocks, 0, sizeof fake.blocks); /* the guard would fit */
    go();
    cr_assert_eq(result.outcome, RUN_NOTHING);
    cr_assert_eq(fake.writes, writes);
}

Test(agent_runner, r04_guard_is_compared)
{
    fake.blocks[6][3] = 1;
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "guard");
    cr_assert_eq(fake.writes, 0);
}

Test(agent_runner, r15_started_is_never_burnt)
{
    run_failing(7, FAKE_REFUSED); /* not even when its very first write was refused */
    cr_assert_eq(result.outcome, RUN_UNKNOWN);
    cr_assert_not(plan_memory_burn(memory, &plan.id));
    cr_assert_eq(plan_memory_look(memory, &plan.id), PLAN_STARTED);
}

Test(agent_runner, r16_only_plans_of_this_run_start)
{
    plan.run[0] ^= 1;
    go();
    cr_assert_eq(fake.writes, 0);
    cr_assert_str_eq(result.reason, "foreign_run");
}

Test(agent_runner, r17_only_plans_of_this_run_are_burnt)
{
    plan.run[0] ^= 1;
    go();
    cr_assert_eq(result.outcome, RUN_UNKNOWN);
    cr_assert_eq(plan_memory_look(memory, &plan.id), PLAN_UNKNOWN);
}

Test(agent_runner, r18_burnt_stays_burnt)
{
    cr_assert(plan_memory_burn(memory, &plan.id));
    go();
    cr_assert_eq(result.outcome, RUN_NOTHING);
    cr_assert_eq(fake.writes, 0);
}

Test(agent_runner, r25_stops_at_the_first_write_without_acknowledge)
{
    run_failing(9, FAKE_REFUSED); /* the consumption value */
    cr_assert_eq(fake.writes, 1, "only the record");
    cr_assert_eq(fake.blocks[13][0], 0, "the water value is not written");
}

Test(agent_runner, r25_stops_at_an_unequal_read_back)
{
    memset(plan.steps[10].data, 0x98, CARD_BLOCK_BYTES); /* check of block 9 */
    go();
    cr_assert_eq(result.outcome, RUN_UNKNOWN);
    cr_assert_str_eq(result.reason, "refused");
    cr_assert_eq(result.leg_count, 0);
    cr_assert_eq(fake.blocks[13][0], 0);
}

Test(agent_runner, too_late)
{
    clock_fake(NOW_MS + 30001, NOW_MS);
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "late");
    cr_assert_eq(fake.commands, 0);
}

static void let_time_pass(struct fake_reader *reader, void *context)
{
    (void)context;
    clock_fake(NOW_MS + 10000 * reader->commands, NOW_MS);
}

Test(agent_runner, too_late_while_comparing_the_guard)
{
    fake.before = let_time_pass;
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "late");
    cr_assert_eq(fake.writes, 0);
}

static void cancel_now(struct fake_reader *reader, void *context)
{
    unsigned *at = context;
    if (reader->commands == *at)
        plan_memory_burn(memory, &plan.id);
}

Test(agent_runner, a_cancel_stops_the_guard_but_not_the_writing)
{
    for (unsigned at = 1; at <= 13; at++) {
        tear_down();
        set_up();
        fake.before = cancel_now;
        fake.context = &at;
        go();
        cr_assert_eq(result.outcome, at <= GUARD_COMMANDS ? RUN_BURNT : RUN_WRITTEN, "cancel at %u", at);
        cr_assert_eq(fake.writes, at <= GUARD_COMMANDS ? 0 : 3);
    }
}

Test(agent_runner, another_card)
{
    plan.uid.bytes[0] ^= 1;
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "gone");
}

Test(agent_runner, no_reader)
{
    reader_close(&fake.reader);
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "restarted_reader");
}

/* Instead of the first auth: try transport A, then ours; number `index` must open. */
static void open_first(uint8_t index)
{
    struct plan_step *step = &plan.steps[0];
    step->kind = STEP_OPEN;
    step->key_count = 2;
    step->key_index = index;
    step->keys[1] = step->keys[0];
    memset(step->keys[0].bytes, 0x11, CARD_KEY_BYTES);
}

Test(agent_runner, open_takes_the_key_it_expects)
{
    open_first(1);
    go();
    cr_assert_eq(result.outcome, RUN_WRITTEN);
}

Test(agent_runner, r04_open_refuses_another_key)
{
    open_first(0);
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "guard");
}

Test(agent_runner, open_refuses_when_no_key_opens)
{
    open_first(1);
    memset(plan.steps[0].keys[1].bytes, 0x22, CARD_KEY_BYTES);
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "guard");
}

Test(agent_runner, a_wrong_key_is_a_guard_difference)
{
    fake.keys[1][0] ^= 1;
    go();
    cr_assert_eq(result.outcome, RUN_BURNT);
    cr_assert_str_eq(result.reason, "guard");
}

Test(agent_runner, trailers_are_compared_where_they_can_be_read)
{
    static const uint8_t trailer[CARD_BLOCK_BYTES] = {0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0x48, 0x77,
                                                      0x8b, 0x69, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0};
    plan.step_count = 0;
    add_auth(8);
    add(STEP_BEGIN, 0);
    memcpy(add(STEP_WRITE, 11)->data, trailer, sizeof trailer);
    memcpy(add(STEP_CHECK, 11)->data, trailer, sizeof trailer);
    go();
    cr_assert_eq(result.outcome, RUN_WRITTEN);
    cr_assert_eq(result.block_count, 0, "a trailer is never reported");
    plan.id.bytes[15] = 2;
    plan.steps[3].data[7] ^= 0x10;
    go();
    cr_assert_eq(result.outcome, RUN_UNKNOWN);
}

Test(agent_runner, words)
{
    cr_assert_str_eq(run_outcome_word(RUN_WRITTEN), "written");
    cr_assert_str_eq(run_outcome_word(RUN_UNKNOWN), "unknown");
    cr_assert_str_eq(run_outcome_word(RUN_BURNT), "burnt");
}
