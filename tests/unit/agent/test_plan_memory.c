/* The memory of plans against a model that forgets nothing. */
#include "agent/plan_memory.h"

#include <criterion/criterion.h>
#include <string.h>

#define CAPACITY 16

static struct uuid id_of(unsigned number)
{
    struct uuid id = {{0}};
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

Test(agent_plan_memory, a_plan_runs_once)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    struct uuid id = id_of(1);
    cr_assert_eq(plan_memory_arrive(memory, &id), PLAN_UNKNOWN);
    cr_assert_eq(plan_memory_arrive(memory, &id), PLAN_WAITING);
    cr_assert(plan_memory_start(memory, &id));
    cr_assert_not(plan_memory_start(memory, &id));
    cr_assert_eq(plan_memory_arrive(memory, &id), PLAN_STARTED);
    plan_memory_free(memory);
}

Test(agent_plan_memory, r15_started_is_never_burnt)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    struct uuid id = id_of(1);
    cr_assert(plan_memory_start(memory, &id));
    cr_assert_not(plan_memory_burn(memory, &id));
    cr_assert_eq(plan_memory_look(memory, &id), PLAN_STARTED);
    plan_memory_free(memory);
}

Test(agent_plan_memory, r15_a_plan_that_ended_is_neither_burnt_nor_run_again)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    struct uuid id = id_of(1);
    cr_assert(plan_memory_start(memory, &id));
    plan_memory_end(memory, &id);
    cr_assert_eq(plan_memory_arrive(memory, &id), PLAN_ENDED);
    cr_assert_not(plan_memory_burn(memory, &id));
    cr_assert_not(plan_memory_start(memory, &id));
    cr_assert_eq(plan_memory_look(memory, &id), PLAN_ENDED);
    plan_memory_free(memory);
}

Test(agent_plan_memory, only_a_started_plan_ends)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    struct uuid waiting = id_of(1), burnt = id_of(2), unheard = id_of(3);
    plan_memory_arrive(memory, &waiting);
    plan_memory_burn(memory, &burnt);
    plan_memory_end(memory, &waiting);
    plan_memory_end(memory, &burnt);
    plan_memory_end(memory, &unheard);
    cr_assert_eq(plan_memory_look(memory, &waiting), PLAN_WAITING);
    cr_assert_eq(plan_memory_look(memory, &burnt), PLAN_BURNT);
    cr_assert_eq(plan_memory_look(memory, &unheard), PLAN_UNKNOWN);
    plan_memory_free(memory);
}

Test(agent_plan_memory, r18_burnt_is_never_started)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    struct uuid id = id_of(1);
    cr_assert(plan_memory_burn(memory, &id), "also one that never arrived");
    cr_assert(plan_memory_burn(memory, &id), "a receipt may be asked for again");
    cr_assert_not(plan_memory_start(memory, &id));
    cr_assert_eq(plan_memory_arrive(memory, &id), PLAN_BURNT);
    plan_memory_free(memory);
}

Test(agent_plan_memory, what_is_dropped_is_never_touched_again)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    for (unsigned number = 100; number < 100 + 5 * CAPACITY; number++) {
        struct uuid id = id_of(number);
        cr_assert(number % 2 ? plan_memory_start(memory, &id) : plan_memory_burn(memory, &id));
    }
    unsigned forgotten = 0;
    for (unsigned number = 0; number < 100 + 5 * CAPACITY; number++) {
        struct uuid id = id_of(number);
        enum plan_mark mark = plan_memory_look(memory, &id);
        forgotten += mark == PLAN_FORGOTTEN;
        cr_assert_neq(mark, PLAN_UNKNOWN, "plan %u could be run again", number);
        cr_assert_not(plan_memory_start(memory, &id), "plan %u", number);
        if (mark == PLAN_FORGOTTEN)
            cr_assert_not(plan_memory_burn(memory, &id), "nobody knows whether plan %u was started", number);
    }
    cr_assert_geq(forgotten, 100);
    plan_memory_free(memory);
}

Test(agent_plan_memory, an_old_id_never_comes_back_when_memory_is_full)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    for (unsigned number = 100; number < 100 + CAPACITY; number++) {
        struct uuid id = id_of(number);
        plan_memory_start(memory, &id);
    }
    struct uuid old = id_of(1); /* memory is full, and this is older than all that is in it */
    cr_assert_not(plan_memory_start(memory, &old));
    cr_assert_eq(plan_memory_arrive(memory, &old), PLAN_FORGOTTEN);
    plan_memory_free(memory);
}

/* What a memory without a bound would hold. */
struct model {
    bool started[4096];
    bool burnt[4096];
};

Test(agent_plan_memory, never_more_than_an_unbounded_memory_allows)
{
    struct plan_memory *memory = plan_memory_new(CAPACITY);
    static struct model model;
    unsigned random = 12345;
    for (unsigned step = 0; step < 200000; step++) {
        random = random * 1103515245 + 12345;
        unsigned newest = 40 + step / 60; /* ids come in order, late ones and repeats among them */
        unsigned number = newest - (random >> 16) % 40;
        struct uuid id = id_of(number);
        bool start = random & 0x8000;
        bool done = start ? plan_memory_start(memory, &id) : plan_memory_burn(memory, &id);
        if (start && done) {
            cr_assert_not(model.started[number] || model.burnt[number],
                          "plan %u started twice or after burning", number);
            model.started[number] = true;
        } else if (done) {
            cr_assert_not(model.started[number], "plan %u burnt after its start", number);
            model.burnt[number] = true;
        }
    }
    plan_memory_free(memory);
}
