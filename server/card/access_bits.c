#include "card/access_bits.h"

#include "card/layout.h"

#include <string.h>

#define CONDITION_TRANSPORT 0 /* 000: either key does everything */
#define CONDITION_DATA 4      /* 100: A and B read, B writes */
#define CONDITION_PURSE 6 /* 110: A reads, decrements, restores, transfers; B also writes and increments */
#define CONDITION_TRAILER_OPEN 1 /* 001: as delivered */
#define CONDITION_TRAILER_DESK 3 /* 011: B alone changes keys and bits */

static const struct access_conditions profiles[] = {
    [ACCESS_TRANSPORT] = {{CONDITION_TRANSPORT, CONDITION_TRANSPORT, CONDITION_TRANSPORT},
                          CONDITION_TRAILER_OPEN},
    [ACCESS_DATA] = {{CONDITION_DATA, CONDITION_DATA, CONDITION_DATA}, CONDITION_TRAILER_DESK},
    [ACCESS_PURSE] = {{CONDITION_PURSE, CONDITION_PURSE, CONDITION_DATA}, CONDITION_TRAILER_DESK},
    [ACCESS_PURSE_JOURNAL] = {{CONDITION_PURSE, CONDITION_PURSE, CONDITION_TRANSPORT},
                              CONDITION_TRAILER_DESK},
};

/* Bit `place` (2 = C1, 1 = C2, 0 = C3) of all four conditions as a nibble, block 0 lowest. */
static uint8_t gather(const struct access_conditions *conditions, int place)
{
    uint8_t nibble = (uint8_t)((conditions->trailer >> place & 1) << 3);
    for (int block = 0; block < 3; block++)
        nibble |= (uint8_t)((conditions->data[block] >> place & 1) << block);
    return nibble;
}

void access_bits_encode(const struct access_conditions *conditions, uint8_t ret_bytes[ACCESS_BYTES])
{
    uint8_t c1 = gather(conditions, 2);
    uint8_t c2 = gather(conditions, 1);
    uint8_t c3 = gather(conditions, 0);
    ret_bytes[0] = (uint8_t)((~c2 & 15) << 4 | (~c1 & 15));
    ret_bytes[1] = (uint8_t)(c1 << 4 | (~c3 & 15));
    ret_bytes[2] = (uint8_t)(c3 << 4 | c2);
}

bool access_bits_decode(const uint8_t bytes[ACCESS_BYTES], struct access_conditions *ret_conditions)
{
    uint8_t c1 = bytes[1] >> 4;
    uint8_t c2 = bytes[2] & 15;
    uint8_t c3 = bytes[2] >> 4;
    bool agree =
        (bytes[0] & 15) == (~c1 & 15) && bytes[0] >> 4 == (~c2 & 15) && (bytes[1] & 15) == (~c3 & 15);
    if (!agree)
        return false;
    for (int block = 0; block < 4; block++) {
        uint8_t condition = (uint8_t)((c1 >> block & 1) << 2 | (c2 >> block & 1) << 1 | (c3 >> block & 1));
        if (block < 3)
            ret_conditions->data[block] = condition;
        else
            ret_conditions->trailer = condition;
    }
    return true;
}

void access_profile_bytes(enum access_profile profile, uint8_t ret_bytes[ACCESS_BYTES])
{
    access_bits_encode(&profiles[profile], ret_bytes);
}

enum access_profile access_profile_of(uint8_t sector)
{
    bool purse = sector == SECTOR_CONSUMPTION || sector == SECTOR_WATER || sector == SECTOR_TIMES;
    return purse ? ACCESS_PURSE : ACCESS_DATA;
}

void trailer_encode(enum access_profile profile, const uint8_t key_a[CARD_KEY_BYTES],
                    const uint8_t key_b[CARD_KEY_BYTES], uint8_t ret_block[CARD_BLOCK_BYTES])
{
    memcpy(ret_block, key_a, CARD_KEY_BYTES);
    access_profile_bytes(profile, ret_block + CARD_KEY_BYTES);
    ret_block[CARD_KEY_BYTES + ACCESS_BYTES] = TRAILER_GPB;
    memcpy(ret_block + CARD_KEY_BYTES + ACCESS_BYTES + 1, key_b, CARD_KEY_BYTES);
}

void trailer_read_back(enum access_profile profile, uint8_t ret_block[CARD_BLOCK_BYTES])
{
    static const uint8_t hidden[CARD_KEY_BYTES] = {0};
    static const uint8_t delivered[CARD_KEY_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    trailer_encode(profile, hidden, profile == ACCESS_TRANSPORT ? delivered : hidden, ret_block);
}
