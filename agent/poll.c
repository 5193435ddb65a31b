#include "agent/poll.h"

#include "agent/backoff.h"
#include "agent/strict_json.h"
#include "agent/task_json.h"
#include "agent/wait.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rules.h"

#include <stdlib.h>
#include <string.h>

struct poll {
    struct poll_setup setup;
    struct outbox *outbox;
    struct printer *printer;
    struct link_line *line;
    pthread_t thread;
    bool has_thread;
    struct waiter waiter;
    struct reader_facts reader;
    bool stopping;
    bool settled;
    /* of the thread alone */
    struct backoff backoff;
    enum link_result said; /* the last trouble that was logged */
    bool greeted;
    bool was_greeted; /* before the trouble */
    int64_t poll_count;
    int64_t poll_wait_ms;
    int64_t last_read_ms;
    struct uuid trained[AGENT_TRAINING_ANSWERS_MAX]; /* training tasks done, a ring */
    size_t trained_count;
};

/* ---- tasks ---- */

/* Without memory nothing is said: the server asks again. */
static void report_without_run(const struct poll *poll, const struct uuid *plan, enum run_outcome outcome,
                               const char *reason)
{
    struct run_result *result = calloc(1, sizeof *result);
    if (!result)
        return;
    result->outcome = outcome;
    result->reason = reason;
    outbox_push(poll->outbox, OUTBOX_REPORT, plan, message_report(poll->setup.speaker, plan, NULL, result));
    free(result);
}

static void report_burnt(const struct poll *poll, const struct uuid *plan, const char *reason)
{
    report_without_run(poll, plan, RUN_BURNT, reason);
}

/* The server still asks about a plan that was started, or may have been: its report was given up or never
 * written. "unknown" proves nothing and is true of any such plan; the card tells the rest. While a report
 * waits, the outbox drops this one. */
static void report_lost(const struct poll *poll, const struct uuid *plan, enum plan_mark mark)
{
    if (mark == PLAN_ENDED || mark == PLAN_FORGOTTEN)
        report_without_run(poll, plan, RUN_UNKNOWN, "lost");
}

static bool take_plan(struct poll *poll, const struct task *task, int64_t arrived_ms)
{
    const struct poll_setup *setup = &poll->setup;
    enum plan_mark mark = plan_memory_arrive(setup->memory, &task->id);
    if (mark == PLAN_BURNT)
        report_burnt(poll, &task->id, "cancelled"); /* the receipt may have been lost */
    report_lost(poll, &task->id, mark);
    if (mark != PLAN_UNKNOWN)
        return false;
    size_t capacity = PLAN_JSON_BYTES_MAX + SEAL_OVERHEAD_BYTES;
    struct desk_task work = {.kind = DESK_PLAN, .id = task->id, .arrived_ms = arrived_ms};
    work.sealed = malloc(capacity);
    int count = work.sealed ? bytes_from_hex_any(task->sealed, work.sealed, capacity) : -1;
    work.sealed_bytes = count > 0 ? (size_t)count : 0;
    if (count > 0 && desk_queue_push(setup->queue, &work))
        return true;
    desk_task_free(&work);
    if (plan_memory_burn(setup->memory, &task->id))
        report_burnt(poll, &task->id, count > 0 ? "late" : "bad_plan");
    return true;
}

static bool take_cancel(struct poll *poll, const struct task *task)
{
    const struct poll_setup *setup = &poll->setup;
    if (task->has_run && memcmp(task->run, setup->speaker->run, RUN_BYTES) != 0 && rule_on("R17")) {
        log_warn("plan.cancel_of_other_run", LOG_TEXT("outcome", "left alone"));
        return false;
    }
    enum plan_mark mark = plan_memory_look(setup->memory, &task->id);
    if (!plan_memory_burn(setup->memory, &task->id)) {
        report_lost(poll, &task->id, mark);
        return false;
    }
    report_burnt(poll, &task->id, "cancelled");
    return mark != PLAN_BURNT;
}

/* A training act must not be done twice: "cut at the third command" would then count from the repeat. */
static bool was_trained(struct poll *poll, const struct uuid *id)
{
    for (size_t i = 0; i < AGENT_TRAINING_ANSWERS_MAX; i++)
        if (poll->trained_count > i && uuid_equal(&poll->trained[i], id))
            return true;
    poll->trained[poll->trained_count++ % AGENT_TRAINING_ANSWERS_MAX] = *id;
    return false;
}

static bool take_training(struct poll *poll, const struct task *task)
{
    const struct poll_setup *setup = &poll->setup;
    char message[256] = "this agent has a real reader";
    char id[UUID_TEXT_BYTES];
    json_t *cards = NULL;
    if (was_trained(poll, &task->id))
        return false;
    bool done =
        setup->simulator && simulator_do(setup->simulator, task->members, message, sizeof message, &cards);
    /* A damaged card is back on the reader sooner than its absence would be noticed: it is read anew. */
    const char *action = json_string_value(json_object_get(task->members, "action"));
    if (done && action && strcmp(action, "damage") == 0)
        desk_queue_push(setup->queue, &(struct desk_task){.kind = DESK_PRESENT});
    uuid_format(&task->id, id);
    outbox_push(poll->outbox, OUTBOX_TRAINING, &task->id,
                message_training(setup->speaker, id, done, message, cards));
    json_decref(cards);
    return true;
}

/* The same wish may come with several polls before the presence it asks for has arrived there. */
static bool take_read(struct poll *poll)
{
    int64_t now_ms = clock_monotonic_ms();
    if (poll->last_read_ms && now_ms - poll->last_read_ms < AGENT_REREAD_PAUSE_MS)
        return false;
    poll->last_read_ms = now_ms;
    return desk_queue_push(poll->setup.queue, &(struct desk_task){.kind = DESK_PRESENT});
}

static bool take_print(struct poll *poll, const struct task *task)
{
    if (poll->printer)
        return printer_push(poll->printer, &task->id, task->sealed);
    outbox_push(poll->outbox, OUTBOX_PRINTED, &task->id,
                message_printed(poll->setup.speaker, &task->id, "absent"));
    return true;
}

static bool take_task(struct poll *poll, const struct task *task, int64_t arrived_ms)
{
    switch (task->kind) {
    case TASK_PLAN:
        return take_plan(poll, task, arrived_ms);
    case TASK_CANCEL:
        return take_cancel(poll, task);
    case TASK_READ:
        return take_read(poll);
    case TASK_TRAINING:
        return take_training(poll, task);
    case TASK_PRINT:
        return take_print(poll, task);
    }
    return false;
}

bool poll_dispatch(struct poll *poll, const json_t *answer)
{
    int64_t arrived_ms = clock_monotonic_ms();
    struct task tasks[AGENT_TASKS_MAX];
    size_t skipped;
    size_t count = tasks_read(answer, tasks, &skipped);
    bool any_new = count == 0;
    if (skipped)
        log_warn("poll.tasks_skipped", LOG_INT("count", skipped));
    for (size_t i = 0; i < count; i++)
        any_new = take_task(poll, &tasks[i], arrived_ms) || any_new;
    return any_new && !skipped;
}

/* ---- the thread ---- */

static bool is_stopping(struct poll *poll)
{
    waiter_lock(&poll->waiter);
    bool stopping = poll->stopping;
    waiter_unlock(&poll->waiter);
    return stopping;
}

/* Waits; poll_free ends it, and poll_settled too if `until_settled`. */
static void pause_for(struct poll *poll, int64_t pause_ms, bool until_settled)
{
    int64_t until_ms = clock_monotonic_ms() + pause_ms;
    waiter_lock(&poll->waiter);
    while (!poll->stopping && !(until_settled && poll->settled) && clock_monotonic_ms() < until_ms)
        waiter_wait(&poll->waiter, until_ms - clock_monotonic_ms());
    waiter_unlock(&poll->waiter);
}

static struct reader_facts reader_facts_now(struct poll *poll)
{
    waiter_lock(&poll->waiter);
    struct reader_facts reader = poll->reader;
    poll->settled = false;
    waiter_unlock(&poll->waiter);
    return reader;
}

/* Says once what keeps the agent from its server, in words that help. */
static void log_trouble(struct poll *poll, const struct link_answer *answer)
{
    static const char *const helps[] = {
        [LINK_REFUSED] = "the server refuses this agent; its answer says why",
        [LINK_BUSY] = "the server is busy or starting; trying again",
        [LINK_UNREACHABLE] = "no connection to the server; trying again",
        [LINK_NOT_PAIRED] =
            "the server does not know this agent: make a new code under Desks, then start with --pair",
        [LINK_TOO_OLD] = "the server wants a newer version: update this program",
    };
    bool repeated = answer->result == poll->said;
    poll->said = answer->result;
    if (repeated && (answer->result == LINK_BUSY || answer->result == LINK_UNREACHABLE))
        return;
    log_warn("link.down", LOG_TEXT("help", helps[answer->result]), LOG_INT("status", answer->status),
             LOG_TEXT("code", answer->code), LOG_TEXT("detail", answer->detail));
}

/* After a call that went wrong: says so, waits, and greets anew. */
static void handle_trouble(struct poll *poll, const struct link_answer *answer)
{
    int64_t pause_ms;
    if (answer->result == LINK_INTERRUPTED)
        return;
    log_trouble(poll, answer);
    poll->greeted = false;
    if (answer->result == LINK_NOT_PAIRED)
        pause_ms = AGENT_REFUSED_PAUSE_MS;
    else if (answer->result == LINK_TOO_OLD)
        pause_ms = AGENT_TOO_OLD_PAUSE_MS;
    else
        pause_ms = backoff_next(&poll->backoff, answer->retry_after_ms);
    pause_for(poll, pause_ms, false);
}

static void take_greeting(struct poll *poll, const json_t *body)
{
    json_int_t wait_ms = json_integer_value(json_object_get(body, "poll_wait_ms"));
    poll->poll_wait_ms = wait_ms > 0 && wait_ms < AGENT_POLL_WAIT_MS_MAX ? wait_ms : AGENT_POLL_WAIT_MS_MAX;
    poll->greeted = true;
    poll->said = LINK_OK;
    log_info("link.up", LOG_TEXT("desk", json_string_value(json_object_get(body, "desk_name"))),
             LOG_TEXT("server_version", json_string_value(json_object_get(body, "server_version"))),
             LOG_TEXT("site_mode", json_string_value(json_object_get(body, "site_mode"))));
    bool is_told_anyway = outbox_tells_presence(poll->outbox);
    outbox_open(poll->outbox);
    if (poll->was_greeted && !is_told_anyway) /* the server may have lost sight of what lies here */
        desk_queue_push(poll->setup.queue, &(struct desk_task){.kind = DESK_PRESENT});
    poll->was_greeted = true;
}

/* There is no message to send; it will do no good to try again at once. */
static void wait_for_memory(struct poll *poll, const char *message)
{
    log_error("poll.no_memory", LOG_TEXT("message", message));
    pause_for(poll, backoff_next(&poll->backoff, 0), false);
}

static void say_hello(struct poll *poll)
{
    CLEANUP(link_answer_free) struct link_answer answer = {0};
    struct reader_facts reader = reader_facts_now(poll);
    char *text = message_hello(poll->setup.speaker, &reader);
    if (!text) {
        wait_for_memory(poll, "hello");
        return;
    }
    link_call(poll->line, "hello", text, AGENT_CALL_TIMEOUT_MS, &answer);
    strict_json_free_text(text);
    if (answer.result == LINK_OK)
        take_greeting(poll, answer.body);
    else
        handle_trouble(poll, &answer);
}

static void poll_once(struct poll *poll)
{
    CLEANUP(link_answer_free) struct link_answer answer = {0};
    struct reader_facts reader = reader_facts_now(poll);
    char *text = message_poll(poll->setup.speaker, &reader, ++poll->poll_count);
    if (!text) {
        wait_for_memory(poll, "poll");
        return;
    }
    link_call(poll->line, "poll", text, poll->poll_wait_ms + AGENT_POLL_SLACK_MS, &answer);
    strict_json_free_text(text);
    if (answer.result != LINK_OK) {
        handle_trouble(poll, &answer);
        return;
    }
    backoff_reset(&poll->backoff);
    /* A task comes again until its report is through: do not ask for it in a tight circle. */
    if (!poll_dispatch(poll, answer.body))
        pause_for(poll, AGENT_KNOWN_TASK_PAUSE_MS, true);
}

static void *run(void *context)
{
    struct poll *poll = context;
    while (!is_stopping(poll)) {
        if (!poll->greeted)
            say_hello(poll);
        else if (outbox_report_count(poll->outbox) >= AGENT_OUTBOX_REPORTS_MAX)
            pause_for(poll, AGENT_KNOWN_TASK_PAUSE_MS, true);
        else
            poll_once(poll);
    }
    return NULL;
}

struct poll *poll_new(const struct poll_setup *setup)
{
    struct poll *poll = calloc(1, sizeof *poll);
    if (!poll)
        return NULL;
    poll->setup = *setup;
    poll->reader.state = READER_STATE_ABSENT;
    poll->line = link_line_new(setup->link);
    if (!poll->line) {
        free(poll);
        return NULL;
    }
    waiter_init(&poll->waiter);
    return poll;
}

void poll_use_outbox(struct poll *poll, struct outbox *outbox)
{
    poll->outbox = outbox;
}

void poll_use_printer(struct poll *poll, struct printer *printer)
{
    poll->printer = printer;
}

bool poll_start(struct poll *poll)
{
    poll->has_thread = pthread_create(&poll->thread, NULL, run, poll) == 0;
    return poll->has_thread;
}

void poll_stop(struct poll *poll)
{
    if (!poll || !poll->has_thread)
        return;
    waiter_lock(&poll->waiter);
    poll->stopping = true;
    waiter_signal(&poll->waiter);
    waiter_unlock(&poll->waiter);
    link_line_interrupt(poll->line);
    pthread_join(poll->thread, NULL);
    poll->has_thread = false;
}

void poll_free(struct poll *poll)
{
    if (!poll)
        return;
    poll_stop(poll);
    link_line_free(poll->line);
    waiter_done(&poll->waiter);
    free(poll);
}

void poll_set_reader(struct poll *poll, const struct reader_facts *facts)
{
    waiter_lock(&poll->waiter);
    bool changed = poll->reader.state != facts->state || strcmp(poll->reader.name, facts->name) != 0;
    poll->reader = *facts;
    waiter_unlock(&poll->waiter);
    if (changed)
        link_line_interrupt(poll->line);
}

void poll_settled(void *context)
{
    struct poll *poll = context;
    waiter_lock(&poll->waiter);
    poll->settled = true;
    waiter_signal(&poll->waiter);
    waiter_unlock(&poll->waiter);
}
