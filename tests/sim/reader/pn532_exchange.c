/* InDataExchange: the chip frames, ciphers and checks by itself. */
#include "tests/sim/reader/pn532_internal.h"

#include "base/bytes.h"

#define TARGET_NUMBER_BITS 0x3F
#define AUTH_BYTES (2 + CARD_KEY_BYTES + 4)
#define VALUE_BYTES (2 + 4)

struct command_shape {
    uint8_t code;
    uint8_t bytes; /* code and block included */
    enum field_command name;
    uint64_t line_us;
};

static const struct command_shape shapes[] = {
    {MIFARE_AUTH_A, AUTH_BYTES, COMMAND_AUTH_A, LINE_US_AUTH},
    {MIFARE_AUTH_B, AUTH_BYTES, COMMAND_AUTH_B, LINE_US_AUTH},
    {MIFARE_READ, 2, COMMAND_READ, LINE_US_READ},
    {MIFARE_WRITE, 2 + CARD_BLOCK_BYTES, COMMAND_WRITE, LINE_US_WRITE},
    {MIFARE_DECREMENT, VALUE_BYTES, COMMAND_DECREMENT, LINE_US_VALUE},
    {MIFARE_INCREMENT, VALUE_BYTES, COMMAND_INCREMENT, LINE_US_VALUE},
    {MIFARE_RESTORE, VALUE_BYTES, COMMAND_RESTORE, LINE_US_VALUE},
    {MIFARE_TRANSFER, 2, COMMAND_TRANSFER, LINE_US_TRANSFER},
};

static const struct command_shape *shape_of(uint8_t code)
{
    for (unsigned i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (shapes[i].code == code)
            return &shapes[i];
    }
    return NULL;
}

static enum card_result carry_out(struct card *card, const uint8_t *data, uint8_t *ret_block,
                                  size_t *ret_bytes)
{
    const uint8_t *rest = data + 2;
    enum card_result result;
    switch (data[0]) {
    case MIFARE_AUTH_A:
    case MIFARE_AUTH_B:
        return card_authenticate(card, data[0] == MIFARE_AUTH_A ? ACCESS_KEY_A : ACCESS_KEY_B, data[1], rest,
                                 rest + CARD_KEY_BYTES);
    case MIFARE_READ:
        result = card_read(card, data[1], ret_block);
        *ret_bytes = result == CARD_OK ? CARD_BLOCK_BYTES : 0;
        return result;
    case MIFARE_WRITE:
        return card_write(card, data[1], rest);
    case MIFARE_DECREMENT:
        return card_value(card, CARD_VALUE_DECREMENT, data[1], bytes_get_u32(rest));
    case MIFARE_INCREMENT:
        return card_value(card, CARD_VALUE_INCREMENT, data[1], bytes_get_u32(rest));
    case MIFARE_RESTORE:
        return card_value(card, CARD_VALUE_RESTORE, data[1], bytes_get_u32(rest));
    default:
        return card_transfer(card, data[1]);
    }
}

/* Nonsense makes a waiting Classic answer NAK and go; a phone outside ISO-DEP says nothing at all. */
static enum card_result nonsense(struct card *card)
{
    if (card->state != CARD_ACTIVE)
        return CARD_SILENT;
    card_fail(card);
    return card->kind == CARD_KIND_PHONE ? CARD_SILENT : CARD_REFUSED;
}

static enum card_result iso_dep(struct card *card, struct pn532_answer *answer)
{
    static const uint8_t file_not_found[] = {0x6A, 0x82};
    if (card->state != CARD_ACTIVE)
        return CARD_SILENT;
    pn532_append(answer, file_not_found, sizeof file_not_found);
    return CARD_OK;
}

enum card_result pn532_card_command(struct pn532 *chip, struct card *card, const uint8_t *data, size_t length,
                                    struct pn532_answer *answer)
{
    const struct command_shape *shape = shape_of(data[0]);
    bool is_phone = card && card->kind == CARD_KIND_PHONE;
    bool well_formed = shape && !is_phone && length == shape->bytes;
    uint8_t block[CARD_BLOCK_BYTES] = {0};
    size_t block_bytes = 0;
    enum card_result result = CARD_SILENT;
    if (card && card->iso_dep)
        result = iso_dep(card, answer);
    else if (card)
        result = well_formed ? carry_out(card, data, block, &block_bytes) : nonsense(card);
    if (well_formed && result == CARD_OK && shape->bytes == AUTH_BYTES)
        *pn532_register(chip, PN532_REGISTER_STATUS2) |= PN532_CRYPTO1_ON;
    pn532_append(answer, block, block_bytes);
    answer->line_us = shape ? shape->line_us : LINE_US_READ;
    if (result == CARD_SILENT)
        answer->line_us = pn532_timeout_us(chip);
    bool names_block = shape && !is_phone && length >= 2;
    field_book(chip->field, shape ? shape->name : COMMAND_OTHER, names_block ? data[1] : -1, result);
    return result;
}

static uint8_t status_of(enum card_result result)
{
    switch (result) {
    case CARD_OK:
        return PN532_OK;
    case CARD_REFUSED:
        return PN532_BAD_ANSWER;
    case CARD_AUTH_FAILED:
        return PN532_AUTH_FAILED;
    case CARD_SILENT:
        break;
    }
    return PN532_TIMEOUT;
}

void pn532_data_exchange(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    if (length < 3) {
        pn532_syntax_error(answer);
        return;
    }
    bool known;
    struct card *card = pn532_target_card(chip, data[1] & TARGET_NUMBER_BITS, &known);
    if (!known) {
        pn532_append_byte(answer, PN532_WRONG_CONTEXT);
        return;
    }
    if (card)
        answer->struck = field_strike(chip->field, false);
    if (answer->struck & (FAULT_BIT(FAULT_MUTE) | FAULT_BIT(FAULT_UNPLUG))) {
        answer->outcome = PN532_UNREACHABLE;
        return;
    }
    if (answer->struck & FAULT_BIT(FAULT_CUT))
        card = NULL;
    pn532_append_byte(answer, PN532_OK);
    size_t status_at = answer->length - 1;
    answer->data[status_at] = status_of(pn532_card_command(chip, card, data + 2, length - 2, answer));
}
