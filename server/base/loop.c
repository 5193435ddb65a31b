#include "base/loop.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What is registered for one descriptor, at the index of its number. A callback may delete other descriptors
 * whose events are already fetched, and their number may be taken by a new one at once; so every registration
 * has a generation, and an event of an older generation is dropped. */
struct loop_fd {
    loop_fd_fn *fn; /* NULL: not registered */
    void *context;
    uint32_t generation;
};

struct turn_hook {
    loop_turn_fn *fn;
    void *context;
};

struct loop {
    int epoll_fd;
    int event_fd;
    char thread_name[16];
    struct loop_fd *fds;
    size_t fd_capacity;
    struct turn_hook hooks[LOOP_TURN_HOOKS_MAX];
    int hook_count;
    int64_t now_ms;
    bool again; /* loop_wake: the next sleep is skipped */
    atomic_bool stop;
    pthread_mutex_t post_lock; /* guards the two ends of the queue of posted tasks */
    struct loop_task *post_first;
    struct loop_task **post_last;
};

struct loop *loop_new(const char *thread_name)
{
    assert(strlen(thread_name) < sizeof((struct loop *)0)->thread_name);
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    memcpy(loop->thread_name, thread_name, strlen(thread_name) + 1);
    loop->post_last = &loop->post_first;
    loop->now_ms = clock_monotonic_ms();
    pthread_mutex_init(&loop->post_lock, NULL);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    if (loop->epoll_fd < 0 || loop->event_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->event_fd, &event) != 0) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->event_fd >= 0)
        close(loop->event_fd);
    pthread_mutex_destroy(&loop->post_lock);
    free(loop->fds);
    free(loop);
}

static bool make_room(struct loop *loop, int fd)
{
    if ((size_t)fd < loop->fd_capacity)
        return true;
    size_t capacity = loop->fd_capacity ? loop->fd_capacity : 64;
    while (capacity <= (size_t)fd)
        capacity *= 2;
    struct loop_fd *fds = realloc(loop->fds, capacity * sizeof *fds);
    if (!fds) {
        errno = ENOMEM;
        return false;
    }
    memset(fds + loop->fd_capacity, 0, (capacity - loop->fd_capacity) * sizeof *fds);
    loop->fds = fds;
    loop->fd_capacity = capacity;
    return true;
}

static int control(struct loop *loop, int operation, int fd, uint32_t events)
{
    uint64_t tag = (uint64_t)loop->fds[fd].generation << 32 | (uint32_t)fd;
    struct epoll_event event = {.events = events, .data.u64 = tag};
    return epoll_ctl(loop->epoll_fd, operation, fd, &event);
}

int loop_fd_add(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn, void *context)
{
    assert(fd >= 0 && fn);
    if (!make_room(loop, fd))
        return -1;
    struct loop_fd *entry = &loop->fds[fd];
    assert(!entry->fn);
    entry->generation++;
    if (control(loop, EPOLL_CTL_ADD, fd, events) != 0)
        return -1;
    entry->fn = fn;
    entry->context = context;
    return 0;
}

int loop_fd_change(struct loop *loop, int fd, uint32_t events)
{
    assert((size_t)fd < loop->fd_capacity && loop->fds[fd].fn);
    return control(loop, EPOLL_CTL_MOD, fd, events);
}

void loop_fd_delete(struct loop *loop, int fd)
{
    assert((size_t)fd < loop->fd_capacity && loop->fds[fd].fn);
    control(loop, EPOLL_CTL_DEL, fd, 0);
    loop->fds[fd].fn = NULL;
}

void loop_turn_add(struct loop *loop, loop_turn_fn *fn, void *context)
{
    assert(loop->hook_count < LOOP_TURN_HOOKS_MAX);
    loop->hooks[loop->hook_count++] = (struct turn_hook){fn, context};
}

void loop_turn_delete(struct loop *loop, loop_turn_fn *fn, void *context)
{
    for (int i = 0; i < loop->hook_count; i++) {
        if (loop->hooks[i].fn != fn || loop->hooks[i].context != context)
            continue;
        memmove(&loop->hooks[i], &loop->hooks[i + 1],
                (size_t)(loop->hook_count - i - 1) * sizeof *loop->hooks);
        loop->hook_count--;
        return;
    }
}

void loop_wake(struct loop *loop)
{
    loop->again = true;
}

/* Only write(2) and atomics: also runs in signal handlers. A full counter cannot happen, and would mean
 * "readable" too. */
static void ring(struct loop *loop)
{
    int saved_errno = errno;
    uint64_t one = 1;
    ssize_t written = write(loop->event_fd, &one, sizeof one);
    (void)written;
    errno = saved_errno;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&loop->post_lock);
    bool was_empty = !loop->post_first;
    *loop->post_last = task;
    loop->post_last = &task->next;
    pthread_mutex_unlock(&loop->post_lock);
    if (was_empty)
        ring(loop);
}

static void run_posted(struct loop *loop)
{
    pthread_mutex_lock(&loop->post_lock);
    struct loop_task *task = loop->post_first;
    loop->post_first = NULL;
    loop->post_last = &loop->post_first;
    pthread_mutex_unlock(&loop->post_lock);
    while (task) {
        struct loop_task *next = task->next; /* `run` may free or post the task again */
        task->run(task);
        task = next;
    }
}

static void run_events(struct loop *loop, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == UINT64_MAX) {
            uint64_t rings;
            ssize_t got = read(loop->event_fd, &rings, sizeof rings);
            (void)got;
            continue;
        }
        uint32_t fd = (uint32_t)events[i].data.u64;
        const struct loop_fd *entry = &loop->fds[fd];
        if (entry->fn && entry->generation == (uint32_t)(events[i].data.u64 >> 32))
            entry->fn(entry->context, events[i].events);
    }
}

static int run_hooks(struct loop *loop)
{
    int sleep_ms = -1;
    for (int i = 0; i < loop->hook_count; i++) {
        int wanted_ms = loop->hooks[i].fn(loop->hooks[i].context);
        if (wanted_ms >= 0 && (sleep_ms < 0 || wanted_ms < sleep_ms))
            sleep_ms = wanted_ms;
    }
    return sleep_ms;
}

void loop_run(struct loop *loop)
{
    pthread_setname_np(pthread_self(), loop->thread_name);
    struct epoll_event events[LOOP_EVENTS_PER_TURN];
    int sleep_ms = 0; /* the first turn asks the hooks */
    while (!atomic_load(&loop->stop)) {
        int count = epoll_wait(loop->epoll_fd, events, LOOP_EVENTS_PER_TURN, sleep_ms);
        if (count < 0 && errno != EINTR)
            log_error("loop.epoll_wait_failed", LOG_TEXT("loop", loop->thread_name), LOG_ERRNO(errno));
        loop->now_ms = clock_monotonic_ms();
        loop->again = false;
        run_events(loop, events, count > 0 ? count : 0);
        run_posted(loop);
        sleep_ms = run_hooks(loop);
        if (loop->again)
            sleep_ms = 0;
    }
    atomic_store(&loop->stop, false);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    ring(loop);
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}
