/* The layer in front of the drivers: nothing is sent on a line in doubt, or to a card that is not selected.
 */
#include "agent/reader.h"
#include "fake_reader.h"

#include <criterion/criterion.h>

static struct fake_reader fake;
static const uint8_t key_b[CARD_KEY_BYTES] = {0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0};
static uint8_t data[CARD_BLOCK_BYTES];

static void set_up(void)
{
    fake_start(&fake);
}

TestSuite(agent_reader, .init = set_up);

static void open_sector_1(void)
{
    cr_assert_eq(reader_select(&fake.reader, &fake.uid), READER_OK);
    cr_assert_eq(reader_authenticate(&fake.reader, 4, 'B', key_b), READER_OK);
}

Test(agent_reader, after_a_time_out_nothing_is_sent_until_it_is_opened_again)
{
    open_sector_1();
    fake.fail_at = 2;
    fake.failure = FAKE_LOST;
    cr_assert_eq(reader_read(&fake.reader, 4, data), READER_LOST);
    struct reader_card card;
    cr_assert_eq(reader_read(&fake.reader, 4, data), READER_LOST);
    cr_assert_eq(reader_write(&fake.reader, 4, data), READER_LOST);
    cr_assert_eq(reader_authenticate(&fake.reader, 4, 'B', key_b), READER_LOST);
    cr_assert_eq(reader_select(&fake.reader, &fake.uid), READER_LOST);
    cr_assert_eq(reader_find(&fake.reader, &card), READER_LOST);
    cr_assert_not(reader_is_sound(&fake.reader));
    cr_assert_eq(fake.sent_in_doubt, 0);
    cr_assert_eq(fake.commands, 2);
    cr_assert_eq(reader_open(&fake.reader), READER_STATE_OK);
    open_sector_1();
}

Test(agent_reader, a_refused_card_is_silent_until_it_is_selected)
{
    open_sector_1();
    cr_assert_eq(reader_read(&fake.reader, 8, data), READER_REFUSED);
    cr_assert_eq(reader_read(&fake.reader, 4, data), READER_REFUSED);
    cr_assert_eq(fake.commands, 2, "the last one was not sent");
    cr_assert_eq(fake.reader.command_count, 2);
    open_sector_1();
    cr_assert_eq(reader_read(&fake.reader, 4, data), READER_OK);
}

Test(agent_reader, a_wrong_key_is_told_apart)
{
    cr_assert_eq(reader_select(&fake.reader, &fake.uid), READER_OK);
    cr_assert_eq(reader_authenticate(&fake.reader, 4, 'A', key_b), READER_KEY);
    cr_assert_eq(reader_authenticate(&fake.reader, 4, 'B', key_b), READER_REFUSED, "not selected any more");
}

Test(agent_reader, closed)
{
    reader_close(&fake.reader);
    cr_assert_eq(reader_select(&fake.reader, &fake.uid), READER_LOST);
    cr_assert_str_eq(reader_name(&fake.reader), "");
}

Test(agent_reader, uids)
{
    struct reader_uid phone = {.bytes = {0x08, 1, 2, 3}, .count = 4};
    struct reader_uid longer = {.bytes = {0x08, 1, 2, 3, 4, 5, 6}, .count = 7};
    cr_assert(reader_uid_is_random(&phone));
    cr_assert_not(reader_uid_is_random(&longer));
    cr_assert_not(reader_uid_is_random(&fake.uid));
    cr_assert_not(reader_uid_equal(&phone, &longer));
    cr_assert(reader_uid_equal(&phone, &phone));
}

Test(agent_reader, trailers)
{
    int count = 0;
    for (int block = 0; block < CARD_BLOCKS_MAX; block++)
        count += reader_block_is_trailer((uint8_t)block);
    cr_assert_eq(count, CARD_SECTORS_MAX);
    cr_assert(reader_block_is_trailer(127));
    cr_assert_not(reader_block_is_trailer(131));
    cr_assert(reader_block_is_trailer(143));
}
