/* From blocks to meaning: records, the slot in force, the record that may be overwritten (card design 3.4).
 */
#include "base/rules.h"
#include "card/epoch.h"
#include "card/image.h"

/* Epoch of a purse that the record names directly, and its opening balance. */
static uint8_t named_epoch(const struct record_fields *record, enum card_purse purse)
{
    switch (purse) {
    case PURSE_CONSUMPTION:
        return record->epoch_consumption;
    case PURSE_WATER:
        return record->epoch_water;
    case PURSE_TIMES:
        break;
    }
    return record->epoch_times;
}

static uint32_t opening_of(const struct record_fields *record, enum card_purse purse)
{
    switch (purse) {
    case PURSE_CONSUMPTION:
        return record->opening_consumption;
    case PURSE_WATER:
        return record->opening_water;
    case PURSE_TIMES:
        break;
    }
    return record->opening_times;
}

/* A counting record covers the epoch it names and, for water, the one d_w before it (R21). */
static bool record_covers(const struct decoded_record *record, enum card_purse purse, uint8_t epoch)
{
    if (!record->present || !record->verdict.counts)
        return false;
    if (named_epoch(&record->fields, purse) == epoch)
        return true;
    uint8_t distance = record->fields.water_distance;
    return purse == PURSE_WATER && distance != 0 && (uint8_t)(record->fields.epoch_water - distance) == epoch;
}

static const struct decoded_record *records_of(const struct card_decoded *decoded, enum card_purse purse)
{
    return purse == PURSE_TIMES ? decoded->times : decoded->issuer;
}

static void decode_record(const struct card_image *image, enum card_purse purse, int index,
                          const struct card_keys *keys, struct decoded_record *ret_record)
{
    const uint8_t *block = card_image_block(image, layout_purses[purse].records[index]);
    *ret_record = (struct decoded_record){.present = block != NULL};
    if (!block)
        return;
    if (purse == PURSE_TIMES)
        ret_record->verdict = layout_times_decode(block, keys, &ret_record->fields);
    else
        ret_record->verdict = layout_issuer_decode(block, keys, &ret_record->fields);
}

/* The slot in force: newest epoch, then the lower value, then slot 0; -1 if none counts. Two epochs exactly
 * half the circle apart have no order, which no honest card shows: none counts then. */
static int pick(const struct decoded_slot slots[2])
{
    bool first = slots[0].format_good && slots[0].covered;
    bool second = slots[1].format_good && slots[1].covered;
    if (!first || !second)
        return first ? 0 : second ? 1 : -1;
    if (slots[0].epoch == slots[1].epoch)
        return slots[1].value < slots[0].value ? 1 : 0;
    if (epoch_newer(slots[0].epoch, slots[1].epoch))
        return 0;
    return epoch_newer(slots[1].epoch, slots[0].epoch) ? 1 : -1;
}

/* What the records say about the epoch in force: its terms by the card, ceiling, flags. */
static void describe_epoch(const struct decoded_record records[2], enum card_purse purse,
                           struct decoded_purse *purse_out)
{
    bool all_cancelled = true;
    purse_out->opening_unique = true;
    for (int i = 0; i < 2; i++) {
        const struct record_fields *fields = &records[i].fields;
        if (!record_covers(&records[i], purse, purse_out->epoch))
            continue;
        uint32_t opening = opening_of(fields, purse);
        if (opening > purse_out->ceiling)
            purse_out->ceiling = opening;
        if (named_epoch(fields, purse) != purse_out->epoch)
            continue;
        uint32_t stored = purse == PURSE_CONSUMPTION ? fields->stored_consumption : 0;
        if (purse_out->named && (opening != purse_out->opening || stored != purse_out->stored))
            purse_out->opening_unique = false;
        purse_out->named = true;
        purse_out->opening = opening;
        purse_out->stored = stored;
        all_cancelled = all_cancelled && fields->flags & RECORD_FLAG_CANCELLED;
        purse_out->repaired = purse_out->repaired || fields->flags & RECORD_FLAG_REPAIRED;
    }
    /* A torn retire names the water epoch it has not emptied yet only through d_w, or beside the record
     * before it: that purse stays in use. */
    purse_out->cancelled = purse_out->named && all_cancelled;
}

static void decode_slot(const struct card_image *image, const struct card_decoded *decoded,
                        enum card_purse purse, int index, struct decoded_slot *ret_slot)
{
    const struct decoded_record *records = records_of(decoded, purse);
    const uint8_t *block = card_image_block(image, layout_purses[purse].slots[index]);
    *ret_slot = (struct decoded_slot){.present = block != NULL};
    if (!block)
        return;
    ret_slot->format_good = layout_value_decode(block, &ret_slot->value, &ret_slot->epoch);
    /* R36: a slot whose record is missing does not count, however sound it looks. */
    ret_slot->covered = !rule_on("R36") || record_covers(&records[0], purse, ret_slot->epoch) ||
                        record_covers(&records[1], purse, ret_slot->epoch);
}

static void decode_purse(const struct card_image *image, const struct card_decoded *decoded,
                         enum card_purse purse, struct decoded_purse *ret_purse)
{
    const struct decoded_record *records = records_of(decoded, purse);
    struct decoded_slot *slots = ret_purse->slots;

    *ret_purse = (struct decoded_purse){.purse = purse};
    for (int i = 0; i < 2; i++)
        decode_slot(image, decoded, purse, i, &slots[i]);
    ret_purse->read = slots[0].present && slots[1].present && records[0].present && records[1].present;
    ret_purse->records_forged = records[0].verdict.format_good && records[1].verdict.format_good &&
                                !records[0].verdict.mac_good && !records[1].verdict.mac_good;
    int picked = pick(slots);
    ret_purse->readable = ret_purse->read && picked >= 0;
    if (!ret_purse->readable)
        return;
    ret_purse->slot = (uint8_t)picked;
    ret_purse->epoch = slots[picked].epoch;
    ret_purse->value = slots[picked].value;
    ret_purse->negative = ret_purse->value < 0;
    ret_purse->value_minor = ret_purse->negative ? 0 : ret_purse->value;
    ret_purse->other_slot_good = slots[1 - picked].format_good;
    ret_purse->slots_equal =
        ret_purse->other_slot_good && slots[0].epoch == slots[1].epoch && slots[0].value == slots[1].value;
    describe_epoch(records, purse, ret_purse);
}

/* True if `left` was written before `right`: by consumption (or times) epoch, then by water epoch. */
static bool record_older(const struct decoded_record *left, const struct decoded_record *right, bool times)
{
    if (times)
        return epoch_newer(right->fields.epoch_times, left->fields.epoch_times);
    if (left->fields.epoch_consumption != right->fields.epoch_consumption)
        return epoch_newer(right->fields.epoch_consumption, left->fields.epoch_consumption);
    return epoch_newer(right->fields.epoch_water, left->fields.epoch_water);
}

/* Place 0 only if it is the older one; equal: place 1. */
static int older_place(const struct decoded_record records[2], bool times)
{
    return record_older(&records[0], &records[1], times) ? 0 : 1;
}

/* R41: a record place is free if its partner alone covers the current epochs of all readable purses. */
static int free_record(const struct card_decoded *decoded, bool times)
{
    const struct decoded_record *records = times ? decoded->times : decoded->issuer;
    enum card_purse first = times ? PURSE_TIMES : PURSE_CONSUMPTION;
    enum card_purse last = times ? PURSE_TIMES : PURSE_WATER;
    bool fits[2] = {true, true};
    bool any_readable = false;

    if (!records[0].present || !records[1].present)
        return FREE_RECORD_NONE;
    if (!rule_on("R41"))
        return older_place(records, times);
    for (enum card_purse purse = first; purse <= last; purse++) {
        const struct decoded_purse *state = &decoded->purses[purse];
        if (!state->read)
            return FREE_RECORD_NONE; /* unread is not unreadable: nothing is known about what may go */
        if (!state->readable)
            continue;
        any_readable = true;
        for (int place = 0; place < 2; place++)
            fits[place] = fits[place] && record_covers(&records[1 - place], purse, state->epoch);
    }
    if (!any_readable && records[0].verdict.counts != records[1].verdict.counts)
        return records[0].verdict.counts ? 1 : 0; /* either may go; the one that says nothing goes first */
    if (fits[0] && fits[1])
        return older_place(records, times);
    if (fits[0] || fits[1])
        return fits[0] ? 0 : 1;
    return FREE_RECORD_NONE;
}

void card_decode(const struct card_image *image, const struct card_keys *keys,
                 struct card_decoded *ret_decoded)
{
    *ret_decoded = (struct card_decoded){0};
    const uint8_t *id_block = card_image_block(image, layout_id_block);
    ret_decoded->id_read = id_block != NULL;
    if (id_block)
        ret_decoded->id_good = layout_id_decode(id_block, keys, &ret_decoded->id);
    for (int i = 0; i < 2; i++) {
        decode_record(image, PURSE_CONSUMPTION, i, keys, &ret_decoded->issuer[i]);
        decode_record(image, PURSE_TIMES, i, keys, &ret_decoded->times[i]);
    }
    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_TIMES; purse++)
        decode_purse(image, ret_decoded, purse, &ret_decoded->purses[purse]);
    ret_decoded->free_issuer = free_record(ret_decoded, false);
    ret_decoded->free_times = free_record(ret_decoded, true);
}
