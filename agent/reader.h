/* A reader as the agent sees it: one card at a time, one command at a time.
 *
 * A driver is a short table of functions (reader_nfc.c is the real one). The functions below stand in front
 * of it and keep the rule that decides over money: after a time-out or an I/O error the line is doubtful,
 * because a late reply would be taken for the answer to the next command, so nothing further is sent until
 * the reader was closed and opened again. A reader belongs to one thread. */
#ifndef CARDWRIGHT_AGENT_READER_H
#define CARDWRIGHT_AGENT_READER_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reader_status {
    READER_OK,
    READER_NO_CARD, /* select and find: no card answered */
    READER_KEY,     /* authenticate: this key does not open the sector */
    READER_REFUSED, /* the card said no, or is gone: only selecting it again tells which */
    READER_LOST,    /* time-out or I/O error: the line is doubtful, close and open the reader */
};

enum reader_state {
    READER_STATE_OK,
    READER_STATE_ABSENT, /* not there, unplugged, or used by another program */
    READER_STATE_SILENT, /* there, but it does not answer */
};

/* The word of the wire for a state: "ok", "absent", "silent". */
const char *reader_state_word(enum reader_state state);

struct reader_uid {
    uint8_t bytes[CARD_UID_BYTES_MAX];
    uint8_t count; /* 4, 7 or 10; 0: none */
};

bool reader_uid_equal(const struct reader_uid *left, const struct reader_uid *right);

/* True for UIDs that are drawn anew at every selection (phones: four bytes, the first of them 08). */
bool reader_uid_is_random(const struct reader_uid *uid);

struct reader_card {
    struct reader_uid uid;
    uint8_t atqa[2]; /* most significant byte first */
    uint8_t sak;
    uint8_t ats[AGENT_ATS_BYTES_MAX]; /* of ISO-DEP cards, without the length byte */
    uint8_t ats_bytes;
    uint8_t cards; /* 1, or 2 when more than one is in the field; the other members are of the first */
};

enum reader_value_command { READER_DECREMENT = 0xC0, READER_INCREMENT = 0xC1, READER_RESTORE = 0xC2 };

struct reader;

/* What a driver does. All calls block, each for a bounded time. Only `open` may be called while closed. */
struct reader_driver {
    enum reader_state (*open)(void *context);
    void (*close)(void *context);
    const char *(*name)(void *context);
    enum reader_status (*find)(void *context, struct reader_card *ret_card);
    enum reader_status (*select)(void *context, const struct reader_uid *uid);
    enum reader_status (*authenticate)(void *context, uint8_t block, char slot,
                                       const uint8_t key[CARD_KEY_BYTES]);
    enum reader_status (*read)(void *context, uint8_t block, uint8_t ret_data[CARD_BLOCK_BYTES]);
    enum reader_status (*write)(void *context, uint8_t block, const uint8_t data[CARD_BLOCK_BYTES]);
    enum reader_status (*value)(void *context, enum reader_value_command command, uint8_t block,
                                uint32_t operand);
    enum reader_status (*transfer)(void *context, uint8_t block);
};

struct reader {
    const struct reader_driver *driver;
    void *context; /* the driver's */
    bool is_open;
    bool is_doubtful;
    bool is_selected;
    unsigned command_count; /* card commands sent since it was last set to 0; selections are not counted */
};

/* Opens the reader; any state but READER_STATE_OK leaves it closed. */
enum reader_state reader_open(struct reader *reader);
void reader_close(struct reader *reader);

/* Name of the open reader for people; "" while it is closed. Borrowed. */
const char *reader_name(const struct reader *reader);

/* True if commands may be sent: open and not doubtful. */
bool reader_is_sound(const struct reader *reader);

/* Looks for any card, tells whether there are several, and leaves the one found selected. */
enum reader_status reader_find(struct reader *reader, struct reader_card *ret_card);

/* Selects the card with this UID and no other. An authentication made before is lost. */
enum reader_status reader_select(struct reader *reader, const struct reader_uid *uid);

/* Card commands. They need a selected card: after any failure the card is silent until it is selected again,
 * so without a selection they answer READER_REFUSED and send nothing. `slot` is 'A' or 'B'. */
enum reader_status reader_authenticate(struct reader *reader, uint8_t block, char slot,
                                       const uint8_t key[CARD_KEY_BYTES]);
enum reader_status reader_read(struct reader *reader, uint8_t block, uint8_t ret_data[CARD_BLOCK_BYTES]);
enum reader_status reader_write(struct reader *reader, uint8_t block, const uint8_t data[CARD_BLOCK_BYTES]);
enum reader_status reader_value(struct reader *reader, enum reader_value_command command, uint8_t block,
                                uint32_t operand);
enum reader_status reader_transfer(struct reader *reader, uint8_t block);

/* The last block of a sector: keys and access bytes. */
bool reader_block_is_trailer(uint8_t block);

#endif
