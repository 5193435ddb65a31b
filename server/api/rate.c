#include "api/rate.h"

#include "base/clock.h"

#include <sodium.h>
#include <string.h>

#define MINUTE_MS 60000

static uint8_t slot_key[crypto_shorthash_KEYBYTES];
static pthread_once_t slot_key_once = PTHREAD_ONCE_INIT;

/* A secret of this process, so that nobody outside can find an address that shares a slot with another. */
static void slot_key_make(void)
{
    randombytes_buf(slot_key, sizeof slot_key);
}

static size_t slot_of(const char *caller)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint32_t number;
    pthread_once(&slot_key_once, slot_key_make);
    crypto_shorthash(hash, (const uint8_t *)caller, strlen(caller), slot_key);
    memcpy(&number, hash, sizeof number);
    return number % RATE_SLOTS;
}

bool rate_take(struct rate *rate, const char *caller, int *ret_wait_s)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t slot = slot_of(caller);
    pthread_mutex_lock(&rate->lock);
    if (rate->slots[slot].minute != now_ms / MINUTE_MS) {
        rate->slots[slot].minute = now_ms / MINUTE_MS;
        rate->slots[slot].count = 0;
    }
    bool taken = rate->slots[slot].count < rate->per_minute;
    if (taken)
        rate->slots[slot].count++;
    pthread_mutex_unlock(&rate->lock);
    *ret_wait_s = (int)((MINUTE_MS - now_ms % MINUTE_MS + 999) / 1000);
    return taken;
}
