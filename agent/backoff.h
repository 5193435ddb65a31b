/* Growing pauses between tries, with jitter so that many agents do not come back in step after an outage. */
#ifndef CARDWRIGHT_AGENT_BACKOFF_H
#define CARDWRIGHT_AGENT_BACKOFF_H

#include "base/limits.h"
#include "crypto/random.h"

#include <stdint.h>

struct backoff {
    int64_t pause_ms; /* 0: the last try went well */
};

static inline void backoff_reset(struct backoff *backoff)
{
    backoff->pause_ms = 0;
}

/* The next pause: AGENT_RETRY_PAUSE_MS_MIN doubling up to _MAX, of which a random half to whole is taken, and
 * at least what the server asked for. */
static inline int64_t backoff_next(struct backoff *backoff, int64_t retry_after_ms)
{
    backoff->pause_ms = backoff->pause_ms ? backoff->pause_ms * 2 : AGENT_RETRY_PAUSE_MS_MIN;
    if (backoff->pause_ms > AGENT_RETRY_PAUSE_MS_MAX)
        backoff->pause_ms = AGENT_RETRY_PAUSE_MS_MAX;
    int64_t half_ms = backoff->pause_ms / 2;
    int64_t pause_ms = half_ms + random_below((uint32_t)half_ms + 1);
    return pause_ms > retry_after_ms ? pause_ms : retry_after_ms;
}

#endif
