/* The published vectors of the card format, and small helpers for the tests of server/card. */
#ifndef TESTS_CARD_VECTORS_H
#define TESTS_CARD_VECTORS_H

#include "base/bytes.h"
#include "card/image.h"
#include "card/keys.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#define VECTOR_FILE "tests/vectors/card/card-vectors.json"

static inline json_t *vectors_load(void)
{
    json_error_t error;
    json_t *json = json_load_file(VECTOR_FILE, 0, &error);
    cr_assert(json, "%s: %s (run from the top of the tree)", VECTOR_FILE, error.text);
    return json;
}

static inline const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    cr_assert(text, "no text %s", name);
    return text;
}

static inline int64_t number_of(const json_t *json, const char *name)
{
    cr_assert(json_is_integer(json_object_get(json, name)), "no number %s", name);
    return json_integer_value(json_object_get(json, name));
}

static inline void assert_hex(const uint8_t *bytes, size_t count, const char *hex, const char *what)
{
    char text[2 * 64 + 1];
    cr_assert(count <= 64);
    bytes_to_hex(bytes, count, text);
    cr_assert_str_eq(text, hex, "%s: %s instead of %s", what, text, hex);
}

static inline void block_of(const json_t *list, size_t index, uint8_t ret_block[CARD_BLOCK_BYTES])
{
    cr_assert(bytes_from_hex(json_string_value(json_array_get(list, index)), ret_block, CARD_BLOCK_BYTES));
}

static inline struct site_keys site_of(const json_t *vector)
{
    struct site_keys site;
    uint8_t key[SITE_KEY_BYTES];
    cr_assert(bytes_from_hex(text_of(vector, "k_site"), key, sizeof(key)));
    struct site_key_input input = {.key = key,
                                   .version = (uint8_t)number_of(vector, "key_version"),
                                   .site_id = (uint16_t)number_of(vector, "site_id"),
                                   .digits = text_of(vector, "digits")};
    cr_assert(site_keys_init(&input, &site));
    return site;
}

static inline struct card_keys keys_of(const json_t *vector)
{
    struct site_keys site = site_of(vector);
    struct card_keys keys;
    struct card_uid uid;
    cr_assert(card_uid_parse(text_of(vector, "uid"), &uid));
    card_keys_derive(&site, &uid, &keys);
    return keys;
}

static inline void set_pair(struct card_image *image, const struct block_place places[2], const json_t *pair)
{
    uint8_t block[CARD_BLOCK_BYTES];
    for (int i = 0; i < 2; i++) {
        block_of(pair, (size_t)i, block);
        card_image_set(image, places[i], block);
    }
}

/* The image of a vector as a desk reads it: every sector opened by its derived key A. */
static inline struct card_image image_of(const json_t *vector, const struct card_keys *keys)
{
    struct card_image image = {.uid = keys->uid, .start_sector = (uint8_t)number_of(vector, "start_sector")};
    uint8_t block[CARD_BLOCK_BYTES];
    cr_assert(bytes_from_hex(text_of(json_object_get(vector, "id"), "block"), block, sizeof(block)));
    card_image_set(&image, layout_id_block, block);
    set_pair(&image, layout_purses[PURSE_CONSUMPTION].records, json_object_get(vector, "I"));
    set_pair(&image, layout_purses[PURSE_CONSUMPTION].slots, json_object_get(vector, "C"));
    set_pair(&image, layout_purses[PURSE_WATER].slots, json_object_get(vector, "W"));
    set_pair(&image, layout_purses[PURSE_TIMES].slots, json_object_get(vector, "N"));
    set_pair(&image, layout_purses[PURSE_TIMES].records, json_object_get(vector, "J"));
    for (int i = 0; i < CARD_SECTORS_LOGICAL; i++)
        image.sectors[i].opened = (struct opened_key){KEY_SLOT_A, keys->version};
    return image;
}

#endif
