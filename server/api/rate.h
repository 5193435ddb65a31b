/* At most so many tries a minute for each caller, in this process. For routes that nobody has logged in for.
 */
#ifndef CARDWRIGHT_API_RATE_H
#define CARDWRIGHT_API_RATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RATE_SLOTS 1024

/* Counts by hash of the caller. Two callers may share a slot and then share its tries, and a full minute of
 * one address never lets another take more memory. Zero-initialise, but for `per_minute` and the lock. */
struct rate {
    int per_minute;
    pthread_mutex_t lock;
    struct {
        int64_t minute;
        int count;
    } slots[RATE_SLOTS];
};

/* Takes one try. False: none is left; `ret_wait_s` is when there are new ones. From any thread. */
bool rate_take(struct rate *rate, const char *caller, int *ret_wait_s);

#endif
