/* Drives the simulated reader with the real libnfc: what an agent does to a card, and what can go wrong with
 * it. */
#include "tests/sim/reader_client.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <nfc/nfc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AUTH_A 0x60
#define AUTH_B 0x61
#define READ 0x30
#define WRITE 0xA0
#define DECREMENT 0xC0
#define INCREMENT 0xC1
#define RESTORE 0xC2
#define TRANSFER 0xB0

static const nfc_modulation type_a = {.nmt = NMT_ISO14443A, .nbr = NBR_106};
static const uint8_t transport_key[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t pattern[16] = {0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
                                    0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF};

static char directory[] = "/tmp/sim-libnfc-XXXXXX";
static struct sim_reader reader;
static nfc_context *context;
static nfc_device *device;
static nfc_target target;

static void open_device(void)
{
    device = nfc_open(context, reader.connstring);
    cr_assert_not_null(device, "nfc_open %s", reader.connstring);
    cr_assert_geq(nfc_initiator_init(device), 0);
    nfc_device_set_property_bool(device, NP_INFINITE_SELECT, false);
    nfc_device_set_property_bool(device, NP_AUTO_ISO14443_4, false);
}

static void start(void)
{
    const char *program = getenv("SIM_READER");
    cr_assert_not_null(program, "SIM_READER must name the program");
    cr_assert_not_null(mkdtemp(directory));
    setenv("LIBNFC_LOG_LEVEL", "0", 1);
    struct sim_reader_options options = {.program = program, .directory = directory, .name = "r"};
    cr_assert(sim_reader_start(&reader, &options));
    nfc_init(&context);
    cr_assert_not_null(context);
    open_device();
}

static void stop(void)
{
    char command[64];
    if (device)
        nfc_close(device);
    nfc_exit(context);
    cr_expect(sim_reader_stop(&reader), "the reader must end cleanly");
    cr_expect(access(reader.link, F_OK) != 0 && access(reader.socket, F_OK) != 0,
              "nothing may be left behind");
    snprintf(command, sizeof command, "rm -rf %s", directory);
    FILE *cleaner = popen(command, "r");
    if (cleaner)
        pclose(cleaner);
}

static void place_new(const char *name, const char *kind, const char *uid)
{
    cr_assert(sim_reader_command(&reader, "new %s %s %s", name, kind, uid), "%s", reader.reply);
    cr_assert(sim_reader_command(&reader, "place %s", name), "%s", reader.reply);
}

static int select_any(void)
{
    return nfc_initiator_select_passive_target(device, type_a, NULL, 0, &target);
}

static int send(const uint8_t *command, size_t length, uint8_t *answer, size_t capacity)
{
    return nfc_initiator_transceive_bytes(device, command, length, answer, capacity, -1);
}

static int authenticate(uint8_t code, uint8_t block, const uint8_t key[6])
{
    uint8_t command[12] = {code, block}, answer[16];
    memcpy(command + 2, key, 6);
    memcpy(command + 8, target.nti.nai.abtUid + target.nti.nai.szUidLen - 4, 4);
    return send(command, sizeof command, answer, sizeof answer);
}

static int read_block(uint8_t block, uint8_t data[16])
{
    uint8_t command[2] = {READ, block};
    return send(command, sizeof command, data, 16);
}

static int write_block(uint8_t block, const uint8_t data[16])
{
    uint8_t command[18] = {WRITE, block}, answer[16];
    memcpy(command + 2, data, 16);
    return send(command, sizeof command, answer, sizeof answer);
}

static int value_command(uint8_t code, uint8_t block, uint32_t operand)
{
    uint8_t command[6] = {code, block}, answer[16];
    bytes_put_u32(command + 2, operand);
    return send(command, code == TRANSFER ? 2 : sizeof command, answer, sizeof answer);
}

static void expect_block(uint8_t block, const uint8_t data[16])
{
    uint8_t seen[16] = {0};
    cr_assert_eq(read_block(block, seen), 16);
    cr_assert_arr_eq(seen, data, 16);
}

/* Selects and opens the sector of `block` with the transport key. */
static void enter(uint8_t block)
{
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(authenticate(AUTH_A, block, transport_key), 0);
}

/* The block as it stands in the card file, read over the control socket. */
static void file_block(const char *name, unsigned block, uint8_t data[16])
{
    char hex[33];
    cr_assert(sim_reader_command(&reader, "dump %s", name));
    snprintf(hex, sizeof hex, "%.32s", reader.reply + 3 + (size_t)block * 32);
    cr_assert(bytes_from_hex(hex, data, 16));
}

TestSuite(sim_libnfc, .init = start, .fini = stop, .timeout = 60);

Test(sim_libnfc, presence_follows_place_and_remove)
{
    cr_assert_eq(select_any(), 0);
    place_new("card", "1k", "9c3ad15e");
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(target.nti.nai.szUidLen, 4);
    cr_assert_eq(target.nti.nai.btSak, 0x08);
    cr_assert_eq(nfc_initiator_target_is_present(device, &target), 0);
    cr_assert(sim_reader_command(&reader, "remove"));
    cr_assert_eq(nfc_initiator_target_is_present(device, &target), NFC_ETGRELEASED);
    cr_assert_eq(select_any(), 0);
}

Test(sim_libnfc, waiting_select_finds_the_card_that_comes)
{
    nfc_device_set_property_bool(device, NP_INFINITE_SELECT, true);
    cr_assert_eq(select_any(), NFC_ETIMEOUT);
    place_new("card", "1k", "9c3ad15e");
    nfc_device_set_property_bool(device, NP_INFINITE_SELECT, false);
    cr_assert_eq(select_any(), 1);
}

Test(sim_libnfc, seven_byte_uid_uses_its_last_four_bytes)
{
    static const uint8_t seven[7] = {0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6};
    place_new("card", "4k", "04a1b2c3d4e5f6");
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(target.nti.nai.szUidLen, 7);
    cr_assert_arr_eq(target.nti.nai.abtUid, seven, 7);
    cr_assert_eq(target.nti.nai.btSak, 0x18);
    cr_assert_eq(authenticate(AUTH_A, 255, transport_key), 0);
    cr_assert_eq(write_block(254, pattern), 0);
    expect_block(254, pattern);
    memmove(target.nti.nai.abtUid + 3, target.nti.nai.abtUid, 4); /* the first four instead */
    cr_assert_eq(nfc_initiator_select_passive_target(device, type_a, seven, 7, NULL), 1);
    cr_assert_eq(authenticate(AUTH_A, 4, transport_key), NFC_EMFCAUTHFAIL);
}

Test(sim_libnfc, phone_is_an_iso_dep_card_with_a_random_uid)
{
    uint8_t select_file[] = {0x00, 0xA4, 0x04, 0x00}, answer[16], first[4];
    nfc_device_set_property_bool(device, NP_AUTO_ISO14443_4, true);
    cr_assert(sim_reader_command(&reader, "phone"));
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(target.nti.nai.btSak, 0x20);
    cr_assert_eq(target.nti.nai.abtUid[0], 0x08);
    cr_assert_eq(target.nti.nai.szAtsLen, 4);
    memcpy(first, target.nti.nai.abtUid, 4);
    cr_assert_eq(send(select_file, sizeof select_file, answer, sizeof answer), 2);
    cr_assert_eq(nfc_initiator_target_is_present(device, NULL), 0);
    cr_assert(sim_reader_command(&reader, "phone"));
    cr_assert_eq(select_any(), 1);
    cr_assert_arr_neq(target.nti.nai.abtUid, first, 4);
}

Test(sim_libnfc, two_cards_are_both_listed)
{
    nfc_target targets[4];
    cr_assert(sim_reader_command(&reader, "new one 1k 11223344"));
    cr_assert(sim_reader_command(&reader, "new two 1k 55667788"));
    cr_assert(sim_reader_command(&reader, "place one two"), "%s", reader.reply);
    cr_assert_eq(nfc_initiator_list_passive_targets(device, type_a, targets, 4), 2);
    cr_assert_neq(targets[0].nti.nai.abtUid[0], targets[1].nti.nai.abtUid[0]);
    /* Both were halted by the listing; a select by UID wakes one. */
    cr_assert_eq(nfc_initiator_select_passive_target(device, type_a, targets[1].nti.nai.abtUid, 4, &target),
                 1);
    cr_assert_eq(authenticate(AUTH_A, 4, transport_key), 0);
}

Test(sim_libnfc, written_blocks_are_in_the_file_at_once)
{
    uint8_t seen[16];
    place_new("card", "1k", "9c3ad15e");
    enter(5);
    cr_assert_eq(write_block(5, pattern), 0);
    expect_block(5, pattern);
    file_block("card", 5, seen);
    cr_assert_arr_eq(seen, pattern, 16);
}

Test(sim_libnfc, refusal_silences_the_card_until_it_is_selected_again)
{
    uint8_t seen[16];
    static const uint8_t wrong[6] = {1, 2, 3, 4, 5, 6};
    place_new("card", "1k", "9c3ad15e");
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(authenticate(AUTH_A, 4, wrong), NFC_EMFCAUTHFAIL);
    cr_assert_eq(authenticate(AUTH_A, 4, transport_key), NFC_ERFTRANS);
    enter(4);
    cr_assert_eq(write_block(0, pattern), NFC_ERFTRANS);
    cr_assert_eq(read_block(4, seen), NFC_ERFTRANS);
    enter(4);
    expect_block(5, (const uint8_t[16]){0});
    cr_assert_eq(nfc_initiator_target_is_present(device, &target), 0);
    cr_assert_eq(read_block(5, seen), NFC_ERFTRANS, "the presence check drops the session");
}

Test(sim_libnfc, readable_key_b_opens_but_reaches_nothing)
{
    uint8_t seen[16];
    place_new("card", "1k", "9c3ad15e");
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(authenticate(AUTH_B, 4, transport_key), 0);
    cr_assert_eq(read_block(4, seen), NFC_ERFTRANS);
}

Test(sim_libnfc, purse_commands_move_value_and_address)
{
    static const uint8_t purse[16] = {100, 0, 0, 0, 155, 255, 255, 255, 100, 0, 0, 0, 7, 248, 7, 248};
    static const uint8_t spent[16] = {70, 0, 0, 0, 185, 255, 255, 255, 70, 0, 0, 0, 7, 248, 7, 248};
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    cr_assert_eq(write_block(4, purse), 0);
    cr_assert_eq(value_command(DECREMENT, 4, 30), 0);
    expect_block(4, purse);
    cr_assert_eq(value_command(TRANSFER, 5, 0), 0);
    expect_block(5, spent);
    cr_assert_eq(value_command(RESTORE, 5, 0), 0);
    cr_assert_eq(value_command(TRANSFER, 4, 0), 0);
    expect_block(4, spent);
    cr_assert_eq(value_command(INCREMENT, 4, 30), 0);
    cr_assert_eq(value_command(TRANSFER, 6, 0), 0);
    expect_block(6, purse);
    cr_assert_eq(value_command(DECREMENT, 4, 0x80000000u), NFC_ERFTRANS, "negative operands are refused");
    cr_assert(sim_reader_command(&reader, "negative on"));
    enter(4);
    cr_assert_eq(value_command(DECREMENT, 4, (uint32_t)-30), 0);
    cr_assert_eq(value_command(TRANSFER, 4, 0), 0);
    expect_block(4, purse);
}

/* Five commands; returns how many succeeded. */
static unsigned run_five(void)
{
    uint8_t seen[16];
    if (select_any() != 1)
        return 0;
    unsigned done = authenticate(AUTH_A, 4, transport_key) == 0;
    done += done == 1 && read_block(4, seen) == 16;
    done += done == 2 && write_block(5, pattern) == 0;
    done += done == 3 && write_block(6, pattern) == 0;
    done += done == 4 && read_block(6, seen) == 16;
    return done;
}

Test(sim_libnfc, cut_strikes_before_exactly_the_nth_command)
{
    cr_assert(sim_reader_command(&reader, "new card 1k 9c3ad15e"));
    nfc_device_set_property_int(device, NP_TIMEOUT_COM, 26);
    for (unsigned n = 1; n <= 6; n++) {
        cr_assert(sim_reader_command(&reader, "place card"));
        cr_assert(sim_reader_command(&reader, "cut %u", n));
        cr_assert_eq(run_five(), n - 1);
        cr_assert(sim_reader_command(&reader, "count"));
        cr_assert_eq(sim_reader_number(&reader, "commands"), n - 1);
        cr_assert_eq(sim_reader_command(&reader, "wait cut 0"), n <= 5);
        cr_assert_eq(select_any(), n <= 5 ? 0 : 1);
        cr_assert(sim_reader_command(&reader, "disarm"));
    }
}

static const char *const kinds[] = {"old", "zero", "ff", "mixed", "marginal", "new"};

Test(sim_libnfc, tear_spoils_exactly_the_nth_write)
{
    static const uint8_t old[16] = {0x11}, zero[16] = {0};
    uint8_t seen[16], again[16], ff[16];
    memset(ff, 0xFF, sizeof ff);
    place_new("card", "1k", "9c3ad15e");
    for (unsigned kind = 0; kind < 6; kind++) {
        cr_assert(sim_reader_command(&reader, "place card"));
        enter(5);
        cr_assert_eq(write_block(6, old), 0);
        cr_assert(sim_reader_command(&reader, "tear 2 %s", kinds[kind]), "%s", reader.reply);
        cr_assert_eq(write_block(5, pattern), 0);
        cr_assert_eq(write_block(6, pattern), NFC_ERFTRANS);
        cr_assert(sim_reader_command(&reader, "wait torn 0"));
        cr_assert_eq(select_any(), 0, "the card has gone");
        cr_assert(sim_reader_command(&reader, "place card"));
        enter(5);
        expect_block(5, pattern);
        cr_assert_eq(read_block(6, seen), 16);
        cr_assert_eq(read_block(6, again), 16);
        cr_assert_eq(memcmp(seen, again, 16) == 0, kind != 4, "%s", kinds[kind]);
        const uint8_t *exact[] = {old, zero, ff, NULL, NULL, pattern};
        if (exact[kind])
            cr_assert_arr_eq(seen, exact[kind], 16, "%s", kinds[kind]);
    }
}

Test(sim_libnfc, late_answer_is_taken_for_the_next_one)
{
    uint8_t seen[16];
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    cr_assert_eq(write_block(4, pattern), 0);
    nfc_device_set_property_int(device, NP_TIMEOUT_COMMAND, 100);
    cr_assert(sim_reader_command(&reader, "stall 400 1"));
    cr_assert_eq(read_block(4, seen), NFC_ETIMEOUT);
    nfc_device_set_property_int(device, NP_TIMEOUT_COMMAND, 1000);
    cr_assert_eq(read_block(5, seen), 16);
    cr_assert_arr_eq(seen, pattern, 16,
                     "block 4 under the name of block 5: why a doubtful line must be reopened");
}

Test(sim_libnfc, damaged_and_lost_answers_are_errors)
{
    uint8_t seen[16];
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    cr_assert(sim_reader_command(&reader, "corrupt 1"));
    cr_assert_eq(read_block(4, seen), NFC_EIO);
    nfc_device_set_property_int(device, NP_TIMEOUT_COMMAND, 100);
    cr_assert(sim_reader_command(&reader, "lose 1"));
    cr_assert_eq(write_block(4, pattern), NFC_ETIMEOUT);
    file_block("card", 4, seen);
    cr_assert_arr_eq(seen, pattern, 16, "the write was done all the same");
    expect_block(4, pattern);
}

Test(sim_libnfc, muted_reader_times_out_and_comes_back)
{
    uint8_t seen[16];
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    nfc_device_set_property_int(device, NP_TIMEOUT_COMMAND, 100);
    cr_assert(sim_reader_command(&reader, "mute at 2"));
    cr_assert_eq(read_block(4, seen), 16);
    cr_assert_eq(read_block(4, seen), NFC_ETIMEOUT);
    nfc_close(device);
    device = nfc_open(context, reader.connstring);
    cr_assert_null(device);
    cr_assert(sim_reader_command(&reader, "mute off"));
    open_device();
    enter(4);
}

Test(sim_libnfc, unplugged_reader_is_an_error_at_once_and_comes_back)
{
    uint8_t seen[16];
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    cr_assert(sim_reader_command(&reader, "unplug"));
    cr_assert_eq(read_block(4, seen), NFC_EIO);
    cr_assert_neq(access(reader.link, F_OK), 0);
    nfc_close(device);
    device = nfc_open(context, reader.connstring);
    cr_assert_null(device);
    cr_assert(sim_reader_command(&reader, "plug"));
    open_device();
    enter(4);
    cr_assert(sim_reader_command(&reader, "unplug at 2"));
    cr_assert_eq(read_block(4, seen), 16);
    cr_assert_eq(read_block(4, seen), NFC_EIO);
    cr_assert(sim_reader_command(&reader, "plug"));
    nfc_close(device);
    open_device();
    enter(4);
}

Test(sim_libnfc, raw_frames_reach_the_card)
{
    uint8_t read_raw[] = {READ, 4}, halt[] = {0x50, 0x00}, rats[] = {0xE0, 0x50}, answer[32];
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    nfc_device_set_property_bool(device, NP_EASY_FRAMING, false);
    cr_assert_eq(send(read_raw, 2, answer, sizeof answer), 16);
    uint8_t write_raw[] = {WRITE, 4};
    cr_assert_eq(send(write_raw, 2, answer, sizeof answer), 1);
    cr_assert_eq(answer[0], 0x0A);
    cr_assert_eq(send(pattern, 16, answer, sizeof answer), 1);
    cr_assert_eq(answer[0], 0x0A);
    cr_assert_eq(send(read_raw, 2, answer, sizeof answer), 16);
    cr_assert_arr_eq(answer, pattern, 16);
    cr_assert_eq(send(rats, 2, answer, sizeof answer), NFC_ERFTRANS);
    cr_assert_eq(send(read_raw, 2, answer, sizeof answer), NFC_ERFTRANS);
    cr_assert_eq(select_any(), 1);
    cr_assert_eq(send(halt, 2, answer, sizeof answer), NFC_ERFTRANS);
    cr_assert_eq(select_any(), 0, "a halted card does not answer a plain request");
}

/* Anticollision by hand, as old tools do it: short frames, and the CRC made by the host. */
Test(sim_libnfc, anticollision_by_hand)
{
    static const uint8_t uid_frame[] = {0x9C, 0x3A, 0xD1, 0x5E, 0x29};
    uint8_t request[] = {0x26}, anticollision[] = {0x93, 0x20}, answer[16];
    uint8_t choose[9] = {0x93, 0x70, 0x9C, 0x3A, 0xD1, 0x5E, 0x29};
    place_new("card", "1k", "9c3ad15e");
    nfc_device_set_property_bool(device, NP_HANDLE_CRC, false);
    nfc_device_set_property_bool(device, NP_EASY_FRAMING, false);
    cr_assert_eq(nfc_initiator_transceive_bits(device, request, 7, NULL, answer, sizeof answer, NULL), 16);
    cr_assert_eq(answer[0], 0x04);
    cr_assert_eq(send(anticollision, 2, answer, sizeof answer), 5);
    cr_assert_arr_eq(answer, uid_frame, 5);
    iso14443a_crc_append(choose, 7);
    cr_assert_eq(send(choose, sizeof choose, answer, sizeof answer), 3);
    cr_assert_eq(answer[0], 0x08);
}

Test(sim_libnfc, polling_inside_the_chip_finds_a_card_and_runs_out)
{
    nfc_target found;
    cr_assert_leq(nfc_initiator_poll_target(device, &type_a, 1, 1, 1, &found), 0);
    place_new("card", "1k", "9c3ad15e");
    cr_assert_eq(nfc_initiator_poll_target(device, &type_a, 1, 1, 1, &found), 1);
    cr_assert_eq(found.nti.nai.abtUid[0], 0x9C);
}

Test(sim_libnfc, one_card_lies_on_one_reader_only)
{
    struct sim_reader other;
    struct sim_reader_options options = {
        .program = getenv("SIM_READER"), .directory = directory, .name = "other"};
    cr_assert(sim_reader_start(&other, &options));
    place_new("card", "1k", "9c3ad15e");
    cr_assert_not(sim_reader_command(&other, "place card"));
    cr_assert(sim_reader_command(&reader, "remove"));
    cr_assert(sim_reader_command(&other, "place card"), "%s", other.reply);
    cr_assert(sim_reader_stop(&other));
}

static double ms_since(const struct timespec *start_time)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start_time->tv_sec) * 1e3 +
           (double)(now.tv_nsec - start_time->tv_nsec) / 1e6;
}

/* Prints what a command costs with and without pacing; asserts nothing about time but that pacing is never
 * faster than the line. */
Test(sim_libnfc, pacing_takes_line_time)
{
    uint8_t seen[16];
    struct timespec begin;
    place_new("card", "1k", "9c3ad15e");
    enter(4);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(read_block(4, seen), 16);
    fprintf(stderr, "sim-reader: read without pacing %.3f ms\n", ms_since(&begin) / 1000);
    cr_assert(sim_reader_command(&reader, "pacing on"));
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(read_block(4, seen), 16);
    double paced_ms = ms_since(&begin) / 10;
    fprintf(stderr, "sim-reader: read with pacing %.2f ms\n", paced_ms);
    cr_assert_geq(paced_ms, 6.5);
}
