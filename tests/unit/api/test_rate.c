/* Tries a minute. */
#include "api/rate.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(api_rate, .init = set_up);

Test(api_rate, a_caller_has_its_tries_each_minute)
{
    static struct rate rate = {.per_minute = 3, .lock = PTHREAD_MUTEX_INITIALIZER};
    int wait_s = 0;
    clock_fake(60000, 0);
    for (int i = 0; i < 3; i++)
        cr_assert(rate_take(&rate, "10.0.0.1", &wait_s));
    clock_fake(119500, 0);
    cr_assert_not(rate_take(&rate, "10.0.0.1", &wait_s));
    cr_assert_eq(wait_s, 1);
    clock_fake(120000, 0);
    cr_assert(rate_take(&rate, "10.0.0.1", &wait_s));
    clock_fake(-1, -1);
}

Test(api_rate, many_callers_take_no_more_memory_and_rarely_meet)
{
    static struct rate rate = {.per_minute = 1, .lock = PTHREAD_MUTEX_INITIALIZER};
    int taken = 0;
    int wait_s = 0;
    clock_fake(60000, 0);
    for (int i = 0; i < 10000; i++) {
        char caller[24];
        snprintf(caller, sizeof caller, "10.0.%d.%d", i / 256, i % 256);
        taken += rate_take(&rate, caller, &wait_s);
    }
    cr_assert(taken <= RATE_SLOTS && taken > RATE_SLOTS * 9 / 10, "%d of %d places used", taken, RATE_SLOTS);
    clock_fake(-1, -1);
}
