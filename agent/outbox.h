/* Everything the agent has to say, sent in order by one thread, so that the desk thread never waits for a
 * network.
 *
 * A report is repeated until it is taken, as long as the process lives: a refusal may come from a proxy or a
 * setting that is put right later, and without its report the desk would get no further plan. It is given up
 * only when the server does not know the plan or holds it for another run's. The other messages say what
 * lies on the reader and are dropped once something newer says it better. */
#ifndef CARDWRIGHT_AGENT_OUTBOX_H
#define CARDWRIGHT_AGENT_OUTBOX_H

#include "agent/desk_queue.h"
#include "agent/link.h"

enum outbox_kind {
    OUTBOX_PRESENCE,     /* id: presence. Its answer goes to the desk queue as a read plan */
    OUTBOX_PRESENTATION, /* id: presence */
    OUTBOX_REMOVED,      /* id: presence */
    OUTBOX_REPORT,       /* id: plan */
    OUTBOX_TRAINING,     /* id: of the task */
    OUTBOX_PRINTED,      /* id: of the task */
};

struct outbox_setup {
    struct link *link;
    struct desk_queue *queue;
    void (*settled)(void *context); /* called by the sending thread when an answer to a task is through */
    void *context;
};

struct outbox;

/* Starts the thread; it sends nothing before outbox_open. NULL: no memory or no thread. */
struct outbox *outbox_new(const struct outbox_setup *setup);

/* The server knows this run: send, and end the pauses after failures and refusals. */
void outbox_open(struct outbox *outbox);

/* Takes over `text` (freed with strict_json_free_text); NULL is ignored. A second report of one plan is
 * dropped while the first waits. */
void outbox_push(struct outbox *outbox, enum outbox_kind kind, const struct uuid *id, char *text);

/* Whether a presence waits to be told, or to be answered. */
bool outbox_tells_presence(struct outbox *outbox);

/* Reports that have not been answered yet. */
size_t outbox_report_count(struct outbox *outbox);

/* Tries for `flush_ms` to deliver the reports that wait, then ends the thread and frees everything. */
void outbox_free(struct outbox *outbox, int64_t flush_ms);

#endif
