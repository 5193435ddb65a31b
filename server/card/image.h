/* The content of one card at one presentation, and what it means (card design 3.4, 5).
 *
 *   struct card_image    what the reader got: blocks, and per sector how it went
 *   struct card_decoded  the meaning: identity, records, and per purse the slot in force
 *
 * Both are plain values without pointers; nothing here is secret but the blocks are never logged. */
#ifndef CARDWRIGHT_CARD_IMAGE_H
#define CARDWRIGHT_CARD_IMAGE_H

#include "card/keys.h"
#include "card/layout.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum sector_result {
    SECTOR_NOT_READ, /* not asked for */
    SECTOR_OK,       /* opened; the blocks marked present were read */
    SECTOR_AUTH,     /* no key opened it */
    SECTOR_REFUSED,  /* opened, but a read was refused */
    SECTOR_GONE,     /* the card left the field */
};

/* Which key opened a sector. Its name is "A.d1" (key A, derived with site key version 1) or "A.t" (transport
 * key). */
struct opened_key {
    enum key_slot slot; /* 0 if none */
    uint8_t version;    /* 0 = transport key FFFFFFFFFFFF */
};
#define KEY_NAME_BYTES 8
void opened_key_format(const struct opened_key *key, char name[KEY_NAME_BYTES]);
bool opened_key_parse(const char *name, struct opened_key *ret_key);

/* The keys a read plan tries in every sector, in order; an agent names the one that worked by its index. */
struct read_tries {
    struct opened_key keys[READ_TRIES_MAX];
    uint8_t count;
};

struct image_sector {
    enum sector_result result;
    struct opened_key opened;
    uint8_t present; /* bit b: blocks[b] was read */
    uint8_t blocks[SECTOR_BLOCKS][CARD_BLOCK_BYTES];
};

struct card_image {
    struct card_uid uid;
    uint8_t start_sector;
    struct image_sector sectors[CARD_SECTORS_LOGICAL];
};

/* The block at a place, or NULL if it was not read. */
const uint8_t *card_image_block(const struct card_image *image, struct block_place place);
/* Puts a block in and marks its sector as read. */
void card_image_set(struct card_image *image, struct block_place place,
                    const uint8_t block[CARD_BLOCK_BYTES]);

/* JSON with physical numbers as keys. An agent posts, and a presentation row keeps, the members
 *   "blocks":  {"8": "<32 hex>", ...}
 *   "sectors": {"2": {"result": "ok", "key": 0}, "3": {"result": "auth"|"refused"|"gone"}, ...}
 * `json` is the object that holds them; other members are not looked at. "key" is an index into `tries` when
 * that is given (a message of an agent), else the name of the key (a stored row). Every sector with blocks
 * must be "ok" or "refused" and name its key. Trailers, and sectors or blocks outside L0..L6, are refused.
 * Returns NULL, or a static text naming the first thing that is wrong (`ret_image` is then undefined). */
struct image_source {
    const json_t *json;
    const struct card_uid *uid;
    uint8_t start_sector;
    const struct read_tries *tries; /* NULL: a stored row */
};
const char *card_image_from_json(const struct image_source *source, struct card_image *ret_image);
/* The stored form, an object of the two members. New reference, NULL only if memory is out. */
json_t *card_image_to_json(const struct card_image *image);

/* ---- meaning ---- */
struct decoded_slot {
    bool present;     /* the block was read */
    bool format_good; /* a sound value block */
    bool covered;     /* a counting record covers its epoch: only then it may be picked (R36) */
    int32_t value;
    uint8_t epoch;
};

struct decoded_record {
    bool present;
    struct record_verdict verdict;
    struct record_fields fields;
};

struct decoded_purse {
    enum card_purse purse;
    bool read; /* both slots and both records were read; if false nothing below means anything */
    struct decoded_slot slots[2];
    bool records_forged;  /* both records well formed and both MACs bad: no tear does that */
    bool readable;        /* pick found a slot */
    uint8_t slot;         /* the slot in force, if readable */
    uint8_t epoch;        /* its epoch byte */
    int32_t value;        /* as it stands on the card */
    int64_t value_minor;  /* the same, a negative value counted as 0 */
    bool negative;        /* a case (below zero) */
    bool slots_equal;     /* both slots sound, same epoch, same value: the reading is not provisional (R13) */
    bool other_slot_good; /* the slot not in force is a sound value block (else "repair" is offered) */
    bool named;           /* a counting record names the epoch directly; opening and stored are from it */
    bool opening_unique;  /* all records that name it directly agree on opening and stored */
    uint32_t opening;     /* T by the card: for checks only, bookings take T and S from the ledger */
    uint32_t stored;      /* S by the card (consumption only) */
    uint32_t ceiling;     /* largest T of any counting record that covers the epoch, also through d_w */
    bool cancelled;       /* every record that names the epoch directly is cancelled */
    bool repaired;
};

#define FREE_RECORD_NONE (-1)

struct card_decoded {
    bool id_read;
    bool id_good; /* ours by kind and layout, MAC good under these keys */
    struct id_fields id;
    struct decoded_record issuer[2]; /* I0, I1 */
    struct decoded_record times[2];  /* J0, J1 */
    struct decoded_purse purses[PURSES];
    int free_issuer; /* 0, 1 or FREE_RECORD_NONE: the record place that may be overwritten (R41) */
    int free_times;
};

/* Decodes an image under the keys of this card. Total: any bytes give a result, never a fault. */
void card_decode(const struct card_image *image, const struct card_keys *keys,
                 struct card_decoded *ret_decoded);

#endif
