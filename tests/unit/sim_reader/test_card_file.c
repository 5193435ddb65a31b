#include "tests/sim/reader/card_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t uid[7] = {0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6};
static const uint8_t ff_key[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static char directory[] = "/tmp/sim-card-XXXXXX";
static char error[CARD_FILE_ERROR_BYTES];
static struct card card;
static struct card_tear tear;

static void start(void)
{
    cr_assert_not_null(mkdtemp(directory));
}

static void stop(void)
{
    static const char *const names[] = {"a", "a.info", "a.info.next", "b", "short"};
    char path[64];
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    cr_expect_eq(rmdir(directory), 0, "no other file may be left");
}

TestSuite(sim_reader_card_file, .init = start, .fini = stop);

static void make(enum card_kind kind, size_t uid_bytes)
{
    card_make_blank(&card, kind, uid, uid_bytes);
    cr_assert(card_file_create(directory, "a", &card, error), "%s", error);
}

static void write_bytes(const char *name, const void *bytes, size_t count)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, count), (ssize_t)count);
    close(fd);
}

static void enter(unsigned block)
{
    card.tear = &tear;
    card_request(&card, true);
    card_select(&card);
    cr_assert_eq(card_authenticate(&card, ACCESS_KEY_A, block, ff_key, uid), CARD_OK);
}

Test(sim_reader_card_file, names_stay_inside_the_folder)
{
    cr_assert(card_file_name_ok("card-1.mfd"));
    cr_assert_not(card_file_name_ok(""));
    cr_assert_not(card_file_name_ok("../a"));
    cr_assert_not(card_file_name_ok(".hidden"));
    cr_assert_not(card_file_name_ok("a b"));
    cr_assert_not(card_file_open(directory, "../a", &card, error));
}

Test(sim_reader_card_file, created_card_opens_as_it_was)
{
    make(CARD_KIND_4K, 7);
    cr_assert_not(card_file_create(directory, "a", &card, error), "never overwrites a card");
    cr_assert(card_file_open(directory, "a", &card, error), "%s", error);
    cr_assert_eq(card.kind, CARD_KIND_4K);
    cr_assert_eq(card.block_count, 256);
    cr_assert_eq(card.identity.uid_bytes, 7);
    cr_assert_eq(card.identity.sak, 0x18);
    cr_assert_eq(card.identity.atqa[1], 0x42);
    card_file_close(&card);
}

Test(sim_reader_card_file, bare_dump_is_enough)
{
    struct card made;
    card_make_blank(&made, CARD_KIND_1K, uid, 4);
    write_bytes("b", made.memory, 1024);
    cr_assert(card_file_open(directory, "b", &card, error), "%s", error);
    cr_assert_eq(card.identity.uid_bytes, 4);
    cr_assert_eq(card.identity.atqa[1], 0x04);
    card_file_close(&card);
    card_make_blank(&made, CARD_KIND_1K, uid, 7);
    write_bytes("b", made.memory, 1024);
    cr_assert(card_file_peek(directory, "b", &card, error));
    cr_assert_eq(card.identity.uid_bytes, 7);
}

Test(sim_reader_card_file, locked_while_on_a_reader)
{
    static struct card other;
    make(CARD_KIND_1K, 4);
    cr_assert(card_file_open(directory, "a", &card, error));
    cr_assert_not(card_file_open(directory, "a", &other, error));
    cr_assert(card_file_peek(directory, "a", &other, error));
    card_file_close(&card);
    cr_assert(card_file_open(directory, "a", &other, error));
    card_file_close(&other);
}

/* The file is read back without closing the card: what a kill -9 would leave. */
Test(sim_reader_card_file, write_is_in_the_file_before_the_answer)
{
    static struct card seen;
    uint8_t data[16] = {0x77};
    make(CARD_KIND_1K, 4);
    cr_assert(card_file_open(directory, "a", &card, error));
    enter(9);
    cr_assert_eq(card_write(&card, 9, data), CARD_OK);
    cr_assert(card_file_peek(directory, "a", &seen, error));
    cr_assert_arr_eq(seen.memory + 9 * 16, data, 16);
    card_file_close(&card);
}

Test(sim_reader_card_file, weak_bits_survive_until_rewritten)
{
    static struct card seen;
    uint8_t data[16] = {0x77, 0x66};
    make(CARD_KIND_1K, 4);
    cr_assert(card_file_open(directory, "a", &card, error));
    tear = (struct card_tear){.countdown = 1, .kind = TEAR_MARGINAL};
    enter(9);
    cr_assert_eq(card_write(&card, 9, data), CARD_SILENT);
    cr_assert(card_file_peek(directory, "a", &seen, error));
    cr_assert(seen.marginal[9].marked);
    cr_assert_arr_eq(seen.marginal[9].after, data, 16);
    enter(9);
    cr_assert_eq(card_write(&card, 9, data), CARD_OK);
    cr_assert(card_file_peek(directory, "a", &seen, error));
    cr_assert_not(seen.marginal[9].marked);
    card_file_close(&card);
}

Test(sim_reader_card_file, bad_files_are_refused_with_the_place)
{
    uint8_t zeros[1000] = {0};
    write_bytes("short", zeros, sizeof zeros);
    cr_assert_not(card_file_open(directory, "short", &card, error));
    cr_assert_not_null(strstr(error, "1024 or 4096"));
    cr_assert_not(card_file_open(directory, "missing", &card, error));
    make(CARD_KIND_1K, 4);
    static const char *const bad[] = {"uid 0102\n",          "uid xx\n",   "sak 1\n",
                                      "marginal 64 00 00\n", "colour red", "marginal 5 00 00\n"};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_bytes("a.info", bad[i], strlen(bad[i]));
        cr_assert_not(card_file_open(directory, "a", &card, error), "%s", bad[i]);
        cr_assert_not_null(strstr(error, "line 1"), "%s", error);
    }
}
