/* What other threads ask of the desk thread, the only one that may touch the reader. Bounded. */
#ifndef CARDWRIGHT_AGENT_DESK_QUEUE_H
#define CARDWRIGHT_AGENT_DESK_QUEUE_H

#include "base/ids.h"

#include <stdbool.h>
#include <stdint.h>

enum desk_task_kind {
    DESK_PLAN,      /* open and run the sealed plan `id` */
    DESK_READ_PLAN, /* open and run the sealed read plan `id` for `presence` */
    DESK_PRESENT,   /* present the card on the reader anew, soon */
};

struct desk_task {
    enum desk_task_kind kind;
    struct uuid id;
    struct uuid presence;
    uint8_t *sealed; /* owned, from malloc */
    size_t sealed_bytes;
    int64_t arrived_ms; /* clock_monotonic_ms */
    int64_t pause_ms;   /* DESK_PRESENT: at least so long after it was presented last */
};

struct desk_queue;

struct desk_queue *desk_queue_new(void); /* NULL: no memory */
void desk_queue_free(struct desk_queue *queue);
void desk_task_free(struct desk_task *task); /* its members, not itself */

/* Takes over `task->sealed`. False: the queue is full, or a DESK_PRESENT waits already (then there is nothing
 * to add); the caller keeps it. */
bool desk_queue_push(struct desk_queue *queue, const struct desk_task *task);

/* Waits at most `wait_ms`; false: nothing came. */
bool desk_queue_pop(struct desk_queue *queue, int64_t wait_ms, struct desk_task *ret_task);

/* Ends the wait of desk_queue_pop. */
void desk_queue_wake(struct desk_queue *queue);

#endif
