/* A reader in memory with one card on it, which fails where a test wants it to. It notices what no agent may
 * do: a command on a line that is in doubt. */
#ifndef TESTS_UNIT_AGENT_FAKE_READER_H
#define TESTS_UNIT_AGENT_FAKE_READER_H

#include "agent/reader.h"

#include <stdio.h>
#include <string.h>

#define FAKE_LOG_BYTES 4096

enum fake_failure {
    FAKE_FINE,
    FAKE_REFUSED,       /* the card says no and stays */
    FAKE_GONE,          /* the card leaves before the command */
    FAKE_LOST,          /* the command never gets there, the reader falls silent */
    FAKE_DONE_AND_GONE, /* carried out, but the card leaves before it answers */
    FAKE_DONE_AND_LOST, /* carried out, but the answer never comes */
    FAKE_FAILURES
};

struct fake_reader {
    struct reader reader;
    struct reader_uid uid;
    bool present;
    uint8_t blocks[CARD_BLOCKS_MAX][CARD_BLOCK_BYTES];
    uint8_t keys[2][CARD_KEY_BYTES]; /* A and B of every sector */
    int open_sector;                 /* -1: none */
    unsigned commands;               /* card commands that reached the driver */
    unsigned fail_at;                /* the number of the command that fails, from 1; 0: none */
    enum fake_failure failure;
    bool lost;              /* the line is in doubt */
    unsigned sent_in_doubt; /* must stay 0 */
    unsigned writes;
    char log[FAKE_LOG_BYTES];                                /* "A4 r4 w5 ", in order */
    void (*before)(struct fake_reader *fake, void *context); /* called before each command */
    void *context;
};

static void fake_note(struct fake_reader *fake, char letter, uint8_t block)
{
    size_t used = strlen(fake->log);
    snprintf(fake->log + used, sizeof fake->log - used, "%c%u ", letter, block);
}

static enum reader_state fake_open(void *context)
{
    struct fake_reader *fake = context;
    fake->lost = false;
    fake->open_sector = -1;
    return READER_STATE_OK;
}

static void fake_close(void *context)
{
    (void)context;
}

static const char *fake_name(void *context)
{
    (void)context;
    return "fake";
}

static enum reader_status fake_select(void *context, const struct reader_uid *uid)
{
    struct fake_reader *fake = context;
    fake->sent_in_doubt += fake->lost;
    fake->open_sector = -1;
    return fake->present && reader_uid_equal(uid, &fake->uid) ? READER_OK : READER_NO_CARD;
}

static enum reader_status fake_find(void *context, struct reader_card *ret_card)
{
    struct fake_reader *fake = context;
    *ret_card = (struct reader_card){.uid = fake->uid, .sak = 8, .cards = 1};
    return fake_select(context, &fake->uid);
}

/* What becomes of the next command: FAKE_FINE, or the failure whose turn it is. */
static enum fake_failure fake_next(struct fake_reader *fake)
{
    fake->sent_in_doubt += fake->lost;
    fake->commands++;
    if (fake->before)
        fake->before(fake, fake->context);
    enum fake_failure failure = fake->commands == fake->fail_at ? fake->failure : FAKE_FINE;
    if (failure == FAKE_GONE)
        fake->present = false;
    if (failure == FAKE_LOST)
        fake->lost = true;
    return fake->present || failure == FAKE_LOST ? failure : FAKE_GONE;
}

/* The status of a command that failed, before or after it was carried out. */
static enum reader_status fake_fail(struct fake_reader *fake, enum fake_failure failure)
{
    fake->open_sector = -1;
    if (failure == FAKE_DONE_AND_GONE)
        fake->present = false;
    if (failure == FAKE_DONE_AND_LOST)
        fake->lost = true;
    return failure == FAKE_LOST || failure == FAKE_DONE_AND_LOST ? READER_LOST : READER_REFUSED;
}

static bool fake_carries_out(enum fake_failure failure)
{
    return failure == FAKE_FINE || failure == FAKE_DONE_AND_GONE || failure == FAKE_DONE_AND_LOST;
}

static int fake_sector(uint8_t block)
{
    return block < 128 ? block / 4 : 32 + (block - 128) / 16;
}

static enum reader_status fake_authenticate(void *context, uint8_t block, char slot,
                                            const uint8_t key[CARD_KEY_BYTES])
{
    struct fake_reader *fake = context;
    enum fake_failure failure = fake_next(fake);
    fake_note(fake, slot, block);
    if (failure != FAKE_FINE)
        return fake_fail(fake, failure);
    bool opens = memcmp(key, fake->keys[slot == 'B'], CARD_KEY_BYTES) == 0;
    fake->open_sector = opens ? fake_sector(block) : -1;
    return opens ? READER_OK : READER_KEY;
}

static enum reader_status fake_read(void *context, uint8_t block, uint8_t ret_data[CARD_BLOCK_BYTES])
{
    struct fake_reader *fake = context;
    enum fake_failure failure = fake_next(fake);
    fake_note(fake, 'r', block);
    if (failure != FAKE_FINE || fake->open_sector != fake_sector(block))
        return fake_fail(fake, failure);
    memcpy(ret_data, fake->blocks[block], CARD_BLOCK_BYTES);
    if (reader_block_is_trailer(block)) {
        memset(ret_data, 0, CARD_KEY_BYTES);
        memset(ret_data + 10, 0, CARD_KEY_BYTES);
    }
    return READER_OK;
}

static enum reader_status fake_write(void *context, uint8_t block, const uint8_t data[CARD_BLOCK_BYTES])
{
    struct fake_reader *fake = context;
    enum fake_failure failure = fake_next(fake);
    fake_note(fake, 'w', block);
    if (!fake_carries_out(failure) || fake->open_sector != fake_sector(block))
        return fake_fail(fake, failure);
    memcpy(fake->blocks[block], data, CARD_BLOCK_BYTES);
    fake->writes++;
    return failure == FAKE_FINE ? READER_OK : fake_fail(fake, failure);
}

static const struct reader_driver fake_driver = {.open = fake_open,
                                                 .close = fake_close,
                                                 .name = fake_name,
                                                 .find = fake_find,
                                                 .select = fake_select,
                                                 .authenticate = fake_authenticate,
                                                 .read = fake_read,
                                                 .write = fake_write};

/* An open reader with card 9c3ad15e on it; keys A ffffffffffff and B b0b0b0b0b0b0 in every sector. */
static inline void fake_start(struct fake_reader *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->uid = (struct reader_uid){.bytes = {0x9c, 0x3a, 0xd1, 0x5e}, .count = 4};
    fake->present = true;
    memset(fake->keys[0], 0xff, CARD_KEY_BYTES);
    memset(fake->keys[1], 0xb0, CARD_KEY_BYTES);
    fake->reader.driver = &fake_driver;
    fake->reader.context = fake;
    reader_open(&fake->reader);
}

#endif
