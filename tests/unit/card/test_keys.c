#include "vectors.h"

#include "card/access_bits.h"

static void check_branches(const json_t *branches, const struct site_keys *site)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)branches, name, value)
    {
        int sector = name[1] - '0';
        const uint8_t *branch = name[0] == 'A' ? site->branch_a[sector] : site->branch_b[sector];
        assert_hex(branch, BRANCH_BYTES, json_string_value(value), name);
    }
}

static void check_sector(const json_t *sector, const struct card_keys *keys, uint8_t start_sector)
{
    uint8_t logical = (uint8_t)number_of(sector, "L");
    uint8_t block[CARD_BLOCK_BYTES];

    assert_hex(keys->key_a[logical], CARD_KEY_BYTES, text_of(sector, "key_a"), "key A");
    assert_hex(keys->key_b[logical], CARD_KEY_BYTES, text_of(sector, "key_b"), "key B");
    trailer_encode(access_profile_of(logical), keys->key_a[logical], keys->key_b[logical], block);
    assert_hex(block, sizeof(block), text_of(sector, "trailer"), "trailer");
    assert_hex(block + CARD_KEY_BYTES, ACCESS_BYTES, text_of(sector, "access"), "access bytes");
    cr_assert_eq(number_of(sector, "sector"), start_sector + logical);
    cr_assert_eq(number_of(sector, "first_block"),
                 layout_block_no(start_sector, (struct block_place){logical, 0}));
}

Test(card_keys, vectors)
{
    json_t *file = vectors_load();
    size_t index;
    json_t *vector;

    json_array_foreach(json_object_get(file, "vectors"), index, vector)
    {
        struct site_keys site = site_of(vector);
        struct card_keys keys = keys_of(vector);
        uint8_t auth[CARD_MAC_KEY_BYTES];
        size_t place;
        json_t *sector;

        assert_hex(site.prk, sizeof(site.prk), text_of(vector, "prk"), "PRK");
        check_branches(json_object_get(vector, "branch"), &site);
        assert_hex(keys.mac, sizeof(keys.mac), text_of(vector, "k_mac"), "K_mac");
        card_auth_key_derive(&site, 3, &keys.uid, auth);
        assert_hex(auth, sizeof(auth), text_of(vector, "k_auth_area3"), "K_auth");
        json_array_foreach(json_object_get(vector, "sectors"), place, sector)
            check_sector(sector, &keys, (uint8_t)number_of(vector, "start_sector"));
    }
    cr_assert_eq(index, 6);
    json_decref(file);
}

Test(card_keys, fingerprint_and_seal_key)
{
    json_t *file = vectors_load();
    json_t *site = json_object_get(file, "site1");
    uint8_t key[SITE_KEY_BYTES];
    uint8_t out[32];

    cr_assert(bytes_from_hex(text_of(site, "k_site"), key, sizeof(key)));
    site_key_fingerprint(key, out);
    assert_hex(out, sizeof(out), text_of(site, "fingerprint"), "fingerprint");
    site_key_password_seal_key(key, out);
    assert_hex(out, sizeof(out), text_of(site, "pw_seal_key"), "seal key");
    json_decref(file);
}

Test(card_keys, wrong_input_is_refused)
{
    static const uint8_t key[SITE_KEY_BYTES] = {1};
    static const char *const bad_digits[] = {"258", "25 0", "258a", ""};
    struct site_keys site;
    struct site_key_input input = {.key = key, .version = 1, .site_id = 7, .digits = "2580"};

    cr_assert(site_keys_init(&input, &site));
    for (size_t i = 0; i < sizeof(bad_digits) / sizeof(bad_digits[0]); i++) {
        char digits[5] = {0};
        memcpy(digits, bad_digits[i], strlen(bad_digits[i]));
        input.digits = digits;
        cr_assert_not(site_keys_init(&input, &site), "%s", bad_digits[i]);
    }
    input.digits = "2580";
    input.version = 0;
    cr_assert_not(site_keys_init(&input, &site));
    input.version = 1;
    input.site_id = 0;
    cr_assert_not(site_keys_init(&input, &site));
}

Test(card_keys, clear_leaves_nothing)
{
    json_t *file = vectors_load();
    json_t *vector = json_array_get(json_object_get(file, "vectors"), 0);
    struct site_keys site = site_of(vector);
    struct card_keys keys = keys_of(vector);
    struct card_keys no_keys;
    struct site_keys no_site;

    memset(&no_keys, 0, sizeof(no_keys));
    memset(&no_site, 0, sizeof(no_site));
    card_keys_clear(&keys);
    site_keys_clear(&site);
    cr_assert_eq(memcmp(&keys, &no_keys, sizeof(keys)), 0);
    cr_assert_eq(memcmp(&site, &no_site, sizeof(site)), 0);
    json_decref(file);
}

Test(card_keys, uid_text)
{
    struct card_uid uid;
    struct card_uid other;
    char text[2 * CARD_UID_BYTES_MAX + 1];

    cr_assert(card_uid_parse("04A1b2c3d4e5f6", &uid));
    card_uid_format(&uid, text);
    cr_assert_str_eq(text, "04a1b2c3d4e5f6");
    cr_assert(card_uid_parse("9c3ad15e", &other));
    cr_assert_not(card_uid_equal(&uid, &other));
    cr_assert(card_uid_equal(&uid, &uid));
    cr_assert_not(card_uid_parse("", &uid));
    cr_assert_not(card_uid_parse("9c3ad1", &uid));
    cr_assert_not(card_uid_parse("9c3ad15", &uid));
    cr_assert_not(card_uid_parse("9c3ad15e00", &uid));
    cr_assert_not(card_uid_parse("9c3ad15g", &uid));
    cr_assert_not(card_uid_parse("0102030405060708090a0b", &uid));
}

/* Another sector, site, password, version of the key, or card: never the same key again. */
Test(card_keys, every_input_matters)
{
    static const uint8_t site_key[SITE_KEY_BYTES] = {9, 8, 7};
    struct site_key_input inputs[] = {
        {site_key, 1, 7, "2580"},
        {site_key, 1, 8, "2580"},
        {site_key, 1, 7, "2581"},
    };
    struct card_keys keys[4];
    struct card_uid uid;
    struct card_uid longer;

    cr_assert(card_uid_parse("9c3ad15e", &uid));
    cr_assert(card_uid_parse("9c3ad15e000000", &longer));
    for (int i = 0; i < 3; i++) {
        struct site_keys site;
        cr_assert(site_keys_init(&inputs[i], &site));
        card_keys_derive(&site, &uid, &keys[i]);
        if (i == 0)
            card_keys_derive(&site, &longer, &keys[3]);
    }
    for (int i = 0; i < 4; i++) {
        cr_assert_neq(memcmp(keys[i].key_a[0], keys[i].key_b[0], CARD_KEY_BYTES), 0);
        cr_assert_neq(memcmp(keys[i].key_a[0], keys[i].key_a[1], CARD_KEY_BYTES), 0);
        for (int j = 0; j < i; j++) {
            cr_assert_neq(memcmp(keys[i].key_a[0], keys[j].key_a[0], CARD_KEY_BYTES), 0);
            cr_assert_neq(memcmp(keys[i].mac, keys[j].mac, CARD_MAC_KEY_BYTES), 0);
        }
    }
}
