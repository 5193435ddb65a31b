/* The real driver: libnfc on the simulated reader, with its faults. */
#include "agent/probe_facts.h"
#include "agent/reader_lock.h"
#include "agent/reader_nfc.h"
#include "base/clock.h"
#include "tests/sim/reader_client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/agent-reader-XXXXXX";
static struct sim_reader sim;
static struct reader *reader;
static struct reader_card card;
static uint8_t data[CARD_BLOCK_BYTES];
static const uint8_t transport[CARD_KEY_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const struct reader_uid uid_1 = {.bytes = {0x9c, 0x3a, 0xd1, 0x5e}, .count = 4};

/* sim-reader lies two folders above the unit tests. */
static void find_simulator(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 32);
    cr_assert_gt(length, 0);
    path[length] = '\0';
    for (int i = 0; i < 3; i++)
        *strrchr(path, '/') = '\0';
    size_t used = strlen(path);
    snprintf(path + used, PATH_MAX - used, "/sim-reader");
}

static void set_up(void)
{
    char program[PATH_MAX];
    find_simulator(program);
    cr_assert(mkdtemp(folder));
    struct sim_reader_options options = {.program = program, .directory = folder, .name = "r"};
    cr_assert(sim_reader_start(&sim, &options));
    cr_assert(sim_reader_command(&sim, "new one 1k 9c3ad15e"));
    cr_assert(sim_reader_command(&sim, "new two 1k 11223344"));
    cr_assert(sim_reader_command(&sim, "new seven 4k 04a1b2c3d4e5f6"));
    reader_nfc_prepare();
    reader = reader_nfc_new(sim.connstring);
    cr_assert(reader);
    cr_assert_eq(reader_open(reader), READER_STATE_OK);
}

static void tear_down(void)
{
    static const char *const files[] = {"one", "two", "seven", "one.info", "two.info", "seven.info"};
    reader_nfc_free(reader);
    sim_reader_stop(&sim);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

TestSuite(agent_reader_nfc, .init = set_up, .fini = tear_down);

static void command(const char *line)
{
    cr_assert(sim_reader_command(&sim, "%s", line), "%s: %s", line, sim.reply);
}

static enum reader_status read_block(uint8_t block)
{
    if (reader_select(reader, &card.uid) != READER_OK)
        return READER_NO_CARD;
    enum reader_status status = reader_authenticate(reader, block, 'A', transport);
    return status == READER_OK ? reader_read(reader, block, data) : status;
}

Test(agent_reader_nfc, finds_reads_and_misses_a_card)
{
    cr_assert_eq(reader_find(reader, &card), READER_NO_CARD);
    command("place one");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert(reader_uid_equal(&card.uid, &uid_1));
    cr_assert_eq(card.cards, 1);
    cr_assert_eq(card.sak, 0x08);
    cr_assert_eq(card.ats_bytes, 0);
    cr_assert_eq(read_block(0), READER_OK);
    cr_assert_eq(memcmp(data, uid_1.bytes, 4), 0);
    command("remove");
    cr_assert_eq(reader_read(reader, 0, data), READER_REFUSED);
    cr_assert_eq(reader_select(reader, &card.uid), READER_NO_CARD);
    cr_assert(reader_is_sound(reader));
}

Test(agent_reader_nfc, seven_byte_uids)
{
    command("place seven");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert_eq(card.uid.count, 7);
    cr_assert_eq(card.uid.bytes[6], 0xf6);
    cr_assert_eq(card.sak, 0x18);
    cr_assert_eq(read_block(255), READER_OK, "the last block of a 4K");
}

Test(agent_reader_nfc, two_cards_again_and_again)
{
    command("place one two");
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(reader_find(reader, &card), READER_OK);
        cr_assert_eq(card.cards, 2, "look %d", i);
    }
    cr_assert_eq(reader_select(reader, &uid_1), READER_OK, "each can still be named");
    command("place two");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert_eq(card.cards, 1);
    cr_assert_eq(card.uid.bytes[0], 0x11);
    cr_assert_eq(reader_select(reader, &uid_1), READER_NO_CARD, "another card is not the one asked for");
}

Test(agent_reader_nfc, a_phone_says_what_it_is)
{
    command("phone");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert(reader_uid_is_random(&card.uid));
    cr_assert_eq(card.sak, 0x20);
    cr_assert_gt(card.ats_bytes, 0);
    cr_assert_eq(reader_find(reader, &card), READER_OK, "and goes on answering");
    cr_assert_eq(card.cards, 1);
}

Test(agent_reader_nfc, wrong_key_refused_and_gone)
{
    static const uint8_t wrong[CARD_KEY_BYTES] = {1, 2, 3, 4, 5, 6};
    command("place one");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert_eq(reader_authenticate(reader, 4, 'A', wrong), READER_KEY);
    cr_assert_eq(read_block(4), READER_OK);
    cr_assert_eq(reader_write(reader, 8, data), READER_REFUSED, "another sector");
    cr_assert_eq(read_block(4), READER_OK);
    command("cut 1");
    cr_assert_eq(reader_write(reader, 4, data), READER_REFUSED);
    cr_assert_eq(reader_select(reader, &card.uid), READER_NO_CARD);
}

Test(agent_reader_nfc, written_blocks_read_back)
{
    command("place one");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert_eq(read_block(4), READER_OK);
    memset(data, 0x5a, sizeof data);
    cr_assert_eq(reader_write(reader, 4, data), READER_OK);
    memset(data, 0, sizeof data);
    cr_assert_eq(read_block(4), READER_OK);
    cr_assert_eq(data[15], 0x5a);
}

/* The answer to one command comes after the next one was due: without closing, that next one would take it.
 */
Test(agent_reader_nfc, a_late_answer_is_never_taken_for_another)
{
    command("place one");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    cr_assert_eq(read_block(4), READER_OK);
    memset(data, 0x44, sizeof data);
    cr_assert_eq(reader_write(reader, 4, data), READER_OK);
    cr_assert_eq(read_block(4), READER_OK);
    command("stall 2300 1");
    cr_assert_eq(reader_read(reader, 4, data), READER_LOST);
    cr_assert_eq(reader_read(reader, 5, data), READER_LOST, "nothing is sent on that line");
    enum reader_state state = READER_STATE_SILENT;
    for (int i = 0; i < 5 && state != READER_STATE_OK; i++)
        state = reader_open(reader);
    cr_assert_eq(state, READER_STATE_OK);
    cr_assert_eq(read_block(5), READER_OK);
    cr_assert_eq(data[0], 0, "block 5, not the late block 4");
}

Test(agent_reader_nfc, unplugged_and_plugged_in)
{
    command("place one");
    cr_assert_eq(reader_find(reader, &card), READER_OK);
    command("unplug");
    cr_assert_eq(reader_select(reader, &card.uid), READER_LOST);
    cr_assert_eq(reader_open(reader), READER_STATE_ABSENT);
    cr_assert_eq(reader_open(reader), READER_STATE_ABSENT);
    command("plug");
    cr_assert_eq(reader_open(reader), READER_STATE_OK);
    cr_assert_eq(reader_find(reader, &card), READER_OK);
}

Test(agent_reader_nfc, a_mute_reader_is_silent_not_absent)
{
    command("mute on");
    cr_assert_eq(reader_find(reader, &card), READER_LOST);
    cr_assert_eq(reader_open(reader), READER_STATE_SILENT);
    command("mute off");
    cr_assert_eq(reader_open(reader), READER_STATE_OK);
}

Test(agent_reader_nfc, one_program_a_reader)
{
    struct reader *other = reader_nfc_new(sim.connstring);
    cr_assert_eq(reader_open(other), READER_STATE_ABSENT);
    cr_assert(reader_is_sound(reader));
    cr_assert_eq(reader_find(reader, &card), READER_NO_CARD, "the first one is not disturbed");
    reader_close(reader);
    cr_assert_eq(reader_open(other), READER_STATE_OK);
    reader_nfc_free(other);
}

Test(agent_reader_nfc, links_to_one_port_share_a_lock)
{
    char link[PATH_MAX];
    char connstring[PATH_MAX + 32];
    snprintf(link, sizeof link, "%s/other-name", folder);
    cr_assert_eq(symlink(sim.link, link), 0);
    snprintf(connstring, sizeof connstring, "pn532_uart:%s:115200", link);
    cr_assert_eq(reader_lock_take(connstring), -1);
    cr_assert_eq(errno, EWOULDBLOCK);
    int other = reader_lock_take("pcsc:Some / Reader 00");
    cr_assert_geq(other, 0, "another reader is free");
    close(other);
    unlink(link);
}

/* Every fact of the probe holds on the model, and the probe notices when the negative operand is taken. */
Test(agent_reader_nfc, probe_facts)
{
    struct probe probe = {.reader = reader};
    command("place one");
    cr_assert_eq(reader_find(reader, &probe.card), READER_OK);
    cr_assert(probe_reset_sector(&probe));
    for (const struct probe_fact *fact = probe_facts; fact->text; fact++)
        cr_assert(fact->holds(&probe) || fact->level == FACT_NOTE, "%s", fact->text);
    command("negative on");
    for (const struct probe_fact *fact = probe_facts; fact->text; fact++)
        cr_assert_eq(fact->holds(&probe),
                     fact->level == FACT_NEEDED || strstr(fact->text, "silent") ||
                         strstr(fact->text, "blank"),
                     "%s", fact->text);
    cr_assert(probe_reset_sector(&probe), "the card is left as it was found");
}
