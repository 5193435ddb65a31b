/* A card in the field: MIFARE Classic 1K or 4K, or a phone that only speaks ISO-DEP.
 *
 * The cipher is inside the PN532 and never crosses the serial line, so the model stops at "the keys are
 * equal". Everything behind that follows the data sheet MF1S50yyX: access conditions, value blocks with a
 * transfer register that carries the address byte, and silence after every refusal until the card is selected
 * again. */
#ifndef CARDWRIGHT_SIM_CARD_H
#define CARDWRIGHT_SIM_CARD_H

#include "base/limits.h"
#include "tests/sim/reader/access.h"
#include "tests/sim/reader/tear.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_UID_BYTES_LONG 7
#define CARD_ATS_BYTES_MAX 16

enum card_kind {
    CARD_KIND_1K,
    CARD_KIND_4K,
    CARD_KIND_PHONE,
};

/* Radio state (ISO/IEC 14443-3). The chip takes a card through READY by itself; only raw frames stop there.
 */
enum card_state {
    CARD_IDLE,   /* answers REQA and WUPA */
    CARD_READY,  /* has answered, anticollision may go on */
    CARD_ACTIVE, /* selected */
    CARD_HALT,   /* answers WUPA only */
};

enum card_result {
    CARD_OK,
    CARD_REFUSED,     /* the card answered NAK and is silent now */
    CARD_AUTH_FAILED, /* wrong key, no such block, or a sector blocked for ever */
    CARD_SILENT,      /* no answer: not selected, or torn out of the field */
};

enum card_value_command {
    CARD_VALUE_DECREMENT,
    CARD_VALUE_INCREMENT,
    CARD_VALUE_RESTORE,
};

struct card_identity {
    uint8_t uid[CARD_UID_BYTES_LONG];
    size_t uid_bytes; /* 4 or 7 */
    uint8_t atqa[2];  /* most significant byte first */
    uint8_t sak;
    uint8_t ats[CARD_ATS_BYTES_MAX]; /* without its length byte */
    size_t ats_bytes;                /* 0: not an ISO-DEP card */
};

/* Crypto session of a selected card; all zero after every select. */
struct card_session {
    bool open;
    unsigned sector_index;
    enum access_key key;
    bool register_loaded;
    uint32_t register_value;
    uint8_t register_address;
};

/* An armed tear: counts the EEPROM writes the card carries out; at 0 the write is torn. Shared by all cards
 * of a field because it says when, not which card. */
struct card_tear {
    unsigned countdown; /* 0: not armed */
    enum tear_kind kind;
    bool torn; /* set by the write that was torn; the field then takes the card away */
    uint64_t random;
};

struct card {
    enum card_kind kind;
    struct card_identity identity;
    unsigned block_count;
    uint8_t memory[SIM_CARD_BYTES_MAX];
    struct tear_marginal marginal[CARD_BLOCKS_MAX];
    enum card_state state;
    bool came_from_halt; /* a failure sends the card back to where it was woken */
    bool iso_dep;        /* RATS was answered: the card speaks ISO-DEP now */
    struct card_session session;
    bool negative_operands_allowed;
    struct card_tear *tear; /* borrowed; NULL: nothing is ever torn */
    /* Keeps a changed block, and the list of marginal blocks if that changed too; NULL: memory only. */
    bool (*store)(const struct card *card, unsigned block_index, bool marks_changed);
    int fd; /* of the card file, -1: none */
    char file_name[SIM_FILE_NAME_BYTES_MAX + 1];
    char directory[SIM_FOLDER_BYTES_MAX + 1];
};

/* Layout of sectors: 32 of 4 blocks, on a 4K followed by 8 of 16. */
unsigned card_sector_of(unsigned block_index);
unsigned card_trailer_of(unsigned sector_index);

/* Makes a blank card in transport configuration: keys FFFFFFFFFFFF, access bytes FF 07 80 69, block 0 of the
 * maker. uid_bytes is 4 or 7. The card is not bound to a file. */
void card_make_blank(struct card *card, enum card_kind kind, const uint8_t *uid, size_t uid_bytes);

/* Makes a phone: SAK 20, an ATS, and the random UID 08xxxxxx taken from `random`. */
void card_make_phone(struct card *card, uint64_t *random);

/* The usual ATQA and SAK for kind and UID length. */
void card_default_identity(struct card *card);

/* Answers a request (REQA, or WUPA with `wake_up`): true if the card is READY now. An active card that hears
 * a request falls back to where it came from without a word. */
bool card_request(struct card *card, bool wake_up);

/* Selected: a fresh, active card without a session. */
void card_select(struct card *card);

/* HLTA, and power lost or found. */
void card_halt(struct card *card);
void card_power_cycle(struct card *card);

/* The card saw nonsense or refused something: back to IDLE or HALT, session over. */
void card_fail(struct card *card);

/* The five commands. `uid` are the four bytes the reader feeds into the cipher: the last four of the UID. */
enum card_result card_authenticate(struct card *card, enum access_key key, unsigned block_index,
                                   const uint8_t key_bytes[CARD_KEY_BYTES], const uint8_t uid[4]);
enum card_result card_read(struct card *card, unsigned block_index, uint8_t ret_data[CARD_BLOCK_BYTES]);
enum card_result card_write(struct card *card, unsigned block_index, const uint8_t data[CARD_BLOCK_BYTES]);
enum card_result card_value(struct card *card, enum card_value_command command, unsigned block_index,
                            uint32_t operand);
enum card_result card_transfer(struct card *card, unsigned block_index);

/* First half of a two-part command sent raw: is it acknowledged? A refusal silences the card. */
enum card_result card_announce_write(struct card *card, unsigned block_index);
enum card_result card_announce_value(struct card *card, enum card_value_command command,
                                     unsigned block_index);

#endif
