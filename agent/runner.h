/* Runs one plan on one card: guard, begin, write, read back, and says what it did. A pure state machine over
 * the reader's table and the memory of plans: no network, no threads, no clock but base/clock.h.
 *
 * The order is the protocol (card design 6.5): only plans of this run start (R16) and burn (R17), the guard
 * is compared in the session that writes (R4), a started plan is never burnt (R15), and the first write
 * without an acknowledge and an equal read-back ends it (R25). */
#ifndef CARDWRIGHT_AGENT_RUNNER_H
#define CARDWRIGHT_AGENT_RUNNER_H

#include "agent/plan.h"
#include "agent/plan_memory.h"

enum run_outcome {
    RUN_NOTHING, /* the plan is known: started, burnt or forgotten before. No report */
    RUN_WRITTEN, /* every step done and read back */
    RUN_UNKNOWN, /* started, and then anything else; or not ours to say anything about */
    RUN_BURNT,   /* never started, never will be */
};

/* "written", "unknown", "burnt". */
const char *run_outcome_word(enum run_outcome outcome);

struct run_leg {
    struct uuid id;
    int64_t epoch_no;
};

struct run_block {
    uint8_t number;
    uint8_t data[CARD_BLOCK_BYTES];
};

struct run_result {
    enum run_outcome outcome;
    const char *reason; /* a word of PROTOCOL.md "report" */
    struct run_leg legs[PLAN_LEGS_MAX];
    size_t leg_count;
    struct run_block blocks[PLAN_STEPS_MAX]; /* data blocks written; never trailers */
    size_t block_count;
    unsigned commands; /* card commands; selections are not counted */
    int64_t card_ms;
};

struct runner {
    struct reader *reader;
    struct plan_memory *memory;
    const uint8_t *run; /* RUN_BYTES */
};

/* Runs the plan, which arrived at `arrived_ms` of clock_monotonic_ms. Fills `ret_result` in any case.
 * Afterwards the reader may be doubtful, and the card lies there, or not, with or without an open sector. */
void runner_run(const struct runner *runner, const struct plan *plan, int64_t arrived_ms,
                struct run_result *ret_result);

#endif
