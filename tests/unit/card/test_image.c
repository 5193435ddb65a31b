#include "vectors.h"

static const char *parse(const char *text, const struct read_tries *tries, struct card_image *ret_image)
{
    static const struct card_uid uid = {.length = 4, .bytes = {1, 2, 3, 4}};
    json_t *json = json_loads(text, 0, NULL);
    cr_assert(json, "%s", text);
    struct image_source source = {.json = json, .uid = &uid, .start_sector = 1, .tries = tries};
    const char *wrong = card_image_from_json(&source, ret_image);
    json_decref(json);
    return wrong;
}

static const struct read_tries two_tries = {.keys = {{KEY_SLOT_A, 2}, {KEY_SLOT_A, 0}}, .count = 2};

#define HEX "00112233445566778899aabbccddeeff"

Test(card_image, message_of_an_agent)
{
    struct card_image image;
    cr_assert_null(
        parse("{\"run\": 1, \"blocks\": {\"8\": \"" HEX "\", \"10\": \"" HEX
              "\"}, \"sectors\": {\"2\": {\"result\": "
              "\"ok\", \"key\": 1}, \"3\": {\"result\": \"auth\"}, \"1\": {\"result\": \"gone\"}}}",
              &two_tries, &image));
    cr_assert_eq(image.sectors[SECTOR_CONSUMPTION].result, SECTOR_OK);
    cr_assert_eq(image.sectors[SECTOR_CONSUMPTION].opened.version, 0);
    cr_assert_eq(image.sectors[SECTOR_CONSUMPTION].opened.slot, KEY_SLOT_A);
    cr_assert_eq(image.sectors[SECTOR_CONSUMPTION].present, 5);
    assert_hex(image.sectors[SECTOR_CONSUMPTION].blocks[2], CARD_BLOCK_BYTES, HEX, "block 10");
    cr_assert_eq(image.sectors[SECTOR_WATER].result, SECTOR_AUTH);
    cr_assert_eq(image.sectors[SECTOR_IDENTITY].result, SECTOR_GONE);
    cr_assert_eq(image.sectors[SECTOR_TIMES].result, SECTOR_NOT_READ);
    cr_assert_null(card_image_block(&image, (struct block_place){SECTOR_CONSUMPTION, 1}));
}

/* What is stored reads back as the same image, with key names instead of indexes. */
Test(card_image, stored_form)
{
    json_t *file = vectors_load();
    size_t index;
    json_t *vector;
    json_array_foreach(json_object_get(file, "vectors"), index, vector)
    {
        struct card_keys keys = keys_of(vector);
        struct card_image image = image_of(vector, &keys);
        struct card_image again;
        image.sectors[SECTOR_AUTHORITY_0] =
            (struct image_sector){.result = SECTOR_REFUSED, .opened = {KEY_SLOT_A, 0}};
        image.sectors[SECTOR_AUTHORITY_1] = (struct image_sector){.result = SECTOR_GONE};
        json_t *stored = card_image_to_json(&image);
        cr_assert(stored);
        struct image_source source = {.json = stored, .uid = &keys.uid, .start_sector = image.start_sector};
        cr_assert_null(card_image_from_json(&source, &again));
        cr_assert_eq(memcmp(&image, &again, sizeof(image)), 0);
        json_decref(stored);
    }
    json_decref(file);
}

Test(card_image, wrong_messages_are_named)
{
    static const struct {
        const char *text;
        const char *part; /* of the complaint */
    } cases[] = {
        {"{}", "sectors must be"},
        {"{\"sectors\": {}}", "blocks must be"},
        {"{\"sectors\": [], \"blocks\": {}}", "sectors must be"},
        {"{\"sectors\": {\"0\": {\"result\": \"auth\"}}, \"blocks\": {}}", "not a sector"},
        {"{\"sectors\": {\"8\": {\"result\": \"auth\"}}, \"blocks\": {}}", "not a sector"},
        {"{\"sectors\": {\"01\": {\"result\": \"auth\"}}, \"blocks\": {}}", "not a sector"},
        {"{\"sectors\": {\"-1\": {\"result\": \"auth\"}}, \"blocks\": {}}", "not a sector"},
        {"{\"sectors\": {\"1\": 5}, \"blocks\": {}}", "result must be"},
        {"{\"sectors\": {\"1\": {\"result\": \"fine\"}}, \"blocks\": {}}", "result must be"},
        {"{\"sectors\": {\"1\": {\"result\": \"ok\"}}, \"blocks\": {}}", "key is missing"},
        {"{\"sectors\": {\"1\": {\"result\": \"ok\", \"key\": 2}}, \"blocks\": {}}", "index of a try"},
        {"{\"sectors\": {\"1\": {\"result\": \"ok\", \"key\": -1}}, \"blocks\": {}}", "index of a try"},
        {"{\"sectors\": {\"1\": {\"result\": \"ok\", \"key\": \"A.t\"}}, \"blocks\": {}}", "index of a try"},
        {"{\"sectors\": {\"1\": {\"result\": \"gone\", \"why\": 1}}, \"blocks\": {}}", "only result and key"},
        {"{\"sectors\": {}, \"blocks\": {\"8\": \"" HEX "\"}}", "no key opened"},
        {"{\"sectors\": {\"2\": {\"result\": \"auth\"}}, \"blocks\": {\"8\": \"" HEX "\"}}", "no key opened"},
        {"{\"sectors\": {\"2\": {\"result\": \"ok\", \"key\": 0}}, \"blocks\": {\"11\": \"" HEX "\"}}",
         "not a data block"},
        {"{\"sectors\": {\"2\": {\"result\": \"ok\", \"key\": 0}}, \"blocks\": {\"3\": \"" HEX "\"}}",
         "not a data block"},
        {"{\"sectors\": {\"2\": {\"result\": \"ok\", \"key\": 0}}, \"blocks\": {\"999\": \"" HEX "\"}}",
         "not a data block"},
        {"{\"sectors\": {\"2\": {\"result\": \"ok\", \"key\": 0}}, \"blocks\": {\"8\": \"00\"}}",
         "32 hex digits"},
        {"{\"sectors\": {\"2\": {\"result\": \"ok\", \"key\": 0}}, \"blocks\": {\"8\": 17}}",
         "32 hex digits"},
        {"{\"sectors\": {\"1\":{},\"2\":{},\"3\":{},\"4\":{},\"5\":{},\"6\":{},\"7\":{},\"8\":{}}, "
         "\"blocks\": {}}",
         "sectors must be"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct card_image image;
        const char *wrong = parse(cases[i].text, &two_tries, &image);
        cr_assert(wrong && strstr(wrong, cases[i].part), "%s: %s", cases[i].text, wrong ? wrong : "accepted");
    }
}

Test(card_image, names_of_keys)
{
    static const char *const good[] = {"A.t", "B.t", "A.d1", "A.d255", "B.d12"};
    static const char *const bad[] = {"",    "A",    "A.",    "A.d", "A.d0", "A.d256",    "A.d01",
                                      "C.t", "A.tt", "A.d1x", "Axt", "a.t",  "A.d1234567"};
    struct opened_key key;
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        cr_assert(opened_key_parse(good[i], &key), "%s", good[i]);
        opened_key_format(&key, name);
        cr_assert_str_eq(name, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(opened_key_parse(bad[i], &key), "%s", bad[i]);
}
