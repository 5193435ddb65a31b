#include "agent/reading.h"

#include <string.h>

const char *sector_result_word(enum sector_result result)
{
    static const char *const words[] = {"ok", "auth", "refused", "gone"};
    return words[result];
}

/* Tries the keys in order. A refused key silences the card, so it is selected again before the next one.
 * READER_KEY: none opens the sector. */
static enum reader_status open_sector(struct reader *reader, const struct read_plan *plan,
                                      const struct read_sector *wanted, uint8_t *ret_key_index)
{
    for (uint8_t i = 0; i < wanted->key_count; i++) {
        enum reader_status status = reader_authenticate(reader, sector_first_block(wanted->sector),
                                                        wanted->keys[i].slot, wanted->keys[i].bytes);
        *ret_key_index = i;
        if (status != READER_KEY)
            return status;
        status = reader_select(reader, &plan->uid);
        if (status != READER_OK)
            return status;
    }
    return READER_KEY;
}

static enum reader_status read_blocks(struct reader *reader, const struct read_sector *wanted,
                                      struct reading *reading)
{
    for (uint8_t i = 0; i < wanted->block_count; i++) {
        uint8_t block = wanted->blocks[i];
        enum reader_status status = reader_read(reader, block, reading->blocks[block]);
        if (status != READER_OK)
            return status;
        reading->has_block[block] = true;
    }
    return READER_OK;
}

/* A sector that is reported as closed or gone has no blocks: they would be of another try. */
static void forget_blocks(const struct read_sector *wanted, struct reading *reading)
{
    for (uint8_t i = 0; i < wanted->block_count; i++)
        reading->has_block[wanted->blocks[i]] = false;
}

/* One sector. A refusal may be a disturbed field, so the sector gets a second chance as long as the card is
 * there. READER_OK: the sector has its result, and the card is selected or will refuse the next key too. */
static enum reader_status read_one(struct reader *reader, const struct read_plan *plan,
                                   const struct read_sector *wanted, struct reading *reading)
{
    struct reading_sector *sector = &reading->sectors[reading->sector_count];
    for (int attempt = 1; attempt <= 2; attempt++) {
        forget_blocks(wanted, reading);
        enum reader_status status = open_sector(reader, plan, wanted, &sector->key_index);
        bool opened = status == READER_OK;
        if (opened)
            status = read_blocks(reader, wanted, reading);
        if (status == READER_OK || status == READER_KEY) {
            sector->result = opened ? SECTOR_OK : SECTOR_AUTH;
            return READER_OK;
        }
        if (status == READER_REFUSED)
            status = reader_select(reader, &plan->uid);
        if (status != READER_OK)
            return status;
        sector->result = opened ? SECTOR_REFUSED : SECTOR_AUTH;
    }
    return READER_OK;
}

enum reader_status reading_run(struct reader *reader, const struct read_plan *plan,
                               struct reading *ret_reading)
{
    memset(ret_reading, 0, sizeof *ret_reading);
    ret_reading->uid = plan->uid;
    enum reader_status status = reader_select(reader, &plan->uid);
    for (size_t i = 0; i < plan->sector_count; i++) {
        ret_reading->sectors[i].sector = plan->sectors[i].sector;
        if (status == READER_OK)
            status = read_one(reader, plan, &plan->sectors[i], ret_reading);
        if (status == READER_LOST)
            return status;
        if (status != READER_OK) {
            ret_reading->sectors[i].result = SECTOR_GONE;
            forget_blocks(&plan->sectors[i], ret_reading);
        }
        ret_reading->sector_count++;
    }
    return status;
}
