#include "tests/sim/reader/pn532_internal.h"

#include "tests/sim/reader/frame.h"

#include <string.h>

#define CMD_DIAGNOSE 0x00
#define CMD_GET_FIRMWARE_VERSION 0x02
#define CMD_GET_GENERAL_STATUS 0x04
#define CMD_READ_REGISTER 0x06
#define CMD_WRITE_REGISTER 0x08
#define CMD_READ_GPIO 0x0C
#define CMD_WRITE_GPIO 0x0E
#define CMD_SET_SERIAL_BAUD_RATE 0x10
#define CMD_SET_PARAMETERS 0x12
#define CMD_SAM_CONFIGURATION 0x14
#define CMD_POWER_DOWN 0x16
#define CMD_RF_CONFIGURATION 0x32
#define CMD_IN_RELEASE 0x52
#define CMD_IN_SELECT 0x54

#define DIAGNOSE_ECHO 0x00
#define DIAGNOSE_ATTENTION 0x06
#define RF_ITEM_FIELD 0x01
#define RF_ITEM_TIMINGS 0x02
#define RF_ITEM_RETRIES 0x05

/* Power-on defaults of the chip: 51.2 ms answer timeout, selecting for ever, RATS by itself. */
#define DEFAULT_TIMEOUT_EXPONENT 0x0A
#define TIMEOUT_EXPONENT_MAX 0x10
#define TRIES_FOR_EVER 0xFF

void pn532_begin(struct pn532_answer *answer, uint8_t command)
{
    answer->outcome = PN532_ANSWERED;
    answer->length = 0;
    pn532_append_byte(answer, FRAME_FROM_CHIP);
    pn532_append_byte(answer, (uint8_t)(command + 1));
}

void pn532_append(struct pn532_answer *answer, const uint8_t *bytes, size_t count)
{
    size_t room = sizeof answer->data - answer->length;
    count = count < room ? count : room;
    memcpy(answer->data + answer->length, bytes, count);
    answer->length += count;
}

void pn532_append_byte(struct pn532_answer *answer, uint8_t byte)
{
    pn532_append(answer, &byte, 1);
}

void pn532_syntax_error(struct pn532_answer *answer)
{
    answer->outcome = PN532_SYNTAX_ERROR;
}

uint8_t *pn532_register(struct pn532 *chip, unsigned address)
{
    if (address < PN532_REGISTER_FIRST || address >= PN532_REGISTER_FIRST + PN532_REGISTERS)
        return NULL;
    return &chip->registers[address - PN532_REGISTER_FIRST];
}

uint64_t pn532_timeout_us(const struct pn532 *chip)
{
    return chip->timeout_exponent ? UINT64_C(100) << (chip->timeout_exponent - 1) : 0;
}

void pn532_forget_targets(struct pn532 *chip)
{
    memset(chip->targets, 0, sizeof chip->targets);
    chip->raw.command = 0;
    *pn532_register(chip, PN532_REGISTER_STATUS2) &= (uint8_t)~PN532_CRYPTO1_ON;
}

static void carrier(struct pn532 *chip, bool on)
{
    if (!on) {
        field_power_cycle(chip->field);
        pn532_forget_targets(chip);
    }
    chip->carrier_on = on;
}

void pn532_init(struct pn532 *chip, struct field *field)
{
    memset(chip, 0, sizeof *chip);
    chip->field = field;
    chip->asleep = true;
    chip->parameters = PN532_AUTOMATIC_RATS;
    chip->activation_tries = TRIES_FOR_EVER;
    chip->timeout_exponent = DEFAULT_TIMEOUT_EXPONENT;
    *pn532_register(chip, PN532_REGISTER_TX_MODE) = PN532_MODE_CRC;
    *pn532_register(chip, PN532_REGISTER_RX_MODE) = PN532_MODE_CRC;
    carrier(chip, false);
}

static void diagnose(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    if (length < 2) {
        pn532_syntax_error(answer);
        return;
    }
    if (data[1] == DIAGNOSE_ECHO) {
        pn532_append(answer, data + 1, length - 1);
    } else if (data[1] == DIAGNOSE_ATTENTION) { /* is the ISO-DEP card still there? */
        struct card *card = field_find(chip->field, chip->targets[0].serial);
        pn532_append_byte(answer, card && card->iso_dep ? PN532_OK : PN532_TIMEOUT);
    } else {
        pn532_append_byte(answer, 0x00); /* ROM, RAM, line, antenna: all well */
    }
}

static void general_status(struct pn532 *chip, struct pn532_answer *answer)
{
    uint8_t count = 0;
    for (unsigned i = 0; i < PN532_TARGETS_MAX; i++)
        count = (uint8_t)(count + (chip->targets[i].serial != 0));
    const uint8_t head[] = {0x00, chip->carrier_on, count};
    pn532_append(answer, head, sizeof head);
    for (unsigned i = 0; i < PN532_TARGETS_MAX; i++) {
        const uint8_t target[] = {(uint8_t)(i + 1), 0x00, 0x00,
                                  0x10}; /* 106 kbit/s both ways, ISO/IEC 14443 */
        if (chip->targets[i].serial)
            pn532_append(answer, target, sizeof target);
    }
    pn532_append_byte(answer, 0x80); /* SAM status: nothing connected */
}

static void read_registers(struct pn532 *chip, const uint8_t *data, size_t length,
                           struct pn532_answer *answer)
{
    if (length < 3 || length % 2 == 0) {
        pn532_syntax_error(answer);
        return;
    }
    for (size_t at = 1; at < length; at += 2) {
        const uint8_t *value = pn532_register(chip, (unsigned)data[at] << 8 | data[at + 1]);
        pn532_append_byte(answer, value ? *value : 0x00);
    }
}

static void write_registers(struct pn532 *chip, const uint8_t *data, size_t length,
                            struct pn532_answer *answer)
{
    if (length < 4 || length % 3 != 1) {
        pn532_syntax_error(answer);
        return;
    }
    for (size_t at = 1; at < length; at += 3) {
        uint8_t *value = pn532_register(chip, (unsigned)data[at] << 8 | data[at + 1]);
        if (value)
            *value = data[at + 2];
    }
}

/* Items that change nothing here (retries of exchanges, analogue settings) are taken as they are. */
static void rf_configuration(struct pn532 *chip, const uint8_t *data, size_t length,
                             struct pn532_answer *answer)
{
    static const uint8_t lengths[] = {[RF_ITEM_FIELD] = 3,
                                      [RF_ITEM_TIMINGS] = 5,
                                      [0x04] = 3, /* MaxRtyCOM */
                                      [RF_ITEM_RETRIES] = 5,
                                      [0x0A] = 13,
                                      [0x0B] = 10,
                                      [0x0C] = 5,
                                      [0x0D] = 11}; /* command and item included */
    uint8_t item = length > 1 ? data[1] : 0;
    if (item >= sizeof lengths || lengths[item] == 0 || length != lengths[item]) {
        pn532_syntax_error(answer);
        return;
    }
    if (item == RF_ITEM_FIELD)
        carrier(chip, data[2] & 0x01);
    if (item == RF_ITEM_TIMINGS)
        chip->timeout_exponent = data[4] < TIMEOUT_EXPONENT_MAX ? data[4] : TIMEOUT_EXPONENT_MAX;
    if (item == RF_ITEM_RETRIES)
        chip->activation_tries = data[4];
}

static void power_down(struct pn532 *chip, struct pn532_answer *answer)
{
    carrier(chip, false);
    chip->asleep = true;
    pn532_append_byte(answer, PN532_OK);
}

/* Commands about the chip itself; false: not one of these. */
static bool chip_command(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    static const uint8_t firmware[] = {0x32, 0x01, 0x06, 0x07}; /* PN532 1.6, ISO/IEC 14443 A and B, 18092 */
    static const uint8_t ports[] = {0x00, 0x00, 0x00};
    switch (data[0]) {
    case CMD_DIAGNOSE:
        diagnose(chip, data, length, answer);
        return true;
    case CMD_GET_FIRMWARE_VERSION:
        pn532_append(answer, firmware, sizeof firmware);
        return true;
    case CMD_GET_GENERAL_STATUS:
        general_status(chip, answer);
        return true;
    case CMD_READ_REGISTER:
        read_registers(chip, data, length, answer);
        return true;
    case CMD_WRITE_REGISTER:
        write_registers(chip, data, length, answer);
        return true;
    case CMD_READ_GPIO:
        pn532_append(answer, ports, sizeof ports);
        return true;
    case CMD_SET_PARAMETERS:
        if (length != 2)
            pn532_syntax_error(answer);
        else
            chip->parameters = data[1];
        return true;
    case CMD_RF_CONFIGURATION:
        rf_configuration(chip, data, length, answer);
        return true;
    case CMD_POWER_DOWN:
        power_down(chip, answer);
        return true;
    case CMD_SAM_CONFIGURATION:
        if (length < 2 || length > 4 || data[1] < 0x01 || data[1] > 0x04)
            pn532_syntax_error(answer);
        return true;
    case CMD_WRITE_GPIO:
    case CMD_SET_SERIAL_BAUD_RATE: /* a pty has no speed */
        return true;
    default:
        return false;
    }
}

/* Commands about cards; false: not one of these. */
static bool initiator_command(struct pn532 *chip, const uint8_t *data, size_t length,
                              struct pn532_answer *answer)
{
    switch (data[0]) {
    case PN532_IN_LIST_PASSIVE_TARGET:
        pn532_list_passive_target(chip, data, length, answer);
        return true;
    case PN532_IN_AUTO_POLL:
        pn532_auto_poll(chip, data, length, answer);
        return true;
    case PN532_IN_DATA_EXCHANGE:
        pn532_data_exchange(chip, data, length, answer);
        return true;
    case PN532_IN_COMMUNICATE_THRU:
        pn532_communicate_thru(chip, data, length, answer);
        return true;
    case CMD_IN_SELECT:
        pn532_select(chip, data, length, answer);
        return true;
    case PN532_IN_DESELECT:
    case CMD_IN_RELEASE:
        pn532_release(chip, data, length, answer);
        return true;
    default:
        return false;
    }
}

void pn532_command(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *ret_answer)
{
    pn532_abort(chip);
    ret_answer->struck = 0;
    ret_answer->line_us = 0;
    pn532_begin(ret_answer, data[0]);
    if (data[0] != PN532_IN_COMMUNICATE_THRU)
        chip->raw.command = 0;
    if (data[0] ==
        PN532_TG_INIT_AS_TARGET) /* no other reader is near: the chip waits until it is called off */
        ret_answer->outcome = PN532_PENDING;
    else if (!chip_command(chip, data, length, ret_answer) &&
             !initiator_command(chip, data, length, ret_answer))
        pn532_syntax_error(ret_answer);
    if (ret_answer->line_us ==
        0) { /* nothing goes through the air: only the bytes of both frames take time */
        size_t bytes = length + ret_answer->length + FRAME_ACK_BYTES + 2 * FRAME_OVERHEAD_BYTES;
        ret_answer->line_us = bytes * LINE_US_PER_BYTE;
    }
}

bool pn532_resume(struct pn532 *chip, uint64_t now_ns, struct pn532_answer *ret_answer)
{
    if (chip->wait.length == 0)
        return false;
    bool give_up = chip->wait.deadline_ns && now_ns >= chip->wait.deadline_ns;
    ret_answer->struck = 0;
    ret_answer->line_us = 0;
    if (!pn532_poll_again(chip, give_up, ret_answer))
        return false;
    pn532_abort(chip);
    return true;
}

uint64_t pn532_deadline_ns(const struct pn532 *chip)
{
    return chip->wait.length ? chip->wait.deadline_ns : 0;
}

void pn532_abort(struct pn532 *chip)
{
    chip->wait.length = 0;
    chip->wait.deadline_ns = 0;
}
