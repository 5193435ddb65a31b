#include "agent/lookup.h"

#include "base/limits.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum lookup_state { LOOKUP_RUNS, LOOKUP_DONE, LOOKUP_LEFT };

/* Freed by the caller, or by the thread if the caller has left. */
struct lookup {
    lookup_fn *resolve;
    char host[NI_MAXHOST];
    char service[NI_MAXSERV];
    atomic_int state;
    struct addrinfo *found;
};

static atomic_int late_count;

static void *run(void *context)
{
    struct lookup *lookup = context;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    if (lookup->resolve(lookup->host, lookup->service, &hints, &lookup->found) != 0)
        lookup->found = NULL;
    if (atomic_exchange(&lookup->state, LOOKUP_DONE) != LOOKUP_LEFT)
        return NULL;
    if (lookup->found)
        freeaddrinfo(lookup->found);
    free(lookup);
    atomic_fetch_sub(&late_count, 1);
    return NULL;
}

/* True: the thread is done and gone. False: it is on its own from here on. */
static bool join(struct lookup *lookup, pthread_t thread, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
        return true;
    atomic_fetch_add(&late_count, 1);
    if (atomic_exchange(&lookup->state, LOOKUP_LEFT) == LOOKUP_RUNS) {
        pthread_detach(thread);
        return false;
    }
    atomic_fetch_sub(&late_count, 1); /* it finished just now */
    pthread_join(thread, NULL);
    return true;
}

struct addrinfo *lookup_tcp(lookup_fn *resolve, const char *host, const char *service, int64_t timeout_ms)
{
    pthread_t thread;
    errno = ETIMEDOUT;
    if (atomic_load(&late_count) >= AGENT_LOOKUPS_LATE_MAX)
        return NULL;
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup) {
        lookup->resolve = resolve;
        snprintf(lookup->host, sizeof lookup->host, "%s", host);
        snprintf(lookup->service, sizeof lookup->service, "%s", service);
    }
    if (!lookup || pthread_create(&thread, NULL, run, lookup) != 0) {
        free(lookup);
        errno = ENOMEM;
        return NULL;
    }
    if (!join(lookup, thread, timeout_ms)) {
        errno = ETIMEDOUT;
        return NULL;
    }
    struct addrinfo *found = lookup->found;
    free(lookup);
    errno = EHOSTUNREACH;
    return found;
}
