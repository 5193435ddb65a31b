#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t fake_monotonic_ms = -1;
static _Atomic int64_t fake_unix_ms = -1;

static int64_t read_ms(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    int64_t fake = atomic_load_explicit(&fake_monotonic_ms, memory_order_relaxed);
    return fake >= 0 ? fake : read_ms(CLOCK_MONOTONIC);
}

int64_t clock_unix_ms(void)
{
    int64_t fake = atomic_load_explicit(&fake_unix_ms, memory_order_relaxed);
    return fake >= 0 ? fake : read_ms(CLOCK_REALTIME);
}

void clock_fake(int64_t monotonic_ms, int64_t unix_ms)
{
    atomic_store(&fake_monotonic_ms, monotonic_ms);
    atomic_store(&fake_unix_ms, unix_ms);
}

void clock_format_iso(int64_t unix_ms, char text[static CLOCK_ISO_BYTES])
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    char date[20];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, CLOCK_ISO_BYTES, "%s.%03uZ", date, (unsigned)(unix_ms % 1000) % 1000);
}
