#include "tests/sim/reader/frame.h"

#include <string.h>

#define WAKE_BYTE 0x55

const uint8_t frame_ack[FRAME_ACK_BYTES] = {0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00};
const uint8_t frame_nack[FRAME_ACK_BYTES] = {0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00};
const uint8_t frame_error[FRAME_ERROR_BYTES] = {0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00};

void frame_parser_reset(struct frame_parser *parser)
{
    memset(parser, 0, sizeof *parser);
    parser->previous = 0xFF; /* so that a lone FF is no start code */
}

/* Goes back to hunting. The last byte may be the first half of the next start code, so it is remembered. */
static enum frame_event hunt_again(struct frame_parser *parser, uint8_t last, enum frame_event event)
{
    parser->state = FRAME_STATE_HUNT;
    parser->previous = last;
    return event;
}

static enum frame_event hunt(struct frame_parser *parser, uint8_t byte)
{
    if (parser->previous == 0x00 && byte == 0xFF) {
        parser->state = FRAME_STATE_LENGTH;
        return FRAME_NOTHING;
    }
    parser->previous = byte;
    return byte == WAKE_BYTE ? FRAME_WAKE : FRAME_NOTHING;
}

static enum frame_event begin_data(struct frame_parser *parser, size_t length, uint8_t last)
{
    if (length == 0 || length > sizeof parser->data)
        return hunt_again(parser, last, FRAME_BAD_LENGTH);
    parser->length_expected = length;
    parser->length = 0;
    parser->sum = 0;
    parser->state = FRAME_STATE_DATA;
    return FRAME_NOTHING;
}

/* The byte after the length tells ACK (00 FF), NACK (FF 00) and extended frame (FF FF) from a normal length.
 */
static enum frame_event length_check(struct frame_parser *parser, uint8_t byte)
{
    uint8_t first = parser->length_first;
    if (first == 0x00 && byte == 0xFF)
        return hunt_again(parser, byte, FRAME_ACK);
    if (first == 0xFF && byte == 0x00)
        return hunt_again(parser, byte, FRAME_NACK);
    if (first == 0xFF && byte == 0xFF) {
        parser->state = FRAME_STATE_LONG_HIGH;
        return FRAME_NOTHING;
    }
    if ((uint8_t)(first + byte) != 0)
        return hunt_again(parser, byte, FRAME_BAD_LENGTH);
    return begin_data(parser, first, byte);
}

static enum frame_event data_check(struct frame_parser *parser, uint8_t byte)
{
    if ((uint8_t)(parser->sum + byte) != 0)
        return hunt_again(parser, byte, FRAME_BAD_DATA);
    return hunt_again(parser, byte, parser->data[0] == FRAME_FROM_HOST ? FRAME_COMMAND : FRAME_BAD_ADDRESS);
}

static enum frame_event data_byte(struct frame_parser *parser, uint8_t byte)
{
    parser->data[parser->length++] = byte;
    parser->sum = (uint8_t)(parser->sum + byte);
    if (parser->length == parser->length_expected)
        parser->state = FRAME_STATE_DATA_CHECK;
    return FRAME_NOTHING;
}

enum frame_event frame_parser_byte(struct frame_parser *parser, uint8_t byte)
{
    switch (parser->state) {
    case FRAME_STATE_HUNT:
        return hunt(parser, byte);
    case FRAME_STATE_LENGTH:
        parser->length_first = byte;
        parser->state = FRAME_STATE_LENGTH_CHECK;
        return FRAME_NOTHING;
    case FRAME_STATE_LENGTH_CHECK:
        return length_check(parser, byte);
    case FRAME_STATE_LONG_HIGH:
        parser->length_expected = (size_t)byte << 8;
        parser->sum = byte;
        parser->state = FRAME_STATE_LONG_LOW;
        return FRAME_NOTHING;
    case FRAME_STATE_LONG_LOW:
        parser->length_expected |= byte;
        parser->sum = (uint8_t)(parser->sum + byte);
        parser->state = FRAME_STATE_LONG_CHECK;
        return FRAME_NOTHING;
    case FRAME_STATE_LONG_CHECK:
        if ((uint8_t)(parser->sum + byte) != 0)
            return hunt_again(parser, byte, FRAME_BAD_LENGTH);
        return begin_data(parser, parser->length_expected, byte);
    case FRAME_STATE_DATA:
        return data_byte(parser, byte);
    case FRAME_STATE_DATA_CHECK:
        return data_check(parser, byte);
    }
    return FRAME_NOTHING;
}

size_t frame_build(uint8_t *frame, const uint8_t *data, size_t length)
{
    if (length == 0 || length > SIM_FRAME_DATA_BYTES_MAX)
        return 0;
    size_t at = 0;
    frame[at++] = 0x00;
    frame[at++] = 0x00;
    frame[at++] = 0xFF;
    if (length <= 0xFE) { /* a length of FF would read as the mark of an extended frame */
        frame[at++] = (uint8_t)length;
        frame[at++] = (uint8_t)(0x100 - length);
    } else {
        frame[at++] = 0xFF;
        frame[at++] = 0xFF;
        frame[at++] = (uint8_t)(length >> 8);
        frame[at++] = (uint8_t)length;
        frame[at++] = (uint8_t) - (uint8_t)((length >> 8) + length);
    }
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + data[i]);
    memcpy(frame + at, data, length);
    at += length;
    frame[at++] = (uint8_t)-sum;
    frame[at++] = 0x00;
    return at;
}
