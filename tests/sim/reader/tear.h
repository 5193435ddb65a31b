/* What a block holds when the card leaves the field while it is being written. */
#ifndef CARDWRIGHT_SIM_TEAR_H
#define CARDWRIGHT_SIM_TEAR_H

#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum tear_kind {
    TEAR_OLD,      /* nothing was written yet */
    TEAR_ZERO,     /* erased, not yet programmed */
    TEAR_FF,       /* erased on silicon whose erased state reads as ones */
    TEAR_MIXED,    /* some bytes old, some new; stable */
    TEAR_MARGINAL, /* weak bits: old, new or a mixture, differently at every read, until it is rewritten */
    TEAR_NEW,      /* written in full, only the answer is missing */
    TEAR_KINDS,
};

/* A block whose bits are weak: reads wander between two contents. */
struct tear_marginal {
    bool marked;
    bool was_read;
    uint8_t before[CARD_BLOCK_BYTES];
    uint8_t after[CARD_BLOCK_BYTES];
    bool repeated;                  /* the last read gave what the one before it gave */
    uint8_t last[CARD_BLOCK_BYTES]; /* what the last read gave */
};

/* "old" .. "new" to a kind; false: no such word. */
bool tear_kind_from_text(const char *text, enum tear_kind *ret_kind);
const char *tear_kind_text(enum tear_kind kind);

/* Next number of a small deterministic generator (splitmix64): a test with the same seed sees the same tears.
 */
uint64_t tear_random(uint64_t *state);

/* Turns `content` (the old block) into what stands in the block after the write of `written` was torn.
 * *marginal is set for TEAR_MARGINAL and cleared for every other kind. */
void tear_block(enum tear_kind kind, uint8_t content[CARD_BLOCK_BYTES],
                const uint8_t written[CARD_BLOCK_BYTES], struct tear_marginal *marginal, uint64_t *random);

/* One read of a marginal block: the old content, the new one or a bitwise mixture. Half of the reads repeat
 * the one before, so that comparing twice succeeds now and then, but no three running are the same. */
void tear_marginal_read(struct tear_marginal *marginal, uint64_t *random,
                        uint8_t ret_content[CARD_BLOCK_BYTES]);

#endif
