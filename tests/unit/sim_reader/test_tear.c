#include "tests/sim/reader/tear.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROUNDS 2000

static const uint8_t before[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t after[16] = {0xA1, 0xA2, 3, 4, 0xA5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xB0};
static struct tear_marginal marginal;
static uint64_t seed;

static void start(void)
{
    memset(&marginal, 0, sizeof marginal);
    seed = 7;
}

TestSuite(sim_reader_tear, .init = start);

static void tear_into(enum tear_kind kind, uint8_t content[16])
{
    memcpy(content, before, 16);
    tear_block(kind, content, after, &marginal, &seed);
}

Test(sim_reader_tear, words_name_kinds)
{
    enum tear_kind kind;
    for (int i = 0; i < TEAR_KINDS; i++) {
        cr_assert(tear_kind_from_text(tear_kind_text((enum tear_kind)i), &kind));
        cr_assert_eq(kind, (enum tear_kind)i);
    }
    cr_assert_not(tear_kind_from_text("half", &kind));
}

Test(sim_reader_tear, clean_kinds_leave_exactly_one_content)
{
    uint8_t content[16], zero[16] = {0}, ff[16];
    memset(ff, 0xFF, sizeof ff);
    tear_into(TEAR_OLD, content);
    cr_assert_arr_eq(content, before, 16);
    tear_into(TEAR_ZERO, content);
    cr_assert_arr_eq(content, zero, 16);
    tear_into(TEAR_FF, content);
    cr_assert_arr_eq(content, ff, 16);
    tear_into(TEAR_NEW, content);
    cr_assert_arr_eq(content, after, 16);
    cr_assert_not(marginal.marked);
}

Test(sim_reader_tear, mixture_has_a_byte_of_both)
{
    uint8_t content[16];
    for (unsigned round = 0; round < ROUNDS; round++) {
        tear_into(TEAR_MIXED, content);
        unsigned from_before = 0, from_after = 0;
        for (unsigned i = 0; i < 16; i++) {
            cr_assert(content[i] == before[i] || content[i] == after[i]);
            from_before += content[i] == before[i] && before[i] != after[i];
            from_after += content[i] == after[i] && before[i] != after[i];
        }
        cr_assert(from_before > 0 && from_after > 0);
    }
}

Test(sim_reader_tear, single_differing_byte_is_mixed_bit_by_bit)
{
    uint8_t one_byte[16], content[16];
    memcpy(one_byte, before, 16);
    one_byte[9] = 0xF5;
    memcpy(content, before, 16);
    tear_block(TEAR_MIXED, content, one_byte, &marginal, &seed);
    uint8_t wrong = (uint8_t)((content[9] ^ before[9]) & (content[9] ^ one_byte[9]));
    cr_assert_eq(wrong, 0, "every bit comes from one of the two");
    content[9] = before[9];
    cr_assert_arr_eq(content, before, 16);
}

/* Reads wander over the old content, the new one and mixtures; some repeat the one before, none twice. */
Test(sim_reader_tear, marginal_reads_differ_and_stay_between_both)
{
    uint8_t content[16], last[16] = {0}, seen[16];
    unsigned old_reads = 0, new_reads = 0, mixtures = 0, repeats = 0;
    bool was_same = false;
    tear_into(TEAR_MARGINAL, content);
    cr_assert(marginal.marked);
    for (unsigned round = 0; round < ROUNDS; round++) {
        tear_marginal_read(&marginal, &seed, seen);
        bool same = round > 0 && memcmp(seen, last, 16) == 0;
        cr_assert_not(same && was_same, "three reads running gave the same");
        repeats += same;
        was_same = same;
        for (unsigned i = 0; i < 16; i++)
            cr_assert_eq((seen[i] ^ before[i]) & (seen[i] ^ after[i]), 0);
        bool is_old = memcmp(seen, before, 16) == 0, is_new = memcmp(seen, after, 16) == 0;
        old_reads += is_old;
        new_reads += is_new;
        mixtures += !is_old && !is_new;
        memcpy(last, seen, 16);
    }
    cr_assert(old_reads > ROUNDS / 10 && new_reads > ROUNDS / 10 && mixtures > ROUNDS / 10);
    cr_assert(repeats > ROUNDS / 5 && repeats < ROUNDS / 2);
}

static void assert_wanders(void)
{
    uint8_t reads[3][16];
    for (unsigned i = 0; i < 3; i++)
        tear_marginal_read(&marginal, &seed, reads[i]);
    cr_assert(memcmp(reads[0], reads[1], 16) != 0 || memcmp(reads[1], reads[2], 16) != 0);
}

Test(sim_reader_tear, rewriting_the_same_content_can_be_marginal_too)
{
    uint8_t content[16], zero[16] = {0};
    memcpy(content, before, 16);
    tear_block(TEAR_MARGINAL, content, before, &marginal, &seed);
    assert_wanders();
    tear_block(TEAR_MARGINAL, zero, zero, &marginal, &seed);
    assert_wanders();
}

Test(sim_reader_tear, only_a_write_that_touched_the_block_ends_weakness)
{
    uint8_t content[16];
    tear_into(TEAR_MARGINAL, content);
    tear_into(TEAR_OLD, content);
    cr_assert(marginal.marked);
    tear_into(TEAR_ZERO, content);
    cr_assert_not(marginal.marked);
}

Test(sim_reader_tear, same_seed_same_tear)
{
    uint8_t first[16], second[16];
    uint64_t first_seed = 42, second_seed = 42;
    memcpy(first, before, 16);
    memcpy(second, before, 16);
    tear_block(TEAR_MIXED, first, after, &marginal, &first_seed);
    tear_block(TEAR_MIXED, second, after, &marginal, &second_seed);
    cr_assert_arr_eq(first, second, 16);
}

/* 49.82 in epoch 158 torn by 49.85 in epoch 160: one address byte and one value byte differ, with their
 * copies. */
Test(sim_reader_tear, no_mixture_passes_for_a_value_block)
{
    static const uint8_t old_value[16] = {0x76, 0x13, 0, 0, 0x89, 0xec, 0xff, 0xff,
                                          0x76, 0x13, 0, 0, 0x9e, 0x61, 0x9e, 0x61};
    static const uint8_t new_value[16] = {0x79, 0x13, 0, 0, 0x86, 0xec, 0xff, 0xff,
                                          0x79, 0x13, 0, 0, 0xa0, 0x5f, 0xa0, 0x5f};
    for (unsigned round = 0; round < 20 * ROUNDS; round++) {
        uint8_t content[16], read[16];
        memcpy(content, old_value, 16);
        tear_block(TEAR_MARGINAL, content, new_value, &marginal, &seed);
        tear_marginal_read(&marginal, &seed, read);
        bool mixed_is_sound = memcmp(content, content + 8, 4) == 0 && (content[0] ^ content[4]) == 0xff &&
                              content[12] == content[14] && (content[12] ^ content[13]) == 0xff &&
                              content[13] == content[15];
        cr_assert_not(mixed_is_sound);
        bool is_old = memcmp(read, old_value, 16) == 0, is_new = memcmp(read, new_value, 16) == 0;
        bool read_is_sound = memcmp(read, read + 8, 4) == 0 && (read[0] ^ read[4]) == 0xff &&
                             read[12] == read[14] && (read[12] ^ read[13]) == 0xff && read[13] == read[15];
        cr_assert(is_old || is_new || !read_is_sound);
    }
}
