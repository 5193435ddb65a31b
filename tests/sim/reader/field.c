#include "tests/sim/reader/field.h"

#include "tests/sim/reader/card_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_SEED 1

static const char *const command_texts[FIELD_COMMANDS] = {
    [COMMAND_SELECT] = "select",       [COMMAND_AUTH_A] = "auth_a",   [COMMAND_AUTH_B] = "auth_b",
    [COMMAND_READ] = "read",           [COMMAND_WRITE] = "write",     [COMMAND_DECREMENT] = "decrement",
    [COMMAND_INCREMENT] = "increment", [COMMAND_RESTORE] = "restore", [COMMAND_TRANSFER] = "transfer",
    [COMMAND_OTHER] = "other",
};

static const char *const result_texts[] = {[CARD_OK] = "ok",
                                           [CARD_REFUSED] = "refused",
                                           [CARD_AUTH_FAILED] = "auth_failed",
                                           [CARD_SILENT] = "silent"};

uint64_t field_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void field_init(struct field *field, const char *directory)
{
    memset(field, 0, sizeof *field);
    field->next_serial = 1;
    field->tear.random = DEFAULT_SEED;
    field->last_command_ns = field_now_ns();
    snprintf(field->directory, sizeof field->directory, "%s", directory);
}

void field_close(struct field *field)
{
    field_remove(field);
    field_log_to(field, NULL);
}

static void put(struct field *field, unsigned slot_index, struct card *card)
{
    card->tear = &field->tear;
    card->negative_operands_allowed = field->negative_operands_allowed;
    field->slots[slot_index] = (struct field_slot){.card = card, .serial = field->next_serial++};
}

static bool put_file(struct field *field, unsigned slot_index, const char *name, char *error)
{
    struct card *card = malloc(sizeof *card);
    if (!card) {
        snprintf(error, CARD_FILE_ERROR_BYTES, "out of memory");
        return false;
    }
    if (!card_file_open(field->directory, name, card, error)) {
        free(card);
        return false;
    }
    put(field, slot_index, card);
    return true;
}

static void start_counting(struct field *field)
{
    memset(&field->counts, 0, sizeof field->counts);
    field->last_command_ns = field_now_ns();
}

bool field_place(struct field *field, const char *name, const char *second_name, char *error)
{
    field_remove(field);
    start_counting(field);
    if (!put_file(field, 0, name, error))
        return false;
    if (second_name && !put_file(field, 1, second_name, error)) {
        field_remove(field);
        return false;
    }
    return true;
}

bool field_place_phone(struct field *field)
{
    field_remove(field);
    start_counting(field);
    struct card *card = malloc(sizeof *card);
    if (!card)
        return false;
    card_make_phone(card, &field->tear.random);
    put(field, 0, card);
    return true;
}

void field_remove(struct field *field)
{
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        struct card *card = field->slots[i].card;
        if (card)
            card_file_close(card);
        free(card);
        field->slots[i].card = NULL;
    }
}

bool field_empty(const struct field *field)
{
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        if (field->slots[i].card)
            return false;
    }
    return true;
}

struct card *field_find(struct field *field, uint64_t serial)
{
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        if (field->slots[i].card && field->slots[i].serial == serial)
            return field->slots[i].card;
    }
    return NULL;
}

void field_power_cycle(struct field *field)
{
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        struct card *card = field->slots[i].card;
        if (!card)
            continue;
        if (card->kind == CARD_KIND_PHONE) {
            struct card_tear *tear = card->tear;
            card_make_phone(card, &tear->random);
            card->tear = tear;
        }
        card_power_cycle(card);
    }
}

unsigned field_strike(struct field *field, bool is_select)
{
    unsigned struck = 0;
    for (unsigned fault = 0; fault < FAULTS; fault++) {
        if ((fault == FAULT_CUT_SELECT) != is_select || field->countdown[fault] == 0)
            continue;
        if (--field->countdown[fault] == 0)
            struck |= FAULT_BIT(fault);
    }
    if (struck & (FAULT_BIT(FAULT_CUT) | FAULT_BIT(FAULT_CUT_SELECT))) {
        field_remove(field);
        field->cuts_done++;
    }
    return struck;
}

static void log_line(struct field *field, uint64_t now_ns, enum field_command command, int block_index,
                     const char *result_text)
{
    if (!field->log)
        return;
    char block[12] = "-";
    if (block_index >= 0)
        snprintf(block, sizeof block, "%d", block_index);
    fprintf(field->log, "%" PRIu64 " %s %s %s\n", now_ns, command_texts[command], block, result_text);
}

void field_book(struct field *field, enum field_command command, int block_index, enum card_result result)
{
    const char *result_text = result_texts[result];
    uint64_t now_ns = field_now_ns();
    if (field_empty(field)) {
        result_text = "gone";
    } else {
        field->counts.by_command[command]++;
        field->counts.commands += command != COMMAND_SELECT;
        field->counts.refused += result == CARD_REFUSED || result == CARD_AUTH_FAILED;
        result_text = field->tear.torn ? "torn" : result_text;
    }
    if (command != COMMAND_SELECT)
        field->last_command_ns = now_ns;
    log_line(field, now_ns, command, block_index, result_text);
    if (field->tear.torn) {
        field->tear.torn = false;
        field->tears_done++;
        field_remove(field);
    }
}

bool field_log_to(struct field *field, const char *path)
{
    if (field->log)
        fclose(field->log);
    field->log = path ? fopen(path, "ae") : NULL;
    if (field->log)
        setvbuf(field->log, NULL, _IOLBF, BUFSIZ); /* a kill must not lose lines */
    return !path || field->log;
}

const char *field_command_text(enum field_command command)
{
    return command_texts[command];
}
