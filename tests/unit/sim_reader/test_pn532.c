#include "tests/sim/reader/pn532.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define AUTH_TAIL 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x11, 0x22, 0x33, 0x44

static struct field field;
static struct pn532 chip;
static struct pn532_answer answer;

/* Puts a blank card without a file into slot `slot`. */
static void put_card(unsigned slot, const uint8_t uid[4])
{
    struct card *card = malloc(sizeof *card);
    cr_assert_not_null(card);
    card_make_blank(card, CARD_KIND_1K, uid, 4);
    card->tear = &field.tear;
    field.slots[slot] = (struct field_slot){.card = card, .serial = field.next_serial++};
}

static void start(void)
{
    field_init(&field, "/nonexistent");
    pn532_init(&chip, &field);
    put_card(0, (const uint8_t[]){0x11, 0x22, 0x33, 0x44});
}

static void stop(void)
{
    field_close(&field);
}

TestSuite(sim_reader_pn532, .init = start, .fini = stop);

#define RUN(...)                                                                                             \
    do {                                                                                                     \
        const uint8_t command[] = {__VA_ARGS__};                                                             \
        memset(&answer, 0, sizeof answer);                                                                   \
        pn532_command(&chip, command, sizeof command, &answer);                                              \
    } while (0)

static void expect(const uint8_t *data, size_t length)
{
    cr_assert_eq(answer.outcome, PN532_ANSWERED);
    cr_assert_eq(answer.length, length);
    cr_assert_arr_eq(answer.data, data, length);
}

#define EXPECT(...)                                                                                          \
    do {                                                                                                     \
        const uint8_t data[] = {__VA_ARGS__};                                                                \
        expect(data, sizeof data);                                                                           \
    } while (0)

static void few_tries(void)
{
    RUN(0x32, 0x05, 0x00, 0x01, 0x02);
    EXPECT(0xD5, 0x33);
}

Test(sim_reader_pn532, commands_about_the_chip)
{
    RUN(0x02);
    EXPECT(0xD5, 0x03, 0x32, 0x01, 0x06, 0x07);
    RUN(0x00, 0x00, 'l', 'i', 'b');
    EXPECT(0xD5, 0x01, 0x00, 'l', 'i', 'b');
    RUN(0x14, 0x01);
    EXPECT(0xD5, 0x15);
    RUN(0x12, 0x14);
    EXPECT(0xD5, 0x13);
    RUN(0x08, 0x63, 0x05, 0x40, 0x63, 0x3D, 0x07);
    EXPECT(0xD5, 0x09);
    RUN(0x06, 0x63, 0x05, 0x63, 0x3D, 0xFF, 0xF7);
    EXPECT(0xD5, 0x07, 0x40, 0x07, 0x00);
    RUN(0x04);
    EXPECT(0xD5, 0x05, 0x00, 0x00, 0x00, 0x80);
    RUN(0x16, 0xF0);
    EXPECT(0xD5, 0x17, 0x00);
    cr_assert(chip.asleep);
}

/* Every command code with every short parameter count: an answer, an error frame or a wait, never a crash. */
Test(sim_reader_pn532, any_command_is_survived)
{
    uint64_t random = 1;
    uint8_t noise[32];
    for (unsigned n = 0; n < 200000; n++) {
        size_t length = 1 + tear_random(&random) % sizeof noise;
        for (size_t i = 0; i < length; i++)
            noise[i] = (uint8_t)tear_random(&random);
        if (n % 3 == 0)
            noise[0] = n % 2 ? 0x40 : 0x42;
        if (n % 7 == 0)
            noise[1] = 1;
        memset(&answer, 0, sizeof answer);
        pn532_command(&chip, noise, length, &answer);
        cr_assert_leq(answer.length, sizeof answer.data);
        if (n % 64 == 0)
            RUN(0x4A, 0x01, 0x00);
    }
}

Test(sim_reader_pn532, syntax_errors)
{
    RUN(0xEE);
    cr_assert_eq(answer.outcome, PN532_SYNTAX_ERROR);
    RUN(0x4A, 0x03, 0x00);
    cr_assert_eq(answer.outcome, PN532_SYNTAX_ERROR);
    RUN(0x06, 0x63);
    cr_assert_eq(answer.outcome, PN532_SYNTAX_ERROR);
    RUN(0x32, 0x05, 0x00);
    cr_assert_eq(answer.outcome, PN532_SYNTAX_ERROR);
}

Test(sim_reader_pn532, selects_and_exchanges)
{
    RUN(0x40, 0x01, 0x30, 0x04);
    EXPECT(0xD5, 0x41, 0x27);
    RUN(0x4A, 0x01, 0x00);
    EXPECT(0xD5, 0x4B, 0x01, 0x01, 0x00, 0x04, 0x08, 0x04, 0x11, 0x22, 0x33, 0x44);
    RUN(0x40, 0x01, 0x60, 0x04, AUTH_TAIL);
    EXPECT(0xD5, 0x41, 0x00);
    RUN(0x40, 0x01, 0x30, 0x07);
    EXPECT(0xD5, 0x41, 0x00, 0, 0, 0, 0, 0, 0, 0xFF, 0x07, 0x80, 0x69, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
    RUN(0x40, 0x01, 0x30, 0x08);
    EXPECT(0xD5, 0x41, 0x13);
    RUN(0x40, 0x01, 0x30, 0x04);
    EXPECT(0xD5, 0x41, 0x01);
    RUN(0x4A, 0x01, 0x00);
    RUN(0x40, 0x01, 0x61, 0x04, 1, 2, 3, 4, 5, 6, 0x11, 0x22, 0x33, 0x44);
    EXPECT(0xD5, 0x41, 0x14);
}

Test(sim_reader_pn532, waits_for_a_card_until_called_off)
{
    field_remove(&field);
    RUN(0x4A, 0x01, 0x00);
    cr_assert_eq(answer.outcome, PN532_PENDING);
    cr_assert_not(pn532_resume(&chip, field_now_ns(), &answer));
    put_card(0, (const uint8_t[]){1, 2, 3, 4});
    cr_assert(pn532_resume(&chip, field_now_ns(), &answer));
    cr_assert_eq(answer.data[2], 1);
    field_remove(&field);
    RUN(0x4A, 0x01, 0x00);
    pn532_abort(&chip);
    put_card(0, (const uint8_t[]){1, 2, 3, 4});
    cr_assert_not(pn532_resume(&chip, field_now_ns(), &answer));
}

Test(sim_reader_pn532, auto_poll_reports_the_type_and_runs_out)
{
    RUN(0x60, 0x01, 0x01, 0x20, 0x10);
    EXPECT(0xD5, 0x61, 0x01, 0x10, 0x09, 0x01, 0x00, 0x04, 0x08, 0x04, 0x11, 0x22, 0x33, 0x44);
    field_remove(&field);
    RUN(0x60, 0x01, 0x01, 0x10);
    cr_assert_eq(answer.outcome, PN532_PENDING);
    uint64_t deadline_ns = pn532_deadline_ns(&chip);
    cr_assert_neq(deadline_ns, 0);
    cr_assert_not(pn532_resume(&chip, deadline_ns - 1, &answer));
    cr_assert(pn532_resume(&chip, deadline_ns, &answer));
    EXPECT(0xD5, 0x61, 0x00);
}

Test(sim_reader_pn532, two_targets_take_turns)
{
    put_card(1, (const uint8_t[]){0x55, 0x66, 0x77, 0x88});
    RUN(0x4A, 0x02, 0x00);
    cr_assert_eq(answer.data[2], 2);
    RUN(0x40, 0x01, 0x60, 0x04, AUTH_TAIL);
    EXPECT(0xD5, 0x41, 0x00);
    RUN(0x40, 0x02, 0x60, 0x04, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x55, 0x66, 0x77, 0x88);
    EXPECT(0xD5, 0x41, 0x00);
    RUN(0x40, 0x01, 0x30, 0x04);
    EXPECT(0xD5, 0x41, 0x13); /* woken again, its session is gone */
}

Test(sim_reader_pn532, release_forgets_and_deselect_remembers)
{
    few_tries();
    RUN(0x4A, 0x01, 0x00);
    RUN(0x44, 0x00);
    EXPECT(0xD5, 0x45, 0x00);
    RUN(0x4A, 0x01, 0x00);
    EXPECT(0xD5, 0x4B, 0x00); /* halted */
    RUN(0x4A, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44);
    cr_assert_eq(answer.data[2], 1);
    RUN(0x44, 0x01);
    RUN(0x40, 0x01, 0x60, 0x04, AUTH_TAIL);
    EXPECT(0xD5, 0x41, 0x00);
    RUN(0x52, 0x00);
    RUN(0x40, 0x01, 0x30, 0x04);
    EXPECT(0xD5, 0x41, 0x27);
    RUN(0x32, 0x01, 0x00); /* field off and on wakes everything */
    RUN(0x32, 0x01, 0x01);
    RUN(0x4A, 0x01, 0x00);
    cr_assert_eq(answer.data[2], 1);
}

/* The n-th exchange and no other is struck; selects do not count, or count alone. */
Test(sim_reader_pn532, faults_strike_exactly_once)
{
    for (unsigned n = 1; n <= 5; n++) {
        field.countdown[FAULT_STALL] = n;
        for (unsigned i = 1; i <= 6; i++) {
            RUN(0x4A, 0x01, 0x00);
            cr_assert_eq(answer.struck, 0);
            RUN(0x40, 0x01, 0x60, 0x04, AUTH_TAIL);
            cr_assert_eq(answer.struck != 0, i == n);
        }
    }
    field.countdown[FAULT_CUT_SELECT] = 2;
    few_tries();
    RUN(0x4A, 0x01, 0x00);
    RUN(0x40, 0x01, 0x60, 0x04, AUTH_TAIL);
    EXPECT(0xD5, 0x41, 0x00);
    RUN(0x4A, 0x01, 0x00);
    EXPECT(0xD5, 0x4B, 0x00);
    cr_assert(field_empty(&field));
}

Test(sim_reader_pn532, card_of_a_new_placing_must_be_selected_again)
{
    RUN(0x4A, 0x01, 0x00);
    field_remove(&field);
    put_card(0, (const uint8_t[]){0x11, 0x22, 0x33, 0x44});
    RUN(0x40, 0x01, 0x60, 0x04, AUTH_TAIL);
    EXPECT(0xD5, 0x41, 0x01);
}
