/* Finding, selecting and letting go of cards. */
#include "tests/sim/reader/pn532_internal.h"

#include <string.h>

#define TYPE_A_106 0x00
#define TRIES_FOR_EVER 0xFF
#define POLLS_FOR_EVER 0xFF
#define POLL_PERIOD_NS UINT64_C(150000000)
#define CASCADE_TAG 0x88
#define SAK_ISO_DEP 0x20
#define SAK_CLASSIC 0x08
#define AUTO_POLL_GENERIC_A 0x00
#define AUTO_POLL_CLASSIC 0x10
#define AUTO_POLL_ISO_DEP 0x20

/* The UID a select asks for; bytes == 0: any card. */
struct wanted {
    const uint8_t *uid;
    size_t bytes;
};

void pn532_wake_card(struct pn532 *chip, struct card *card)
{
    if (!card_request(card, true))
        card_request(card, true); /* an active card misses the first call */
    card_select(card);
    card->iso_dep = card->identity.ats_bytes > 0 && (chip->parameters & PN532_AUTOMATIC_RATS);
    *pn532_register(chip, PN532_REGISTER_STATUS2) &= (uint8_t)~PN532_CRYPTO1_ON;
}

static bool is_wanted(const struct card *card, struct wanted wanted)
{
    return wanted.bytes == 0 || (wanted.bytes == card->identity.uid_bytes &&
                                 memcmp(wanted.uid, card->identity.uid, wanted.bytes) == 0);
}

/* One request through the air. Cards that answered and were not chosen go back to where they were. */
static int request_once(struct pn532 *chip, struct wanted wanted)
{
    int chosen = -1;
    for (int i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        struct card *card = chip->field->slots[i].card;
        if (!card || !card_request(card, wanted.bytes > 0))
            continue;
        if (chosen < 0 && is_wanted(card, wanted))
            chosen = i;
        else
            card_fail(card);
    }
    if (chosen >= 0) {
        struct card *card = chip->field->slots[chosen].card;
        card_select(card);
        card->iso_dep = card->identity.ats_bytes > 0 && (chip->parameters & PN532_AUTOMATIC_RATS);
    }
    return chosen;
}

/* As many requests as the host allowed; more than two change nothing while the field stays as it is. */
static int request(struct pn532 *chip, struct wanted wanted, struct pn532_answer *answer)
{
    int chosen = request_once(chip, wanted);
    if (chosen < 0 && chip->activation_tries > 0)
        chosen = request_once(chip, wanted);
    answer->line_us += chosen >= 0 ? LINE_US_SELECT : 0;
    return chosen;
}

static void remember(struct pn532 *chip, unsigned target_index, int slot_index)
{
    chip->targets[target_index].serial = chip->field->slots[slot_index].serial;
    chip->targets[target_index].deselected = false;
    chip->carrier_on = true;
}

static void append_target(struct pn532 *chip, unsigned target_index, struct pn532_answer *answer)
{
    const struct card *card = field_find(chip->field, chip->targets[target_index].serial);
    const struct card_identity *identity = &card->identity;
    pn532_append_byte(answer, (uint8_t)(target_index + 1));
    pn532_append(answer, identity->atqa, sizeof identity->atqa);
    pn532_append_byte(answer, identity->sak);
    pn532_append_byte(answer, (uint8_t)identity->uid_bytes);
    pn532_append(answer, identity->uid, identity->uid_bytes);
    if (card->iso_dep) { /* the length byte of an ATS counts itself */
        pn532_append_byte(answer, (uint8_t)(identity->ats_bytes + 1));
        pn532_append(answer, identity->ats, identity->ats_bytes);
    }
}

/* Selects up to `count` cards into the target table. Two cards cannot be active at once: the first is halted
 * and woken again by the exchange that names it. */
static unsigned find_targets(struct pn532 *chip, unsigned count, struct wanted wanted,
                             struct pn532_answer *answer)
{
    pn532_forget_targets(chip);
    if (!field_empty(chip->field))
        answer->struck |= field_strike(chip->field, true);
    unsigned found = 0;
    while (found < count && !field_empty(chip->field)) {
        int slot = request(chip, wanted, answer);
        if (slot < 0)
            break;
        remember(chip, found, slot);
        field_book(chip->field, COMMAND_SELECT, -1, CARD_OK);
        found++;
        if (found < count) {
            card_halt(chip->field->slots[slot].card);
            chip->targets[found - 1].deselected = true;
        }
    }
    return found;
}

/* A UID of 7 bytes is given as on the air: cascade tag first. */
static struct wanted wanted_of(const uint8_t *data, size_t length)
{
    struct wanted wanted = {.uid = data, .bytes = length};
    if (length == CARD_UID_BYTES_LONG + 1 && data[0] == CASCADE_TAG)
        wanted = (struct wanted){.uid = data + 1, .bytes = length - 1};
    return wanted;
}

static bool list_once(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    unsigned found = 0;
    if (data[2] == TYPE_A_106)
        found = find_targets(chip, data[1], wanted_of(data + 3, length - 3), answer);
    if (found == 0)
        return false;
    pn532_begin(answer, data[0]);
    pn532_append_byte(answer, (uint8_t)found);
    for (unsigned i = 0; i < found; i++)
        append_target(chip, i, answer);
    return true;
}

static bool auto_poll_type_fits(uint8_t type, const struct card *card)
{
    if (type == AUTO_POLL_ISO_DEP)
        return card->identity.sak & SAK_ISO_DEP;
    if (type == AUTO_POLL_CLASSIC)
        return card->identity.sak & SAK_CLASSIC;
    return type == AUTO_POLL_GENERIC_A;
}

static bool auto_poll_once(struct pn532 *chip, const uint8_t *data, size_t length,
                           struct pn532_answer *answer)
{
    if (find_targets(chip, 1, (struct wanted){0}, answer) == 0)
        return false;
    const struct card *card = field_find(chip->field, chip->targets[0].serial);
    for (size_t at = 3; at < length; at++) {
        if (!auto_poll_type_fits(data[at], card))
            continue;
        struct pn532_answer target = {0};
        append_target(chip, 0, &target);
        pn532_begin(answer, data[0]);
        pn532_append_byte(answer, 1);
        pn532_append_byte(answer, data[at]);
        pn532_append_byte(answer, (uint8_t)target.length);
        pn532_append(answer, target.data, target.length);
        return true;
    }
    pn532_forget_targets(chip);
    return false;
}

static void answer_nobody(const uint8_t *command, struct pn532_answer *answer)
{
    pn532_begin(answer, command[0]);
    pn532_append_byte(answer, 0);
}

static void wait_for_card(struct pn532 *chip, const uint8_t *data, size_t length, uint64_t deadline_ns)
{
    memcpy(chip->wait.command, data, length);
    chip->wait.length = length;
    chip->wait.deadline_ns = deadline_ns;
}

void pn532_list_passive_target(struct pn532 *chip, const uint8_t *data, size_t length,
                               struct pn532_answer *answer)
{
    if (length < 3 || data[1] == 0 || data[1] > PN532_TARGETS_MAX) {
        pn532_syntax_error(answer);
        return;
    }
    /* The firmware sets the unit up for the kind of card it looks for. */
    *pn532_register(chip, PN532_REGISTER_TX_MODE) &= (uint8_t)~PN532_MODE_FRAMING;
    *pn532_register(chip, PN532_REGISTER_RX_MODE) &= (uint8_t)~PN532_MODE_FRAMING;
    if (list_once(chip, data, length, answer))
        return;
    if (chip->activation_tries == TRIES_FOR_EVER) {
        wait_for_card(chip, data, length, 0);
        answer->outcome = PN532_PENDING;
        return;
    }
    answer_nobody(data, answer);
    answer->line_us += LINE_US_SELECT_NOBODY * ((uint64_t)chip->activation_tries + 1);
}

void pn532_auto_poll(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    if (length < 4 || length > 3 + 15 || data[1] == 0 || data[2] == 0 || data[2] > 0x0F) {
        pn532_syntax_error(answer);
        return;
    }
    if (auto_poll_once(chip, data, length, answer))
        return;
    uint64_t rounds = (uint64_t)data[1] * data[2] * (length - 3);
    uint64_t deadline_ns = data[1] == POLLS_FOR_EVER ? 0 : field_now_ns() + rounds * POLL_PERIOD_NS;
    wait_for_card(chip, data, length, deadline_ns);
    answer->outcome = PN532_PENDING;
}

bool pn532_poll_again(struct pn532 *chip, bool give_up, struct pn532_answer *answer)
{
    const struct pn532_wait *wait = &chip->wait;
    bool lists = wait->command[0] == PN532_IN_LIST_PASSIVE_TARGET;
    bool found = lists ? list_once(chip, wait->command, wait->length, answer)
                       : auto_poll_once(chip, wait->command, wait->length, answer);
    if (!found && give_up)
        answer_nobody(wait->command, answer);
    return found || give_up;
}

static struct pn532_target *target_of(struct pn532 *chip, uint8_t number)
{
    bool known = number >= 1 && number <= PN532_TARGETS_MAX && chip->targets[number - 1].serial;
    return known ? &chip->targets[number - 1] : NULL;
}

static void halt_others(struct pn532 *chip, const struct pn532_target *keep)
{
    for (unsigned i = 0; i < PN532_TARGETS_MAX; i++) {
        struct pn532_target *target = &chip->targets[i];
        struct card *card = target->serial ? field_find(chip->field, target->serial) : NULL;
        if (target == keep || !card)
            continue;
        if (card->state == CARD_ACTIVE)
            card_halt(card);
        target->deselected = true;
    }
}

struct card *pn532_target_card(struct pn532 *chip, uint8_t number, bool *ret_known)
{
    struct pn532_target *target = target_of(chip, number);
    *ret_known = target != NULL;
    struct card *card = target ? field_find(chip->field, target->serial) : NULL;
    if (card && target->deselected) {
        halt_others(chip, target);
        pn532_wake_card(chip, card);
        target->deselected = false;
    }
    return card;
}

void pn532_select(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    if (length != 2) {
        pn532_syntax_error(answer);
        return;
    }
    bool known;
    struct card *card = pn532_target_card(chip, data[1], &known);
    pn532_append_byte(answer, card ? PN532_OK : known ? PN532_TIMEOUT : PN532_WRONG_CONTEXT);
    answer->line_us = card ? LINE_US_SELECT : pn532_timeout_us(chip);
}

/* InDeselect keeps the targets in the table, InRelease forgets them; 0 means all. */
void pn532_release(struct pn532 *chip, const uint8_t *data, size_t length, struct pn532_answer *answer)
{
    if (length != 2) {
        pn532_syntax_error(answer);
        return;
    }
    for (uint8_t number = 1; number <= PN532_TARGETS_MAX; number++) {
        struct pn532_target *target = target_of(chip, number);
        if (!target || (data[1] != 0 && data[1] != number))
            continue;
        struct card *card = field_find(chip->field, target->serial);
        if (card && card->state == CARD_ACTIVE)
            card_halt(card);
        target->deselected = true;
        if (data[0] != PN532_IN_DESELECT)
            target->serial = 0;
    }
    *pn532_register(chip, PN532_REGISTER_STATUS2) &= (uint8_t)~PN532_CRYPTO1_ON;
    pn532_append_byte(answer, PN532_OK);
}
