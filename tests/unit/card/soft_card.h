/* A MIFARE Classic in memory, with keys, access bits and torn writes, that runs plans the way an agent does.
 * It lets the unit tests of server/card prove that a plan works on a chip and what every interruption leaves
 * behind. */
#ifndef TESTS_CARD_SOFT_CARD_H
#define TESTS_CARD_SOFT_CARD_H

#include "card/access_bits.h"
#include "card/plan.h"
#include "card/read_plan.h"

#include <string.h>

#define SOFT_BLOCKS 128

struct soft_card {
    struct card_uid uid;
    uint8_t blocks[SOFT_BLOCKS][CARD_BLOCK_BYTES];
    int open_sector; /* -1: nothing authenticated */
    enum key_slot open_slot;
};

enum tear { TEAR_OLD, TEAR_ZERO, TEAR_ONES, TEAR_FRONT, TEAR_BACK, TEAR_DONE, TEAR_KINDS };

/* Where a run is interrupted; 0 = nowhere. Commands and writes are counted from 1. */
struct fault {
    size_t cut_before_command;
    size_t tear_write;
    enum tear tear;
    bool never_stops; /* goes on after a torn write: an agent that breaks R25 */
};

struct run_result {
    bool started;
    bool complete;
    size_t legs; /* legs reported */
    size_t commands;
};

static inline void soft_card_blank(struct soft_card *card, const struct card_uid *uid)
{
    static const uint8_t transport[CARD_BLOCK_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x07,
                                                        0x80, 0x69, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    memset(card, 0, sizeof(*card));
    card->uid = *uid;
    card->open_sector = -1;
    for (int block = TRAILER_BLOCK; block < SOFT_BLOCKS; block += SECTOR_BLOCKS)
        memcpy(card->blocks[block], transport, CARD_BLOCK_BYTES);
}

static inline uint8_t *soft_trailer(struct soft_card *card, int block)
{
    return card->blocks[block / SECTOR_BLOCKS * SECTOR_BLOCKS + TRAILER_BLOCK];
}

/* Conditions of the sector of a block; false if its access bits contradict each other. */
static inline bool soft_conditions(struct soft_card *card, int block,
                                   struct access_conditions *ret_conditions)
{
    return access_bits_decode(soft_trailer(card, block) + CARD_KEY_BYTES, ret_conditions);
}

/* Key B can be read under trailer conditions 000, 010 and 001, and is then no key. */
static inline bool soft_key_b_is_data(const struct access_conditions *conditions)
{
    return conditions->trailer == 0 || conditions->trailer == 2 || conditions->trailer == 1;
}

static inline bool soft_auth(struct soft_card *card, int block, enum key_slot slot, const uint8_t *key)
{
    struct access_conditions conditions;
    const uint8_t *trailer = soft_trailer(card, block);
    const uint8_t *stored = slot == KEY_SLOT_A ? trailer : trailer + 10;
    card->open_sector = -1;
    if (!soft_conditions(card, block, &conditions) || memcmp(stored, key, CARD_KEY_BYTES) != 0)
        return false;
    card->open_sector = block / SECTOR_BLOCKS;
    card->open_slot = slot;
    return true;
}

/* What the chip maker's table allows: bit 0 read, bit 1 write. */
static inline int soft_rights(struct soft_card *card, int block)
{
    static const int data_a[8] = {3, 1, 1, 0, 1, 0, 1, 0};
    static const int data_b[8] = {3, 1, 1, 3, 3, 1, 3, 0};
    static const int trailer_a[8] = {3, 3, 1, 1, 1, 1, 1, 1};
    static const int trailer_b[8] = {1, 1, 1, 3, 3, 3, 1, 1};
    struct access_conditions conditions;

    if (card->open_sector != block / SECTOR_BLOCKS || !soft_conditions(card, block, &conditions))
        return 0;
    bool b = card->open_slot == KEY_SLOT_B;
    if (b && soft_key_b_is_data(&conditions))
        return 0;
    if (block % SECTOR_BLOCKS == TRAILER_BLOCK)
        return b ? trailer_b[conditions.trailer] : trailer_a[conditions.trailer];
    return b ? data_b[conditions.data[block % SECTOR_BLOCKS]]
             : data_a[conditions.data[block % SECTOR_BLOCKS]];
}

static inline bool soft_read(struct soft_card *card, int block, uint8_t ret_data[CARD_BLOCK_BYTES])
{
    struct access_conditions conditions;
    if (!(soft_rights(card, block) & 1)) {
        card->open_sector = -1;
        return false;
    }
    memcpy(ret_data, card->blocks[block], CARD_BLOCK_BYTES);
    if (block % SECTOR_BLOCKS == TRAILER_BLOCK) {
        soft_conditions(card, block, &conditions);
        memset(ret_data, 0, CARD_KEY_BYTES);
        if (!soft_key_b_is_data(&conditions))
            memset(ret_data + 10, 0, CARD_KEY_BYTES);
    }
    return true;
}

static inline void soft_tear(uint8_t *stored, const uint8_t *data, enum tear tear)
{
    switch (tear) {
    case TEAR_ZERO:
        memset(stored, 0, CARD_BLOCK_BYTES);
        break;
    case TEAR_ONES:
        memset(stored, 0xFF, CARD_BLOCK_BYTES);
        break;
    case TEAR_FRONT:
        memcpy(stored, data, 7);
        break;
    case TEAR_BACK:
        memset(stored, 0, 7);
        memcpy(stored + 7, data + 7, CARD_BLOCK_BYTES - 7);
        break;
    case TEAR_DONE:
        memcpy(stored, data, CARD_BLOCK_BYTES);
        break;
    case TEAR_OLD:
    case TEAR_KINDS:
        break;
    }
}

/* One step on the card. False: refused, different, or torn. */
static inline bool soft_step(struct soft_card *card, const struct plan_step *step, const struct fault *fault,
                             size_t *writes)
{
    uint8_t data[CARD_BLOCK_BYTES];
    switch (step->kind) {
    case STEP_AUTH:
    case STEP_OPEN:
        return soft_auth(card, step->block, step->slot, step->key);
    case STEP_EXPECT:
    case STEP_CHECK:
        return soft_read(card, step->block, data) && memcmp(data, step->data, sizeof(data)) == 0;
    case STEP_WRITE:
        if (!(soft_rights(card, step->block) & 2))
            return false;
        if (++*writes == fault->tear_write) {
            soft_tear(card->blocks[step->block], step->data, fault->tear);
            return false;
        }
        memcpy(card->blocks[step->block], step->data, CARD_BLOCK_BYTES);
        return true;
    case STEP_BEGIN:
    case STEP_LEG:
        break;
    }
    return true;
}

static inline struct run_result soft_run(struct soft_card *card, const struct card_plan *plan,
                                         const struct fault *fault)
{
    struct run_result result = {0};
    size_t writes = 0;
    bool torn = false;

    card->open_sector = -1;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        bool is_command = step->kind != STEP_BEGIN && step->kind != STEP_LEG;
        if (is_command && ++result.commands == fault->cut_before_command)
            return result;
        result.started = result.started || step->kind == STEP_BEGIN;
        bool good = soft_step(card, step, fault, &writes);
        torn = torn || !good;
        if (!good && !fault->never_stops)
            return result;
        result.legs += step->kind == STEP_LEG;
    }
    result.complete = !torn;
    return result;
}

/* Presents the card: runs a read plan and fills an image. */
static inline void soft_present(struct soft_card *card, const struct read_request *request,
                                struct card_image *ret_image)
{
    struct read_plan plan;
    read_plan_build(request, &plan);
    *ret_image = (struct card_image){.uid = card->uid, .start_sector = request->start_sector};
    for (size_t i = 0; i < plan.sector_count; i++) {
        const struct read_sector *sector = &plan.sectors[i];
        struct image_sector *out = &ret_image->sectors[sector->logical];
        out->result = SECTOR_AUTH;
        for (uint8_t key = 0; key < plan.tries.count && out->result != SECTOR_OK; key++) {
            if (!soft_auth(card, sector->blocks[0], plan.tries.keys[key].slot, sector->try_keys[key]))
                continue;
            out->result = SECTOR_OK;
            out->opened = plan.tries.keys[key];
        }
        for (uint8_t block = 0; block < sector->block_count && out->result == SECTOR_OK; block++) {
            uint8_t data[CARD_BLOCK_BYTES];
            struct block_place place = {sector->logical, sector->blocks[block] % SECTOR_BLOCKS};
            if (soft_read(card, sector->blocks[block], data))
                card_image_set(ret_image, place, data);
            else
                out->result = SECTOR_REFUSED;
        }
    }
    read_plan_clear(&plan);
}

#endif
