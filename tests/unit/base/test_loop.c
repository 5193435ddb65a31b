#include "base/loop.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <unistd.h>

struct probe {
    struct loop *loop;
    int fd;
    int other_fd;
    int calls;
    int order[8];
    int order_count;
};

static void read_and_stop(void *context, uint32_t events)
{
    struct probe *probe = context;
    char byte;
    cr_assert(events & EPOLLIN);
    cr_assert_eq(read(probe->fd, &byte, 1), 1);
    probe->calls++;
    loop_stop(probe->loop);
}

Test(base_loop, readable_descriptor_is_told)
{
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    struct probe probe = {.loop = loop_new("test"), .fd = pipes[0]};
    cr_assert_eq(loop_fd_add(probe.loop, pipes[0], EPOLLIN, read_and_stop, &probe), 0);
    cr_assert_eq(write(pipes[1], "x", 1), 1);
    loop_run(probe.loop);
    cr_assert_eq(probe.calls, 1);
    loop_fd_delete(probe.loop, pipes[0]);
    loop_free(probe.loop);
}

/* Both pipes are readable in one turn; whichever comes first deletes the other, whose event must not be told
 * then. */
static void delete_other(void *context, uint32_t events)
{
    (void)events;
    struct probe *probe = context;
    probe->calls++;
    loop_fd_delete(probe->loop, probe->other_fd);
    loop_stop(probe->loop);
}

Test(base_loop, event_of_a_deleted_descriptor_is_dropped)
{
    int first[2];
    int second[2];
    cr_assert(pipe(first) == 0 && pipe(second) == 0);
    struct loop *loop = loop_new("test");
    struct probe one = {.loop = loop, .fd = first[0], .other_fd = second[0]};
    struct probe two = {.loop = loop, .fd = second[0], .other_fd = first[0]};
    cr_assert_eq(loop_fd_add(loop, first[0], EPOLLIN, delete_other, &one), 0);
    cr_assert_eq(loop_fd_add(loop, second[0], EPOLLIN, delete_other, &two), 0);
    cr_assert(write(first[1], "x", 1) == 1 && write(second[1], "x", 1) == 1);
    loop_run(loop);
    cr_assert_eq(one.calls + two.calls, 1);
    loop_free(loop);
}

struct numbered_task {
    struct loop_task task;
    struct probe *probe;
    int number;
};

static void note_number(struct loop_task *task)
{
    struct numbered_task *numbered = (struct numbered_task *)task;
    numbered->probe->order[numbered->probe->order_count++] = numbered->number;
    if (numbered->number == 3)
        loop_stop(numbered->probe->loop);
}

static void *post_three(void *context)
{
    struct numbered_task *tasks = context;
    for (int i = 0; i < 3; i++)
        loop_post(tasks[i].probe->loop, &tasks[i].task);
    return NULL;
}

Test(base_loop, posted_tasks_run_in_order_in_the_loop_thread)
{
    struct probe probe = {.loop = loop_new("test")};
    struct numbered_task tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = (struct numbered_task){.task.run = note_number, .probe = &probe, .number = i + 1};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, post_three, tasks), 0);
    loop_run(probe.loop);
    pthread_join(thread, NULL);
    cr_assert_eq(probe.order_count, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(probe.order[i], i + 1);
    loop_free(probe.loop);
}

static int count_turns(void *context)
{
    struct probe *probe = context;
    if (++probe->calls == 3)
        loop_stop(probe->loop);
    else
        loop_wake(probe->loop);
    return -1; /* without the wake the loop would sleep for ever */
}

Test(base_loop, wake_skips_the_next_sleep)
{
    struct probe probe = {.loop = loop_new("test")};
    loop_turn_add(probe.loop, count_turns, &probe);
    loop_run(probe.loop);
    cr_assert_eq(probe.calls, 3);
    loop_turn_delete(probe.loop, count_turns, &probe);
    loop_free(probe.loop);
}
