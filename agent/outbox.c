#include "agent/outbox.h"

#include "agent/backoff.h"
#include "agent/strict_json.h"
#include "agent/wait.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

struct message {
    struct message *next;
    enum outbox_kind kind;
    struct uuid id;
    char *text;
    int64_t pushed_ms;
    int64_t refused_pause_ms; /* the last pause after a refusal; 0: it was not refused */
    int64_t due_ms;           /* not to be sent before; 0: at once */
};

struct outbox {
    struct outbox_setup setup;
    struct link_line *line;
    pthread_t thread;
    struct waiter waiter;
    struct message *first;
    struct message *in_flight; /* part of the list, not to be freed by others */
    size_t count;
    int64_t pause_until_ms;
    struct backoff backoff;
    struct uuid told;      /* presence that was sent last … */
    bool told_is_answered; /* … and heard */
    bool may_be_seen;      /* the server may believe that a card lies here */
    bool opened;
    bool stopping;
    bool finished;
    int64_t flush_until_ms;
};

static const char *const kind_names[] = {"presence", "presentation", "removed",
                                         "report",   "training",     "printed"};

/* ---- the list; the lock is held ---- */

static void unlink_message(struct outbox *outbox, struct message *message)
{
    struct message **at = &outbox->first;
    while (*at != message)
        at = &(*at)->next;
    *at = message->next;
    outbox->count--;
    strict_json_free_text(message->text);
    free(message);
}

static struct message *find(struct outbox *outbox, enum outbox_kind kind, const struct uuid *id)
{
    for (struct message *message = outbox->first; message; message = message->next)
        if (message->kind == kind && (!id || uuid_equal(&message->id, id)))
            return message;
    return NULL;
}

static void append(struct outbox *outbox, struct message *message)
{
    struct message **at = &outbox->first;
    while (*at)
        at = &(*at)->next;
    *at = message;
    outbox->count++;
}

/* A card that came and left, or was presented anew, while nobody listened. True: the new message need not be
 * sent either. As long as the server may believe in an older presence, its removal must be told, and the
 * server takes a removal only of the presence it knows: so both are sent then. */
static bool supersede(struct outbox *outbox, enum outbox_kind kind, const struct uuid *id)
{
    bool is_taken_back = kind == OUTBOX_REMOVED && !outbox->may_be_seen;
    if (kind != OUTBOX_PRESENCE && !is_taken_back)
        return false;
    struct message *presence = find(outbox, OUTBOX_PRESENCE, is_taken_back ? id : NULL);
    if (!presence || presence == outbox->in_flight)
        return false;
    unlink_message(outbox, presence);
    return is_taken_back;
}

/* What the server knows of the card here, as far as can be known. The lock is held. */
static void note_sent(struct outbox *outbox, const struct message *message)
{
    if (message->kind != OUTBOX_PRESENCE)
        return;
    outbox->told = message->id;
    outbox->told_is_answered = false;
    outbox->may_be_seen = true;
}

static void note_answered(struct outbox *outbox, const struct message *message)
{
    bool is_told = uuid_equal(&message->id, &outbox->told);
    if (message->kind == OUTBOX_PRESENCE && is_told)
        outbox->told_is_answered = true;
    if (message->kind == OUTBOX_REMOVED && is_told && outbox->told_is_answered)
        outbox->may_be_seen = false;
}

/* Room for one more: the oldest message that is no report goes. False: there are only reports. */
static bool make_room(struct outbox *outbox)
{
    if (outbox->count < AGENT_OUTBOX_MESSAGES_MAX)
        return true;
    for (struct message *message = outbox->first; message; message = message->next) {
        if (message->kind != OUTBOX_REPORT && message != outbox->in_flight) {
            unlink_message(outbox, message);
            return true;
        }
    }
    return false;
}

static void push_locked(struct outbox *outbox, enum outbox_kind kind, const struct uuid *id, char *text)
{
    bool is_double = kind >= OUTBOX_REPORT && find(outbox, kind, id);
    struct message *message = NULL;
    if (!is_double && !supersede(outbox, kind, id) && make_room(outbox))
        message = calloc(1, sizeof *message);
    if (!message) {
        strict_json_free_text(text);
        return;
    }
    *message = (struct message){.kind = kind, .id = *id, .text = text, .pushed_ms = clock_monotonic_ms()};
    append(outbox, message);
    waiter_signal(&outbox->waiter);
}

void outbox_push(struct outbox *outbox, enum outbox_kind kind, const struct uuid *id, char *text)
{
    if (!text) {
        log_error("outbox.no_memory", LOG_TEXT("message", kind_names[kind]));
        return;
    }
    waiter_lock(&outbox->waiter);
    push_locked(outbox, kind, id, text);
    waiter_unlock(&outbox->waiter);
}

bool outbox_tells_presence(struct outbox *outbox)
{
    waiter_lock(&outbox->waiter);
    bool tells = find(outbox, OUTBOX_PRESENCE, NULL) != NULL;
    waiter_unlock(&outbox->waiter);
    return tells;
}

size_t outbox_report_count(struct outbox *outbox)
{
    size_t count = 0;
    waiter_lock(&outbox->waiter);
    for (struct message *message = outbox->first; message; message = message->next)
        count += message->kind == OUTBOX_REPORT;
    waiter_unlock(&outbox->waiter);
    return count;
}

/* ---- answers; the lock is not held ---- */

/* Hands the read plan of an answered presence to the desk thread. */
static void take_read_plan(struct outbox *outbox, const struct uuid *presence, const json_t *body)
{
    const char *state = json_string_value(json_object_get(body, "state"));
    const char *read = json_string_value(json_object_get(body, "read"));
    const char *sealed = json_string_value(json_object_get(body, "sealed"));
    if (!state || strcmp(state, "read") != 0) {
        log_info("card.not_read", LOG_TEXT("state", state));
        return;
    }
    struct desk_task task = {
        .kind = DESK_READ_PLAN, .presence = *presence, .arrived_ms = clock_monotonic_ms()};
    size_t capacity = PLAN_JSON_BYTES_MAX + SEAL_OVERHEAD_BYTES;
    task.sealed = malloc(capacity);
    int count = sealed && task.sealed ? bytes_from_hex_any(sealed, task.sealed, capacity) : -1;
    task.sealed_bytes = count > 0 ? (size_t)count : 0;
    if (count > 0 && read && uuid_parse(read, &task.id) && desk_queue_push(outbox->setup.queue, &task))
        return;
    log_error("card.read_plan_dropped", LOG_INT("sealed_bytes", count));
    desk_task_free(&task);
}

/* The server does not know what lies here, and only a new presence can change that. Another process that
 * speaks for this desk is none of the card's business: the next greeting presents it. */
static void present_after_refusal(struct outbox *outbox, const struct link_answer *answer)
{
    struct desk_task wish = {.kind = DESK_PRESENT, .pause_ms = AGENT_REREAD_PAUSE_MS};
    if (answer->result != LINK_REFUSED || strcmp(answer->code, "agent_replaced") == 0)
        return;
    if (strcmp(answer->code, "card_changed") != 0)
        wish.pause_ms = AGENT_REFUSED_CARD_PAUSE_MS;
    desk_queue_push(outbox->setup.queue, &wish);
}

/* Nothing is left to say with a message that got this answer. A refused report is sent again, except where
 * the server has no such plan, or knows that another run received it. */
static bool is_done_with(enum outbox_kind kind, const struct link_answer *answer)
{
    if (answer->result != LINK_REFUSED)
        return answer->result == LINK_OK;
    return kind != OUTBOX_REPORT || strcmp(answer->code, "not_found") == 0 ||
           strcmp(answer->code, "agent_replaced") == 0;
}

static void take_answer(struct outbox *outbox, enum outbox_kind kind, const struct uuid *id,
                        const struct link_answer *answer)
{
    if (answer->result == LINK_REFUSED)
        log_warn("outbox.refused", LOG_TEXT("message", kind_names[kind]), LOG_INT("status", answer->status),
                 LOG_TEXT("code", answer->code), LOG_TEXT("detail", answer->detail));
    if (kind == OUTBOX_PRESENCE && answer->result == LINK_OK)
        take_read_plan(outbox, id, answer->body);
    if (kind == OUTBOX_PRESENCE || kind == OUTBOX_PRESENTATION)
        present_after_refusal(outbox, answer);
    if (kind >= OUTBOX_REPORT && is_done_with(kind, answer)) /* answers to tasks */
        outbox->setup.settled(outbox->setup.context);
}

/* ---- the thread ---- */

/* Something newer says it better, or it is too old to say anything. The lock is held. */
static bool is_stale(const struct message *message)
{
    if (message->kind == OUTBOX_PRESENTATION)
        return clock_monotonic_ms() - message->pushed_ms > AGENT_EVENT_KEEP_MS;
    for (struct message *later = message->next; later && message->kind == OUTBOX_PRESENCE;
         later = later->next)
        if (later->kind == OUTBOX_PRESENCE)
            return true;
    return false;
}

/* The next message worth sending; stale ones are dropped on the way, and a refused report lets the others
 * past. The lock is held. */
static struct message *next_message(struct outbox *outbox)
{
    struct message *next;
    for (struct message *message = outbox->first; message; message = next) {
        next = message->next;
        if (message->due_ms > clock_monotonic_ms())
            continue;
        if (!is_stale(message))
            return message;
        unlink_message(outbox, message);
    }
    return NULL;
}

/* A refused report waits by itself, longer each time. The lock is held. */
static void put_off(struct message *message)
{
    int64_t pause_ms = message->refused_pause_ms ? 2 * message->refused_pause_ms : AGENT_REPORT_PAUSE_MS_MIN;
    if (pause_ms > AGENT_REPORT_PAUSE_MS_MAX)
        pause_ms = AGENT_REPORT_PAUSE_MS_MAX;
    message->refused_pause_ms = pause_ms;
    message->due_ms = clock_monotonic_ms() + pause_ms;
}

/* A report that makes the server stumble must not keep the others from it. The lock is held. */
static void move_to_end(struct outbox *outbox, struct message *message)
{
    struct message **at = &outbox->first;
    while (*at != message)
        at = &(*at)->next;
    *at = message->next;
    message->next = NULL;
    outbox->count--;
    append(outbox, message);
}

/* How long to wait before anything is sent again; -1: the server has answered. */
static int64_t pause_after(struct outbox *outbox, const struct link_answer *answer)
{
    switch (answer->result) {
    case LINK_OK:
    case LINK_REFUSED:
        return -1;
    case LINK_NOT_PAIRED:
        return AGENT_REFUSED_PAUSE_MS;
    case LINK_TOO_OLD:
        return AGENT_TOO_OLD_PAUSE_MS;
    case LINK_INTERRUPTED:
        return 0;
    case LINK_BUSY:
    case LINK_UNREACHABLE:
        break;
    }
    return backoff_next(&outbox->backoff, answer->retry_after_ms);
}

/* Sends the message at the head. The lock is held on entry and on return, but not while sending. */
static void send_one(struct outbox *outbox, struct message *message)
{
    CLEANUP(link_answer_free) struct link_answer answer = {0};
    outbox->in_flight = message;
    note_sent(outbox, message);
    waiter_unlock(&outbox->waiter);
    link_call(outbox->line, kind_names[message->kind], message->text, AGENT_CALL_TIMEOUT_MS, &answer);
    int64_t pause_ms = pause_after(outbox, &answer);
    if (pause_ms < 0) {
        backoff_reset(&outbox->backoff);
        take_answer(outbox, message->kind, &message->id, &answer);
    }
    waiter_lock(&outbox->waiter);
    outbox->in_flight = NULL;
    if (answer.result == LINK_OK)
        note_answered(outbox, message);
    if (is_done_with(message->kind, &answer)) {
        unlink_message(outbox, message);
        return;
    }
    if (pause_ms < 0) {
        put_off(message);
        return;
    }
    outbox->pause_until_ms = clock_monotonic_ms() + pause_ms;
    if (answer.result == LINK_BUSY && answer.status == 500 && message->kind == OUTBOX_REPORT)
        move_to_end(outbox, message);
}

/* Nothing is left that must be delivered, or the time for it is over. The lock is held. */
static bool may_end(struct outbox *outbox)
{
    bool in_time = clock_monotonic_ms() < outbox->flush_until_ms;
    return outbox->stopping && (!in_time || !outbox->opened || !find(outbox, OUTBOX_REPORT, NULL));
}

static void *run(void *context)
{
    struct outbox *outbox = context;
    waiter_lock(&outbox->waiter);
    while (!may_end(outbox)) {
        int64_t pause_ms = outbox->pause_until_ms - clock_monotonic_ms();
        struct message *message = outbox->opened && pause_ms <= 0 ? next_message(outbox) : NULL;
        if (message)
            send_one(outbox, message);
        else
            waiter_wait(&outbox->waiter, pause_ms > 0 && pause_ms < 1000 ? pause_ms : 1000);
    }
    outbox->finished = true;
    waiter_signal(&outbox->waiter);
    waiter_unlock(&outbox->waiter);
    return NULL;
}

struct outbox *outbox_new(const struct outbox_setup *setup)
{
    struct outbox *outbox = calloc(1, sizeof *outbox);
    if (!outbox)
        return NULL;
    outbox->setup = *setup;
    outbox->line = link_line_new(setup->link);
    waiter_init(&outbox->waiter);
    if (outbox->line && pthread_create(&outbox->thread, NULL, run, outbox) == 0)
        return outbox;
    link_line_free(outbox->line);
    waiter_done(&outbox->waiter);
    free(outbox);
    return NULL;
}

/* The lock is held. */
static void end_pauses(struct outbox *outbox)
{
    outbox->pause_until_ms = 0;
    for (struct message *message = outbox->first; message; message = message->next)
        message->due_ms = message->refused_pause_ms = 0;
    backoff_reset(&outbox->backoff);
}

void outbox_open(struct outbox *outbox)
{
    waiter_lock(&outbox->waiter);
    outbox->opened = true;
    end_pauses(outbox);
    waiter_signal(&outbox->waiter);
    waiter_unlock(&outbox->waiter);
}

void outbox_free(struct outbox *outbox, int64_t flush_ms)
{
    if (!outbox)
        return;
    waiter_lock(&outbox->waiter);
    outbox->stopping = true;
    outbox->flush_until_ms = clock_monotonic_ms() + flush_ms;
    end_pauses(outbox);
    waiter_signal(&outbox->waiter);
    while (!outbox->finished && clock_monotonic_ms() < outbox->flush_until_ms)
        waiter_wait(&outbox->waiter, outbox->flush_until_ms - clock_monotonic_ms());
    waiter_unlock(&outbox->waiter);
    link_line_interrupt(outbox->line); /* a call that hangs */
    pthread_join(outbox->thread, NULL);
    while (outbox->first)
        unlink_message(outbox, outbox->first);
    link_line_free(outbox->line);
    waiter_done(&outbox->waiter);
    free(outbox);
}
