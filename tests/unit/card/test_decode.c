#include "vectors.h"

#include "card/epoch.h"

static void check_pick(const json_t *expect, const struct decoded_purse *purse, const char *name)
{
    if (json_is_null(expect)) {
        cr_assert_not(purse->readable, "%s", name);
        return;
    }
    cr_assert(purse->readable, "%s", name);
    cr_assert_eq(purse->slot, number_of(expect, "slot"), "%s", name);
    cr_assert_eq(purse->epoch, number_of(expect, "epoch"), "%s", name);
    cr_assert_eq(purse->value, number_of(expect, "value"), "%s", name);
}

Test(card_decode, vectors)
{
    json_t *file = vectors_load();
    size_t index;
    json_t *vector;
    json_array_foreach(json_object_get(file, "vectors"), index, vector)
    {
        struct card_keys keys = keys_of(vector);
        struct card_image image = image_of(vector, &keys);
        const json_t *expect = json_object_get(vector, "expect");
        const char *name = text_of(vector, "name");
        struct card_decoded decoded;

        card_decode(&image, &keys, &decoded);
        cr_assert(decoded.id_good, "%s", name);
        cr_assert_eq(decoded.id.card_no, number_of(json_object_get(vector, "id"), "card_no"));
        check_pick(json_object_get(expect, "consumption"), &decoded.purses[PURSE_CONSUMPTION], name);
        check_pick(json_object_get(expect, "water"), &decoded.purses[PURSE_WATER], name);
        cr_assert_eq(decoded.free_issuer, number_of(expect, "free_record"), "%s", name);
        const struct decoded_purse *purse = &decoded.purses[PURSE_CONSUMPTION];
        struct purse_split split = purse_split(purse->value, purse->stored);
        cr_assert_eq(split.stored_minor, number_of(json_object_get(expect, "split"), "stored"), "%s", name);
        cr_assert_eq(split.subsidy_minor, number_of(json_object_get(expect, "split"), "subsidy"), "%s", name);
        cr_assert(decoded.purses[PURSE_TIMES].readable);
    }
    json_decref(file);
}

Test(card_decode, pick_cases)
{
    json_t *file = vectors_load();
    json_t *vector = json_array_get(json_object_get(file, "vectors"), 0);
    struct card_keys keys = keys_of(vector);
    size_t index;
    json_t *pick_case;
    json_array_foreach(json_object_get(file, "pick_cases_on_first_vector"), index, pick_case)
    {
        struct card_image image = image_of(vector, &keys);
        struct card_decoded decoded;
        set_pair(&image, layout_purses[PURSE_CONSUMPTION].records, json_object_get(pick_case, "I"));
        set_pair(&image, layout_purses[PURSE_CONSUMPTION].slots, json_object_get(pick_case, "C"));
        card_decode(&image, &keys, &decoded);
        check_pick(json_object_get(pick_case, "expect"), &decoded.purses[PURSE_CONSUMPTION],
                   text_of(pick_case, "case"));
    }
    cr_assert_eq(index, 17);
    json_decref(file);
}

/* A card built from fields, for the cases the vectors do not hold. */
struct bench {
    json_t *file;
    struct card_keys keys;
    struct card_image image;
    struct card_decoded decoded;
};

static struct bench bench_make(void)
{
    struct bench bench = {.file = vectors_load()};
    json_t *vector = json_array_get(json_object_get(bench.file, "vectors"), 0);
    bench.keys = keys_of(vector);
    bench.image = image_of(vector, &bench.keys);
    return bench;
}

static void put_record(struct bench *bench, int index, struct record_fields fields)
{
    uint8_t block[CARD_BLOCK_BYTES];
    layout_issuer_encode(&fields, &bench->keys, block);
    card_image_set(&bench->image, layout_purses[PURSE_CONSUMPTION].records[index], block);
}

static void put_value(struct bench *bench, enum card_purse purse, int slot, int32_t value, uint8_t epoch)
{
    uint8_t block[CARD_BLOCK_BYTES];
    layout_value_encode(value, epoch, block);
    card_image_set(&bench->image, layout_purses[purse].slots[slot], block);
}

static void decode(struct bench *bench)
{
    card_decode(&bench->image, &bench->keys, &bench->decoded);
}

Test(card_decode, cancelled_needs_every_direct_record)
{
    struct bench bench = bench_make();
    struct record_fields before = {.epoch_consumption = 4, .epoch_water = 2, .opening_water = 9};
    struct record_fields retire = {
        .flags = RECORD_FLAG_CANCELLED, .epoch_consumption = 5, .epoch_water = 3, .water_distance = 1};

    /* three writes torn before the water slot: consumption emptied, water still in use */
    put_record(&bench, 0, before);
    put_record(&bench, 1, retire);
    put_value(&bench, PURSE_CONSUMPTION, 0, 0, 5);
    put_value(&bench, PURSE_CONSUMPTION, 1, 7, 4);
    put_value(&bench, PURSE_WATER, 0, 9, 2);
    put_value(&bench, PURSE_WATER, 1, 9, 2);
    decode(&bench);
    cr_assert(bench.decoded.purses[PURSE_CONSUMPTION].cancelled);
    cr_assert_not(bench.decoded.purses[PURSE_WATER].cancelled);
    cr_assert(bench.decoded.purses[PURSE_WATER].named);

    /* without the record before it, only d_w covers the water epoch: still in use, and not named */
    put_record(&bench, 0, retire);
    decode(&bench);
    cr_assert(bench.decoded.purses[PURSE_WATER].readable);
    cr_assert_not(bench.decoded.purses[PURSE_WATER].cancelled);
    cr_assert_not(bench.decoded.purses[PURSE_WATER].named);

    put_value(&bench, PURSE_WATER, 0, 0, 3);
    decode(&bench);
    cr_assert(bench.decoded.purses[PURSE_WATER].cancelled);
    json_decref(bench.file);
}

Test(card_decode, facts_about_a_reading)
{
    struct bench bench = bench_make();
    decode(&bench);
    const struct decoded_purse *purse = &bench.decoded.purses[PURSE_CONSUMPTION];
    cr_assert(purse->read && purse->named && purse->opening_unique);
    cr_assert_eq(purse->opening, 32345);
    cr_assert_eq(purse->stored, 30000);
    cr_assert_eq(purse->ceiling, 32345);
    cr_assert(purse->other_slot_good);
    cr_assert_not(purse->slots_equal);
    cr_assert_not(purse->negative);

    put_value(&bench, PURSE_CONSUMPTION, 1, -3, 5);
    decode(&bench);
    cr_assert(purse->negative);
    cr_assert_eq(purse->value, -3);
    cr_assert_eq(purse->value_minor, 0);

    put_value(&bench, PURSE_CONSUMPTION, 0, -3, 5);
    decode(&bench);
    cr_assert(purse->slots_equal);
    cr_assert_eq(purse->slot, 0);

    /* two epochs half the circle apart have no order */
    put_record(&bench, 0, (struct record_fields){.epoch_consumption = 133, .epoch_water = 2});
    put_value(&bench, PURSE_CONSUMPTION, 1, 1, 133);
    decode(&bench);
    cr_assert_not(purse->readable);
    json_decref(bench.file);
}

Test(card_decode, missing_blocks_are_not_unreadable_ones)
{
    struct bench bench = bench_make();
    bench.image.sectors[SECTOR_CONSUMPTION].present = 1;
    decode(&bench);
    cr_assert_not(bench.decoded.purses[PURSE_CONSUMPTION].read);
    cr_assert_not(bench.decoded.purses[PURSE_CONSUMPTION].readable);
    cr_assert(bench.decoded.purses[PURSE_WATER].readable);
    cr_assert_eq(bench.decoded.free_issuer, FREE_RECORD_NONE);
    bench.image = (struct card_image){.uid = bench.keys.uid, .start_sector = 1};
    decode(&bench);
    cr_assert_not(bench.decoded.id_read);
    cr_assert_eq(bench.decoded.free_times, FREE_RECORD_NONE);
    json_decref(bench.file);
}

Test(card_decode, forged_records)
{
    struct bench bench = bench_make();
    for (int i = 0; i < 2; i++)
        bench.image.sectors[SECTOR_IDENTITY].blocks[1 + i][15] ^= 1;
    decode(&bench);
    cr_assert(bench.decoded.purses[PURSE_CONSUMPTION].records_forged);
    cr_assert_not(bench.decoded.purses[PURSE_CONSUMPTION].readable);
    memset(bench.image.sectors[SECTOR_IDENTITY].blocks[1], 0, CARD_BLOCK_BYTES);
    decode(&bench);
    cr_assert_not(bench.decoded.purses[PURSE_CONSUMPTION].records_forged, "torn, not forged");
    json_decref(bench.file);
}

Test(card_decode, free_record_keeps_what_covers_the_card)
{
    struct bench bench = bench_make();
    struct record_fields newest = {.epoch_consumption = 5, .epoch_water = 3, .water_distance = 1};

    put_record(&bench, 0, (struct record_fields){.epoch_consumption = 5, .epoch_water = 2});
    put_record(&bench, 1, newest);
    put_value(&bench, PURSE_CONSUMPTION, 0, 0, 5);
    put_value(&bench, PURSE_WATER, 0, 0, 2);
    put_value(&bench, PURSE_WATER, 1, 0, 2);
    decode(&bench);
    cr_assert_eq(bench.decoded.free_issuer, 0, "both keep the card: the older by water epoch goes");

    put_value(&bench, PURSE_WATER, 0, 0, 3);
    decode(&bench);
    cr_assert_eq(bench.decoded.free_issuer, 0, "only the newest covers water 3");

    put_record(&bench, 0, (struct record_fields){.epoch_consumption = 6, .epoch_water = 1});
    put_value(&bench, PURSE_CONSUMPTION, 0, 0, 6);
    decode(&bench);
    cr_assert_eq(bench.decoded.free_issuer, FREE_RECORD_NONE, "neither covers both: nothing may be written");

    /* consumption torn: the record that covers water is kept */
    memset(bench.image.sectors[SECTOR_CONSUMPTION].blocks, 0xFF, sizeof(bench.image.sectors[1].blocks));
    decode(&bench);
    cr_assert_not(bench.decoded.purses[PURSE_CONSUMPTION].readable);
    cr_assert_eq(bench.decoded.free_issuer, 0);

    memset(bench.image.sectors[SECTOR_WATER].blocks, 0xFF, sizeof(bench.image.sectors[2].blocks));
    memset(bench.image.sectors[SECTOR_IDENTITY].blocks[2], 0xFF, CARD_BLOCK_BYTES);
    decode(&bench);
    cr_assert_eq(bench.decoded.free_issuer, 1, "nothing readable: the record that says nothing goes");
    json_decref(bench.file);
}
