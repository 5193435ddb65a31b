/* Read plans: which keys are tried and which blocks are read when a card appears (card design 5). */
#ifndef CARDWRIGHT_CARD_READ_PLAN_H
#define CARDWRIGHT_CARD_READ_PLAN_H

#include "base/ids.h"
#include "card/image.h"

#include <stddef.h>

enum read_kind {
    READ_KNOWN,   /* a card row that is not issuing: derived key A */
    READ_ISSUING, /* derived, then transport (R33); all data blocks, because the issue compares all it read
                     (R31) */
    READ_UNKNOWN, /* no row: transport, then derived with every key version (a torn issue of a lost row); all
                     blocks */
};

struct read_request {
    enum read_kind kind;
    const struct card_keys
        *keys;        /* of this UID: READ_KNOWN and READ_ISSUING its own version first, then others */
    size_t key_count; /* at most READ_TRIES_MAX - 1 */
    uint8_t start_sector;
    bool all_blocks; /* READ_KNOWN: blocks 0..2 of every sector (before a re-issue) */
    bool times;      /* read L3 and L4 */
    bool authority;  /* read L5 and L6 */
};

struct read_sector {
    uint8_t sector; /* physical */
    uint8_t logical;
    uint8_t try_keys[READ_TRIES_MAX][CARD_KEY_BYTES];
    uint8_t blocks[3]; /* physical, in reading order */
    uint8_t block_count;
};

/* Holds card keys: clear it as soon as it is sealed. */
struct read_plan {
    struct read_tries
        tries; /* the same names for every sector; stored with the presence to read the answer */
    struct read_sector sectors[CARD_SECTORS_LOGICAL]; /* L1, L2, [L3, L4, L5, L6], L0 last */
    size_t sector_count;
};

/* False: no keys, or too many. */
bool read_plan_build(const struct read_request *request, struct read_plan *ret_plan);
void read_plan_clear(struct read_plan *plan);

/* The names of the tries alone, as read_plan_build makes them: kind and versions are all they depend on. */
bool read_tries_for(const struct read_request *request, struct read_tries *ret_tries);

/* {"read":id,"uid":hex,"sectors":[{"sector":n,"tries":[["A",key],..],"blocks":[n,..]},..]} */
size_t read_plan_to_json(const struct read_plan *plan, const struct uuid *read_id, const struct card_uid *uid,
                         char *buffer, size_t capacity);

#endif
