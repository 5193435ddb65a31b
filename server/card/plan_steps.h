/* Adding steps to a plan, and the guard both plan builders share. For server/card only. */
#ifndef CARDWRIGHT_CARD_PLAN_STEPS_H
#define CARDWRIGHT_CARD_PLAN_STEPS_H

#include "card/plan.h"

/* A key to open a sector with. */
struct sector_key {
    enum key_slot slot;
    const uint8_t *key;
};

extern const uint8_t transport_key[CARD_KEY_BYTES];

/* Adds STEP_AUTH or STEP_OPEN for the sector of a place. */
void plan_add_key(struct card_plan *plan, enum plan_step_kind kind, uint8_t block,
                  const struct sector_key *key);
/* Adds STEP_EXPECT, STEP_WRITE or STEP_CHECK. */
void plan_add_data(struct card_plan *plan, enum plan_step_kind kind, uint8_t block, const uint8_t *data);
void plan_add_begin(struct card_plan *plan);
void plan_add_leg(struct card_plan *plan, const struct uuid *leg_id, int64_t epoch_no);

/* Blocks to be compared, in the order in which the plan reads them. */
struct guard {
    struct block_place places[READ_PLAN_BLOCKS_MAX];
    size_t count;
    bool with_keys; /* the key that opened the sector is part of the hash (issue) */
};
void guard_add(struct guard *guard, struct block_place place);
/* PLAN_BLOCK_MISSING if the image lacks a block. */
enum plan_outcome guard_hash(const struct guard *guard, const struct card_image *image,
                             uint8_t ret_hash[GUARD_HASH_BYTES]);

#endif
