#include "agent/runner.h"

#include "base/clock.h"
#include "base/rules.h"

#include <string.h>

#define TRAILER_OPEN_FROM 6 /* bytes 6..9 of a trailer, access bits and GPB, read back as they are */
#define TRAILER_OPEN_BYTES 4

const char *run_outcome_word(enum run_outcome outcome)
{
    static const char *const words[] = {"nothing", "written", "unknown", "burnt"};
    return words[outcome];
}

struct session {
    const struct runner *runner;
    const struct plan *plan;
    int64_t latest_start_ms;
    bool started;
    struct run_result *result;
};

/* The reason word for a failed command. A refusal and a card that left look the same to the reader, so the
 * card is selected once more to tell them apart; nothing is written after that. */
static const char *reason_of(struct session *session, enum reader_status status)
{
    if (status == READER_NO_CARD)
        return "gone";
    if (status == READER_LOST)
        return "timeout";
    enum reader_status again = reader_select(session->runner->reader, &session->plan->uid);
    if (again == READER_LOST)
        return "timeout";
    if (again == READER_NO_CARD)
        return "gone";
    return status == READER_KEY && !session->started ? "guard" : "refused";
}

static const char *do_auth(struct session *session, const struct plan_step *step)
{
    enum reader_status status =
        reader_authenticate(session->runner->reader, step->block, step->keys[0].slot, step->keys[0].bytes);
    return status == READER_OK ? NULL : reason_of(session, status);
}

/* Tries the keys in order. A refused key silences the card, so it is selected again before the next one. */
static const char *do_open(struct session *session, const struct plan_step *step)
{
    struct reader *reader = session->runner->reader;
    for (uint8_t i = 0; i < step->key_count; i++) {
        enum reader_status status =
            reader_authenticate(reader, step->block, step->keys[i].slot, step->keys[i].bytes);
        if (status == READER_OK)
            return i == step->key_index || !rule_on("R4") ? NULL : "guard";
        if (status != READER_KEY)
            return reason_of(session, status);
        status = reader_select(reader, &session->plan->uid);
        if (status != READER_OK)
            return reason_of(session, status);
    }
    return "guard";
}

static const char *do_expect(struct session *session, const struct plan_step *step)
{
    uint8_t data[CARD_BLOCK_BYTES];
    enum reader_status status = reader_read(session->runner->reader, step->block, data);
    if (status != READER_OK)
        return reason_of(session, status);
    return memcmp(data, step->data, sizeof data) == 0 || !rule_on("R4") ? NULL : "guard";
}

static const char *do_begin(struct session *session)
{
    if (clock_monotonic_ms() > session->latest_start_ms)
        return "late";
    if (!plan_memory_start(session->runner->memory, &session->plan->id))
        return "cancelled";
    session->started = true;
    return NULL;
}

static const char *do_write(struct session *session, const struct plan_step *step)
{
    enum reader_status status = reader_write(session->runner->reader, step->block, step->data);
    if (status != READER_OK)
        return reason_of(session, status);
    if (reader_block_is_trailer(step->block))
        return NULL;
    /* What the card holds now, also where the plan saves the reading back: the server's next guard has it. */
    struct run_block *block = &session->result->blocks[session->result->block_count++];
    block->number = step->block;
    memcpy(block->data, step->data, sizeof block->data);
    return NULL;
}

static const char *do_check(struct session *session, const struct plan_step *step)
{
    uint8_t data[CARD_BLOCK_BYTES];
    enum reader_status status = reader_read(session->runner->reader, step->block, data);
    if (status != READER_OK)
        return reason_of(session, status);
    if (reader_block_is_trailer(step->block))
        return memcmp(data + TRAILER_OPEN_FROM, step->data + TRAILER_OPEN_FROM, TRAILER_OPEN_BYTES) == 0
                   ? NULL
                   : "refused";
    return memcmp(data, step->data, sizeof data) == 0 ? NULL : "refused";
}

/* NULL, or the reason why the plan ends here. */
static const char *do_step(struct session *session, const struct plan_step *step)
{
    switch (step->kind) {
    case STEP_AUTH:
        return do_auth(session, step);
    case STEP_OPEN:
        return do_open(session, step);
    case STEP_EXPECT:
        return do_expect(session, step);
    case STEP_BEGIN:
        return do_begin(session);
    case STEP_WRITE:
        return do_write(session, step);
    case STEP_CHECK:
        return do_check(session, step);
    case STEP_LEG:
        session->result->legs[session->result->leg_count++] =
            (struct run_leg){.id = step->leg_id, .epoch_no = step->epoch_no};
        return NULL;
    }
    return "bad_plan";
}

/* What a build without R25 does after an unacknowledged write: it selects the card and goes on with the next
 * sector. Returns the next step to do, or step_count. */
static size_t go_on_regardless(struct session *session, size_t failed_step)
{
    size_t next = failed_step + 1;
    while (next < session->plan->step_count && session->plan->steps[next].kind != STEP_AUTH &&
           session->plan->steps[next].kind != STEP_OPEN)
        next++;
    reader_select(session->runner->reader, &session->plan->uid);
    return next;
}

/* NULL: every step is done. */
static const char *do_steps(struct session *session)
{
    const char *first_reason = NULL;
    size_t i = 0;
    while (i < session->plan->step_count) {
        const char *reason = do_step(session, &session->plan->steps[i]);
        if (!reason) {
            i++;
            continue;
        }
        if (!first_reason)
            first_reason = reason;
        if (!session->started || rule_on("R25"))
            return first_reason;
        i = go_on_regardless(session, i);
    }
    return first_reason;
}

/* A plan that did not get to its end: burnt if it never started and is ours to burn, else unknown. */
static void end_early(struct session *session, const char *reason)
{
    struct run_result *result = session->result;
    result->reason = reason;
    result->block_count = 0;
    if (plan_memory_burn(session->runner->memory, &session->plan->id)) {
        result->outcome = RUN_BURNT;
        result->leg_count = 0;
        return;
    }
    result->outcome = session->started ? RUN_UNKNOWN : RUN_NOTHING;
}

static bool is_of_this_run(const struct runner *runner, const struct plan *plan)
{
    return memcmp(plan->run, runner->run, sizeof plan->run) == 0;
}

/* Started, burnt or forgotten before: nothing is done with it any more, and what was to be said was said. */
static bool is_settled(const struct runner *runner, const struct plan *plan)
{
    enum plan_mark mark = plan_memory_look(runner->memory, &plan->id);
    bool was_started = mark == PLAN_STARTED || mark == PLAN_ENDED;
    return was_started || mark == PLAN_FORGOTTEN || (mark == PLAN_BURNT && rule_on("R18"));
}

/* NULL: the card of the plan is selected and the guard may run. */
static const char *prepare(struct session *session)
{
    struct reader *reader = session->runner->reader;
    if (clock_monotonic_ms() > session->latest_start_ms)
        return "late";
    if (!reader_is_sound(reader))
        return "restarted_reader";
    enum reader_status status = reader_select(reader, &session->plan->uid);
    return status == READER_OK ? NULL : reason_of(session, status);
}

/* A plan made for another process: that one may have started it, so it is neither started here nor declared
 * never to start. */
static void leave_to_its_run(const struct runner *runner, const struct plan *plan, struct run_result *result)
{
    bool may_burn = !rule_on("R17") && plan_memory_burn(runner->memory, &plan->id);
    result->outcome = may_burn ? RUN_BURNT : RUN_UNKNOWN;
    result->reason = "foreign_run";
}

void runner_run(const struct runner *runner, const struct plan *plan, int64_t arrived_ms,
                struct run_result *ret_result)
{
    memset(ret_result, 0, sizeof *ret_result);
    ret_result->outcome = RUN_NOTHING;
    ret_result->reason = "cancelled";
    if (!is_of_this_run(runner, plan) && rule_on("R16")) {
        leave_to_its_run(runner, plan, ret_result);
        return;
    }
    if (is_settled(runner, plan))
        return;
    struct session session = {.runner = runner,
                              .plan = plan,
                              .latest_start_ms = arrived_ms + plan->start_within_ms,
                              .result = ret_result};
    int64_t from_ms = clock_monotonic_ms();
    unsigned commands_before = runner->reader->command_count;
    const char *reason = prepare(&session);
    if (!reason)
        reason = do_steps(&session);
    if (reason) {
        end_early(&session, reason);
    } else {
        ret_result->outcome = RUN_WRITTEN;
        ret_result->reason = "done";
    }
    ret_result->commands = runner->reader->command_count - commands_before;
    ret_result->card_ms = clock_monotonic_ms() - from_ms;
}
