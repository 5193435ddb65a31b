/* The reactor: one thread, one epoll set. http and db each register with it; all their state belongs to that
 * thread, so nothing of it needs a lock. Other threads reach it by loop_post only. */
#ifndef CARDWRIGHT_BASE_LOOP_H
#define CARDWRIGHT_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Called in the loop thread when `fd` has `events` (EPOLLIN and friends). */
typedef void loop_fd_fn(void *context, uint32_t events);

/* Called once a turn in the order of registration, after all fd callbacks and posted tasks, before the loop
 * sleeps. Returns the longest time in ms it lets the loop sleep; -1 = no limit, 0 = turn again at once. */
typedef int loop_turn_fn(void *context);

/* One unit of work from another thread. The poster owns the memory until `run` was called in the loop thread.
 */
struct loop_task {
    void (*run)(struct loop_task *task);
    struct loop_task *next; /* the loop's */
};

struct loop *
loop_new(const char *thread_name); /* at most 15 characters; NULL: no descriptors or memory left */
void loop_free(struct loop *loop);

/* 0, or -1 with errno. `fd` stays the caller's; delete it before closing it. */
int loop_fd_add(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn, void *context);
int loop_fd_change(struct loop *loop, int fd, uint32_t events);
void loop_fd_delete(struct loop *loop, int fd);

void loop_turn_add(struct loop *loop, loop_turn_fn *fn, void *context);
void loop_turn_delete(struct loop *loop, loop_turn_fn *fn, void *context); /* not from inside a hook */

/* In the loop thread: the loop does not sleep before its next turn. For what a hook learns too late in this
 * turn. */
void loop_wake(struct loop *loop);

/* From any thread: runs `task` in the loop thread in this or the next turn, in posting order. */
void loop_post(struct loop *loop, struct loop_task *task);

void loop_run(struct loop *loop);  /* until loop_stop */
void loop_stop(struct loop *loop); /* from any thread or a signal handler */

/* Monotonic milliseconds, read once a turn. */
int64_t loop_now_ms(const struct loop *loop);

#endif
