#include "vectors.h"

/* Field by field: structs have padding. */
static bool same_record(const struct record_fields *left, const struct record_fields *right)
{
    return left->flags == right->flags && left->epoch_consumption == right->epoch_consumption &&
           left->opening_consumption == right->opening_consumption &&
           left->stored_consumption == right->stored_consumption && left->epoch_water == right->epoch_water &&
           left->opening_water == right->opening_water && left->water_distance == right->water_distance &&
           left->epoch_times == right->epoch_times && left->opening_times == right->opening_times;
}

static bool same_authority(const struct authority_fields *left, const struct authority_fields *right)
{
    return left->area == right->area && left->valid_from_days == right->valid_from_days &&
           left->valid_to_days == right->valid_to_days && left->seq == right->seq &&
           left->is_list == right->is_list && left->list_length == right->list_length &&
           left->time_zone_id == right->time_zone_id &&
           memcmp(left->bitmap, right->bitmap, sizeof(left->bitmap)) == 0 &&
           memcmp(left->doors, right->doors, sizeof(left->doors)) == 0;
}

static struct record_fields issuer_fields(const json_t *json)
{
    return (struct record_fields){
        .flags = (uint8_t)(number_of(json, "flags") & 0x30),
        .epoch_consumption = (uint8_t)number_of(json, "epoch_c"),
        .opening_consumption = (uint32_t)number_of(json, "T_c"),
        .stored_consumption = (uint32_t)number_of(json, "S_c"),
        .epoch_water = (uint8_t)number_of(json, "epoch_w"),
        .opening_water = (uint32_t)number_of(json, "T_w"),
        .water_distance = (uint8_t)number_of(json, "d_w"),
    };
}

static void check_id(const json_t *vector, const struct card_keys *keys)
{
    const json_t *json = json_object_get(vector, "id");
    struct id_fields id = {.key_version = keys->version,
                           .site_id = keys->site_id,
                           .card_no = (uint32_t)number_of(json, "card_no"),
                           .issued_days = (uint16_t)number_of(json, "issued_days"),
                           .expires_days = (uint16_t)number_of(json, "expires_days")};
    struct id_fields again;
    uint8_t block[CARD_BLOCK_BYTES];

    layout_id_encode(&id, keys, block);
    assert_hex(block, sizeof(block), text_of(json, "block"), "ID");
    cr_assert(layout_id_decode(block, keys, &again));
    cr_assert_eq(again.card_no, id.card_no);
    cr_assert_eq(again.key_version, id.key_version);
    cr_assert_eq(again.site_id, id.site_id);
    cr_assert_eq(again.issued_days, id.issued_days);
    cr_assert_eq(again.expires_days, id.expires_days);
}

static void check_issuer(const json_t *vector, const struct card_keys *keys, size_t index)
{
    const json_t *json = json_array_get(json_object_get(vector, "I_fields"), index);
    uint8_t block[CARD_BLOCK_BYTES];
    uint8_t made[CARD_BLOCK_BYTES];
    struct record_fields again;

    block_of(json_object_get(vector, "I"), index, block);
    struct record_verdict verdict = layout_issuer_decode(block, keys, &again);
    if (json_is_null(json)) {
        cr_assert_not(verdict.counts);
        return;
    }
    struct record_fields fields = issuer_fields(json);
    cr_assert(verdict.counts);
    cr_assert(same_record(&fields, &again), "record %zu decodes otherwise", index);
    layout_issuer_encode(&fields, keys, made);
    cr_assert_eq(memcmp(made, block, sizeof(block)), 0, "record %zu encodes otherwise", index);
}

static void check_times(const json_t *vector, const struct card_keys *keys, size_t index)
{
    const json_t *json = json_array_get(json_object_get(vector, "J_fields"), index);
    struct record_fields fields = {.epoch_times = (uint8_t)number_of(json, "epoch_n"),
                                   .opening_times = (uint32_t)number_of(json, "T_n")};
    struct record_fields again;
    uint8_t block[CARD_BLOCK_BYTES];
    uint8_t made[CARD_BLOCK_BYTES];

    block_of(json_object_get(vector, "J"), index, block);
    cr_assert(layout_times_decode(block, keys, &again).counts);
    cr_assert(same_record(&fields, &again));
    layout_times_encode(&fields, keys, made);
    cr_assert_eq(memcmp(made, block, sizeof(block)), 0);
}

static void check_authority(const json_t *vector, const struct card_keys *keys)
{
    struct site_keys site = site_of(vector);
    uint8_t auth[CARD_MAC_KEY_BYTES];
    uint8_t blocks[3][CARD_BLOCK_BYTES];
    uint8_t made[3][CARD_BLOCK_BYTES];
    struct authority_fields authority;

    card_auth_key_derive(&site, 3, &keys->uid, auth);
    struct authority_key key = {.uid = &keys->uid, .key = auth};
    for (size_t i = 0; i < 3; i++)
        block_of(json_object_get(vector, "authority_area3"), i, blocks[i]);
    cr_assert(layout_authority_decode(blocks, &key, &authority));
    cr_assert_eq(authority.area, 3);
    cr_assert_eq(authority.seq, 9);
    layout_authority_encode(&authority, &key, made);
    cr_assert_eq(memcmp(made, blocks, sizeof(blocks)), 0);
    blocks[2][15] ^= 1;
    cr_assert_not(layout_authority_decode(blocks, &key, &authority), "the MAC covers all three blocks");
}

Test(card_layout_compat, vectors)
{
    json_t *file = vectors_load();
    size_t index;
    json_t *vector;
    json_array_foreach(json_object_get(file, "vectors"), index, vector)
    {
        struct card_keys keys = keys_of(vector);
        check_id(vector, &keys);
        for (size_t i = 0; i < 2; i++) {
            check_issuer(vector, &keys, i);
            check_times(vector, &keys, i);
        }
        check_authority(vector, &keys);
    }
    json_decref(file);
}

Test(card_layout_compat, record_form_rules)
{
    json_t *file = vectors_load();
    struct card_keys keys = keys_of(json_array_get(json_object_get(file, "vectors"), 0));
    struct record_fields fields = {.opening_consumption = 10, .stored_consumption = 11};
    struct record_fields again;
    uint8_t block[CARD_BLOCK_BYTES];

    layout_issuer_encode(&fields, &keys, block);
    struct record_verdict verdict = layout_issuer_decode(block, &keys, &again);
    cr_assert(verdict.mac_good && !verdict.format_good && !verdict.counts, "S above T");

    fields =
        (struct record_fields){.flags = RECORD_FLAG_CANCELLED, .epoch_times = 3, .opening_times = 16777215};
    layout_times_encode(&fields, &keys, block);
    cr_assert_eq(block[0], 0x11);
    cr_assert(layout_times_decode(block, &keys, &again).counts);
    cr_assert_eq(again.flags, RECORD_FLAG_CANCELLED);
    for (int bit = 0; bit < 128; bit++) {
        block[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(layout_times_decode(block, &keys, &again).counts, "bit %d", bit);
        block[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    json_decref(file);
}

Test(card_layout_compat, greatest_values_fit)
{
    json_t *file = vectors_load();
    struct card_keys keys = keys_of(json_array_get(json_object_get(file, "vectors"), 0));
    struct record_fields fields = {.flags = RECORD_FLAG_CANCELLED | RECORD_FLAG_REPAIRED,
                                   .epoch_consumption = 255,
                                   .opening_consumption = PURSE_CONSUMPTION_MINOR_MAX,
                                   .stored_consumption = PURSE_CONSUMPTION_MINOR_MAX,
                                   .epoch_water = 254,
                                   .opening_water = PURSE_WATER_MINOR_MAX,
                                   .water_distance = 127};
    struct record_fields again;
    uint8_t block[CARD_BLOCK_BYTES];
    layout_issuer_encode(&fields, &keys, block);
    cr_assert(layout_issuer_decode(block, &keys, &again).counts);
    cr_assert(same_record(&fields, &again));
    json_decref(file);
}

Test(card_layout_compat, value_block)
{
    static const int32_t values[] = {0, 1, -1, 31845, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        uint8_t block[CARD_BLOCK_BYTES];
        int32_t value;
        uint8_t epoch;
        layout_value_encode(values[i], (uint8_t)(250 + i), block);
        cr_assert(layout_value_decode(block, &value, &epoch));
        cr_assert_eq(value, values[i]);
        cr_assert_eq(epoch, (uint8_t)(250 + i));
        for (int bit = 0; bit < 128; bit++) {
            block[bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_assert_not(layout_value_decode(block, &value, &epoch));
            block[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

Test(card_layout_compat, authority_list_and_bitmap)
{
    static const uint8_t auth[CARD_MAC_KEY_BYTES] = {5};
    struct card_uid uid = {.length = 4, .bytes = {1, 2, 3, 4}};
    struct authority_key key = {.uid = &uid, .key = auth};
    struct authority_fields list = {.area = 1, .is_list = true, .list_length = 16, .seq = 65535};
    struct authority_fields bitmap = {.area = 1, .bitmap = {1, 2, 4, [31] = 128}};
    struct authority_fields again;
    uint8_t blocks[3][CARD_BLOCK_BYTES];

    for (uint16_t i = 0; i < 16; i++)
        list.doors[i] = (uint16_t)(i * 4096 + 1);
    layout_authority_encode(&list, &key, blocks);
    cr_assert(layout_authority_decode(blocks, &key, &again));
    cr_assert(same_authority(&list, &again));
    layout_authority_encode(&bitmap, &key, blocks);
    cr_assert(layout_authority_decode(blocks, &key, &again));
    cr_assert(same_authority(&bitmap, &again));
    blocks[0][9] = 0x80 | 17;
    cr_assert_not(layout_authority_decode(blocks, &key, &again), "a list of 17 does not exist");
    cr_assert(layout_authority_seq_newer(0, 65535));
    cr_assert(layout_authority_seq_newer(9, 8));
    cr_assert_not(layout_authority_seq_newer(8, 8));
    cr_assert_not(layout_authority_seq_newer(8, 9));
}

Test(card_layout_compat, journal)
{
    struct journal_fields journal = {.terminal = 0x030201,
                                     .transaction = 0x060504,
                                     .epoch = 7,
                                     .seconds = 0x0b0a0908,
                                     .amount_minor = 0x0e0d0c};
    struct journal_fields again;
    uint8_t block[CARD_BLOCK_BYTES];

    layout_journal_encode(&journal, block);
    assert_hex(block, sizeof(block), "0102030405060708090a0b0c0d0ef832", "journal");
    cr_assert(layout_journal_decode(block, &again));
    cr_assert_eq(again.terminal, journal.terminal);
    cr_assert_eq(again.transaction, journal.transaction);
    cr_assert_eq(again.epoch, journal.epoch);
    cr_assert_eq(again.seconds, journal.seconds);
    cr_assert_eq(again.amount_minor, journal.amount_minor);
    block[3] ^= 1;
    cr_assert_not(layout_journal_decode(block, &again));
}

Test(card_layout_compat, start_sectors)
{
    cr_assert(layout_start_sector_valid(CARD_CHIP_1K, 1));
    cr_assert(layout_start_sector_valid(CARD_CHIP_1K, 9));
    cr_assert_not(layout_start_sector_valid(CARD_CHIP_1K, 10));
    cr_assert_not(layout_start_sector_valid(CARD_CHIP_1K, 0));
    cr_assert(layout_start_sector_valid(CARD_CHIP_4K, 25));
    cr_assert_not(layout_start_sector_valid(CARD_CHIP_4K, 26));
}
