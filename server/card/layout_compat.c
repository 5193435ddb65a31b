/* Layout 1, MIFARE Classic: the block map and every block byte by byte. The map below answers "which block
 * holds what". */
#include "base/bytes.h"
#include "card/layout.h"
#include "crypto/hmac.h"

#include <string.h>

const struct purse_map layout_purses[PURSES] = {
    [PURSE_CONSUMPTION] = {.slots = {{SECTOR_CONSUMPTION, 0}, {SECTOR_CONSUMPTION, 1}},
                           .records = {{SECTOR_IDENTITY, 1}, {SECTOR_IDENTITY, 2}}},
    [PURSE_WATER] = {.slots = {{SECTOR_WATER, 0}, {SECTOR_WATER, 1}},
                     .records = {{SECTOR_IDENTITY, 1}, {SECTOR_IDENTITY, 2}}},
    [PURSE_TIMES] = {.slots = {{SECTOR_TIMES, 0}, {SECTOR_TIMES, 1}},
                     .records = {{SECTOR_TIMES_RECORDS, 0}, {SECTOR_TIMES_RECORDS, 1}}},
};
const struct block_place layout_id_block = {SECTOR_IDENTITY, 0};

#define ID_KIND_COMPAT (0xA0 | LAYOUT_COMPAT)
#define BODY_BYTES 12       /* what a MAC4 at offset 12 covers */
#define FLAG_FORM_MASK 0xCF /* bits 0-3 and 6-7 */
#define FLAG_FORM 0x01
#define WATER_BITS 17
#define WATER_MASK ((1u << WATER_BITS) - 1)
#define AUTHORITY_KIND_LIST 0x80
#define AUTHORITY_LENGTH_MASK 0x1F
#define SECTORS_1K 16
#define SECTORS_SMALL_4K 32 /* from sector 32 on a 4K has sectors of 16 blocks */

bool layout_start_sector_valid(enum card_chip chip, int start_sector)
{
    int sectors = chip == CARD_CHIP_1K ? SECTORS_1K : SECTORS_SMALL_4K;
    return start_sector >= 1 && start_sector + CARD_SECTORS_LOGICAL <= sectors;
}

uint8_t layout_block_no(uint8_t start_sector, struct block_place place)
{
    return (uint8_t)((start_sector + place.sector) * SECTOR_BLOCKS + place.block);
}

/* MAC4 of bytes 0..11 of a block, under K_mac. */
static void body_mac(const uint8_t *block, char tag, const struct card_keys *keys, uint8_t ret_mac[4])
{
    card_mac4(
        &(struct card_mac_input){
            .key = keys->mac, .uid = &keys->uid, .tag = tag, .body = block, .body_bytes = BODY_BYTES},
        ret_mac);
}

static bool body_mac_good(const uint8_t *block, char tag, const struct card_keys *keys)
{
    uint8_t mac[4];
    body_mac(block, tag, keys, mac);
    return bytes_equal_constant_time(mac, block + BODY_BYTES, sizeof(mac));
}

void layout_id_encode(const struct id_fields *id, const struct card_keys *keys,
                      uint8_t ret_block[CARD_BLOCK_BYTES])
{
    ret_block[0] = ID_KIND_COMPAT;
    ret_block[1] = id->key_version;
    bytes_put_u16(ret_block + 2, id->site_id);
    bytes_put_u32(ret_block + 4, id->card_no);
    bytes_put_u16(ret_block + 8, id->issued_days);
    bytes_put_u16(ret_block + 10, id->expires_days);
    body_mac(ret_block, 'D', keys, ret_block + BODY_BYTES);
}

bool layout_id_decode(const uint8_t block[CARD_BLOCK_BYTES], const struct card_keys *keys,
                      struct id_fields *ret_id)
{
    ret_id->key_version = block[1];
    ret_id->site_id = bytes_get_u16(block + 2);
    ret_id->card_no = bytes_get_u32(block + 4);
    ret_id->issued_days = bytes_get_u16(block + 8);
    ret_id->expires_days = bytes_get_u16(block + 10);
    return block[0] == ID_KIND_COMPAT && body_mac_good(block, 'D', keys);
}

static bool flags_good(uint8_t flags)
{
    return (flags & FLAG_FORM_MASK) == FLAG_FORM;
}

static uint8_t flags_byte(uint8_t flags)
{
    return (uint8_t)((flags & (RECORD_FLAG_CANCELLED | RECORD_FLAG_REPAIRED)) | FLAG_FORM);
}

void layout_issuer_encode(const struct record_fields *record, const struct card_keys *keys,
                          uint8_t ret_block[CARD_BLOCK_BYTES])
{
    ret_block[0] = flags_byte(record->flags);
    ret_block[1] = record->epoch_consumption;
    bytes_put_u24(ret_block + 2, record->opening_consumption);
    bytes_put_u24(ret_block + 5, record->stored_consumption);
    ret_block[8] = record->epoch_water;
    bytes_put_u24(ret_block + 9, (record->opening_water & WATER_MASK) |
                                     (uint32_t)(record->water_distance & 127) << WATER_BITS);
    body_mac(ret_block, 'I', keys, ret_block + BODY_BYTES);
}

struct record_verdict layout_issuer_decode(const uint8_t block[CARD_BLOCK_BYTES],
                                           const struct card_keys *keys, struct record_fields *ret_record)
{
    uint32_t water = bytes_get_u24(block + 9);
    *ret_record = (struct record_fields){
        .flags = block[0] & (RECORD_FLAG_CANCELLED | RECORD_FLAG_REPAIRED),
        .epoch_consumption = block[1],
        .opening_consumption = bytes_get_u24(block + 2),
        .stored_consumption = bytes_get_u24(block + 5),
        .epoch_water = block[8],
        .opening_water = water & WATER_MASK,
        .water_distance = (uint8_t)(water >> WATER_BITS),
    };
    struct record_verdict verdict;
    verdict.format_good =
        flags_good(block[0]) && ret_record->stored_consumption <= ret_record->opening_consumption;
    verdict.mac_good = body_mac_good(block, 'I', keys);
    verdict.counts = verdict.format_good && verdict.mac_good;
    return verdict;
}

void layout_times_encode(const struct record_fields *record, const struct card_keys *keys,
                         uint8_t ret_block[CARD_BLOCK_BYTES])
{
    memset(ret_block, 0, CARD_BLOCK_BYTES);
    ret_block[0] = flags_byte(record->flags);
    ret_block[1] = record->epoch_times;
    bytes_put_u24(ret_block + 2, record->opening_times);
    body_mac(ret_block, 'N', keys, ret_block + BODY_BYTES);
}

struct record_verdict layout_times_decode(const uint8_t block[CARD_BLOCK_BYTES], const struct card_keys *keys,
                                          struct record_fields *ret_record)
{
    static const uint8_t reserved[7] = {0};
    *ret_record = (struct record_fields){
        .flags = block[0] & (RECORD_FLAG_CANCELLED | RECORD_FLAG_REPAIRED),
        .epoch_times = block[1],
        .opening_times = bytes_get_u24(block + 2),
    };
    struct record_verdict verdict;
    verdict.format_good = flags_good(block[0]) && memcmp(block + 5, reserved, sizeof(reserved)) == 0;
    verdict.mac_good = body_mac_good(block, 'N', keys);
    verdict.counts = verdict.format_good && verdict.mac_good;
    return verdict;
}

void layout_value_encode(int32_t value, uint8_t epoch, uint8_t ret_block[CARD_BLOCK_BYTES])
{
    bytes_put_u32(ret_block, (uint32_t)value);
    bytes_put_u32(ret_block + 4, ~(uint32_t)value);
    bytes_put_u32(ret_block + 8, (uint32_t)value);
    ret_block[12] = ret_block[14] = epoch;
    ret_block[13] = ret_block[15] = (uint8_t)~epoch;
}

bool layout_value_decode(const uint8_t block[CARD_BLOCK_BYTES], int32_t *ret_value, uint8_t *ret_epoch)
{
    uint8_t sound[CARD_BLOCK_BYTES];
    *ret_value = (int32_t)bytes_get_u32(block);
    *ret_epoch = block[12];
    layout_value_encode(*ret_value, *ret_epoch, sound);
    return memcmp(block, sound, sizeof(sound)) == 0;
}

static void authority_mac(const uint8_t blocks[3][CARD_BLOCK_BYTES], const struct authority_key *key,
                          uint8_t ret_mac[4])
{
    uint8_t body[BODY_BYTES + 2 * CARD_BLOCK_BYTES];
    memcpy(body, blocks[0], BODY_BYTES);
    memcpy(body + BODY_BYTES, blocks[1], 2 * CARD_BLOCK_BYTES);
    card_mac4(
        &(struct card_mac_input){
            .key = key->key, .uid = key->uid, .tag = 'A', .body = body, .body_bytes = sizeof(body)},
        ret_mac);
}

void layout_authority_encode(const struct authority_fields *authority, const struct authority_key *key,
                             uint8_t ret_blocks[3][CARD_BLOCK_BYTES])
{
    uint8_t *head = ret_blocks[0];
    memset(ret_blocks, 0, 3 * CARD_BLOCK_BYTES);
    head[0] = LAYOUT_COMPAT;
    bytes_put_u16(head + 1, authority->area);
    bytes_put_u16(head + 3, authority->valid_from_days);
    bytes_put_u16(head + 5, authority->valid_to_days);
    bytes_put_u16(head + 7, authority->seq);
    head[10] = authority->time_zone_id;
    if (authority->is_list) {
        uint8_t length =
            authority->list_length <= AUTHORITY_LIST_MAX ? authority->list_length : AUTHORITY_LIST_MAX;
        head[9] = AUTHORITY_KIND_LIST | length;
        for (uint8_t i = 0; i < length; i++)
            bytes_put_u16(ret_blocks[1] + 2 * i, authority->doors[i]);
    } else {
        memcpy(ret_blocks[1], authority->bitmap, AUTHORITY_BITMAP_BYTES);
    }
    authority_mac(ret_blocks, key, head + BODY_BYTES);
}

bool layout_authority_decode(const uint8_t blocks[3][CARD_BLOCK_BYTES], const struct authority_key *key,
                             struct authority_fields *ret_authority)
{
    const uint8_t *head = blocks[0];
    uint8_t mac[4];
    *ret_authority = (struct authority_fields){
        .area = bytes_get_u16(head + 1),
        .valid_from_days = bytes_get_u16(head + 3),
        .valid_to_days = bytes_get_u16(head + 5),
        .seq = bytes_get_u16(head + 7),
        .is_list = head[9] & AUTHORITY_KIND_LIST,
        .list_length = head[9] & AUTHORITY_LENGTH_MASK,
        .time_zone_id = head[10],
    };
    bool length_good =
        ret_authority->is_list ? ret_authority->list_length <= AUTHORITY_LIST_MAX : head[9] == 0;
    if (head[0] != LAYOUT_COMPAT || head[11] != 0 || !length_good)
        return false;
    if (ret_authority->is_list) {
        for (uint8_t i = 0; i < ret_authority->list_length; i++)
            ret_authority->doors[i] = bytes_get_u16(blocks[1] + 2 * i);
    } else {
        memcpy(ret_authority->bitmap, blocks[1], AUTHORITY_BITMAP_BYTES);
    }
    authority_mac(blocks, key, mac);
    return bytes_equal_constant_time(mac, head + BODY_BYTES, sizeof(mac));
}

bool layout_authority_seq_newer(uint16_t left, uint16_t right)
{
    uint16_t distance = (uint16_t)(left - right);
    return distance >= 1 && distance <= 32767;
}

/* CRC-16 with polynomial 1021, start FFFF, high bit first, over the first 14 bytes. */
static uint16_t journal_crc(const uint8_t *block)
{
    uint16_t crc = 0xFFFF;
    for (int i = 0; i < 14; i++) {
        crc ^= (uint16_t)(block[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

void layout_journal_encode(const struct journal_fields *journal, uint8_t ret_block[CARD_BLOCK_BYTES])
{
    bytes_put_u24(ret_block, journal->terminal);
    bytes_put_u24(ret_block + 3, journal->transaction);
    ret_block[6] = journal->epoch;
    bytes_put_u32(ret_block + 7, journal->seconds);
    bytes_put_u24(ret_block + 11, journal->amount_minor);
    bytes_put_u16(ret_block + 14, journal_crc(ret_block));
}

bool layout_journal_decode(const uint8_t block[CARD_BLOCK_BYTES], struct journal_fields *ret_journal)
{
    *ret_journal = (struct journal_fields){
        .terminal = bytes_get_u24(block),
        .transaction = bytes_get_u24(block + 3),
        .epoch = block[6],
        .seconds = bytes_get_u32(block + 7),
        .amount_minor = bytes_get_u24(block + 11),
    };
    return bytes_get_u16(block + 14) == journal_crc(block);
}
