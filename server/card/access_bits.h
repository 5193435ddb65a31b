/* Access bytes and sector trailers (card design 3.3; the meaning of the bits is the chip maker's, table 8 of
 * its data sheet). A contradictory trailer locks its sector for ever, so trailers are only ever made here. */
#ifndef CARDWRIGHT_CARD_ACCESS_BITS_H
#define CARDWRIGHT_CARD_ACCESS_BITS_H

#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

#define ACCESS_BYTES 3
#define TRAILER_GPB 0x69 /* the general purpose byte of every sector but sector 0 with a MAD */

/* Conditions C1 C2 C3 as a number 0..7, for data blocks 0, 1, 2 and for the trailer. */
struct access_conditions {
    uint8_t data[3];
    uint8_t trailer;
};

/* Who may do what to a sector; used by L. */
enum access_profile {
    ACCESS_TRANSPORT,     /* as delivered: key A does everything */
    ACCESS_DATA,          /* A reads, B writes */
    ACCESS_PURSE,         /* blocks 0, 1 purse (A spends, B loads), block 2 data */
    ACCESS_PURSE_JOURNAL, /* the same, block 2 written by machines */
};

void access_bits_encode(const struct access_conditions *conditions, uint8_t ret_bytes[ACCESS_BYTES]);
/* False: the complements contradict; such a sector is locked. */
bool access_bits_decode(const uint8_t bytes[ACCESS_BYTES], struct access_conditions *ret_conditions);

void access_profile_bytes(enum access_profile profile, uint8_t ret_bytes[ACCESS_BYTES]);
/* The profile of logical sector L0..L6. */
enum access_profile access_profile_of(uint8_t sector);

/* The 16 bytes to write: key A, access bytes, GPB, key B. */
void trailer_encode(enum access_profile profile, const uint8_t key_a[CARD_KEY_BYTES],
                    const uint8_t key_b[CARD_KEY_BYTES], uint8_t ret_block[CARD_BLOCK_BYTES]);
/* What a card answers when such a trailer is read: key A as zeros always; key B as zeros too (condition 011
 * shows neither), but as delivered in a transport trailer, whose condition 001 shows it. */
void trailer_read_back(enum access_profile profile, uint8_t ret_block[CARD_BLOCK_BYTES]);

#endif
