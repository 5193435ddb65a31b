/* InCommunicateThru: the host builds the frames of the card itself. The chip still ciphers an open session
 * and, unless told otherwise, adds and checks the CRC. A raw authentication is a dialogue in cipher text and
 * is not modelled: the card stays silent. */
#include "tests/sim/reader/pn532_internal.h"

#include <string.h>

#define REQA 0x26
#define WUPA 0x52
#define HLTA 0x50
#define RATS 0xE0
#define SELECT_LEVEL_1 0x93
#define SELECT_LEVEL_2 0x95
#define ANTICOLLISION_ALL 0x20
#define SELECT_ALL_BITS 0x70
#define SAK_CASCADE 0x04
#define CASCADE_TAG 0x88
#define SHORT_FRAME_BITS 7
#define CARD_ACK 0x0A
#define CARD_NAK 0x04
#define NIBBLE_BITS 4
#define STATUS_CRC_ERROR 0x02
#define CRC_BYTES 2
#define LEVEL_BYTES 5 /* four bytes of UID and their check byte */

/* CRC_A of ISO/IEC 14443-3, least significant byte first. */
static void crc_a(const uint8_t *data, size_t length, uint8_t ret_crc[CRC_BYTES])
{
    uint16_t crc = 0x6363;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)(data[i] ^ crc);
        byte = (uint8_t)(byte ^ byte << 4);
        crc = (uint16_t)(crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4);
    }
    ret_crc[0] = (uint8_t)crc;
    ret_crc[1] = (uint8_t)(crc >> 8);
}

static void silence(struct pn532 *chip, struct pn532_answer *answer)
{
    pn532_append_byte(answer, PN532_TIMEOUT);
    answer->line_us = pn532_timeout_us(chip);
}

static void last_bits(struct pn532 *chip, uint8_t bits)
{
    uint8_t *control = pn532_register(chip, PN532_REGISTER_CONTROL);
    *control = (uint8_t)((*control & ~PN532_LAST_BITS) | bits);
}

/* A frame of the card that carries a CRC: the chip strips it, or hands it on. */
static void answer_with_crc(struct pn532 *chip, const uint8_t *data, size_t length,
                            struct pn532_answer *answer)
{
    pn532_append_byte(answer, PN532_OK);
    pn532_append(answer, data, length);
    if (!(*pn532_register(chip, PN532_REGISTER_RX_MODE) & PN532_MODE_CRC)) {
        uint8_t crc[CRC_BYTES];
        crc_a(data, length, crc);
        pn532_append(answer, crc, sizeof crc);
    }
}

/* A frame of the card without a CRC: the chip takes it for damaged if it looks for one. */
static void answer_bare(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    if (*pn532_register(chip, PN532_REGISTER_RX_MODE) & PN532_MODE_CRC) {
        pn532_append_byte(answer, STATUS_CRC_ERROR);
        return;
    }
    pn532_append_byte(answer, PN532_OK);
    pn532_append(answer, data, length);
}

static void answer_nibble(struct pn532 *chip, uint8_t nibble, struct pn532_answer *answer)
{
    pn532_append_byte(answer, PN532_OK);
    pn532_append_byte(answer, nibble);
    last_bits(chip, NIBBLE_BITS);
}

static struct card *card_in(struct pn532 *chip, enum card_state state)
{
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        struct card *card = chip->field->slots[i].card;
        if (card && card->state == state)
            return card;
    }
    return NULL;
}

static void request(struct pn532 *chip, uint8_t code, struct pn532_answer *answer)
{
    const struct card *first = NULL;
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX && (code == REQA || code == WUPA); i++) {
        struct card *card = chip->field->slots[i].card;
        if (card && card_request(card, code == WUPA) && !first)
            first = card;
    }
    if (!first) {
        silence(chip, answer);
        return;
    }
    const uint8_t atqa[] = {first->identity.atqa[1], first->identity.atqa[0]}; /* low byte first on the air */
    answer_bare(chip, atqa, sizeof atqa, answer);
}

/* The part of the UID that belongs to a cascade level, with its check byte. False: the card has no such
 * level. */
static bool level_of(const struct card *card, uint8_t code, uint8_t ret_level[LEVEL_BYTES])
{
    const struct card_identity *identity = &card->identity;
    bool is_long = identity->uid_bytes == CARD_UID_BYTES_LONG;
    if (code == SELECT_LEVEL_1 && is_long) {
        ret_level[0] = CASCADE_TAG;
        memcpy(ret_level + 1, identity->uid, 3);
    } else if (code == SELECT_LEVEL_1) {
        memcpy(ret_level, identity->uid, 4);
    } else if (is_long) {
        memcpy(ret_level, identity->uid + 3, 4);
    } else {
        return false;
    }
    ret_level[4] = (uint8_t)(ret_level[0] ^ ret_level[1] ^ ret_level[2] ^ ret_level[3]);
    return true;
}

static void anticollision(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    struct card *card = card_in(chip, CARD_READY);
    uint8_t level[LEVEL_BYTES];
    if (!card || length < 2 || !level_of(card, data[0], level)) {
        silence(chip, answer);
        return;
    }
    if (data[1] == ANTICOLLISION_ALL && length == 2) {
        answer_bare(chip, level, sizeof level, answer);
        return;
    }
    if (data[1] != SELECT_ALL_BITS || length != 2 + LEVEL_BYTES ||
        memcmp(data + 2, level, sizeof level) != 0) {
        card_fail(card);
        silence(chip, answer);
        return;
    }
    uint8_t sak = level[0] == CASCADE_TAG ? SAK_CASCADE : card->identity.sak;
    if (sak != SAK_CASCADE) {
        card_select(card);
        field_book(chip->field, COMMAND_SELECT, -1, CARD_OK);
    }
    answer_with_crc(chip, &sak, 1, answer);
}

static void rats(struct pn532 *chip, struct card *card, struct pn532_answer *answer)
{
    uint8_t ats[1 + CARD_ATS_BYTES_MAX];
    size_t bytes = card->identity.ats_bytes;
    field_book(chip->field, COMMAND_OTHER, -1, bytes ? CARD_OK : CARD_SILENT);
    if (bytes == 0) { /* a Classic does not know it */
        card_fail(card);
        silence(chip, answer);
        return;
    }
    card->iso_dep = true;
    ats[0] = (uint8_t)(bytes + 1);
    memcpy(ats + 1, card->identity.ats, bytes);
    answer_with_crc(chip, ats, bytes + 1, answer);
}

/* First half of WRITE or of a value command: the card says whether it may go on. */
static void announce(struct pn532 *chip, struct card *card, const uint8_t *data, struct pn532_answer *answer)
{
    enum card_result result;
    if (data[0] == MIFARE_WRITE)
        result = card_announce_write(card, data[1]);
    else if (data[0] == MIFARE_INCREMENT)
        result = card_announce_value(card, CARD_VALUE_INCREMENT, data[1]);
    else
        result = card_announce_value(card, CARD_VALUE_DECREMENT, data[1]);
    if (result == CARD_OK)
        chip->raw = (struct pn532_raw){.command = data[0], .block_index = data[1]};
    else
        field_book(chip->field, COMMAND_OTHER, data[1], result);
    answer_nibble(chip, result == CARD_OK ? CARD_ACK : CARD_NAK, answer);
}

/* A whole card command is at hand: carried out as if the chip had framed it, answered as the card would. */
static void complete(struct pn532 *chip, struct card *card, const uint8_t *command, size_t length,
                     struct pn532_answer *answer)
{
    struct pn532_answer card_answer = {0};
    bool is_value =
        command[0] == MIFARE_DECREMENT || command[0] == MIFARE_INCREMENT || command[0] == MIFARE_RESTORE;
    enum card_result result = pn532_card_command(chip, card, command, length, &card_answer);
    answer->line_us = card_answer.line_us;
    if (result == CARD_SILENT || (is_value && result == CARD_OK)) /* a good operand is answered by silence */
        silence(chip, answer);
    else if (result != CARD_OK)
        answer_nibble(chip, CARD_NAK, answer);
    else if (card_answer.length > 0)
        answer_with_crc(chip, card_answer.data, card_answer.length, answer);
    else
        answer_nibble(chip, CARD_ACK, answer);
}

static void second_half(struct pn532 *chip, struct card *card, const uint8_t *data, size_t length,
                        struct pn532_answer *answer)
{
    uint8_t command[2 + CARD_BLOCK_BYTES] = {chip->raw.command, chip->raw.block_index};
    bool fits = length <= CARD_BLOCK_BYTES;
    memcpy(command + 2, data, fits ? length : 0);
    chip->raw.command = 0;
    complete(chip, card, command, fits ? 2 + length : 2, answer); /* too long is as wrong as too short */
}

static void to_active_card(struct pn532 *chip, struct card *card, const uint8_t *data, size_t length,
                           struct pn532_answer *answer)
{
    bool two_parts = length == 2 && (data[0] == MIFARE_WRITE || data[0] == MIFARE_DECREMENT ||
                                     data[0] == MIFARE_INCREMENT || data[0] == MIFARE_RESTORE);
    if (chip->raw.command) {
        second_half(chip, card, data, length, answer);
        return;
    }
    answer->struck = field_strike(chip->field, false);
    if (answer->struck & (FAULT_BIT(FAULT_MUTE) | FAULT_BIT(FAULT_UNPLUG))) {
        answer->outcome = PN532_UNREACHABLE;
        return;
    }
    if (answer->struck & FAULT_BIT(FAULT_CUT)) {
        complete(chip, NULL, data, length, answer);
        return;
    }
    if (data[0] == MIFARE_AUTH_A || data[0] == MIFARE_AUTH_B) {
        card_fail(card);
        field_book(chip->field, COMMAND_OTHER, -1, CARD_SILENT);
        silence(chip, answer);
    } else if (data[0] == RATS && !card->iso_dep) {
        rats(chip, card, answer);
    } else if (two_parts && card->kind != CARD_KIND_PHONE) {
        announce(chip, card, data, answer);
    } else {
        complete(chip, card, data, length, answer);
    }
}

/* Drops the CRC the host had to add itself; false: it is wrong, so no card listens. */
static bool strip_crc(struct pn532 *chip, const uint8_t *data, size_t *length)
{
    bool chip_adds_crc = *pn532_register(chip, PN532_REGISTER_TX_MODE) & PN532_MODE_CRC;
    bool is_anticollision = *length == 2 && (data[0] == SELECT_LEVEL_1 || data[0] == SELECT_LEVEL_2);
    if (chip_adds_crc || is_anticollision)
        return true;
    uint8_t crc[CRC_BYTES];
    if (*length <= CRC_BYTES)
        return false;
    *length -= CRC_BYTES;
    crc_a(data, *length, crc);
    return memcmp(crc, data + *length, CRC_BYTES) == 0;
}

void pn532_communicate_thru(struct pn532 *chip, const uint8_t *data, size_t length,
                            struct pn532_answer *answer)
{
    bool type_a = !(*pn532_register(chip, PN532_REGISTER_TX_MODE) & PN532_MODE_FRAMING);
    uint8_t bits = *pn532_register(chip, PN532_REGISTER_BIT_FRAMING) & PN532_LAST_BITS;
    data++;
    length--;
    last_bits(chip, 0);
    if (length == 0 || !type_a || field_empty(chip->field)) {
        silence(chip, answer);
        return;
    }
    chip->carrier_on = true;
    if (bits == SHORT_FRAME_BITS && length == 1) {
        request(chip, data[0], answer);
        return;
    }
    struct card *card = card_in(chip, CARD_ACTIVE);
    if (!strip_crc(chip, data, &length)) {
        silence(chip, answer);
    } else if (data[0] == SELECT_LEVEL_1 || data[0] == SELECT_LEVEL_2) {
        anticollision(chip, data, length, answer);
    } else if (data[0] == HLTA && length == 2 && chip->raw.command == 0) {
        if (card)
            card_halt(card);
        silence(chip, answer);
    } else if (!card) {
        silence(chip, answer);
    } else {
        to_active_card(chip, card, data, length, answer);
    }
}
