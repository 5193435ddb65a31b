/* The field in front of the antenna: up to two cards, the faults armed for the coming card commands, the
 * counters and the command log. */
#ifndef CARDWRIGHT_SIM_FIELD_H
#define CARDWRIGHT_SIM_FIELD_H

#include "tests/sim/reader/card.h"

#include <stdio.h>

/* What happens at the N-th card command from now. The first three strike before the command reaches the card,
 * the last three spoil the answer of a command that was carried out. */
enum field_fault {
    FAULT_CUT,        /* the cards leave the field */
    FAULT_CUT_SELECT, /* the same, counted in selects instead */
    FAULT_MUTE,       /* the reader falls silent */
    FAULT_UNPLUG,     /* the line hangs up */
    FAULT_STALL,      /* the answer comes late */
    FAULT_CORRUPT,    /* the answer has a wrong checksum */
    FAULT_LOSE,       /* the answer never comes */
    FAULTS,
};

#define FAULT_BIT(fault) (1u << (fault))

enum field_command {
    COMMAND_SELECT,
    COMMAND_AUTH_A,
    COMMAND_AUTH_B,
    COMMAND_READ,
    COMMAND_WRITE,
    COMMAND_DECREMENT,
    COMMAND_INCREMENT,
    COMMAND_RESTORE,
    COMMAND_TRANSFER,
    COMMAND_OTHER,
    FIELD_COMMANDS,
};

struct field_slot {
    struct card *card; /* owned; NULL: empty */
    uint64_t serial;   /* new for every placing: a chip that remembers an older one finds nobody */
};

struct field_counts {
    uint64_t commands; /* all but selects */
    uint64_t refused;
    uint64_t by_command[FIELD_COMMANDS];
};

struct field {
    struct field_slot slots[SIM_FIELD_CARDS_MAX];
    uint64_t next_serial;
    unsigned countdown[FAULTS]; /* 0: not armed */
    unsigned stall_ms;
    bool stall_line; /* the stall holds back everything the chip sends, not only that answer */
    struct card_tear tear;
    uint64_t cuts_done;
    uint64_t tears_done;
    struct field_counts counts; /* since the last placing */
    uint64_t last_command_ns;
    bool negative_operands_allowed;
    char directory[SIM_FOLDER_BYTES_MAX + 1]; /* of the card files */
    FILE *log;                                /* owned; NULL: none */
};

void field_init(struct field *field, const char *directory);
void field_close(struct field *field);

/* Empties the field and puts the named cards in (second_name may be NULL). On failure the field is empty and
 * `error` (CARD_FILE_ERROR_BYTES) says why. Counters start again; armed faults stay armed. */
bool field_place(struct field *field, const char *name, const char *second_name, char *error);

/* Empties the field and puts a phone in. False: out of memory. */
bool field_place_phone(struct field *field);

/* Every card leaves. */
void field_remove(struct field *field);

bool field_empty(const struct field *field);

/* The card placed under `serial`, or NULL if it has left. */
struct card *field_find(struct field *field, uint64_t serial);

/* Switches the carrier: all cards lose power and start idle; phones take a new random UID. */
void field_power_cycle(struct field *field);

/* Counts the next card command (or select) against the armed faults: FAULT_BITs of those whose turn it is. */
unsigned field_strike(struct field *field, bool is_select);

/* Books one command: counters and log. `block_index` < 0: no block. With an empty field it is logged as
 * "gone" and not counted. If the command was torn, the cards leave the field now. */
void field_book(struct field *field, enum field_command command, int block_index, enum card_result result);

/* Opens `path` for appending as the command log, NULL closes it. False: cannot be opened. */
bool field_log_to(struct field *field, const char *path);

const char *field_command_text(enum field_command command);

uint64_t field_now_ns(void);

#endif
