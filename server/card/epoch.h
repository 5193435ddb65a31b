/* Epochs: the byte on the card and the number in the ledger (card design 3.4), and the arithmetic of a new
 * result. */
#ifndef CARDWRIGHT_CARD_EPOCH_H
#define CARDWRIGHT_CARD_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

/* From a card image a byte maps to a number in committed - 155 .. committed + 100; all 256 values have one
 * place. */
#define EPOCH_WINDOW_BELOW 155
#define EPOCH_WINDOW_ABOVE 100

/* True if byte `left` is newer than byte `right`: (left - right) mod 256 is 1..127. */
bool epoch_newer(uint8_t left, uint8_t right);

/* The byte that stands on the card for a number (number mod 256; numbers may be negative). */
uint8_t epoch_byte(int64_t epoch_no);

/* The number meant by a byte of a card image; may be 0 or negative when the byte is older than the first
 * epoch. */
int64_t epoch_from_image(uint8_t byte, int64_t committed_epoch_no);

/* The number meant by a byte in a machine's record: the highest allocated number with that byte. */
int64_t epoch_from_machine_record(uint8_t byte, int64_t highest_epoch_no);

/* Terms of one epoch. One epoch has one (T, S) for ever (R38); the truth is the ledger's row. */
struct epoch_terms {
    int64_t epoch_no;
    int64_t opening_minor; /* T: value when the epoch opens */
    int64_t stored_minor;  /* S: its stored part; water and times: equal to T or 0, never looked at */
};

struct purse_split {
    int64_t stored_minor;
    int64_t subsidy_minor;
};

/* Subsidy is spent first: stored = min(t, S), subsidy = max(0, t - S). A negative value counts as 0. */
struct purse_split purse_split(int64_t value_minor, int64_t stored_of_epoch_minor);

enum result_kind { RESULT_RECHARGE, RESULT_WITHDRAW, RESULT_GRANT, RESULT_LOAD, RESULT_FENCE, RESULT_REPAIR };

struct result_input {
    enum result_kind kind;
    int64_t value_minor;           /* t now */
    int64_t stored_of_epoch_minor; /* S of the epoch t is in */
    int64_t amount_minor;          /* a or g; LOAD: stored part; FENCE, REPAIR: not used */
    int64_t subsidy_minor;         /* LOAD only */
};

/* T and S of the new epoch (card design 3.4). False if the act is impossible (withdraw more than stored,
 * negative amount); limits are the caller's. `ret_terms->epoch_no` is left alone. */
bool epoch_result(const struct result_input *input, struct epoch_terms *ret_terms);

#endif
