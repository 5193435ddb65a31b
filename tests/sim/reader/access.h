/* Access conditions of MIFARE Classic (MF1S50yyX data sheet §8.7): pure tables, no card and no session. */
#ifndef CARDWRIGHT_SIM_ACCESS_H
#define CARDWRIGHT_SIM_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

enum access_key {
    ACCESS_KEY_A = 0,
    ACCESS_KEY_B = 1,
};

enum access_operation {
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_INCREMENT,
    ACCESS_DECREMENT, /* decrement, transfer and restore share one right */
};

#define ACCESS_GROUPS 4 /* three groups of data blocks, then the trailer */
#define ACCESS_GROUP_TRAILER 3
#define ACCESS_CONDITIONS 8

/* What one key may do with the parts of a sector trailer. Key A is never readable. */
struct access_trailer {
    bool write_key_a;
    bool read_bits;
    bool write_bits;
    bool read_key_b;
    bool write_key_b;
};

/* Reads bytes 6..8 of a trailer into one condition a group, C1 C2 C3 as the number 4*C1 + 2*C2 + C3.
 * False: a bit and its complement agree; the card then blocks the whole sector for ever. */
bool access_decode(const uint8_t trailer[16], uint8_t ret_conditions[ACCESS_GROUPS]);

/* May `key` do `operation` on a data block under `condition` (0..7)? Says nothing about a readable key B. */
bool access_data(uint8_t condition, enum access_key key, enum access_operation operation);

/* The rights of `key` on a trailer under `condition` (0..7). */
struct access_trailer access_trailer(uint8_t condition, enum access_key key);

/* True: key B is readable data under this trailer condition, so a session opened with it may access nothing.
 */
bool access_key_b_is_data(uint8_t trailer_condition);

#endif
