/* The PN532 behind the line: commands in, answers out (NXP UM0701-02 §7). It never waits: an answer says how
 * long it takes at line speed, and the reader decides whether to hold it back. */
#ifndef CARDWRIGHT_SIM_PN532_H
#define CARDWRIGHT_SIM_PN532_H

#include "tests/sim/reader/field.h"

#define PN532_TARGETS_MAX 2
#define PN532_REGISTER_FIRST 0x6100
#define PN532_REGISTERS 0x0400

/* Error codes of the chip (user manual §7.1). */
enum pn532_status {
    PN532_OK = 0x00,
    PN532_TIMEOUT = 0x01,
    PN532_INVALID_PARAMETER = 0x10,
    PN532_BAD_ANSWER = 0x13, /* the card answered, but not as it should: a refusal */
    PN532_AUTH_FAILED = 0x14,
    PN532_WRONG_CONTEXT = 0x27,
};

enum pn532_outcome {
    PN532_ANSWERED,     /* data[0 .. length): direction byte, answer code, parameters */
    PN532_SYNTAX_ERROR, /* the error frame */
    PN532_PENDING,      /* the chip waits for a card; pn532_resume goes on */
    PN532_UNREACHABLE,  /* a fault struck before the command: reader muted or unplugged, nothing is said */
};

struct pn532_answer {
    enum pn532_outcome outcome;
    uint8_t data[SIM_FRAME_DATA_BYTES_MAX];
    size_t length;
    unsigned struck;  /* FAULT_BITs that spoil this answer, or caused PN532_UNREACHABLE */
    uint64_t line_us; /* time at line speed */
};

struct pn532_target {
    uint64_t serial; /* 0: free */
    bool deselected; /* still known, but halted; the next exchange wakes it */
};

/* A command that waits for a card to come. */
struct pn532_wait {
    size_t length;        /* 0: none */
    uint64_t deadline_ns; /* 0: for ever */
    uint8_t command[SIM_FRAME_DATA_BYTES_MAX];
};

/* First half of a two-part card command that was sent raw. */
struct pn532_raw {
    uint8_t command; /* 0: none */
    uint8_t block_index;
};

struct pn532 {
    struct field *field; /* borrowed */
    struct pn532_target targets[PN532_TARGETS_MAX];
    struct pn532_wait wait;
    struct pn532_raw raw;
    uint8_t parameters;       /* SetParameters flags */
    uint8_t activation_tries; /* MxRtyPassiveActivation: tries beyond the first; FF = for ever */
    uint8_t timeout_exponent; /* 100 us * 2^(n-1), 0 = none */
    bool carrier_on;
    bool asleep;
    uint8_t registers[PN532_REGISTERS];
};

/* Power-on state; the chip sleeps until it is woken. */
void pn532_init(struct pn532 *chip, struct field *field);

/* Carries out one command: `data` starts with the command code. Ends a pending one first. */
void pn532_command(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *ret_answer);

/* Looks again whether the pending command has found a card or run out of time: true fills *ret_answer. */
bool pn532_resume(struct pn532 *chip, uint64_t now_ns, struct pn532_answer *ret_answer);

/* When pn532_resume must be called at the latest; 0: only when a card is placed. */
uint64_t pn532_deadline_ns(const struct pn532 *chip);

/* The host gave up (ACK frame) or the line was lost. */
void pn532_abort(struct pn532 *chip);

/* Forgets every target; the cards stay as they are. */
void pn532_forget_targets(struct pn532 *chip);

#endif
