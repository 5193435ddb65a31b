#include "tests/sim/reader/access.h"

#include <criterion/criterion.h>
#include <string.h>

/* The rights as the data sheet prints them, one word a cell: who may read, write, increment, decrement. */
static const char *const data_table[8][4] = {
    {"AB", "AB", "AB", "AB"}, {"AB", "-", "-", "AB"}, {"AB", "-", "-", "-"},  {"B", "B", "-", "-"},
    {"AB", "B", "-", "-"},    {"B", "-", "-", "-"},   {"AB", "B", "B", "AB"}, {"-", "-", "-", "-"},
};

/* Write key A, read bits, write bits, read key B, write key B. */
static const char *const trailer_table[8][5] = {
    {"A", "A", "-", "A", "A"},  {"A", "A", "A", "A", "A"},  {"-", "A", "-", "A", "-"},
    {"B", "AB", "B", "-", "B"}, {"B", "AB", "-", "-", "B"}, {"-", "AB", "B", "-", "-"},
    {"-", "AB", "-", "-", "-"}, {"-", "AB", "-", "-", "-"},
};

static bool named(const char *cell, enum access_key key)
{
    return strchr(cell, key == ACCESS_KEY_A ? 'A' : 'B') != NULL;
}

Test(sim_reader_access, data_matrix)
{
    for (uint8_t condition = 0; condition < 8; condition++) {
        for (int key = 0; key < 2; key++) {
            for (int operation = 0; operation < 4; operation++) {
                bool allowed = access_data(condition, (enum access_key)key, (enum access_operation)operation);
                cr_assert_eq(allowed, named(data_table[condition][operation], (enum access_key)key),
                             "condition %u key %d operation %d", condition, key, operation);
            }
        }
    }
}

Test(sim_reader_access, trailer_matrix)
{
    for (uint8_t condition = 0; condition < 8; condition++) {
        for (int i = 0; i < 2; i++) {
            enum access_key key = (enum access_key)i;
            struct access_trailer rights = access_trailer(condition, key);
            cr_assert_eq(rights.write_key_a, named(trailer_table[condition][0], key), "%u %d", condition, i);
            cr_assert_eq(rights.read_bits, named(trailer_table[condition][1], key), "%u %d", condition, i);
            cr_assert_eq(rights.write_bits, named(trailer_table[condition][2], key), "%u %d", condition, i);
            cr_assert_eq(rights.read_key_b, named(trailer_table[condition][3], key), "%u %d", condition, i);
            cr_assert_eq(rights.write_key_b, named(trailer_table[condition][4], key), "%u %d", condition, i);
        }
        cr_assert_eq(access_key_b_is_data(condition), condition <= 2);
    }
}

static void expect_conditions(uint8_t b6, uint8_t b7, uint8_t b8, const uint8_t expected[4])
{
    uint8_t trailer[16] = {[6] = b6, [7] = b7, [8] = b8}, conditions[4];
    cr_assert(access_decode(trailer, conditions));
    cr_assert_arr_eq(conditions, expected, 4);
}

Test(sim_reader_access, known_trailers)
{
    expect_conditions(0xFF, 0x07, 0x80, (const uint8_t[]){0, 0, 0, 1}); /* transport */
    expect_conditions(0x78, 0x77, 0x88, (const uint8_t[]){4, 4, 4, 3}); /* records: A reads, B writes */
    expect_conditions(0x48, 0x77, 0x8B, (const uint8_t[]){6, 6, 4, 3}); /* two purses */
    expect_conditions(0x4C, 0x37, 0x8B, (const uint8_t[]){6, 6, 0, 3}); /* two purses and a journal */
    expect_conditions(0x80, 0xFF, 0x07, (const uint8_t[]){6, 6, 6, 4}); /* three purses, bits frozen */
}

Test(sim_reader_access, any_single_wrong_bit_breaks_the_complements)
{
    uint8_t trailer[16] = {[6] = 0x48, [7] = 0x77, [8] = 0x8B}, conditions[4];
    for (unsigned bit = 0; bit < 24; bit++) {
        trailer[6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(access_decode(trailer, conditions), "bit %u", bit);
        trailer[6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_assert(access_decode(trailer, conditions));
}
