/* Read plans on a reader in memory. */
#include "agent/reading.h"
#include "fake_reader.h"

#include <criterion/criterion.h>

static struct fake_reader fake;
static struct read_plan plan;
static struct reading reading;

static struct read_sector *add_sector(uint8_t sector, uint8_t blocks)
{
    struct read_sector *added = &plan.sectors[plan.sector_count++];
    added->sector = sector;
    added->key_count = 2;
    added->keys[0].slot = 'A';
    memset(added->keys[0].bytes, 0x11, CARD_KEY_BYTES);
    added->keys[1].slot = 'A';
    memset(added->keys[1].bytes, 0xff, CARD_KEY_BYTES);
    for (uint8_t i = 0; i < blocks; i++)
        added->blocks[added->block_count++] = (uint8_t)(sector_first_block(sector) + i);
    return added;
}

static void set_up(void)
{
    fake_start(&fake);
    memset(&plan, 0, sizeof plan);
    plan.uid = fake.uid;
    add_sector(2, 2);
    add_sector(1, 3);
    fake.blocks[9][0] = 0x99;
}

TestSuite(agent_reading, .init = set_up);

Test(agent_reading, the_first_key_that_opens_wins)
{
    cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_OK);
    cr_assert_str_eq(fake.log, "A8 A8 r8 r9 A4 A4 r4 r5 r6 ");
    cr_assert_eq(reading.sector_count, 2);
    cr_assert_eq(reading.sectors[0].result, SECTOR_OK);
    cr_assert_eq(reading.sectors[0].key_index, 1);
    cr_assert(reading.has_block[9]);
    cr_assert_not(reading.has_block[10]);
    cr_assert_eq(reading.blocks[9][0], 0x99);
}

Test(agent_reading, no_key_opens)
{
    fake.keys[0][0] = 0;
    cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_OK);
    cr_assert_eq(reading.sectors[0].result, SECTOR_AUTH);
    cr_assert_eq(reading.sectors[1].result, SECTOR_AUTH);
}

Test(agent_reading, a_disturbed_read_gets_one_more_chance)
{
    fake.fail_at = 4;
    fake.failure = FAKE_REFUSED;
    cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_OK);
    cr_assert_eq(reading.sectors[0].result, SECTOR_OK);
    cr_assert(reading.has_block[9]);
}

Test(agent_reading, a_block_that_is_never_given_out)
{
    plan.sectors[0].blocks[1] = 200; /* of another sector: the fake refuses it */
    cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_OK);
    cr_assert_eq(reading.sectors[0].result, SECTOR_REFUSED);
    cr_assert_eq(reading.sectors[0].key_index, 1);
    cr_assert_eq(reading.sectors[1].result, SECTOR_OK, "the other sectors are read all the same");
}

Test(agent_reading, the_card_leaves_at_every_command)
{
    for (unsigned command = 1; command <= 9; command++) {
        set_up();
        fake.fail_at = command;
        fake.failure = FAKE_GONE;
        cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_NO_CARD, "command %u", command);
        cr_assert_eq(reading.sector_count, 2);
        cr_assert_eq(reading.sectors[0].result, command <= 4 ? SECTOR_GONE : SECTOR_OK, "command %u",
                     command);
        cr_assert_eq(reading.sectors[1].result, SECTOR_GONE);
        cr_assert_eq(reading.has_block[8], reading.sectors[0].result == SECTOR_OK, "command %u", command);
        cr_assert_not(reading.has_block[4], "command %u", command);
    }
}

static void close_first_sector(struct fake_reader *card, void *context)
{
    (void)context;
    if (card->commands == 4)
        memset(plan.sectors[0].keys, 0, sizeof plan.sectors[0].keys);
}

/* Weak bits in a trailer: the sector opened once, gave a block, and then no more. */
Test(agent_reading, a_sector_that_closes_while_it_is_read_has_no_blocks)
{
    fake.fail_at = 4;
    fake.failure = FAKE_REFUSED;
    fake.before = close_first_sector;
    cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_OK);
    cr_assert_eq(reading.sectors[0].result, SECTOR_AUTH);
    cr_assert_not(reading.has_block[8]);
    cr_assert_eq(reading.sectors[1].result, SECTOR_OK);
}

Test(agent_reading, the_reader_falls_silent_at_every_command)
{
    for (unsigned command = 1; command <= 9; command++) {
        set_up();
        fake.fail_at = command;
        fake.failure = FAKE_LOST;
        cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_LOST, "command %u", command);
        cr_assert_eq(fake.commands, command);
        cr_assert_eq(fake.sent_in_doubt, 0);
    }
}

Test(agent_reading, no_card)
{
    fake.present = false;
    cr_assert_eq(reading_run(&fake.reader, &plan, &reading), READER_NO_CARD);
    cr_assert_eq(fake.commands, 0);
    cr_assert_eq(reading.sectors[1].result, SECTOR_GONE);
    cr_assert_str_eq(sector_result_word(SECTOR_GONE), "gone");
    cr_assert_str_eq(sector_result_word(SECTOR_AUTH), "auth");
}
