/* Issue of an empty card (card design 9): everything read is compared, every sector that is not right yet
 * gets its data under the key that opens it, then the trailers, that of the identity sector last, then
 * everything is proven.
 *
 * An un-issue is the same act with another goal: empty blocks under transport keys. It begins where an issue
 * ends: a card whose ID block still names its row is a whole card in either direction. There is no money on
 * it, so whatever a cut leaves behind is finished by the next plan of the same operation. */
#include "base/rules.h"
#include "card/access_bits.h"
#include "card/plan.h"
#include "card/plan_steps.h"

#include <string.h>

#define DATA_BLOCKS 3

/* What one sector shall hold. */
struct wanted_sector {
    uint8_t blocks[DATA_BLOCKS][CARD_BLOCK_BYTES];
    uint8_t mask; /* bit b: block b belongs to the format; the others are left as they are */
};

/* Purses, times records, authority; the identity sector last, so that a card that names its issue is a whole
 * one. */
static const uint8_t issue_order[] = {
    SECTOR_CONSUMPTION, SECTOR_WATER,       SECTOR_TIMES,    SECTOR_TIMES_RECORDS,
    SECTOR_AUTHORITY_0, SECTOR_AUTHORITY_1, SECTOR_IDENTITY,
};
#define ISSUE_SECTORS (sizeof(issue_order) / sizeof(issue_order[0]))

static const uint8_t unissue_order[ISSUE_SECTORS] = {
    SECTOR_IDENTITY,      SECTOR_CONSUMPTION, SECTOR_WATER,       SECTOR_TIMES,
    SECTOR_TIMES_RECORDS, SECTOR_AUTHORITY_0, SECTOR_AUTHORITY_1,
};

static const uint8_t *order_of(const struct plan_issue_request *request)
{
    return request->unissue ? unissue_order : issue_order;
}

static bool is_authority(uint8_t sector)
{
    return sector == SECTOR_AUTHORITY_0 || sector == SECTOR_AUTHORITY_1;
}

static bool in_format(const struct plan_issue_request *request, uint8_t sector)
{
    return !is_authority(sector) || request->authority_sectors;
}

static void want_block(struct wanted_sector *wanted, uint8_t block, const uint8_t *data)
{
    memcpy(wanted->blocks[block], data, CARD_BLOCK_BYTES);
    wanted->mask |= (uint8_t)(1 << block);
}

/* Two equal empty slots: nothing stale stays valid on a used medium. */
static void want_empty_purse(const struct plan_issue_request *request, enum card_purse purse,
                             struct wanted_sector *wanted)
{
    uint8_t block[CARD_BLOCK_BYTES];
    layout_value_encode(0, epoch_byte(request->epoch_no[purse]), block);
    want_block(wanted, layout_purses[purse].slots[0].block, block);
    want_block(wanted, layout_purses[purse].slots[1].block, block);
}

static void want_identity(const struct plan_issue_request *request, struct wanted_sector *wanted)
{
    uint8_t block[CARD_BLOCK_BYTES];
    struct record_fields record = {
        .epoch_consumption = epoch_byte(request->epoch_no[PURSE_CONSUMPTION]),
        .epoch_water = epoch_byte(request->epoch_no[PURSE_WATER]),
    };
    layout_id_encode(&request->id, request->keys, block);
    want_block(wanted, layout_id_block.block, block);
    layout_issuer_encode(&record, request->keys, block);
    want_block(wanted, layout_purses[PURSE_CONSUMPTION].records[0].block, block);
    want_block(wanted, layout_purses[PURSE_CONSUMPTION].records[1].block, block);
}

static void want_sector(const struct plan_issue_request *request, uint8_t sector,
                        struct wanted_sector *ret_wanted)
{
    uint8_t block[CARD_BLOCK_BYTES] = {0};
    struct record_fields times = {.epoch_times = epoch_byte(request->epoch_no[PURSE_TIMES])};

    *ret_wanted = (struct wanted_sector){0};
    switch (request->unissue ? SECTOR_AUTHORITY_0 : sector) {
    case SECTOR_IDENTITY:
        want_identity(request, ret_wanted);
        break;
    case SECTOR_CONSUMPTION:
        want_empty_purse(request, PURSE_CONSUMPTION, ret_wanted);
        break;
    case SECTOR_WATER:
        want_empty_purse(request, PURSE_WATER, ret_wanted);
        break;
    case SECTOR_TIMES:
        want_empty_purse(request, PURSE_TIMES, ret_wanted);
        break;
    case SECTOR_TIMES_RECORDS:
        layout_times_encode(&times, request->keys, block);
        want_block(ret_wanted, layout_purses[PURSE_TIMES].records[0].block, block);
        want_block(ret_wanted, layout_purses[PURSE_TIMES].records[1].block, block);
        break;
    default: /* authority: none, whatever stood there; un-issue: nothing in any sector */
        for (uint8_t i = 0; i < DATA_BLOCKS; i++)
            want_block(ret_wanted, i, block);
        break;
    }
}

/* The keys that the sector shall have in the end: of the card, or an un-issue's transport keys (version 0).
 */
static bool has_wanted_keys(const struct plan_issue_request *request, uint8_t sector)
{
    const struct opened_key *opened = &request->image->sectors[sector].opened;
    return opened->slot != 0 && opened->version == (request->unissue ? 0 : request->keys->version);
}

/* Right = wanted keys and every block of the format as wanted. A sector with only its data right is written
 * again: a torn write may have left bits that read well once, and its trailer was never reached. */
static bool sector_is_right(const struct plan_issue_request *request, uint8_t sector)
{
    struct wanted_sector wanted;
    if (!has_wanted_keys(request, sector))
        return false;
    want_sector(request, sector, &wanted);
    for (uint8_t block = 0; block < DATA_BLOCKS; block++) {
        const uint8_t *data = card_image_block(request->image, (struct block_place){sector, block});
        if (wanted.mask >> block & 1 && (!data || memcmp(data, wanted.blocks[block], CARD_BLOCK_BYTES) != 0))
            return false;
    }
    return true;
}

/* The key that may write a sector as it is now: derived B of the version that opened it, or transport A
 * (R33). */
static bool writing_key(const struct plan_issue_request *request, uint8_t sector, struct sector_key *ret_key)
{
    const struct opened_key *opened = &request->image->sectors[sector].opened;

    if (opened->slot == 0)
        return false;
    if (opened->version == 0 || !rule_on("R33")) {
        *ret_key = (struct sector_key){KEY_SLOT_A, transport_key};
        return true;
    }
    if (opened->version == request->keys->version) {
        *ret_key = (struct sector_key){KEY_SLOT_B, request->keys->key_b[sector]};
        return true;
    }
    for (size_t i = 0; i < request->former_count; i++) {
        if (request->former[i].version == opened->version) {
            *ret_key = (struct sector_key){KEY_SLOT_B, request->former[i].key_b[sector]};
            return true;
        }
    }
    return false;
}

static uint8_t block_no(const struct plan_issue_request *request, uint8_t sector, uint8_t block)
{
    return layout_block_no(request->image->start_sector, (struct block_place){sector, block});
}

static void make_guard(const struct plan_issue_request *request, struct guard *guard)
{
    *guard = (struct guard){.with_keys = true};
    const uint8_t *order = order_of(request);
    for (size_t i = 0; i < ISSUE_SECTORS; i++) {
        for (uint8_t block = 0; block < DATA_BLOCKS && in_format(request, order[i]); block++)
            guard_add(guard, (struct block_place){order[i], block});
    }
}

enum plan_outcome plan_issue_guard_hash(const struct plan_issue_request *request,
                                        uint8_t ret_hash[GUARD_HASH_BYTES])
{
    struct guard guard;
    struct sector_key key;

    if (!request->unissue &&
        (request->id.key_version != request->keys->version || request->id.site_id != request->keys->site_id))
        return PLAN_BAD_REQUEST;
    for (size_t i = 0; i < ISSUE_SECTORS; i++) {
        if (in_format(request, issue_order[i]) && !writing_key(request, issue_order[i], &key))
            return PLAN_SECTOR_CLOSED;
    }
    make_guard(request, &guard);
    return guard_hash(&guard, request->image, ret_hash);
}

/* R31: the issue compares all it read, and which key opened each sector; a late plan would wipe a card in
 * use. */
static void add_issue_guard(const struct plan_issue_request *request, uint8_t sector, struct card_plan *plan)
{
    struct sector_key key;
    writing_key(request, sector, &key);
    plan_add_key(plan, STEP_OPEN, block_no(request, sector, 0), &key);
    for (uint8_t block = 0; block < DATA_BLOCKS && rule_on("R31"); block++)
        plan_add_data(plan, STEP_EXPECT, block_no(request, sector, block),
                      card_image_block(request->image, (struct block_place){sector, block}));
}

static void add_content(const struct plan_issue_request *request, uint8_t sector, struct card_plan *plan)
{
    /* In the identity sector the ID block goes last; taken back, it goes first. */
    static const uint8_t records_first[DATA_BLOCKS] = {1, 2, 0};
    static const uint8_t ascending[DATA_BLOCKS] = {0, 1, 2};
    const uint8_t *order = sector == SECTOR_IDENTITY && !request->unissue ? records_first : ascending;
    struct wanted_sector wanted;
    struct sector_key key;

    if (sector_is_right(request, sector))
        return;
    want_sector(request, sector, &wanted);
    writing_key(request, sector, &key);
    plan_add_key(plan, STEP_AUTH, block_no(request, sector, 0), &key);
    for (uint8_t i = 0; i < DATA_BLOCKS; i++) {
        if (wanted.mask >> order[i] & 1)
            plan_add_data(plan, STEP_WRITE, block_no(request, sector, order[i]), wanted.blocks[order[i]]);
    }
}

/* The trailer that an earlier plan wrote last, if this sector's is that one: nothing proves that its write
 * was acknowledged, so its keys may be weak bits that read well now and not tomorrow. One with another behind
 * it was acknowledged. */
static bool trailer_may_be_weak(const struct plan_issue_request *request, uint8_t sector)
{
    const uint8_t *order = order_of(request);
    bool behind = false;
    for (size_t i = 0; i < ISSUE_SECTORS; i++) {
        if (behind && in_format(request, order[i]) && has_wanted_keys(request, order[i]))
            return false;
        behind = behind || order[i] == sector;
    }
    return request->continued;
}

static void add_trailer(const struct plan_issue_request *request, uint8_t sector, struct card_plan *plan)
{
    uint8_t trailer[CARD_BLOCK_BYTES];
    struct sector_key key;

    if (has_wanted_keys(request, sector) && !trailer_may_be_weak(request, sector))
        return;
    writing_key(request, sector, &key);
    plan_add_key(plan, STEP_AUTH, block_no(request, sector, 0), &key);
    if (request->unissue)
        trailer_encode(ACCESS_TRANSPORT, transport_key, transport_key, trailer);
    else
        trailer_encode(access_profile_of(sector), request->keys->key_a[sector], request->keys->key_b[sector],
                       trailer);
    plan_add_data(plan, STEP_WRITE, block_no(request, sector, TRAILER_BLOCK), trailer);
}

/* Both new keys open the sector, its content and access bytes read back as wanted; skipped sectors are proven
 * too (R34). In transport condition key B is data and opens nothing. */
static void add_proof(const struct plan_issue_request *request, uint8_t sector, struct card_plan *plan)
{
    struct sector_key key_a = {KEY_SLOT_A, request->unissue ? transport_key : request->keys->key_a[sector]};
    struct sector_key key_b = {KEY_SLOT_B, request->keys->key_b[sector]};
    struct wanted_sector wanted;
    uint8_t trailer[CARD_BLOCK_BYTES];

    want_sector(request, sector, &wanted);
    trailer_read_back(request->unissue ? ACCESS_TRANSPORT : access_profile_of(sector), trailer);
    plan_add_key(plan, STEP_AUTH, block_no(request, sector, 0), &key_a);
    for (uint8_t block = 0; block < DATA_BLOCKS; block++) {
        if (wanted.mask >> block & 1)
            plan_add_data(plan, STEP_CHECK, block_no(request, sector, block), wanted.blocks[block]);
    }
    plan_add_data(plan, STEP_CHECK, block_no(request, sector, TRAILER_BLOCK), trailer);
    if (!request->unissue)
        plan_add_key(plan, STEP_AUTH, block_no(request, sector, 0), &key_b);
}

typedef void add_part(const struct plan_issue_request *request, uint8_t sector, struct card_plan *plan);

static void for_each_sector(const struct plan_issue_request *request, add_part *part, struct card_plan *plan)
{
    const uint8_t *order = order_of(request);
    for (size_t i = 0; i < ISSUE_SECTORS; i++) {
        if (in_format(request, order[i]))
            part(request, order[i], plan);
    }
}

enum plan_outcome plan_build_issue(const struct plan_issue_request *request, struct card_plan *ret_plan)
{
    memset(ret_plan, 0, sizeof(*ret_plan));
    enum plan_outcome outcome = plan_issue_guard_hash(request, ret_plan->guard_hash);
    if (outcome != PLAN_OK)
        return outcome;
    for_each_sector(request, add_issue_guard, ret_plan);
    plan_add_begin(ret_plan);
    for_each_sector(request, add_content, ret_plan);
    for_each_sector(request, add_trailer, ret_plan);
    for_each_sector(request, add_proof, ret_plan);
    plan_add_leg(ret_plan, &request->leg_id, 0);
    return ret_plan->overflow ? PLAN_TOO_LONG : PLAN_OK;
}
