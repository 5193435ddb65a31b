/* Layout 1 ("compat") of the card: which block holds what, and every block byte by byte (card
 * design 3.1, 3.2).
 *
 * L is the logical sector; the physical one is start_sector + L. Blocks are written L:b here, b = 0..3, 3 =
 * trailer. */
#ifndef CARDWRIGHT_CARD_LAYOUT_H
#define CARDWRIGHT_CARD_LAYOUT_H

#include "base/limits.h"
#include "card/keys.h"

#include <stdbool.h>
#include <stdint.h>

#define SECTOR_BLOCKS 4
#define TRAILER_BLOCK 3 /* of a sector */
#define EXPIRES_NEVER 0xFFFF
#define AUTHORITY_BITMAP_BYTES 32
#define AUTHORITY_LIST_MAX 16

/* The three purses on the card. Consumption holds stored and subsidy together; times is a count. */
enum card_purse { PURSE_CONSUMPTION, PURSE_WATER, PURSE_TIMES };
#define PURSES 3

enum card_chip { CARD_CHIP_1K, CARD_CHIP_4K };

enum layout_id {
#define LAYOUT(name, number, file, help) LAYOUT_##name = (number),
#include "card/layouts.def"
#undef LAYOUT
};

/* Logical sectors of layout 1. */
enum layout_sector {
    SECTOR_IDENTITY = 0,
    SECTOR_CONSUMPTION = 1,
    SECTOR_WATER = 2,
    SECTOR_TIMES = 3,
    SECTOR_TIMES_RECORDS = 4,
    SECTOR_AUTHORITY_0 = 5,
    SECTOR_AUTHORITY_1 = 6,
};

/* A block by its logical place. */
struct block_place {
    uint8_t sector; /* logical */
    uint8_t block;  /* 0..3 */
};

/* Where a purse lives: two value slots, and the two records that name its epochs. */
struct purse_map {
    struct block_place slots[2];
    struct block_place records[2]; /* issuer records for money, times records for times */
};
extern const struct purse_map layout_purses[PURSES];
extern const struct block_place layout_id_block;

/* True if the sectors L0..L6 fit: 1K start 1..9, 4K start 1..25 (only sectors below 32 have four blocks). */
bool layout_start_sector_valid(enum card_chip chip, int start_sector);

/* Physical block number, as the reader needs it. */
uint8_t layout_block_no(uint8_t start_sector, struct block_place place);

/* ---- ID block ---- */
struct id_fields {
    uint8_t key_version;
    uint16_t site_id;
    uint32_t card_no;
    uint16_t issued_days;  /* days since 2000-01-01 */
    uint16_t expires_days; /* valid while today <= it; EXPIRES_NEVER */
};
void layout_id_encode(const struct id_fields *id, const struct card_keys *keys,
                      uint8_t ret_block[CARD_BLOCK_BYTES]);
/* Fills the fields in any case; true only if kind and layout are ours and the MAC is good. */
bool layout_id_decode(const uint8_t block[CARD_BLOCK_BYTES], const struct card_keys *keys,
                      struct id_fields *ret_id);

/* ---- issuer record and times record ---- */
#define RECORD_FLAG_CANCELLED 0x10
#define RECORD_FLAG_REPAIRED 0x20

/* Both kinds of record in one shape. Issuer record: consumption and water. Times record: only `epoch_times`,
 * `opening_times`; the rest is 0. */
struct record_fields {
    uint8_t
        flags; /* RECORD_FLAG_*; the layout bits (low nibble 1) are added and checked by encode and decode */
    uint8_t epoch_consumption;
    uint32_t opening_consumption; /* T_c, 24 bits */
    uint32_t stored_consumption;  /* S_c <= T_c */
    uint8_t epoch_water;
    uint32_t opening_water; /* T_w, 17 bits */
    uint8_t water_distance; /* d_w: 0, or the water epoch epoch_water - d_w is valid too */
    uint8_t epoch_times;
    uint32_t opening_times; /* T_n, 24 bits */
};

struct record_verdict {
    bool format_good; /* flag bits, reserved bytes and S <= T */
    bool mac_good;
    bool counts; /* both: only such a record covers an epoch */
};

void layout_issuer_encode(const struct record_fields *record, const struct card_keys *keys,
                          uint8_t ret_block[CARD_BLOCK_BYTES]);
struct record_verdict layout_issuer_decode(const uint8_t block[CARD_BLOCK_BYTES],
                                           const struct card_keys *keys, struct record_fields *ret_record);
void layout_times_encode(const struct record_fields *record, const struct card_keys *keys,
                         uint8_t ret_block[CARD_BLOCK_BYTES]);
struct record_verdict layout_times_decode(const uint8_t block[CARD_BLOCK_BYTES], const struct card_keys *keys,
                                          struct record_fields *ret_record);

/* ---- value block ---- */
void layout_value_encode(int32_t value, uint8_t epoch, uint8_t ret_block[CARD_BLOCK_BYTES]);
/* True only if all copies and complements agree (the chip's own rule). */
bool layout_value_decode(const uint8_t block[CARD_BLOCK_BYTES], int32_t *ret_value, uint8_t *ret_epoch);

/* ---- authority: three blocks of one sector, K_auth of its area ---- */
struct authority_fields {
    uint16_t area;
    uint16_t valid_from_days;
    uint16_t valid_to_days;
    uint16_t seq;
    bool is_list;
    uint8_t list_length; /* <= AUTHORITY_LIST_MAX; 0 for a bitmap */
    uint8_t time_zone_id;
    uint8_t bitmap[AUTHORITY_BITMAP_BYTES]; /* door d = bit d % 8 of byte d / 8 */
    uint16_t doors[AUTHORITY_LIST_MAX];
};
struct authority_key {
    const struct card_uid *uid;
    const uint8_t *key; /* K_auth, CARD_MAC_KEY_BYTES */
};
void layout_authority_encode(const struct authority_fields *authority, const struct authority_key *key,
                             uint8_t ret_blocks[3][CARD_BLOCK_BYTES]);
bool layout_authority_decode(const uint8_t blocks[3][CARD_BLOCK_BYTES], const struct authority_key *key,
                             struct authority_fields *ret_authority);
/* Serial comparison mod 65536: true if `left` was written after `right`. */
bool layout_authority_seq_newer(uint16_t left, uint16_t right);

/* ---- machine journal (option) ---- */
struct journal_fields {
    uint32_t terminal;    /* 24 bits */
    uint32_t transaction; /* 24 bits */
    uint8_t epoch;
    uint32_t seconds;      /* since 2000-01-01 UTC */
    uint32_t amount_minor; /* 24 bits */
};
void layout_journal_encode(const struct journal_fields *journal, uint8_t ret_block[CARD_BLOCK_BYTES]);
bool layout_journal_decode(const uint8_t block[CARD_BLOCK_BYTES], struct journal_fields *ret_journal);

#endif
