/* Runs the card code on cases from standard input and prints what it finds, one line each, for
 * differential.py.
 *
 *   K <uid hex> <K_mac hex>                    keys for the cases that follow; no answer
 *   C <ten blocks hex or -> <three ledgers>    decode and evidence; a ledger is
 *       in_use c low ordered floor_known c low ordered highest rows {no T S role state acknowledged low}
 *   S <value> <S>                              split
 *   R <kind> <value> <S> <amount> <subsidy>    new T and S, or -
 *   E <byte> <c> <highest>                     epoch number by image and by record, and newer(byte, c)
 */
#include "base/bytes.h"
#include "card/epoch.h"
#include "card/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 16384
#define ROWS_MAX 16

struct reader {
    const char *at;
    bool bad;
};

static int64_t next_number(struct reader *reader)
{
    char *end = NULL;
    int64_t number = strtoll(reader->at, &end, 10);
    reader->bad = reader->bad || end == reader->at;
    reader->at = end;
    return number;
}

/* The next word, at most `capacity` - 1 characters. */
static void next_word(struct reader *reader, char *word, size_t capacity)
{
    reader->at += strspn(reader->at, " \n");
    size_t length = strcspn(reader->at, " \n");
    reader->bad = reader->bad || length == 0 || length >= capacity;
    snprintf(word, capacity, "%.*s", (int)length, reader->at);
    reader->at += length;
}

static const struct block_place *place_of(int index)
{
    switch (index) {
    case 6:
    case 7:
        return &layout_purses[PURSE_CONSUMPTION].records[index - 6];
    case 8:
    case 9:
        return &layout_purses[PURSE_TIMES].records[index - 8];
    default:
        return &layout_purses[index / 2].slots[index % 2];
    }
}

static void read_blocks(struct reader *reader, struct card_image *image)
{
    for (int i = 0; i < 10; i++) {
        char word[2 * CARD_BLOCK_BYTES + 1];
        uint8_t block[CARD_BLOCK_BYTES];
        next_word(reader, word, sizeof(word));
        if (strcmp(word, "-") == 0)
            continue;
        if (bytes_from_hex(word, block, sizeof(block)))
            card_image_set(image, *place_of(i), block);
        else
            reader->bad = true;
    }
}

static void read_level(struct reader *reader, struct proven_level *level)
{
    level->epoch_no = next_number(reader);
    level->lowest_minor = next_number(reader);
    level->lowest_ordered_minor = next_number(reader);
}

static void read_ledger(struct reader *reader, struct ledger_epoch *rows, struct purse_ledger *ledger)
{
    *ledger = (struct purse_ledger){.in_use = next_number(reader) != 0, .epochs = rows};
    read_level(reader, &ledger->now);
    ledger->floor_known = next_number(reader) != 0;
    read_level(reader, &ledger->floor);
    ledger->highest_epoch_no = next_number(reader);
    int64_t count = next_number(reader);
    reader->bad = reader->bad || count < 0 || count > ROWS_MAX;
    for (int64_t i = 0; i < count && !reader->bad; i++) {
        rows[i].terms.epoch_no = next_number(reader);
        rows[i].terms.opening_minor = next_number(reader);
        rows[i].terms.stored_minor = next_number(reader);
        rows[i].role = (enum epoch_role)next_number(reader);
        rows[i].state = (enum epoch_state)next_number(reader);
        rows[i].acknowledged = next_number(reader) != 0;
        rows[i].lowest_minor = next_number(reader);
        ledger->epoch_count++;
    }
}

static void print_purse(const struct decoded_purse *purse, const struct purse_ledger *ledger)
{
    struct purse_evidence evidence;
    evidence_merge_purse(purse, ledger, &evidence);
    if (!purse->read)
        printf("unread");
    else if (!purse->readable)
        printf("unreadable %d", purse->records_forged);
    else
        printf("%u %u %d %d %d %d %d %u", purse->slot, purse->epoch, purse->value, purse->slots_equal,
               purse->other_slot_good, purse->cancelled, purse->repaired, purse->ceiling);
    printf(" | %s %s %" PRId64 " %" PRId64 " %d %d %d %d %d %d ; ", purse_verdict_word(evidence.verdict),
           contradiction_word(evidence.contradiction), evidence.epoch_no, evidence.value_minor,
           evidence.value_is_lower, evidence.provisional, evidence.retry_forbidden, evidence.other_slot_bad,
           evidence.cancelled, evidence.epoch_index);
}

static void run_card(struct reader *reader, const struct card_keys *keys)
{
    static struct ledger_epoch rows[PURSES][ROWS_MAX];
    struct purse_ledger ledgers[PURSES];
    struct card_image image = {.uid = keys->uid, .start_sector = 1};
    struct card_decoded decoded;

    read_blocks(reader, &image);
    for (int purse = 0; purse < PURSES; purse++)
        read_ledger(reader, rows[purse], &ledgers[purse]);
    card_decode(&image, keys, &decoded);
    for (int purse = 0; purse < PURSES; purse++)
        print_purse(&decoded.purses[purse], &ledgers[purse]);
    printf("%d %d\n", decoded.free_issuer, decoded.free_times);
}

static void run_keys(struct reader *reader, struct card_keys *keys)
{
    char word[2 * CARD_MAC_KEY_BYTES + 1];
    next_word(reader, word, sizeof(word));
    reader->bad = reader->bad || !card_uid_parse(word, &keys->uid);
    next_word(reader, word, sizeof(word));
    reader->bad = reader->bad || !bytes_from_hex(word, keys->mac, sizeof(keys->mac));
}

static void run_split(struct reader *reader)
{
    int64_t value = next_number(reader);
    struct purse_split split = purse_split(value, next_number(reader));
    printf("%" PRId64 " %" PRId64 "\n", split.stored_minor, split.subsidy_minor);
}

static void run_result(struct reader *reader)
{
    struct result_input input = {.kind = (enum result_kind)next_number(reader)};
    struct epoch_terms terms;
    input.value_minor = next_number(reader);
    input.stored_of_epoch_minor = next_number(reader);
    input.amount_minor = next_number(reader);
    input.subsidy_minor = next_number(reader);
    if (epoch_result(&input, &terms))
        printf("%" PRId64 " %" PRId64 "\n", terms.opening_minor, terms.stored_minor);
    else
        printf("-\n");
}

static void run_epoch(struct reader *reader)
{
    uint8_t byte = (uint8_t)next_number(reader);
    int64_t committed = next_number(reader);
    int64_t highest = next_number(reader);
    printf("%" PRId64 " %" PRId64 " %d\n", epoch_from_image(byte, committed),
           epoch_from_machine_record(byte, highest), epoch_newer(byte, epoch_byte(committed)));
}

int main(void)
{
    static char line[LINE_BYTES];
    static struct card_keys keys;

    while (fgets(line, sizeof(line), stdin)) {
        struct reader reader = {.at = line + 1};
        if (line[0] == 'K')
            run_keys(&reader, &keys);
        else if (line[0] == 'C')
            run_card(&reader, &keys);
        else if (line[0] == 'S')
            run_split(&reader);
        else if (line[0] == 'R')
            run_result(&reader);
        else if (line[0] == 'E')
            run_epoch(&reader);
        else
            reader.bad = true;
        if (reader.bad) {
            fprintf(stderr, "card_driver: cannot read: %.80s\n", line);
            return 2;
        }
    }
    return 0;
}
