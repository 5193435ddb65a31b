/* The desk thread: the only one that touches the reader. Looks for a card, presents it, reads it as told,
 * watches until it leaves, and runs plans. It never waits for the network: what it has to say goes to the
 * outbox. */
#ifndef CARDWRIGHT_AGENT_DESK_H
#define CARDWRIGHT_AGENT_DESK_H

#include "agent/poll.h"

struct desk_setup {
    struct reader *reader; /* closed */
    const struct identity *identity;
    const struct speaker *speaker;
    struct desk_queue *queue;
    struct outbox *outbox;
    struct plan_memory *memory;
    struct poll *poll;
};

struct desk;

/* Starts the thread; NULL: no memory or no thread. */
struct desk *desk_start(const struct desk_setup *setup);

/* Ends the thread. A plan that has begun is finished first; plans that wait are burnt and reported. */
void desk_stop(struct desk *desk);

#endif
