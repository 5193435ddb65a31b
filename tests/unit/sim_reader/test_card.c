#include "tests/sim/reader/card.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t uid[7] = {0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6};
static const uint8_t ff_key[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t data[16] = {0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7,
                                 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF};
static struct card card;
static struct card_tear tear;

static void start(void)
{
    memset(&tear, 0, sizeof tear);
    card_make_blank(&card, CARD_KIND_4K, uid, 4);
    card.tear = &tear;
}

TestSuite(sim_reader_card, .init = start);

/* Writes access conditions (C1 C2 C3 as 0..7, one a group) into a trailer, complements included. */
static void put_conditions(unsigned sector, const uint8_t conditions[4])
{
    uint8_t *trailer = card.memory + card_trailer_of(sector) * 16, c1 = 0, c2 = 0, c3 = 0;
    for (unsigned group = 0; group < 4; group++) {
        c1 = (uint8_t)(c1 | (conditions[group] >> 2 & 1) << group);
        c2 = (uint8_t)(c2 | (conditions[group] >> 1 & 1) << group);
        c3 = (uint8_t)(c3 | (conditions[group] & 1) << group);
    }
    trailer[6] = (uint8_t)((~c2 & 0x0F) << 4 | (~c1 & 0x0F));
    trailer[7] = (uint8_t)(c1 << 4 | (~c3 & 0x0F));
    trailer[8] = (uint8_t)(c3 << 4 | c2);
}

static void wake(void)
{
    cr_assert(card_request(&card, true));
    card_select(&card);
}

static enum card_result enter(enum access_key key, unsigned block)
{
    if (card.state == CARD_ACTIVE)
        card_fail(&card);
    wake();
    return card_authenticate(&card, key, block, ff_key, uid);
}

static void put_value(unsigned block, int32_t value, uint8_t address)
{
    uint8_t *at = card.memory + block * 16;
    bytes_put_u32(at, (uint32_t)value);
    bytes_put_u32(at + 4, ~(uint32_t)value);
    bytes_put_u32(at + 8, (uint32_t)value);
    at[12] = at[14] = address;
    at[13] = at[15] = (uint8_t)~address;
}

static int32_t value_of(unsigned block)
{
    return (int32_t)bytes_get_u32(card.memory + block * 16);
}

Test(sim_reader_card, layout_of_a_4k)
{
    cr_assert_eq(card_sector_of(127), 31);
    cr_assert_eq(card_sector_of(128), 32);
    cr_assert_eq(card_sector_of(255), 39);
    cr_assert_eq(card_trailer_of(0), 3);
    cr_assert_eq(card_trailer_of(31), 127);
    cr_assert_eq(card_trailer_of(32), 143);
    cr_assert_eq(card_trailer_of(39), 255);
}

/* What the card does must be what the tables say, for every condition, key, operation and group of blocks. */
Test(sim_reader_card, data_rights_are_enforced_for_every_group)
{
    static const unsigned blocks[][3] = {{4, 5, 6}, {128, 133, 142}};
    uint8_t seen[16];
    for (unsigned layout = 0; layout < 2; layout++) {
        for (unsigned n = 0; n < 8 * 2 * 3; n++) {
            uint8_t condition = (uint8_t)(n % 8), conditions[4] = {7, 7, 7, 3};
            unsigned group = n / 16, block = blocks[layout][group];
            enum access_key key = n / 8 % 2 ? ACCESS_KEY_B : ACCESS_KEY_A;
            conditions[group] = condition;
            put_conditions(card_sector_of(block), conditions);
            put_value(block, 10, 1);
            enter(key, block);
            cr_assert_eq(card_read(&card, block, seen) == CARD_OK, access_data(condition, key, ACCESS_READ));
            enter(key, block);
            cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, block, 1) == CARD_OK,
                         access_data(condition, key, ACCESS_DECREMENT));
            enter(key, block);
            cr_assert_eq(card_value(&card, CARD_VALUE_RESTORE, block, 0) == CARD_OK,
                         access_data(condition, key, ACCESS_DECREMENT));
            enter(key, block);
            cr_assert_eq(card_value(&card, CARD_VALUE_INCREMENT, block, 1) == CARD_OK,
                         access_data(condition, key, ACCESS_INCREMENT));
            enter(key, block);
            cr_assert_eq(card_write(&card, block, data) == CARD_OK,
                         access_data(condition, key, ACCESS_WRITE));
        }
    }
}

Test(sim_reader_card, trailer_parts_are_enforced)
{
    uint8_t seen[16], written[16] = {1, 2, 3, 4, 5, 6, 0, 0, 0, 0x42, 11, 12, 13, 14, 15, 16};
    for (unsigned n = 0; n < 16; n++) {
        uint8_t condition = (uint8_t)(n % 8), conditions[4] = {0, 0, 0, condition};
        enum access_key key = n / 8 ? ACCESS_KEY_B : ACCESS_KEY_A;
        struct access_trailer rights = access_trailer(condition, key);
        bool reaches = key == ACCESS_KEY_A || !access_key_b_is_data(condition);
        uint8_t *trailer = card.memory + 7 * 16;
        memset(trailer, 0xFF, 16);
        put_conditions(1, conditions);
        memcpy(written + 6, trailer + 6, 3);
        enter(key, 4);
        cr_assert_eq(card_read(&card, 7, seen) == CARD_OK, reaches && rights.read_bits);
        if (reaches && rights.read_bits) {
            cr_assert_arr_eq(seen, ((uint8_t[6]){0}), 6, "key A is never shown");
            cr_assert_eq(seen[10] != 0, rights.read_key_b);
        }
        bool any = rights.write_key_a || rights.write_bits || rights.write_key_b;
        enter(key, 4);
        cr_assert_eq(card_write(&card, 7, written) == CARD_OK, reaches && any, "%u", n);
        cr_assert_eq(trailer[0] == 1, reaches && rights.write_key_a);
        cr_assert_eq(trailer[9] == 0x42, reaches && rights.write_bits);
        cr_assert_eq(trailer[10] == 11, reaches && rights.write_key_b);
    }
}

Test(sim_reader_card, blank_key_b_opens_and_then_every_access_is_refused)
{
    uint8_t seen[16];
    cr_assert_eq(enter(ACCESS_KEY_B, 4), CARD_OK);
    cr_assert_eq(card_read(&card, 4, seen), CARD_REFUSED);
    cr_assert_eq(enter(ACCESS_KEY_B, 4), CARD_OK);
    cr_assert_eq(card_write(&card, 4, data), CARD_REFUSED);
}

Test(sim_reader_card, broken_complements_lock_the_sector_for_ever)
{
    uint8_t broken[16], seen[16];
    memset(broken, 0xFF, sizeof broken);
    cr_assert_eq(enter(ACCESS_KEY_A, 4), CARD_OK);
    cr_assert_eq(card_write(&card, 7, broken), CARD_OK, "the card does not check what is written");
    cr_assert_eq(card_read(&card, 4, seen), CARD_REFUSED);
    cr_assert_eq(enter(ACCESS_KEY_A, 4), CARD_AUTH_FAILED);
    cr_assert_eq(enter(ACCESS_KEY_B, 4), CARD_AUTH_FAILED);
    cr_assert_eq(enter(ACCESS_KEY_A, 8), CARD_OK, "other sectors are not touched");
}

Test(sim_reader_card, failure_needs_a_new_select)
{
    uint8_t seen[16];
    static const uint8_t wrong[6] = {0};
    wake();
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, 4, wrong, uid), CARD_AUTH_FAILED);
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, 4, ff_key, uid), CARD_SILENT);
    cr_assert_eq(enter(ACCESS_KEY_A, 4), CARD_OK);
    cr_assert_eq(card_read(&card, 8, seen), CARD_REFUSED, "another sector");
    cr_assert_eq(card_read(&card, 4, seen), CARD_SILENT);
    cr_assert_eq(enter(ACCESS_KEY_A, 4), CARD_OK);
    cr_assert_eq(card_write(&card, 0, data), CARD_REFUSED, "not even in reach");
    cr_assert_eq(enter(ACCESS_KEY_A, 0), CARD_OK);
    cr_assert_eq(card_write(&card, 0, data), CARD_REFUSED, "block 0 is locked by the maker");
}

Test(sim_reader_card, authentication_wants_the_last_uid_bytes_and_an_existing_block)
{
    card_make_blank(&card, CARD_KIND_1K, uid, 7);
    wake();
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, 4, ff_key, uid), CARD_AUTH_FAILED);
    wake();
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, 4, ff_key, uid + 3), CARD_OK);
    card_fail(&card);
    wake();
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, 64, ff_key, uid + 3), CARD_AUTH_FAILED);
}

Test(sim_reader_card, failed_card_returns_to_where_it_was_woken)
{
    wake();
    card_fail(&card);
    cr_assert(card_request(&card, false), "woken from idle: answers a plain request");
    card_select(&card);
    card_halt(&card);
    cr_assert_not(card_request(&card, false), "halted");
    wake();
    card_fail(&card);
    cr_assert_not(card_request(&card, false), "woken from halt");
    wake();
    cr_assert_not(card_request(&card, true), "an active card misses the first call");
    cr_assert(card_request(&card, true));
}

Test(sim_reader_card, value_moves_through_the_register_with_its_address)
{
    put_value(4, 100, 0x5A);
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 30), CARD_OK);
    cr_assert_eq(value_of(4), 100, "nothing is stored before TRANSFER");
    cr_assert_eq(card_transfer(&card, 5), CARD_OK);
    cr_assert_eq(value_of(5), 70);
    cr_assert_eq(card.memory[5 * 16 + 12], 0x5A);
    cr_assert_eq(card_transfer(&card, 6), CARD_OK, "the register stays loaded");
    cr_assert_eq(card_value(&card, CARD_VALUE_RESTORE, 4, 99), CARD_OK,
                 "the operand of RESTORE means nothing");
    cr_assert_eq(card_transfer(&card, 6), CARD_OK);
    cr_assert_eq(value_of(6), 100);
}

Test(sim_reader_card, value_has_no_floor_and_negative_operands_are_an_option)
{
    put_value(4, 10, 0);
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 30), CARD_OK);
    cr_assert_eq(card_transfer(&card, 4), CARD_OK);
    cr_assert_eq(value_of(4), -20);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, (uint32_t)-50), CARD_REFUSED);
    card.negative_operands_allowed = true;
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, (uint32_t)-50), CARD_OK);
    cr_assert_eq(card_transfer(&card, 4), CARD_OK);
    cr_assert_eq(value_of(4), 30);
}

Test(sim_reader_card, value_rules_refuse)
{
    uint8_t good[16];
    put_value(4, 10, 3);
    memcpy(good, card.memory + 4 * 16, 16);
    for (unsigned i = 0; i < 16; i++) { /* any byte out of form */
        memcpy(card.memory + 4 * 16, good, 16);
        card.memory[4 * 16 + i] ^= 0x10;
        enter(ACCESS_KEY_A, 4);
        cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 1), CARD_REFUSED, "byte %u", i);
    }
    put_value(4, 10, 3);
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_transfer(&card, 5), CARD_REFUSED, "empty register");
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 1), CARD_OK);
    cr_assert_eq(card_transfer(&card, 7), CARD_REFUSED, "the trailer");
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 1), CARD_OK);
    cr_assert_eq(card_transfer(&card, 8), CARD_REFUSED, "another sector");
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 1), CARD_OK);
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, 4, ff_key, uid), CARD_OK);
    cr_assert_eq(card_transfer(&card, 4), CARD_REFUSED, "a new session has an empty register");
}

Test(sim_reader_card, tear_counts_only_writes_that_are_carried_out)
{
    put_value(4, 10, 0);
    tear.countdown = 3;
    tear.kind = TEAR_ZERO;
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_write(&card, 5, data), CARD_OK);
    cr_assert_eq(card_write(&card, 8, data), CARD_REFUSED);
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_value(&card, CARD_VALUE_DECREMENT, 4, 1), CARD_OK);
    cr_assert_eq(card_transfer(&card, 6), CARD_OK);
    cr_assert_eq(tear.countdown, 1);
    cr_assert_eq(card_transfer(&card, 4), CARD_SILENT);
    cr_assert(tear.torn);
    cr_assert_eq(value_of(4), 0);
    cr_assert_eq(value_of(6), 9);
}

Test(sim_reader_card, rewriting_ends_weak_bits)
{
    uint8_t first[16], second[16];
    tear.countdown = 1;
    tear.kind = TEAR_MARGINAL;
    enter(ACCESS_KEY_A, 4);
    cr_assert_eq(card_write(&card, 5, data), CARD_SILENT);
    enter(ACCESS_KEY_A, 4);
    card_read(&card, 5, first);
    card_read(&card, 5, second);
    cr_assert_arr_neq(first, second, 16);
    cr_assert_eq(card_write(&card, 5, data), CARD_OK);
    card_read(&card, 5, first);
    card_read(&card, 5, second);
    cr_assert_arr_eq(first, second, 16);
    cr_assert_arr_eq(first, data, 16);
}
