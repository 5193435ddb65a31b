/* A lock with a bounded wait on the monotonic clock. */
#ifndef CARDWRIGHT_AGENT_WAIT_H
#define CARDWRIGHT_AGENT_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static inline void waiter_init(struct waiter *waiter)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&waiter->lock, NULL);
    pthread_cond_init(&waiter->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static inline void waiter_done(struct waiter *waiter)
{
    pthread_cond_destroy(&waiter->changed);
    pthread_mutex_destroy(&waiter->lock);
}

static inline void waiter_lock(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
}

static inline void waiter_unlock(struct waiter *waiter)
{
    pthread_mutex_unlock(&waiter->lock);
}

static inline void waiter_signal(struct waiter *waiter)
{
    pthread_cond_broadcast(&waiter->changed);
}

/* Waits with the lock held until it is signalled or `wait_ms` have passed; may return early. */
static inline void waiter_wait(struct waiter *waiter, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&waiter->changed, &waiter->lock, &until);
}

#endif
