#include "card/plan_steps.h"

#include "crypto/hmac.h"

#include <sodium.h>
#include <string.h>

#define GUARD_ENTRY_BYTES_MAX (1 + CARD_BLOCK_BYTES + 2)

const uint8_t transport_key[CARD_KEY_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/* Past the end the last step is written over and over; such a plan is refused as too long. */
static struct plan_step *next_step(struct card_plan *plan, enum plan_step_kind kind, uint8_t block)
{
    if (plan->step_count == PLAN_STEPS_MAX) {
        plan->overflow = true;
        plan->step_count--;
    }
    struct plan_step *step = &plan->steps[plan->step_count++];
    *step = (struct plan_step){.kind = kind, .block = block};
    return step;
}

void plan_add_key(struct card_plan *plan, enum plan_step_kind kind, uint8_t block,
                  const struct sector_key *key)
{
    struct plan_step *step = next_step(plan, kind, block);
    step->slot = key->slot;
    memcpy(step->key, key->key, CARD_KEY_BYTES);
    plan->command_count++;
}

void plan_add_data(struct card_plan *plan, enum plan_step_kind kind, uint8_t block, const uint8_t *data)
{
    struct plan_step *step = next_step(plan, kind, block);
    memcpy(step->data, data, CARD_BLOCK_BYTES);
    plan->command_count++;
    plan->write_count += kind == STEP_WRITE;
}

void plan_add_begin(struct card_plan *plan)
{
    next_step(plan, STEP_BEGIN, 0);
}

void plan_add_leg(struct card_plan *plan, const struct uuid *leg_id, int64_t epoch_no)
{
    struct plan_step *step = next_step(plan, STEP_LEG, 0);
    step->leg_id = *leg_id;
    step->epoch_no = epoch_no;
}

void plan_clear(struct card_plan *plan)
{
    sodium_memzero(plan, sizeof(*plan));
}

void guard_add(struct guard *guard, struct block_place place)
{
    if (guard->count < READ_PLAN_BLOCKS_MAX)
        guard->places[guard->count++] = place;
}

static bool guard_holds(const struct guard *guard, struct block_place place)
{
    for (size_t i = 0; i < guard->count; i++) {
        if (guard->places[i].sector == place.sector && guard->places[i].block == place.block)
            return true;
    }
    return false;
}

enum plan_outcome guard_hash(const struct guard *guard, const struct card_image *image,
                             uint8_t ret_hash[GUARD_HASH_BYTES])
{
    uint8_t text[READ_PLAN_BLOCKS_MAX * GUARD_ENTRY_BYTES_MAX];
    size_t count = 0;

    /* Logical order is physical order, so walking the sectors gives ascending block numbers. */
    for (uint8_t sector = 0; sector < CARD_SECTORS_LOGICAL; sector++) {
        for (uint8_t block = 0; block < TRAILER_BLOCK; block++) {
            struct block_place place = {sector, block};
            if (!guard_holds(guard, place))
                continue;
            const uint8_t *data = card_image_block(image, place);
            if (!data)
                return PLAN_BLOCK_MISSING;
            text[count++] = layout_block_no(image->start_sector, place);
            memcpy(text + count, data, CARD_BLOCK_BYTES);
            count += CARD_BLOCK_BYTES;
            if (guard->with_keys) {
                text[count++] = (uint8_t)image->sectors[sector].opened.slot;
                text[count++] = image->sectors[sector].opened.version;
            }
        }
    }
    sha256(text, count, ret_hash);
    return PLAN_OK;
}

void plan_apply(const struct card_plan *plan, const struct card_keys *keys, struct card_image *image)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        int logical = step->block / SECTOR_BLOCKS - image->start_sector;
        if (step->kind != STEP_WRITE || logical < 0 || logical >= CARD_SECTORS_LOGICAL)
            continue;
        struct block_place place = {(uint8_t)logical, step->block % SECTOR_BLOCKS};
        bool delivered = memcmp(step->data, transport_key, CARD_KEY_BYTES) == 0;
        if (place.block == TRAILER_BLOCK)
            image->sectors[logical].opened =
                (struct opened_key){.slot = KEY_SLOT_A, .version = delivered ? 0 : keys->version};
        else
            card_image_set(image, place, step->data);
    }
}

const char *plan_outcome_word(enum plan_outcome outcome)
{
    static const char *const words[] = {
        [PLAN_OK] = "ok",
        [PLAN_BAD_REQUEST] = "bad_request",
        [PLAN_BLOCK_MISSING] = "block_missing",
        [PLAN_SECTOR_CLOSED] = "sector_closed",
        [PLAN_UNREADABLE] = "unreadable",
        [PLAN_NO_FREE_RECORD] = "no_free_record",
        [PLAN_EPOCH_UNKNOWN] = "epoch_unknown",
        [PLAN_EPOCH_NOT_NEWER] = "epoch_not_newer",
        [PLAN_NOTHING_TO_DO] = "nothing_to_do",
        [PLAN_TOO_LONG] = "too_long",
    };
    return words[outcome];
}
