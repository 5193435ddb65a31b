#include "vectors.h"

#include "card/access_bits.h"

static void check_profile(const json_t *access, const char *name, enum access_profile profile)
{
    uint8_t bytes[ACCESS_BYTES];
    access_profile_bytes(profile, bytes);
    assert_hex(bytes, sizeof(bytes), text_of(access, name), name);
}

Test(card_access_bits, vectors)
{
    json_t *file = vectors_load();
    json_t *access = json_object_get(file, "access");
    check_profile(access, "transport", ACCESS_TRANSPORT);
    check_profile(access, "data", ACCESS_DATA);
    check_profile(access, "purse", ACCESS_PURSE);
    check_profile(access, "purse+journal", ACCESS_PURSE_JOURNAL);
    json_decref(file);
}

/* All 4096 combinations of conditions survive, and every single flipped bit is noticed. */
Test(card_access_bits, round_trip_and_contradictions)
{
    for (unsigned code = 0; code < 4096; code++) {
        struct access_conditions conditions = {{code & 7, code >> 3 & 7, code >> 6 & 7}, code >> 9 & 7};
        struct access_conditions again;
        uint8_t bytes[ACCESS_BYTES];

        access_bits_encode(&conditions, bytes);
        cr_assert(access_bits_decode(bytes, &again));
        cr_assert_eq(memcmp(&conditions, &again, sizeof(again)), 0);
        for (int bit = 0; bit < 24; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_assert_not(access_bits_decode(bytes, &again));
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

Test(card_access_bits, profiles_of_sectors)
{
    static const enum access_profile expected[CARD_SECTORS_LOGICAL] = {
        ACCESS_DATA, ACCESS_PURSE, ACCESS_PURSE, ACCESS_PURSE, ACCESS_DATA, ACCESS_DATA, ACCESS_DATA,
    };
    for (uint8_t sector = 0; sector < CARD_SECTORS_LOGICAL; sector++)
        cr_assert_eq(access_profile_of(sector), expected[sector]);
}

Test(card_access_bits, read_back_hides_both_keys)
{
    uint8_t block[CARD_BLOCK_BYTES];
    trailer_read_back(ACCESS_PURSE, block);
    assert_hex(block, sizeof(block), "00000000000048778b69000000000000", "trailer as read");
}
