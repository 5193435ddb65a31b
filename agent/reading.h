/* Runs a read plan: opens the sectors it names and collects their blocks. */
#ifndef CARDWRIGHT_AGENT_READING_H
#define CARDWRIGHT_AGENT_READING_H

#include "agent/plan.h"

enum sector_result {
    SECTOR_OK,
    SECTOR_AUTH,    /* no key of the plan opens it */
    SECTOR_REFUSED, /* opened, but a block was not given out */
    SECTOR_GONE,    /* the card left */
};

/* "ok", "auth", "refused", "gone". */
const char *sector_result_word(enum sector_result result);

struct reading_sector {
    uint8_t sector;
    enum sector_result result;
    uint8_t key_index; /* of the try that opened it; SECTOR_OK and SECTOR_REFUSED */
};

struct reading {
    struct reader_uid uid;
    size_t sector_count;
    struct reading_sector sectors[AGENT_READ_SECTORS_MAX];
    bool has_block[CARD_BLOCKS_MAX];
    uint8_t blocks[CARD_BLOCKS_MAX][CARD_BLOCK_BYTES];
};

/* READER_OK: every sector has a result. READER_NO_CARD: the card left before the end, the sectors not reached
 * are SECTOR_GONE. READER_LOST: the line is in doubt and nothing of the reading may be used. */
enum reader_status reading_run(struct reader *reader, const struct read_plan *plan,
                               struct reading *ret_reading);

#endif
