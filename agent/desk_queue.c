#include "agent/desk_queue.h"

#include "agent/wait.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

struct desk_queue {
    struct waiter waiter;
    bool woken;
    size_t count;
    struct desk_task tasks[AGENT_TASKS_MAX];
};

struct desk_queue *desk_queue_new(void)
{
    struct desk_queue *queue = calloc(1, sizeof *queue);
    if (queue)
        waiter_init(&queue->waiter);
    return queue;
}

void desk_task_free(struct desk_task *task)
{
    free(task->sealed);
    task->sealed = NULL;
}

void desk_queue_free(struct desk_queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i < queue->count; i++)
        desk_task_free(&queue->tasks[i]);
    waiter_done(&queue->waiter);
    free(queue);
}

static bool holds_present(const struct desk_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        if (queue->tasks[i].kind == DESK_PRESENT)
            return true;
    return false;
}

bool desk_queue_push(struct desk_queue *queue, const struct desk_task *task)
{
    waiter_lock(&queue->waiter);
    bool fits = queue->count < AGENT_TASKS_MAX && !(task->kind == DESK_PRESENT && holds_present(queue));
    if (fits) {
        queue->tasks[queue->count++] = *task;
        waiter_signal(&queue->waiter);
    }
    waiter_unlock(&queue->waiter);
    return fits;
}

bool desk_queue_pop(struct desk_queue *queue, int64_t wait_ms, struct desk_task *ret_task)
{
    waiter_lock(&queue->waiter);
    if (queue->count == 0 && !queue->woken && wait_ms > 0)
        waiter_wait(&queue->waiter, wait_ms);
    queue->woken = false;
    bool got = queue->count > 0;
    if (got) {
        *ret_task = queue->tasks[0];
        queue->count--;
        memmove(queue->tasks, queue->tasks + 1, queue->count * sizeof queue->tasks[0]);
    }
    waiter_unlock(&queue->waiter);
    return got;
}

void desk_queue_wake(struct desk_queue *queue)
{
    waiter_lock(&queue->waiter);
    queue->woken = true;
    waiter_signal(&queue->waiter);
    waiter_unlock(&queue->waiter);
}
