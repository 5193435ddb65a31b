/* Fuzz target: what a reader brings. Input whose first byte is '{' is the JSON of a presentation; any other
 * input is a recipe for a card (blocks raw, or built with good MACs, which no fuzzer would guess) and a
 * ledger. The card is decoded and judged, every kind of plan is built on it, and a plan that is built must do
 * what it says. */
#include "card/evidence.h"
#include "card/plan.h"
#include "card/read_plan.h"

#include <stdlib.h>
#include <string.h>

#define LEDGER_ROWS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* ---- the input as a stream; zeros after its end ---- */
struct feed {
    const uint8_t *data;
    size_t size;
    size_t at;
};

static uint8_t take(struct feed *feed)
{
    return feed->at < feed->size ? feed->data[feed->at++] : 0;
}

static int64_t take_small(struct feed *feed)
{
    return (int64_t)take(feed) | (int64_t)take(feed) << 8;
}

static const struct card_keys *card_keys(void)
{
    static struct card_keys keys;
    if (keys.version == 0) {
        static const uint8_t site_key[SITE_KEY_BYTES] = {0, 1, 2, 3, 4, 5};
        struct site_key_input input = {.key = site_key, .version = 1, .site_id = 7, .digits = "2580"};
        struct card_uid uid = {.length = 4, .bytes = {0x9c, 0x3a, 0xd1, 0x5e}};
        struct site_keys site;
        must(site_keys_init(&input, &site));
        card_keys_derive(&site, &uid, &keys);
    }
    return &keys;
}

/* ---- a card from a recipe ---- */
static struct record_fields take_record(struct feed *feed)
{
    struct record_fields record = {.flags = take(feed),
                                   .epoch_consumption = take(feed),
                                   .opening_consumption = (uint32_t)take_small(feed),
                                   .epoch_water = take(feed),
                                   .opening_water = (uint32_t)take_small(feed),
                                   .water_distance = take(feed) & 127};
    record.stored_consumption = record.opening_consumption / (1u + (take(feed) & 3));
    record.epoch_times = record.epoch_water;
    record.opening_times = record.opening_water;
    return record;
}

enum block_kind { BLOCK_ABSENT, BLOCK_RAW, BLOCK_VALUE, BLOCK_ISSUER, BLOCK_TIMES, BLOCK_ID };

static void take_block(struct feed *feed, struct card_image *image, struct block_place place,
                       enum block_kind good)
{
    uint8_t block[CARD_BLOCK_BYTES];
    uint8_t choice = take(feed) % 8;
    if (choice == BLOCK_ABSENT)
        return;
    if (choice == BLOCK_RAW || good == BLOCK_RAW) {
        for (int i = 0; i < CARD_BLOCK_BYTES; i++)
            block[i] = take(feed);
    } else if (good == BLOCK_VALUE) {
        uint8_t epoch = take(feed);
        layout_value_encode((int32_t)take_small(feed) - 16, epoch, block);
    } else if (good == BLOCK_ID) {
        struct id_fields id = {.key_version = 1, .site_id = 7, .card_no = take(feed)};
        layout_id_encode(&id, card_keys(), block);
    } else {
        struct record_fields record = take_record(feed);
        if (good == BLOCK_ISSUER)
            layout_issuer_encode(&record, card_keys(), block);
        else
            layout_times_encode(&record, card_keys(), block);
    }
    card_image_set(image, place, block);
}

static struct card_image take_image(struct feed *feed)
{
    struct card_image image = {.uid = card_keys()->uid, .start_sector = (uint8_t)(1 + take(feed) % 9)};
    for (uint8_t sector = 0; sector < CARD_SECTORS_LOGICAL; sector++) {
        enum block_kind first = BLOCK_VALUE;
        if (sector == SECTOR_IDENTITY)
            first = BLOCK_ID;
        else if (sector == SECTOR_TIMES_RECORDS)
            first = BLOCK_TIMES;
        else if (sector >= SECTOR_AUTHORITY_0)
            first = BLOCK_RAW;
        enum block_kind second = sector == SECTOR_IDENTITY ? BLOCK_ISSUER : first;
        take_block(feed, &image, (struct block_place){sector, 0}, first);
        take_block(feed, &image, (struct block_place){sector, 1}, second);
        take_block(feed, &image, (struct block_place){sector, 2},
                   sector == SECTOR_IDENTITY ? BLOCK_ISSUER : BLOCK_RAW);
        uint8_t choice = take(feed) % 16;
        image.sectors[sector].opened = (struct opened_key){KEY_SLOT_A, choice == 1 ? 0 : 1};
        if (choice > 1 && choice < 5)
            image.sectors[sector].result = (enum sector_result)choice;
    }
    return image;
}

/* ---- a ledger ---- */
static void take_ledger(struct feed *feed, struct ledger_epoch *rows, struct purse_ledger *ledger)
{
    int64_t committed = 1 + take_small(feed) % 700;
    *ledger = (struct purse_ledger){.in_use = true,
                                    .now = {committed, take_small(feed), take_small(feed)},
                                    .floor = {committed - take(feed) % 2, take_small(feed), take_small(feed)},
                                    .floor_known = take(feed) & 1,
                                    .highest_epoch_no = committed + take(feed) % 100,
                                    .epochs = rows,
                                    .epoch_count = take(feed) % (LEDGER_ROWS + 1)};
    for (size_t i = 0; i < ledger->epoch_count; i++)
        rows[i] = (struct ledger_epoch){.terms = {committed + take(feed) % 8, take_small(feed), 0},
                                        .role = (enum epoch_role)(take(feed) % 3),
                                        .state = (enum epoch_state)(take(feed) % 4),
                                        .acknowledged = take(feed) & 1};
}

/* ---- checks ---- */
static void check_decoded(const struct card_decoded *decoded)
{
    for (int purse = 0; purse < PURSES; purse++) {
        const struct decoded_purse *state = &decoded->purses[purse];
        if (!state->readable)
            continue;
        must(state->read && state->slots[state->slot].format_good && state->slots[state->slot].covered);
        must(state->value == state->slots[state->slot].value && state->value_minor >= 0);
    }
}

/* After a plan: each leg is in force, the other purses are as they were, and a record place is free again. */
static void check_plan(const struct plan_request *request, const struct card_plan *plan)
{
    static char text[PLAN_JSON_BYTES_MAX];
    struct plan_header header = {.uid = request->keys->uid, .kind = "fuzz"};
    struct card_image after = *request->image;
    struct card_decoded decoded;
    uint8_t hash[GUARD_HASH_BYTES];

    must(plan_to_json(&header, plan, text, sizeof(text)) > 0);
    must(plan_guard_hash(request, hash) == PLAN_OK && memcmp(hash, plan->guard_hash, sizeof(hash)) == 0);
    plan_apply(plan, request->keys, &after);
    card_decode(&after, request->keys, &decoded);
    for (int purse = 0; purse < PURSES; purse++) {
        const struct decoded_purse *old = &request->decoded->purses[purse];
        const struct decoded_purse *now = &decoded.purses[purse];
        const struct plan_leg *leg = NULL;
        for (size_t i = 0; i < request->leg_count; i++)
            leg = request->legs[i].purse == (enum card_purse)purse ? &request->legs[i] : leg;
        if (!leg || request->act == PLAN_ACT_REFRESH)
            must(!old->readable || (now->readable && now->epoch == old->epoch && now->value == old->value));
        else
            must(now->readable && now->value == leg->terms.opening_minor &&
                 now->epoch == epoch_byte(leg->terms.epoch_no));
        if (leg && request->act != PLAN_ACT_WRITE)
            must(now->slots_equal);
    }
    if (request->act != PLAN_ACT_REFRESH)
        must((request->legs[0].purse == PURSE_TIMES ? decoded.free_times : decoded.free_issuer) !=
             FREE_RECORD_NONE);
}

static void try_plan(struct feed *feed, struct plan_request *request, struct plan_leg *legs)
{
    static struct card_plan plan;
    request->act = (enum plan_act)(take(feed) % 3);
    request->leg_count = 1 + take(feed) % 2;
    request->emptied_for_good = take(feed) & 1;
    request->legs = legs;
    for (size_t i = 0; i < request->leg_count; i++) {
        enum card_purse purse =
            request->leg_count == 2 ? (enum card_purse)i : (enum card_purse)(take(feed) % PURSES);
        const struct decoded_purse *state = &request->decoded->purses[purse];
        int64_t committed = request->purses[purse].committed_epoch_no;
        int64_t step = request->act == PLAN_ACT_REFRESH ? 0 : 1 + take(feed);
        int64_t now = state->readable ? epoch_from_image(state->epoch, committed) : committed;
        legs[i] = (struct plan_leg){.purse = purse, .terms = {now + step, take_small(feed), take(feed)}};
        request->purses[purse].has_open = take(feed) & 1;
    }
    if (plan_build(request, &plan) == PLAN_OK)
        check_plan(request, &plan);
    plan_clear(&plan);
}

static void try_issue(struct feed *feed, const struct card_image *image)
{
    static struct card_plan plan;
    static char text[PLAN_JSON_BYTES_MAX];
    struct plan_header header = {.uid = image->uid, .kind = "issue"};
    struct plan_issue_request request = {.id = {.key_version = 1, .site_id = 7, .card_no = take(feed)},
                                         .epoch_no = {take_small(feed), 1, 1},
                                         .authority_sectors = take(feed) & 1,
                                         .image = image,
                                         .keys = card_keys()};
    struct card_image after = *image;
    struct card_decoded decoded;

    if (plan_build_issue(&request, &plan) != PLAN_OK)
        return;
    must(plan_to_json(&header, &plan, text, sizeof(text)) > 0);
    plan_apply(&plan, card_keys(), &after);
    card_decode(&after, card_keys(), &decoded);
    must(decoded.id_good && decoded.id.card_no == request.id.card_no);
    for (int purse = 0; purse < PURSES; purse++)
        must(decoded.purses[purse].readable && decoded.purses[purse].slots_equal &&
             decoded.purses[purse].value == 0);
    plan_clear(&plan);
}

static void judge(struct feed *feed, const struct card_image *image)
{
    struct ledger_epoch rows[PURSES][LEDGER_ROWS] = {0};
    struct epoch_terms terms[PURSES][LEDGER_ROWS];
    struct plan_leg legs[PLAN_LEGS_MAX] = {0};
    struct card_ledger ledger = {
        .known = true, .issuing = take(feed) & 1, .id = {.key_version = 1, .site_id = 7}};
    struct card_decoded decoded;
    struct card_evidence evidence;

    card_decode(image, card_keys(), &decoded);
    check_decoded(&decoded);
    struct plan_request request = {.image = image, .decoded = &decoded, .keys = card_keys()};
    for (int purse = 0; purse < PURSES; purse++) {
        take_ledger(feed, rows[purse], &ledger.purses[purse]);
        for (int i = 0; i < LEDGER_ROWS; i++)
            terms[purse][i] = rows[purse][i].terms;
        request.purses[purse] = (struct plan_purse){.committed_epoch_no = ledger.purses[purse].now.epoch_no,
                                                    .epochs = terms[purse],
                                                    .epoch_count = ledger.purses[purse].epoch_count};
    }
    evidence_merge(image, &decoded, &ledger, &evidence);
    must(card_verdict_word(evidence.verdict) != NULL);
    for (int i = 0; i < 3; i++)
        try_plan(feed, &request, legs);
    try_issue(feed, image);
}

/* A presentation as JSON: what is accepted is stored and read again as the same image. */
static void present_json(const uint8_t *data, size_t size)
{
    static const struct read_tries tries = {.keys = {{KEY_SLOT_A, 0}, {KEY_SLOT_A, 1}}, .count = 2};
    struct image_source source = {.uid = &card_keys()->uid, .start_sector = 1, .tries = &tries};
    struct feed nothing = {0};
    struct card_image image;
    struct card_image again;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

    source.json = json;
    bool accepted = json && !card_image_from_json(&source, &image);
    json_decref(json);
    if (!accepted)
        return;
    json_t *stored = card_image_to_json(&image);
    source.json = stored;
    source.tries = NULL;
    must(stored && !card_image_from_json(&source, &again));
    must(memcmp(&image, &again, sizeof(image)) == 0);
    json_decref(stored);
    judge(&nothing, &image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '{') {
        present_json(data, size);
        return 0;
    }
    struct feed feed = {.data = data, .size = size};
    struct card_image image = take_image(&feed);
    judge(&feed, &image);
    return 0;
}
