/* PN532 frames on the serial line (NXP UM0701-02 §6.2): a pure parser that takes one byte at a time, and the
 * builders of the frames the chip sends. No input and no output here, so the parser is unit-tested and
 * fuzzed. */
#ifndef CARDWRIGHT_SIM_FRAME_H
#define CARDWRIGHT_SIM_FRAME_H

#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

/* Direction byte (TFI) that opens the data of a frame. */
#define FRAME_FROM_HOST 0xD4
#define FRAME_FROM_CHIP 0xD5

/* Preamble, start code, extended length and its checksum, data checksum, postamble. */
#define FRAME_OVERHEAD_BYTES 11
#define FRAME_BYTES_MAX (SIM_FRAME_DATA_BYTES_MAX + FRAME_OVERHEAD_BYTES)
#define FRAME_ACK_BYTES 6
#define FRAME_ERROR_BYTES 8

enum frame_event {
    FRAME_NOTHING,     /* more bytes are needed, or noise was skipped */
    FRAME_WAKE,        /* 0x55 outside a frame: the wake-up call of the host */
    FRAME_ACK,         /* the host gives up the command under way */
    FRAME_NACK,        /* the host wants the last reply once more */
    FRAME_COMMAND,     /* a sound frame from the host stands in parser->data */
    FRAME_BAD_LENGTH,  /* length checksum wrong, or a length of 0 or beyond the limit */
    FRAME_BAD_DATA,    /* data checksum wrong */
    FRAME_BAD_ADDRESS, /* sound, but its direction byte is not FRAME_FROM_HOST */
};

enum frame_state {
    FRAME_STATE_HUNT,
    FRAME_STATE_LENGTH,
    FRAME_STATE_LENGTH_CHECK,
    FRAME_STATE_LONG_HIGH,
    FRAME_STATE_LONG_LOW,
    FRAME_STATE_LONG_CHECK,
    FRAME_STATE_DATA,
    FRAME_STATE_DATA_CHECK,
};

struct frame_parser {
    enum frame_state state;
    uint8_t previous; /* last byte seen while hunting for the start code 00 FF */
    uint8_t length_first;
    size_t length_expected;
    size_t length; /* bytes of data so far; after FRAME_COMMAND: all of them, direction byte included */
    uint8_t sum;
    uint8_t data[SIM_FRAME_DATA_BYTES_MAX];
};

/* Starts (again) with hunting for a start code. */
void frame_parser_reset(struct frame_parser *parser);

/* Takes one byte. After FRAME_COMMAND, `data[0 .. length)` is valid until the next call. */
enum frame_event frame_parser_byte(struct frame_parser *parser, uint8_t byte);

/* Builds an information frame around `data` (direction byte first): normal up to 254 bytes, else extended.
 * Returns the bytes written to `frame` (capacity FRAME_BYTES_MAX), 0 if `length` is 0 or beyond the limit. */
size_t frame_build(uint8_t *frame, const uint8_t *data, size_t length);

extern const uint8_t frame_ack[FRAME_ACK_BYTES];
extern const uint8_t frame_nack[FRAME_ACK_BYTES];

/* Application level error: the chip's answer to a command it does not know or whose parameters are wrong. */
extern const uint8_t frame_error[FRAME_ERROR_BYTES];

#endif
