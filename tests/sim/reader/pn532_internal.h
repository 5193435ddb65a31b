/* Between the files of the chip model only. */
#ifndef CARDWRIGHT_SIM_PN532_INTERNAL_H
#define CARDWRIGHT_SIM_PN532_INTERNAL_H

#include "tests/sim/reader/pn532.h"

#define PN532_IN_LIST_PASSIVE_TARGET 0x4A
#define PN532_IN_AUTO_POLL 0x60
#define PN532_IN_DATA_EXCHANGE 0x40
#define PN532_IN_COMMUNICATE_THRU 0x42
#define PN532_IN_DESELECT 0x44
#define PN532_TG_INIT_AS_TARGET 0x8C

#define PN532_AUTOMATIC_RATS 0x10 /* SetParameters flag */

/* Registers of the contactless unit that change what this model does (PN532 data sheet §8.6.23). */
#define PN532_REGISTER_TX_MODE 0x6302
#define PN532_REGISTER_RX_MODE 0x6303
#define PN532_REGISTER_STATUS2 0x6338
#define PN532_REGISTER_CONTROL 0x633C
#define PN532_REGISTER_BIT_FRAMING 0x633D
#define PN532_MODE_CRC 0x80
#define PN532_MODE_FRAMING 0x03 /* 0 = ISO/IEC 14443 A */
#define PN532_CRYPTO1_ON 0x08
#define PN532_LAST_BITS 0x07

/* Commands of the card. */
#define MIFARE_AUTH_A 0x60
#define MIFARE_AUTH_B 0x61
#define MIFARE_READ 0x30
#define MIFARE_WRITE 0xA0
#define MIFARE_DECREMENT 0xC0
#define MIFARE_INCREMENT 0xC1
#define MIFARE_RESTORE 0xC2
#define MIFARE_TRANSFER 0xB0

/* Times at 115200 baud measured on a modelled reader, line and air together. */
#define LINE_US_PER_BYTE 87
#define LINE_US_SELECT 6400
#define LINE_US_SELECT_NOBODY 5300
#define LINE_US_AUTH 5500
#define LINE_US_READ 6500
#define LINE_US_WRITE 13600
#define LINE_US_VALUE 5000
#define LINE_US_TRANSFER 7800

/* Answer helpers: begin with the answer code, append bytes (silently cut at the limit, which no answer
 * reaches). */
void pn532_begin(struct pn532_answer *answer, uint8_t command);
void pn532_append(struct pn532_answer *answer, const uint8_t *bytes, size_t count);
void pn532_append_byte(struct pn532_answer *answer, uint8_t byte);
void pn532_syntax_error(struct pn532_answer *answer);

uint8_t *pn532_register(struct pn532 *chip, unsigned address); /* NULL: outside the contactless unit */
uint64_t pn532_timeout_us(const struct pn532 *chip);

/* pn532_select.c */
void pn532_list_passive_target(struct pn532 *chip, const uint8_t *data, size_t length,
                               struct pn532_answer *answer);
void pn532_auto_poll(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer);
void pn532_release(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer);
void pn532_select(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer);

/* Looks for the card the waiting command wants; true: found, or `give_up` and the answer says "nobody". */
bool pn532_poll_again(struct pn532 *chip, bool give_up, struct pn532_answer *answer);

/* Wakes a card out of any state (WUPA and select, RATS where that is automatic). */
void pn532_wake_card(struct pn532 *chip, struct card *card);

/* The card behind target `number`, woken if it was deselected; NULL: it has left, or *ret_known is false. */
struct card *pn532_target_card(struct pn532 *chip, uint8_t number, bool *ret_known);

/* pn532_exchange.c */
void pn532_data_exchange(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer);

/* Carries out one complete card command, books it, and appends what the card sent back. */
enum card_result pn532_card_command(struct pn532 *chip, struct card *card, const uint8_t *data, size_t length,
                                    struct pn532_answer *answer);

/* pn532_raw.c */
void pn532_communicate_thru(struct pn532 *chip, const uint8_t *data, size_t length,
                            struct pn532_answer *answer);

#endif
