/* The thread that asks the server for work: hello, then one long poll after the other. Plans and readings go
 * to the desk thread; a cancel is decided here at once, so that it can still stop a plan that is comparing
 * its guard. */
#ifndef CARDWRIGHT_AGENT_POLL_H
#define CARDWRIGHT_AGENT_POLL_H

#include "agent/desk_queue.h"
#include "agent/link.h"
#include "agent/messages.h"
#include "agent/outbox.h"
#include "agent/printer.h"
#include "agent/simulate.h"

struct poll_setup {
    struct link *link;
    const struct speaker *speaker;
    struct desk_queue *queue;
    struct plan_memory *memory;
    struct simulator *simulator; /* NULL: a real reader */
};

struct poll;

/* Has no thread yet; NULL: no memory. */
struct poll *poll_new(const struct poll_setup *setup);

/* Where reports of cancelled plans and training answers go; before poll_start or poll_dispatch. */
void poll_use_outbox(struct poll *poll, struct outbox *outbox);

/* Who prints receipts; NULL: nobody, and every such task is answered so. Before poll_start or poll_dispatch.
 */
void poll_use_printer(struct poll *poll, struct printer *printer);

bool poll_start(struct poll *poll); /* false: no thread */
void poll_stop(struct poll *poll);  /* ends the thread */
void poll_free(struct poll *poll);

/* From the desk thread: what the reader is like now. A poll under way is cut short to tell the server. */
void poll_set_reader(struct poll *poll, const struct reader_facts *facts);

/* From the outbox (struct outbox_setup, settled): a report is through, so the next poll may come at once. */
void poll_settled(void *poll);

/* Carries out the tasks of one answer, in the polling thread. False: there was nothing new among them, so the
 * next poll should not come at once. Public for tests. */
bool poll_dispatch(struct poll *poll, const json_t *answer);

#endif
