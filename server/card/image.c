#include "card/image.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t *card_image_block(const struct card_image *image, struct block_place place)
{
    const struct image_sector *sector = &image->sectors[place.sector];
    return sector->present >> place.block & 1 ? sector->blocks[place.block] : NULL;
}

void card_image_set(struct card_image *image, struct block_place place, const uint8_t block[CARD_BLOCK_BYTES])
{
    struct image_sector *sector = &image->sectors[place.sector];
    memcpy(sector->blocks[place.block], block, CARD_BLOCK_BYTES);
    sector->present |= (uint8_t)(1 << place.block);
    sector->result = SECTOR_OK;
}

void opened_key_format(const struct opened_key *key, char name[KEY_NAME_BYTES])
{
    char slot = key->slot == KEY_SLOT_B ? 'B' : 'A';
    if (key->version == 0)
        snprintf(name, KEY_NAME_BYTES, "%c.t", slot);
    else
        snprintf(name, KEY_NAME_BYTES, "%c.d%u", slot, key->version);
}

bool opened_key_parse(const char *name, struct opened_key *ret_key)
{
    struct opened_key key = {0};
    char canonical[KEY_NAME_BYTES];

    if (strnlen(name, KEY_NAME_BYTES) >= KEY_NAME_BYTES || (name[0] != 'A' && name[0] != 'B') ||
        name[1] != '.')
        return false;
    key.slot = name[0] == 'A' ? KEY_SLOT_A : KEY_SLOT_B;
    if (name[2] == 'd') {
        long version = strtol(name + 3, NULL, 10);
        if (version < 1 || version > 255)
            return false;
        key.version = (uint8_t)version;
    }
    /* One key has one name: anything that does not come out again the same way is refused. */
    opened_key_format(&key, canonical);
    if (strcmp(canonical, name) != 0)
        return false;
    *ret_key = key;
    return true;
}

/* ---- from JSON ---- */

static const char *const result_words[] = {
    [SECTOR_NOT_READ] = NULL,     [SECTOR_OK] = "ok",     [SECTOR_AUTH] = "auth",
    [SECTOR_REFUSED] = "refused", [SECTOR_GONE] = "gone",
};

static bool parse_result(const char *word, enum sector_result *ret_result)
{
    for (int result = SECTOR_OK; result <= SECTOR_GONE; result++) {
        if (word && strcmp(word, result_words[result]) == 0) {
            *ret_result = (enum sector_result)result;
            return true;
        }
    }
    return false;
}

/* A decimal number without sign or leading zero, up to 255; -1 otherwise. */
static int parse_number(const char *text)
{
    char *end = NULL;
    size_t length = strnlen(text, 4);
    if (length == 0 || length > 3 || text[0] < '0' || text[0] > '9' || (text[0] == '0' && length > 1))
        return -1;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= 255 ? (int)number : -1;
}

static const char *read_key(const json_t *json, const struct read_tries *tries, struct opened_key *ret_key)
{
    if (!tries)
        return json_is_string(json) && opened_key_parse(json_string_value(json), ret_key)
                   ? NULL
                   : "sectors: key must be the name of a key";
    if (!json_is_integer(json) || json_integer_value(json) < 0 || json_integer_value(json) >= tries->count)
        return "sectors: key must be the index of a try of the read plan";
    *ret_key = tries->keys[json_integer_value(json)];
    return NULL;
}

static const char *read_sector(const char *name, const json_t *json, const struct image_source *source,
                               struct card_image *image)
{
    int logical = parse_number(name) - source->start_sector;
    if (parse_number(name) < 0 || logical < 0 || logical >= CARD_SECTORS_LOGICAL)
        return "sectors: a number is not a sector of the read plan";
    struct image_sector *sector = &image->sectors[logical];
    if (!parse_result(json_string_value(json_object_get(json, "result")), &sector->result))
        return "sectors: result must be ok, auth, refused or gone";
    const json_t *key = json_object_get(json, "key");
    if (json_object_size(json) != (key ? 2u : 1u))
        return "sectors: only result and key belong into a sector";
    if (key)
        return read_key(key, source->tries, &sector->opened);
    return sector->result == SECTOR_OK || sector->result == SECTOR_REFUSED ? "sectors: key is missing" : NULL;
}

static const char *read_block(const char *name, const json_t *json, const struct image_source *source,
                              struct card_image *image)
{
    int number = parse_number(name);
    int logical = number / SECTOR_BLOCKS - source->start_sector;
    int block = number % SECTOR_BLOCKS;
    if (number < 0 || logical < 0 || logical >= CARD_SECTORS_LOGICAL || block == TRAILER_BLOCK)
        return "blocks: a number is not a data block of the read plan";
    struct image_sector *sector = &image->sectors[logical];
    if (sector->result == SECTOR_NOT_READ || sector->opened.slot == 0)
        return "blocks: a block stands in a sector that no key opened";
    if (!json_is_string(json) ||
        !bytes_from_hex(json_string_value(json), sector->blocks[block], CARD_BLOCK_BYTES))
        return "blocks: a block must be 32 hex digits";
    sector->present |= (uint8_t)(1 << block);
    return NULL;
}

const char *card_image_from_json(const struct image_source *source, struct card_image *ret_image)
{
    json_t *sectors = json_object_get(source->json, "sectors");
    json_t *blocks = json_object_get(source->json, "blocks");
    const char *name;
    json_t *member;

    *ret_image = (struct card_image){.uid = *source->uid, .start_sector = source->start_sector};
    if (!json_is_object(sectors) || json_object_size(sectors) > CARD_SECTORS_LOGICAL)
        return "sectors must be an object of at most seven sectors";
    if (!json_is_object(blocks) || json_object_size(blocks) > CARD_SECTORS_LOGICAL * TRAILER_BLOCK)
        return "blocks must be an object of at most 21 blocks";
    json_object_foreach(sectors, name, member)
    {
        const char *wrong = read_sector(name, member, source, ret_image);
        if (wrong)
            return wrong;
    }
    json_object_foreach(blocks, name, member)
    {
        const char *wrong = read_block(name, member, source, ret_image);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---- to JSON ---- */

/* Returns 0, or -1 when memory is out. */
static int write_sector(const struct card_image *image, uint8_t logical, json_t *sectors, json_t *blocks)
{
    const struct image_sector *sector = &image->sectors[logical];
    char name[KEY_NAME_BYTES];
    char number[4];
    char hex[2 * CARD_BLOCK_BYTES + 1];
    int bad = 0;

    if (sector->result == SECTOR_NOT_READ)
        return 0;
    json_t *entry = json_pack("{s:s}", "result", result_words[sector->result]);
    if (sector->opened.slot) {
        opened_key_format(&sector->opened, name);
        bad |= json_object_set_new(entry, "key", json_string(name));
    }
    snprintf(number, sizeof(number), "%u", (unsigned)(uint8_t)(image->start_sector + logical));
    bad |= json_object_set_new(sectors, number, entry);
    for (uint8_t block = 0; block < TRAILER_BLOCK; block++) {
        if (!(sector->present >> block & 1))
            continue;
        snprintf(number, sizeof(number), "%u",
                 (unsigned)layout_block_no(image->start_sector, (struct block_place){logical, block}));
        bytes_to_hex(sector->blocks[block], CARD_BLOCK_BYTES, hex);
        bad |= json_object_set_new(blocks, number, json_string(hex));
    }
    return bad;
}

json_t *card_image_to_json(const struct card_image *image)
{
    json_t *sectors = json_object();
    json_t *blocks = json_object();
    int bad = 0;

    for (uint8_t logical = 0; logical < CARD_SECTORS_LOGICAL; logical++)
        bad |= write_sector(image, logical, sectors, blocks);
    json_t *json = json_pack("{s:o, s:o}", "blocks", blocks, "sectors", sectors);
    if (bad && json) {
        json_decref(json);
        return NULL;
    }
    return json;
}
