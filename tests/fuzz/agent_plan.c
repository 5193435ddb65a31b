/* Fuzz target: what an agent reads from the network. The first byte chooses between plan, read plan and the
 * answer to a poll. What is taken must be within its bounds, because the runner trusts that; what is refused
 * must be wiped. */
#include "agent/strict_json.h"
#include "agent/task_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void must_be_wiped(const void *memory, size_t count)
{
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < count; i++)
        must(bytes[i] == 0);
}

static void check_keys(const struct plan_key *keys, uint8_t count)
{
    must(count > 0 && count <= AGENT_STEP_KEYS_MAX);
    for (uint8_t i = 0; i < count; i++)
        must(keys[i].slot == 'A' || keys[i].slot == 'B');
}

static void try_plan(const char *text, size_t count)
{
    static struct plan plan;
    struct plan_problem problem = {{0}};
    if (!plan_parse(text, count, &plan, &problem)) {
        must(problem.text[0] && memchr(problem.text, '\0', sizeof problem.text));
        must_be_wiped(&plan, sizeof plan);
        return;
    }
    size_t begins = 0;
    size_t legs = 0;
    must(plan.step_count > 0 && plan.step_count <= PLAN_STEPS_MAX);
    must(plan.uid.count == 4 || plan.uid.count == 7 || plan.uid.count == 10);
    must(plan.start_within_ms > 0 && plan.start_within_ms <= AGENT_START_WITHIN_MS_MAX);
    for (size_t i = 0; i < plan.step_count; i++) {
        const struct plan_step *step = &plan.steps[i];
        begins += step->kind == STEP_BEGIN;
        legs += step->kind == STEP_LEG;
        must(step->kind != STEP_WRITE || (begins == 1 && step->block != 0));
        if (step->kind == STEP_AUTH || step->kind == STEP_OPEN)
            check_keys(step->keys, step->key_count);
        must(step->kind != STEP_OPEN || step->key_index < step->key_count);
    }
    must(begins == 1 && legs <= PLAN_LEGS_MAX);
}

static void try_read_plan(const char *text, size_t count)
{
    static struct read_plan plan;
    struct plan_problem problem = {{0}};
    if (!read_plan_parse(text, count, &plan, &problem)) {
        must(problem.text[0] && memchr(problem.text, '\0', sizeof problem.text));
        must_be_wiped(&plan, sizeof plan);
        return;
    }
    must(plan.sector_count > 0 && plan.sector_count <= AGENT_READ_SECTORS_MAX);
    for (size_t i = 0; i < plan.sector_count; i++) {
        const struct read_sector *sector = &plan.sectors[i];
        check_keys(sector->keys, sector->key_count);
        must(sector->block_count <= sizeof sector->blocks);
        for (uint8_t block = 0; block < sector->block_count; block++)
            must(sector_of_block(sector->blocks[block]) == sector->sector);
    }
}

static void try_tasks(const char *text, size_t count)
{
    struct task tasks[AGENT_TASKS_MAX];
    size_t skipped;
    struct training_lines script;
    json_t *answer = strict_json_load(text, count, AGENT_ANSWER_BYTES_MAX);
    size_t found = tasks_read(answer, tasks, &skipped);
    must(found <= AGENT_TASKS_MAX);
    for (size_t i = 0; i < found; i++) {
        if (tasks[i].kind != TASK_TRAINING || training_lines(tasks[i].members, &script))
            continue;
        must(script.count > 0 && script.count <= AGENT_TRAINING_LINES_MAX);
        for (size_t k = 0; k < script.count; k++)
            must(!strpbrk(script.lines[k], "\n\r/") &&
                 strlen(script.lines[k]) < AGENT_TRAINING_LINE_BYTES_MAX - 1);
    }
    json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    switch (data[0]) {
    case 'P':
        try_plan(text, size - 1);
        break;
    case 'R':
        try_read_plan(text, size - 1);
        break;
    default:
        try_tasks(text, size - 1);
        break;
    }
    return 0;
}
