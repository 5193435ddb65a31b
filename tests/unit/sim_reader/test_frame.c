#include "tests/sim/reader/frame.h"

#include <criterion/criterion.h>
#include <string.h>

static struct frame_parser parser;

static void start(void)
{
    frame_parser_reset(&parser);
}

TestSuite(sim_reader_frame, .init = start);

/* Feeds all bytes; returns the last event that was not FRAME_NOTHING. */
static enum frame_event feed(const uint8_t *bytes, size_t count)
{
    enum frame_event last = FRAME_NOTHING;
    for (size_t i = 0; i < count; i++) {
        enum frame_event event = frame_parser_byte(&parser, bytes[i]);
        last = event == FRAME_NOTHING ? last : event;
    }
    return last;
}

static void build_host_frame(uint8_t *frame, size_t *length, size_t data_bytes)
{
    uint8_t data[SIM_FRAME_DATA_BYTES_MAX];
    for (size_t i = 0; i < data_bytes; i++)
        data[i] = (uint8_t)(i * 7);
    data[0] = FRAME_FROM_HOST;
    *length = frame_build(frame, data, data_bytes);
}

Test(sim_reader_frame, known_frame_of_get_firmware_version)
{
    const uint8_t bytes[] = {0x00, 0x00, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2A, 0x00};
    uint8_t built[FRAME_BYTES_MAX];
    cr_assert_eq(feed(bytes, sizeof bytes), FRAME_COMMAND);
    cr_assert_eq(parser.length, 2);
    cr_assert_eq(parser.data[1], 0x02);
    cr_assert_eq(frame_build(built, parser.data, parser.length), sizeof bytes);
    cr_assert_arr_eq(built, bytes, sizeof bytes);
}

Test(sim_reader_frame, every_length_survives_building_and_parsing)
{
    uint8_t frame[FRAME_BYTES_MAX];
    size_t length;
    for (size_t data_bytes = 1; data_bytes <= SIM_FRAME_DATA_BYTES_MAX; data_bytes++) {
        build_host_frame(frame, &length, data_bytes);
        cr_assert_eq(length, data_bytes + (data_bytes < 255 ? 7 : 10));
        cr_assert_eq(feed(frame, length), FRAME_COMMAND, "%zu bytes", data_bytes);
        cr_assert_eq(parser.length, data_bytes);
    }
    cr_assert_eq(frame_build(frame, frame, 0), 0);
    cr_assert_eq(frame_build(frame, frame, SIM_FRAME_DATA_BYTES_MAX + 1), 0);
}

Test(sim_reader_frame, ack_nack_and_wake_are_told_apart)
{
    cr_assert_eq(feed(frame_ack, sizeof frame_ack), FRAME_ACK);
    cr_assert_eq(feed(frame_nack, sizeof frame_nack), FRAME_NACK);
    const uint8_t wake[] = {0x55, 0x55, 0x00, 0x00, 0x00};
    cr_assert_eq(feed(wake, sizeof wake), FRAME_WAKE);
    cr_assert_eq(feed(frame_ack, sizeof frame_ack), FRAME_ACK, "the zeros of a wake-up are no start code");
}

/* Every single-bit error in a frame is noticed: no damaged command is ever carried out as another one. */
Test(sim_reader_frame, no_flipped_bit_gives_another_command)
{
    uint8_t frame[FRAME_BYTES_MAX], good[8];
    size_t length;
    build_host_frame(frame, &length, sizeof good);
    feed(frame, length);
    memcpy(good, parser.data, sizeof good);
    for (size_t bit = 0; bit < length * 8; bit++) {
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        frame_parser_reset(&parser);
        if (feed(frame, length) == FRAME_COMMAND)
            cr_assert(parser.length == sizeof good && memcmp(parser.data, good, sizeof good) == 0, "bit %zu",
                      bit);
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

Test(sim_reader_frame, damage_is_named_and_the_next_frame_is_read)
{
    const uint8_t bad_length[] = {0x00, 0xFF, 0x02, 0xFD},
                  bad_data[] = {0x00, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2B};
    const uint8_t bad_address[] = {0x00, 0xFF, 0x02, 0xFE, 0xD5, 0x02, 0x29},
                  empty[] = {0x00, 0xFF, 0x00, 0x00};
    const uint8_t too_long[] = {0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02};
    const uint8_t bad_long[] = {0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x00, 0x00};
    const struct {
        const uint8_t *bytes;
        size_t count;
        enum frame_event event;
    } cases[] = {
        {bad_length, sizeof bad_length, FRAME_BAD_LENGTH},    {bad_data, sizeof bad_data, FRAME_BAD_DATA},
        {bad_address, sizeof bad_address, FRAME_BAD_ADDRESS}, {empty, sizeof empty, FRAME_BAD_LENGTH},
        {too_long, sizeof too_long, FRAME_BAD_LENGTH},        {bad_long, sizeof bad_long, FRAME_BAD_LENGTH},
    };
    uint8_t frame[FRAME_BYTES_MAX];
    size_t length;
    build_host_frame(frame, &length, 5);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(feed(cases[i].bytes, cases[i].count), cases[i].event, "case %zu", i);
        cr_assert_eq(feed(frame, length), FRAME_COMMAND, "after case %zu", i);
    }
}
