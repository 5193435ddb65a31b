/* Plans on purses: guard, then the write orders of card design 6.3. Record first (R10), into the place whose
 * partner keeps covering the card (R41); the value into the slot that is not in force (R3). */
#include "card/plan.h"

#include "base/rules.h"
#include "card/plan_steps.h"

#include <string.h>

#define TIMES_FORMAT_MAX PURSE_CONSUMPTION_MINOR_MAX /* 24 bits, as T_c */
#define WATER_DISTANCE_MAX 127                       /* seven bits of d_w */

static const int64_t purse_max[PURSES] = {
    [PURSE_CONSUMPTION] = PURSE_CONSUMPTION_MINOR_MAX,
    [PURSE_WATER] = PURSE_WATER_MINOR_MAX,
    [PURSE_TIMES] = TIMES_FORMAT_MAX,
};

static bool on_times(const struct plan_request *request)
{
    return request->legs[0].purse == PURSE_TIMES;
}

static const struct plan_leg *leg_of(const struct plan_request *request, enum card_purse purse)
{
    for (size_t i = 0; i < request->leg_count; i++) {
        if (request->legs[i].purse == purse)
            return &request->legs[i];
    }
    return NULL;
}

static bool leg_in_range(const struct plan_leg *leg)
{
    const struct epoch_terms *terms = &leg->terms;
    return terms->opening_minor >= 0 && terms->opening_minor <= purse_max[leg->purse] &&
           terms->stored_minor >= 0 && terms->stored_minor <= terms->opening_minor;
}

static bool request_good(const struct plan_request *request)
{
    if (request->leg_count < 1 || request->leg_count > PLAN_LEGS_MAX)
        return false;
    for (size_t i = 0; i < request->leg_count; i++) {
        const struct plan_leg *leg = &request->legs[i];
        if ((unsigned)leg->purse >= PURSES)
            return false;
        if (request->act != PLAN_ACT_REFRESH && !leg_in_range(leg))
            return false;
    }
    if (request->leg_count == 1)
        return true;
    return request->act != PLAN_ACT_REPAIR && request->legs[0].purse == PURSE_CONSUMPTION &&
           request->legs[1].purse == PURSE_WATER;
}

/* ---- the guard ---- */

/* R23: the short guard is for a card with nothing open on the other purse. R24: otherwise that purse is
 * compared too. */
static bool other_is_guarded(const struct plan_request *request, enum card_purse other)
{
    return request->purses[other].has_open && rule_on("R23") && rule_on("R24");
}

static void guard_purse(const struct plan_request *request, enum card_purse purse, struct guard *guard)
{
    const struct purse_map *map = &layout_purses[purse];
    const struct decoded_purse *state = &request->decoded->purses[purse];
    if (rule_on("R37") || !state->readable) {
        guard_add(guard, map->slots[0]);
        guard_add(guard, map->slots[1]);
    } else {
        guard_add(guard, map->slots[state->slot]);
    }
}

/* R37: both slots of every purse written and both records, purse sectors first so that the records' sector is
 * still open when the record is written. */
static void make_guard(const struct plan_request *request, struct guard *guard)
{
    enum card_purse first = on_times(request) ? PURSE_TIMES : PURSE_CONSUMPTION;
    enum card_purse last = on_times(request) ? PURSE_TIMES : PURSE_WATER;

    *guard = (struct guard){0};
    for (enum card_purse purse = first; purse <= last; purse++) {
        if (leg_of(request, purse) || other_is_guarded(request, purse))
            guard_purse(request, purse, guard);
    }
    if (rule_on("R37")) {
        guard_add(guard, layout_purses[first].records[0]);
        guard_add(guard, layout_purses[first].records[1]);
    }
}

static bool sector_is_ours(const struct plan_request *request, uint8_t sector)
{
    const struct opened_key *opened = &request->image->sectors[sector].opened;
    return opened->slot != 0 && opened->version == request->keys->version;
}

enum plan_outcome plan_guard_hash(const struct plan_request *request, uint8_t ret_hash[GUARD_HASH_BYTES])
{
    struct guard guard;
    if (!request_good(request))
        return PLAN_BAD_REQUEST;
    make_guard(request, &guard);
    enum plan_outcome outcome = guard_hash(&guard, request->image, ret_hash);
    for (size_t i = 0; outcome == PLAN_OK && i < guard.count; i++) {
        if (!sector_is_ours(request, guard.places[i].sector))
            outcome = PLAN_SECTOR_CLOSED;
    }
    return outcome;
}

/* ---- steps ---- */

static void open_sector(const struct plan_request *request, uint8_t sector, struct card_plan *plan)
{
    struct sector_key key = {KEY_SLOT_B, request->keys->key_b[sector]};
    uint8_t block = layout_block_no(request->image->start_sector, (struct block_place){sector, 0});
    plan_add_key(plan, STEP_AUTH, block, &key);
}

static void add_guard(const struct plan_request *request, struct card_plan *plan)
{
    struct guard guard;
    uint8_t record_sector = layout_purses[request->legs[0].purse].records[0].sector;
    int open = -1;

    make_guard(request, &guard);
    for (size_t i = 0; i < guard.count; i++) {
        struct block_place place = guard.places[i];
        if (place.sector != open)
            open_sector(request, place.sector, plan);
        open = place.sector;
        /* R4: what was read at the presentation is compared in the session that writes. */
        if (rule_on("R4"))
            plan_add_data(plan, STEP_EXPECT, layout_block_no(request->image->start_sector, place),
                          card_image_block(request->image, place));
    }
    if (open != record_sector)
        open_sector(request, record_sector, plan);
}

static void add_value(const struct plan_request *request, struct block_place place, const uint8_t *block,
                      struct card_plan *plan)
{
    uint8_t number = layout_block_no(request->image->start_sector, place);
    plan_add_data(plan, STEP_WRITE, number, block);
    plan_add_data(plan, STEP_CHECK, number, block);
}

/* R3: never into the slot in force. */
static uint8_t slot_to_write(const struct decoded_purse *state)
{
    if (!state->readable)
        return 0;
    return rule_on("R3") ? 1 - state->slot : state->slot;
}

/* Authenticates the purse's sector, writes its new value and reports the leg. */
static void add_leg(const struct plan_request *request, const struct plan_leg *leg, struct card_plan *plan)
{
    const struct decoded_purse *state = &request->decoded->purses[leg->purse];
    const struct purse_map *map = &layout_purses[leg->purse];
    uint8_t slot = slot_to_write(state);
    uint8_t block[CARD_BLOCK_BYTES];

    layout_value_encode((int32_t)leg->terms.opening_minor, epoch_byte(leg->terms.epoch_no), block);
    open_sector(request, map->slots[0].sector, plan);
    add_value(request, map->slots[slot], block, plan);
    /* R39: a repair is one only when both slots carry it. */
    if (request->act == PLAN_ACT_REPAIR && rule_on("R39"))
        add_value(request, map->slots[1 - slot], block, plan);
    plan_add_leg(plan, &leg->leg_id, leg->terms.epoch_no);
}

static void add_record(const struct plan_request *request, int place, const struct record_fields *record,
                       struct card_plan *plan)
{
    enum card_purse purse = request->legs[0].purse;
    uint8_t block[CARD_BLOCK_BYTES];
    if (purse == PURSE_TIMES)
        layout_times_encode(record, request->keys, block);
    else
        layout_issuer_encode(record, request->keys, block);
    plan_add_data(plan, STEP_WRITE,
                  layout_block_no(request->image->start_sector, layout_purses[purse].records[place]), block);
}

/* ---- what the record says ---- */

static const struct epoch_terms *find_terms(const struct plan_purse *purse, int64_t epoch_no)
{
    for (size_t i = 0; i < purse->epoch_count; i++) {
        if (purse->epochs[i].epoch_no == epoch_no)
            return &purse->epochs[i];
    }
    return NULL;
}

/* Terms of the epoch the card shows now, by the ledger's rows and never by the card (R38); an unreadable
 * purse keeps its committed epoch. NULL: the request does not know that epoch. */
static const struct epoch_terms *terms_in_force(const struct plan_request *request, enum card_purse purse)
{
    const struct decoded_purse *state = &request->decoded->purses[purse];
    const struct plan_purse *ledger = &request->purses[purse];
    int64_t epoch_no = ledger->committed_epoch_no;
    if (state->readable && (rule_on("R23") || leg_of(request, purse)))
        epoch_no = epoch_from_image(state->epoch, ledger->committed_epoch_no);
    return find_terms(ledger, epoch_no);
}

static void name_consumption(struct record_fields *record, const struct epoch_terms *terms)
{
    record->epoch_consumption = epoch_byte(terms->epoch_no);
    record->opening_consumption = (uint32_t)terms->opening_minor;
    record->stored_consumption = (uint32_t)terms->stored_minor;
}

static void name_water(struct record_fields *record, const struct epoch_terms *terms)
{
    record->epoch_water = epoch_byte(terms->epoch_no);
    record->opening_water = (uint32_t)terms->opening_minor;
}

static uint8_t record_flags(const struct plan_request *request)
{
    uint8_t flags = request->emptied_for_good ? RECORD_FLAG_CANCELLED : 0;
    return request->act == PLAN_ACT_REPAIR ? flags | RECORD_FLAG_REPAIRED : flags;
}

/* ---- acts ---- */

/* A new epoch must be newer, by the card's own order, than what stands in the purse. */
static enum plan_outcome check_written_purses(const struct plan_request *request)
{
    for (size_t i = 0; i < request->leg_count; i++) {
        const struct plan_leg *leg = &request->legs[i];
        const struct decoded_purse *state = &request->decoded->purses[leg->purse];
        if (!state->readable && request->act != PLAN_ACT_REPAIR)
            return PLAN_UNREADABLE;
        if (!state->readable)
            continue;
        bool newer = epoch_newer(epoch_byte(leg->terms.epoch_no), state->epoch);
        bool same = epoch_byte(leg->terms.epoch_no) == state->epoch;
        if (request->act == PLAN_ACT_REFRESH ? !same : !newer)
            return PLAN_EPOCH_NOT_NEWER;
    }
    return PLAN_OK;
}

/* d_w for the act in three writes, 0 if it takes four: the old water epoch must be at most 127 back, and no
 * machine may meet a water value above the T it finds, except on a card that is emptied for good. */
static uint8_t joint_distance(const struct plan_request *request, const struct epoch_terms *water_now)
{
    const struct plan_leg *water = &request->legs[1];
    int64_t distance = water->terms.epoch_no - water_now->epoch_no;
    bool bounded = water->terms.opening_minor >= request->decoded->purses[PURSE_WATER].value_minor;
    if (distance < 1 || distance > WATER_DISTANCE_MAX || (!bounded && !request->emptied_for_good))
        return 0;
    return (uint8_t)distance;
}

static void build_single(const struct plan_request *request, int place, const struct record_fields *record,
                         struct card_plan *plan)
{
    const struct plan_leg *leg = &request->legs[0];
    if (rule_on("R10")) {
        add_record(request, place, record, plan);
        add_leg(request, leg, plan);
        return;
    }
    add_leg(request, leg, plan);
    open_sector(request, layout_purses[leg->purse].records[0].sector, plan);
    add_record(request, place, record, plan);
}

static enum plan_outcome build_both(const struct plan_request *request, int place, struct card_plan *plan)
{
    const struct plan_leg *consumption = &request->legs[0];
    const struct plan_leg *water = &request->legs[1];
    const struct epoch_terms *water_now = terms_in_force(request, PURSE_WATER);
    struct record_fields record = {.flags = record_flags(request)};

    if (!water_now)
        return PLAN_EPOCH_UNKNOWN;
    uint8_t distance = joint_distance(request, water_now);
    name_consumption(&record, &consumption->terms);
    if (distance != 0) {
        name_water(&record, &water->terms);
        /* R21: one record serves two purses only because it still covers the water epoch it replaces. */
        record.water_distance = rule_on("R21") ? distance : 0;
        if (rule_on("R10"))
            add_record(request, place, &record, plan);
        add_leg(request, consumption, plan);
        add_leg(request, water, plan);
    } else {
        name_water(&record, water_now);
        if (rule_on("R10"))
            add_record(request, place, &record, plan);
        add_leg(request, consumption, plan);
        /* Now the first record covers the card alone, so the other place is free. */
        name_water(&record, &water->terms);
        open_sector(request, SECTOR_IDENTITY, plan);
        add_record(request, 1 - place, &record, plan);
        add_leg(request, water, plan);
    }
    if (!rule_on("R10")) {
        open_sector(request, SECTOR_IDENTITY, plan);
        add_record(request, place, &record, plan);
    }
    return PLAN_OK;
}

static enum plan_outcome build_write(const struct plan_request *request, struct card_plan *plan)
{
    int place = on_times(request) ? request->decoded->free_times : request->decoded->free_issuer;
    struct record_fields record = {.flags = record_flags(request)};

    if (place == FREE_RECORD_NONE)
        return PLAN_NO_FREE_RECORD;
    if (request->leg_count == 2)
        return build_both(request, place, plan);
    const struct plan_leg *leg = &request->legs[0];
    if (on_times(request)) {
        record.epoch_times = epoch_byte(leg->terms.epoch_no);
        record.opening_times = (uint32_t)leg->terms.opening_minor;
    } else {
        enum card_purse other = leg->purse == PURSE_WATER ? PURSE_CONSUMPTION : PURSE_WATER;
        const struct epoch_terms *kept = terms_in_force(request, other);
        if (!kept)
            return PLAN_EPOCH_UNKNOWN;
        name_consumption(&record, other == PURSE_CONSUMPTION ? kept : &leg->terms);
        name_water(&record, other == PURSE_WATER ? kept : &leg->terms);
    }
    build_single(request, place, &record, plan);
    return PLAN_OK;
}

/* The same epoch and value into the other slot: afterwards both are equal and the reading is sure (R13). Then
 * into the slot that was read, whose bits may be marginal: the next act takes equal slots as they come and
 * writes over one, and torn it must leave a good one behind. */
static enum plan_outcome build_refresh(const struct plan_request *request, struct card_plan *plan)
{
    size_t refreshed = 0;
    for (size_t i = 0; i < request->leg_count; i++) {
        const struct plan_leg *leg = &request->legs[i];
        const struct decoded_purse *state = &request->decoded->purses[leg->purse];
        const struct purse_map *map = &layout_purses[leg->purse];
        uint8_t block[CARD_BLOCK_BYTES];
        if (state->slots_equal)
            continue;
        layout_value_encode(state->value, state->epoch, block);
        open_sector(request, map->slots[0].sector, plan);
        add_value(request, map->slots[slot_to_write(state)], block, plan);
        plan_add_leg(plan, &leg->leg_id, leg->terms.epoch_no);
        add_value(request, map->slots[state->slot], block, plan);
        refreshed++;
    }
    return refreshed > 0 ? PLAN_OK : PLAN_NOTHING_TO_DO;
}

enum plan_outcome plan_build(const struct plan_request *request, struct card_plan *ret_plan)
{
    memset(ret_plan, 0, sizeof(*ret_plan));
    enum plan_outcome outcome = plan_guard_hash(request, ret_plan->guard_hash);
    if (outcome == PLAN_OK)
        outcome = check_written_purses(request);
    if (outcome != PLAN_OK)
        return outcome;
    add_guard(request, ret_plan);
    plan_add_begin(ret_plan);
    outcome =
        request->act == PLAN_ACT_REFRESH ? build_refresh(request, ret_plan) : build_write(request, ret_plan);
    return ret_plan->overflow ? PLAN_TOO_LONG : outcome;
}
