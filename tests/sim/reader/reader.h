/* The whole reader: line, chip and field, and the time answers take. */
#ifndef CARDWRIGHT_SIM_READER_H
#define CARDWRIGHT_SIM_READER_H

#include "tests/sim/reader/field.h"
#include "tests/sim/reader/frame.h"
#include "tests/sim/reader/pn532.h"
#include "tests/sim/reader/port.h"

struct reader_reply {
    uint64_t due_ns;
    size_t length;
    uint8_t bytes[FRAME_BYTES_MAX];
};

struct reader {
    struct port port;
    struct field field;
    struct pn532 chip;
    struct frame_parser parser;
    bool muted;
    bool pacing;
    struct reader_reply outbox[SIM_OUTBOX_REPLIES_MAX]; /* due later, in order */
    unsigned outbox_count;
    uint64_t line_free_ns;    /* a stalled line lets nothing pass before */
    struct reader_reply last; /* for a host that asks again (NACK) */
    uint64_t now_ns;          /* of this turn */
};

/* Starts with an empty field and the line plugged in. False: errno says why the line cannot be opened. */
bool reader_open(struct reader *reader, const char *link, const char *card_directory);
void reader_close(struct reader *reader);

/* Takes what the host sent and answers. */
void reader_receive(struct reader *reader);

/* Sends what is due, lets a waiting command run out, and returns when to call again (0: not by time). */
uint64_t reader_turn(struct reader *reader);

/* Must follow every change of the field: a chip that waits for a card may have found one. */
void reader_field_changed(struct reader *reader);

/* Pulls the plug: the chip loses power, and so do the cards. */
void reader_unplug(struct reader *reader);
bool reader_plug(struct reader *reader);

#endif
