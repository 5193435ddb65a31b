#include "agent/desk.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What holds card keys, in guarded memory; wiped after each use. */
struct secrets {
    char text[PLAN_JSON_BYTES_MAX];
    struct plan plan;
    struct read_plan read_plan;
};

struct desk {
    struct desk_setup setup;
    pthread_t thread;
    atomic_bool stopping;
    struct secrets *secrets;
    struct run_result result;
    struct reading reading;
    enum reader_state state;
    int64_t next_open_ms;
    int64_t next_tick_ms;
    int64_t next_look_ms; /* for a second card */
    bool has_card;
    int64_t presented_ms;
    int64_t due_ms;       /* when it is to be presented anew; 0: no such wish */
    int vain_tries;       /* readings and plans in a row that the card that lies there did not allow */
    struct uuid presence; /* of the card that lies there */
    struct reader_card card;
};

/* ---- reader ---- */

static void tell_reader_state(struct desk *desk, enum reader_state state)
{
    struct reader_facts facts = {.state = state};
    snprintf(facts.name, sizeof facts.name, "%s", reader_name(desk->setup.reader));
    if (state != desk->state)
        log_info("reader.state", LOG_TEXT("state", reader_state_word(state)), LOG_TEXT("name", facts.name));
    desk->state = state;
    poll_set_reader(desk->setup.poll, &facts);
}

static void card_left(struct desk *desk)
{
    if (!desk->has_card)
        return;
    desk->has_card = false;
    desk->due_ms = 0;
    desk->vain_tries = 0;
    outbox_push(desk->setup.outbox, OUTBOX_REMOVED, &desk->presence,
                message_removed(desk->setup.speaker, &desk->presence));
    log_info("card.removed", LOG_INT("cards", desk->card.cards));
}

/* A card lies there, or is to be read anew: a new presence each time. */
static void present(struct desk *desk, const struct reader_card *card)
{
    if (desk->has_card && !reader_uid_equal(&card->uid, &desk->card.uid))
        card_left(desk);
    desk->has_card = true;
    desk->card = *card;
    desk->presence = uuid_make_v7_after(&desk->presence);
    desk->due_ms = 0;
    desk->presented_ms = clock_monotonic_ms();
    desk->next_look_ms = desk->presented_ms + AGENT_SECOND_CARD_MS;
    outbox_push(desk->setup.outbox, OUTBOX_PRESENCE, &desk->presence,
                message_presence(desk->setup.speaker, &desk->presence, card));
    log_info("card.present", LOG_INT("cards", card->cards), LOG_INT("sak", card->sak));
}

static bool try_open(struct desk *desk)
{
    enum reader_state state = reader_open(desk->setup.reader);
    if (state != READER_STATE_OK)
        desk->next_open_ms = clock_monotonic_ms() + AGENT_REOPEN_PAUSE_MS;
    tell_reader_state(desk, state);
    return state == READER_STATE_OK;
}

/* Looks what lies there and presents it, also if it lay there before. READER_LOST: the line is in doubt
 * again. */
static enum reader_status present_anew(struct desk *desk)
{
    struct reader_card card;
    enum reader_status status = reader_find(desk->setup.reader, &card);
    if (status == READER_OK)
        present(desk, &card);
    else if (status == READER_NO_CARD)
        card_left(desk);
    return status;
}

/* After a time-out or an I/O error: no further command on this line. Whatever lay there is read anew. */
static void reopen(struct desk *desk)
{
    log_warn("reader.lost", LOG_TEXT("reader", reader_name(desk->setup.reader)));
    reader_close(desk->setup.reader);
    if (try_open(desk) && present_anew(desk) != READER_LOST)
        return;
    card_left(desk);
    if (reader_is_sound(desk->setup.reader))
        return;
    reader_close(desk->setup.reader);
    desk->next_open_ms = clock_monotonic_ms() + AGENT_REOPEN_PAUSE_MS;
}

/* ---- watching ---- */

static bool is_same(const struct desk *desk, const struct reader_card *found)
{
    if (found->cards != desk->card.cards)
        return false;
    if (found->cards > 1) /* which of them answers first is chance */
        return true;
    return reader_uid_equal(&found->uid, &desk->card.uid) ||
           (reader_uid_is_random(&found->uid) && reader_uid_is_random(&desk->card.uid));
}

/* Is the card still there, and alone? Selecting it by its UID is quick; a whole new look is taken now and
 * then, because a second card put on top stays silent meanwhile, and always where the UID does not tell. */
static enum reader_status look_after(struct desk *desk, struct reader_card *ret_found)
{
    bool has_own_uid = desk->card.cards == 1 && !reader_uid_is_random(&desk->card.uid);
    *ret_found = desk->card;
    if (has_own_uid && clock_monotonic_ms() < desk->next_look_ms)
        return reader_select(desk->setup.reader, &desk->card.uid);
    desk->next_look_ms = clock_monotonic_ms() + AGENT_SECOND_CARD_MS;
    return reader_find(desk->setup.reader, ret_found);
}

static void watch(struct desk *desk)
{
    struct reader_card found;
    enum reader_status status = look_after(desk, &found);
    if (status == READER_LOST) {
        reopen(desk);
        return;
    }
    if (status == READER_OK && is_same(desk, &found))
        return;
    card_left(desk);
    if (status == READER_OK)
        present(desk, &found);
}

static void present_if_due(struct desk *desk)
{
    bool is_due = desk->due_ms && clock_monotonic_ms() >= desk->due_ms;
    if (is_due && reader_is_sound(desk->setup.reader) && present_anew(desk) == READER_LOST)
        reopen(desk);
}

/* Others ask for it again while the last presence is still on its way to the server, or because the server
 * refused it: a card that lies there is not presented again at once. One that does not is found by looking.
 */
static void take_wish(struct desk *desk, const struct desk_task *task)
{
    if (!desk->has_card)
        return;
    int64_t due_ms = desk->presented_ms + task->pause_ms;
    if (!desk->due_ms || due_ms < desk->due_ms)
        desk->due_ms = due_ms;
    present_if_due(desk);
}

static void tick(struct desk *desk)
{
    if (!reader_is_sound(desk->setup.reader)) {
        if (clock_monotonic_ms() >= desk->next_open_ms)
            try_open(desk);
        return;
    }
    present_if_due(desk);
    if (desk->has_card)
        watch(desk);
    else if (present_anew(desk) == READER_LOST)
        reopen(desk);
}

/* ---- reading ---- */

/* Opens what is sealed for this agent under `id` into secrets->text; the length, or -1. */
static ssize_t open_sealed(struct desk *desk, const struct desk_task *task)
{
    struct seal_context context = {
        .agent_key = desk->setup.identity->key, .id = task->id, .agent_id = desk->setup.identity->agent_id};
    if (task->sealed_bytes < SEAL_OVERHEAD_BYTES ||
        task->sealed_bytes - SEAL_OVERHEAD_BYTES > sizeof desk->secrets->text)
        return -1;
    return agent_open(&context, task->sealed, task->sealed_bytes, desk->secrets->text);
}

static void wipe(struct desk *desk)
{
    sodium_memzero(desk->secrets, sizeof *desk->secrets);
    sodium_memzero(&desk->reading, sizeof desk->reading);
    sodium_memzero(&desk->result, sizeof desk->result);
}

/* Reads the card; a card still moving into the field gets another try as long as it answers at all. */
static enum reader_status read_patiently(struct desk *desk)
{
    enum reader_status status = READER_NO_CARD;
    for (int attempt = 0; attempt < AGENT_READ_ATTEMPTS_MAX && status == READER_NO_CARD; attempt++) {
        if (attempt > 0 && reader_select(desk->setup.reader, &desk->card.uid) != READER_OK)
            break;
        status = reading_run(desk->setup.reader, &desk->secrets->read_plan, &desk->reading);
    }
    return reader_is_sound(desk->setup.reader) ? status : READER_LOST;
}

static bool load_read_plan(struct desk *desk, const struct desk_task *task)
{
    struct read_plan *plan = &desk->secrets->read_plan;
    struct plan_problem problem = {.text = "not sealed for this agent"};
    ssize_t count = open_sealed(desk, task);
    if (count >= 0 && read_plan_parse(desk->secrets->text, (size_t)count, plan, &problem)) {
        if (uuid_equal(&plan->id, &task->id) && reader_uid_equal(&plan->uid, &desk->card.uid))
            return true;
        snprintf(problem.text, sizeof problem.text, "for another card or presence");
    }
    log_error("card.read_plan_refused", LOG_TEXT("why", problem.text));
    return false;
}

static void run_read_plan(struct desk *desk, const struct desk_task *task)
{
    if (!desk->has_card || !uuid_equal(&task->presence, &desk->presence) ||
        !reader_is_sound(desk->setup.reader))
        return; /* that card is not there any more; a newer presence is on its way */
    int64_t from_ms = clock_monotonic_ms();
    if (!load_read_plan(desk, task))
        return;
    enum reader_status status = read_patiently(desk);
    if (status == READER_LOST) {
        reopen(desk);
        return;
    }
    struct uuid presentation = uuid_make_v7();
    outbox_push(desk->setup.outbox, OUTBOX_PRESENTATION, &desk->presence,
                message_presentation(desk->setup.speaker, &desk->presence, &presentation, &desk->reading));
    log_info("card.read", LOG_INT("card_ms", clock_monotonic_ms() - from_ms),
             LOG_INT("sectors", desk->reading.sector_count));
    /* Lifted while it was read: if it is back already, nothing but this look would notice. */
    if (status == READER_NO_CARD && ++desk->vain_tries < AGENT_VAIN_TRIES_MAX &&
        present_anew(desk) == READER_LOST)
        reopen(desk);
}

/* ---- plans ---- */

/* The report is queued before the plan counts as over: the other order would let the poll thread say
 * "unknown" of a plan that was written. */
static void report(struct desk *desk, const struct uuid *plan)
{
    struct uuid presentation = uuid_make_v7();
    log_info("plan.end", LOG_TEXT("result", run_outcome_word(desk->result.outcome)),
             LOG_TEXT("reason", desk->result.reason), LOG_INT("commands", desk->result.commands),
             LOG_INT("card_ms", desk->result.card_ms));
    if (desk->result.outcome != RUN_NOTHING)
        outbox_push(desk->setup.outbox, OUTBOX_REPORT, plan,
                    message_report(desk->setup.speaker, plan, &presentation, &desk->result));
    plan_memory_end(desk->setup.memory, plan);
}

/* A plan that cannot be read is never started, and that much can be promised. */
static void refuse_plan(struct desk *desk, const struct uuid *plan, const char *reason)
{
    memset(&desk->result, 0, sizeof desk->result);
    desk->result.outcome = plan_memory_burn(desk->setup.memory, plan) ? RUN_BURNT : RUN_NOTHING;
    desk->result.reason = reason;
    report(desk, plan);
}

static bool load_plan(struct desk *desk, const struct desk_task *task)
{
    struct plan *plan = &desk->secrets->plan;
    struct plan_problem problem = {.text = "not sealed for this agent"};
    ssize_t count = open_sealed(desk, task);
    if (count >= 0 && plan_parse(desk->secrets->text, (size_t)count, plan, &problem)) {
        if (uuid_equal(&plan->id, &task->id))
            return true;
        snprintf(problem.text, sizeof problem.text, "plan: not the id of the task");
    }
    log_error("plan.refused", LOG_TEXT("why", problem.text));
    return false;
}

/* Whether the server needs to see the card anew before it can go on: after doubt, and when the card was not
 * as it was read. One whose bits are weak reads differently each time: comparing succeeds now and then, but
 * it is not tried for ever. */
static bool needs_reading(struct desk *desk)
{
    static const char *const reasons[] = {"guard", "gone", "refused"};
    bool differed = false;
    for (size_t i = 0; desk->result.outcome == RUN_BURNT && i < sizeof reasons / sizeof reasons[0]; i++)
        differed = differed || strcmp(desk->result.reason, reasons[i]) == 0;
    desk->vain_tries = differed ? desk->vain_tries + 1 : 0;
    return desk->result.outcome == RUN_UNKNOWN || (differed && desk->vain_tries < AGENT_VAIN_TRIES_MAX);
}

static void run_plan(struct desk *desk, const struct desk_task *task)
{
    struct runner runner = {
        .reader = desk->setup.reader, .memory = desk->setup.memory, .run = desk->setup.speaker->run};
    if (!load_plan(desk, task)) {
        refuse_plan(desk, &task->id, "bad_plan");
        return;
    }
    log_info("plan.begin", LOG_TEXT("kind", desk->secrets->plan.kind));
    runner_run(&runner, &desk->secrets->plan, task->arrived_ms, &desk->result);
    report(desk, &task->id);
    if (!reader_is_sound(desk->setup.reader)) {
        if (desk->setup.reader->is_open)
            reopen(desk);
    } else if (needs_reading(desk) && present_anew(desk) == READER_LOST) {
        reopen(desk);
    }
}

/* ---- the thread ---- */

static void do_task(struct desk *desk, struct desk_task *task)
{
    switch (task->kind) {
    case DESK_PLAN:
        if (atomic_load(&desk->stopping))
            refuse_plan(desk, &task->id, "cancelled");
        else
            run_plan(desk, task);
        break;
    case DESK_READ_PLAN:
        run_read_plan(desk, task);
        break;
    case DESK_PRESENT:
        take_wish(desk, task);
        break;
    }
    wipe(desk);
    desk_task_free(task);
}

static void *run(void *context)
{
    struct desk *desk = context;
    struct desk_task task;
    while (!atomic_load(&desk->stopping)) {
        int64_t wait_ms = desk->next_tick_ms - clock_monotonic_ms();
        if (desk_queue_pop(desk->setup.queue, wait_ms, &task)) {
            do_task(desk, &task);
            continue;
        }
        if (clock_monotonic_ms() < desk->next_tick_ms)
            continue;
        tick(desk);
        desk->next_tick_ms = clock_monotonic_ms() + AGENT_TICK_MS;
    }
    while (desk_queue_pop(desk->setup.queue, 0, &task)) {
        if (task.kind == DESK_PLAN)
            do_task(desk, &task);
        else
            desk_task_free(&task);
    }
    reader_close(desk->setup.reader);
    return NULL;
}

struct desk *desk_start(const struct desk_setup *setup)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return NULL;
    desk->setup = *setup;
    desk->state = READER_STATE_ABSENT;
    desk->secrets = sodium_malloc(sizeof *desk->secrets);
    if (desk->secrets && pthread_create(&desk->thread, NULL, run, desk) == 0)
        return desk;
    sodium_free(desk->secrets);
    free(desk);
    return NULL;
}

void desk_stop(struct desk *desk)
{
    if (!desk)
        return;
    atomic_store(&desk->stopping, true);
    desk_queue_wake(desk->setup.queue);
    pthread_join(desk->thread, NULL);
    wipe(desk);
    sodium_free(desk->secrets);
    free(desk);
}
