/* The strict reader of plans and read plans: what an attacker or an error may send ends here with a reason.
 */
#include "agent/plan.h"
#include "agent/strict_json.h"
#include "base/bytes.h"
#include "base/cleanup.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

void plan_wipe(struct plan *plan)
{
    sodium_memzero(plan, sizeof *plan);
}

void read_plan_wipe(struct read_plan *plan)
{
    sodium_memzero(plan, sizeof *plan);
}

uint8_t sector_first_block(uint8_t sector)
{
    return (uint8_t)(sector < 32 ? sector * 4 : 128 + (sector - 32) * 16);
}

uint8_t sector_of_block(uint8_t block)
{
    return (uint8_t)(block < 128 ? block / 4 : 32 + (block - 128) / 16);
}

/* Parsing state: the first problem wins. */
struct parser {
    struct plan_problem *problem;
    bool failed;
};

static bool fail(struct parser *parser, const char *where, int index, const char *why)
{
    if (!parser->failed && index >= 0)
        snprintf(parser->problem->text, sizeof parser->problem->text, "%s[%d]: %s", where, index, why);
    else if (!parser->failed)
        snprintf(parser->problem->text, sizeof parser->problem->text, "%s: %s", where, why);
    parser->failed = true;
    return false;
}

static bool read_uid(const json_t *value, struct reader_uid *ret_uid)
{
    const char *text = json_string_value(value);
    int count = text ? bytes_from_hex_any(text, ret_uid->bytes, sizeof ret_uid->bytes) : -1;
    ret_uid->count = (uint8_t)(count > 0 ? count : 0);
    return count == 4 || count == 7 || count == 10;
}

static bool read_hex(const json_t *value, uint8_t *ret_bytes, size_t count)
{
    const char *text = json_string_value(value);
    return text && bytes_from_hex(text, ret_bytes, count);
}

static bool read_number(const json_t *value, int64_t lowest, int64_t highest, int64_t *ret_number)
{
    if (!json_is_integer(value))
        return false;
    *ret_number = json_integer_value(value);
    return *ret_number >= lowest && *ret_number <= highest;
}

static bool read_key(const json_t *slot, const json_t *key, struct plan_key *ret_key)
{
    const char *letter = json_string_value(slot);
    if (!letter || (strcmp(letter, "A") != 0 && strcmp(letter, "B") != 0))
        return false;
    ret_key->slot = letter[0];
    return read_hex(key, ret_key->bytes, sizeof ret_key->bytes);
}

/* A list of ["A"|"B", key]; returns how many, 0 if it is empty, too long or wrong. */
static uint8_t read_keys(const json_t *list, struct plan_key *ret_keys)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > AGENT_STEP_KEYS_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(list, i);
        if (json_array_size(pair) != 2 ||
            !read_key(json_array_get(pair, 0), json_array_get(pair, 1), &ret_keys[i]))
            return 0;
    }
    return (uint8_t)count;
}

/* ---- steps: each reads members 1.. of its array; the number of members was checked before ---- */

static bool step_auth(const json_t *step, struct plan_step *ret_step)
{
    ret_step->key_count = 1;
    return read_key(json_array_get(step, 2), json_array_get(step, 3), &ret_step->keys[0]);
}

static bool step_open(const json_t *step, struct plan_step *ret_step)
{
    int64_t index;
    ret_step->key_count = read_keys(json_array_get(step, 2), ret_step->keys);
    if (ret_step->key_count == 0 || !read_number(json_array_get(step, 3), 0, ret_step->key_count - 1, &index))
        return false;
    ret_step->key_index = (uint8_t)index;
    return true;
}

static bool step_data(const json_t *step, struct plan_step *ret_step)
{
    return read_hex(json_array_get(step, 2), ret_step->data, sizeof ret_step->data);
}

static bool step_leg(const json_t *step, struct plan_step *ret_step)
{
    const char *id = json_string_value(json_array_get(step, 1));
    return id && uuid_parse(id, &ret_step->leg_id) &&
           read_number(json_array_get(step, 2), 0, INT64_MAX, &ret_step->epoch_no);
}

static const struct step_shape {
    const char *word;
    enum plan_step_kind kind;
    size_t members;
    bool has_block;
    bool (*read)(const json_t *step, struct plan_step *ret_step);
} step_shapes[] = {
    {"auth", STEP_AUTH, 4, true, step_auth},     {"open", STEP_OPEN, 4, true, step_open},
    {"expect", STEP_EXPECT, 3, true, step_data}, {"begin", STEP_BEGIN, 1, false, NULL},
    {"write", STEP_WRITE, 3, true, step_data},   {"check", STEP_CHECK, 3, true, step_data},
    {"leg", STEP_LEG, 3, false, step_leg},
};

/* NULL, or what is wrong with this step by itself. */
static const char *read_step(const json_t *json, struct plan_step *ret_step)
{
    const char *word = json_string_value(json_array_get(json, 0));
    for (size_t i = 0; word && i < sizeof step_shapes / sizeof *step_shapes; i++) {
        const struct step_shape *shape = &step_shapes[i];
        if (strcmp(word, shape->word) != 0)
            continue;
        int64_t block = 0;
        ret_step->kind = shape->kind;
        if (json_array_size(json) != shape->members)
            return "wrong number of members";
        if (shape->has_block && !read_number(json_array_get(json, 1), 0, CARD_BLOCKS_MAX - 1, &block))
            return "block is not 0..255";
        ret_step->block = (uint8_t)block;
        return !shape->read || shape->read(json, ret_step) ? NULL : "a member is wrong";
    }
    return "unknown step";
}

/* The access bits are stored straight and inverted (MF1S50 data sheet 8.7.1); a card that finds them
 * contradicting blocks the sector for good. */
static bool access_bytes_agree(const uint8_t trailer[CARD_BLOCK_BYTES])
{
    uint8_t c1 = trailer[7] >> 4;
    uint8_t c2 = trailer[8] & 0x0F;
    uint8_t c3 = trailer[8] >> 4;
    return (trailer[6] & 0x0F) == (c1 ^ 0x0F) && trailer[6] >> 4 == (c2 ^ 0x0F) &&
           (trailer[7] & 0x0F) == (c3 ^ 0x0F);
}

/* What the steps so far have led to. */
struct order {
    bool begun;
    bool opened;
    uint8_t sector;
    int legs;
};

/* NULL, or why this step may not stand here. */
static const char *check_order(const struct plan_step *step, struct order *order)
{
    switch (step->kind) {
    case STEP_AUTH:
    case STEP_OPEN:
        order->opened = true;
        order->sector = sector_of_block(step->block);
        return NULL;
    case STEP_BEGIN:
        if (order->begun)
            return "second begin";
        order->begun = true;
        return NULL;
    case STEP_LEG:
        if (!order->begun)
            return "leg before begin";
        return ++order->legs > PLAN_LEGS_MAX ? "too many legs" : NULL;
    case STEP_EXPECT:
        break;
    case STEP_WRITE:
    case STEP_CHECK:
        if (!order->begun)
            return "before begin";
        break;
    }
    if (!order->opened || order->sector != sector_of_block(step->block))
        return "sector is not open";
    if (step->kind == STEP_WRITE && step->block == 0)
        return "block 0 is the maker's";
    if (step->kind == STEP_WRITE && reader_block_is_trailer(step->block) && !access_bytes_agree(step->data))
        return "access bytes contradict themselves";
    return NULL;
}

static bool read_steps(const json_t *list, struct plan *ret_plan, struct parser *parser)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > PLAN_STEPS_MAX)
        return fail(parser, "steps", -1, "none, too many, or not a list");
    struct order order = {0};
    for (size_t i = 0; i < count; i++) {
        struct plan_step *step = &ret_plan->steps[i];
        const char *why = read_step(json_array_get(list, i), step);
        if (!why)
            why = check_order(step, &order);
        if (why)
            return fail(parser, "steps", (int)i, why);
    }
    ret_plan->step_count = count;
    return order.begun || fail(parser, "steps", -1, "no begin");
}

static bool read_kind(const json_t *value, char ret_kind[AGENT_PLAN_KIND_BYTES_MAX])
{
    const char *text = json_string_value(value);
    size_t count = text ? strlen(text) : 0;
    if (count == 0 || count >= AGENT_PLAN_KIND_BYTES_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz_") != count)
        return false;
    memcpy(ret_kind, text, count + 1);
    return true;
}

static bool read_id(const json_t *value, struct uuid *ret_id)
{
    const char *text = json_string_value(value);
    return text && uuid_parse(text, ret_id);
}

static bool read_plan_members(const json_t *root, struct plan *ret_plan, struct parser *parser)
{
    if (!read_id(json_object_get(root, "plan"), &ret_plan->id))
        return fail(parser, "plan", -1, "not an id");
    if (!read_hex(json_object_get(root, "run"), ret_plan->run, sizeof ret_plan->run))
        return fail(parser, "run", -1, "not 32 hex digits");
    if (!read_uid(json_object_get(root, "uid"), &ret_plan->uid))
        return fail(parser, "uid", -1, "not 4, 7 or 10 bytes in hex");
    if (!read_kind(json_object_get(root, "kind"), ret_plan->kind))
        return fail(parser, "kind", -1, "not a word");
    if (!read_number(json_object_get(root, "start_within_ms"), 1, AGENT_START_WITHIN_MS_MAX,
                     &ret_plan->start_within_ms))
        return fail(parser, "start_within_ms", -1, "out of bounds");
    return read_steps(json_object_get(root, "steps"), ret_plan, parser);
}

bool plan_parse(const char *json, size_t json_bytes, struct plan *ret_plan, struct plan_problem *ret_problem)
{
    static const char *const members[] = {"plan", "run", "uid", "kind", "start_within_ms", "steps", NULL};
    struct parser parser = {.problem = ret_problem};
    plan_wipe(ret_plan);
    CLEANUP(strict_json_release)
    json_t *root = strict_json_load(json, json_bytes, PLAN_JSON_BYTES_MAX);
    bool good = root ? strict_json_has_only(root, members) || fail(&parser, "plan", -1, "unknown member")
                     : fail(&parser, "plan", -1, "not a JSON object in bounds");
    good = good && read_plan_members(root, ret_plan, &parser);
    if (!good)
        plan_wipe(ret_plan);
    return good;
}

/* ---- read plans ---- */

/* NULL, or what is wrong with this sector. */
static const char *read_sector_json(const json_t *json, struct read_sector *ret_sector)
{
    static const char *const members[] = {"sector", "tries", "blocks", NULL};
    int64_t sector;
    if (!json_is_object(json) || !strict_json_has_only(json, members))
        return "not an object of sector, tries, blocks";
    if (!read_number(json_object_get(json, "sector"), 0, CARD_SECTORS_MAX - 1, &sector))
        return "sector is not 0..39";
    ret_sector->sector = (uint8_t)sector;
    ret_sector->key_count = read_keys(json_object_get(json, "tries"), ret_sector->keys);
    if (ret_sector->key_count == 0)
        return "tries are wrong";
    const json_t *blocks = json_object_get(json, "blocks");
    size_t count = json_array_size(blocks);
    if (!json_is_array(blocks) || count > sizeof ret_sector->blocks)
        return "blocks are wrong";
    for (size_t i = 0; i < count; i++) {
        int64_t block;
        if (!read_number(json_array_get(blocks, i), 0, CARD_BLOCKS_MAX - 1, &block) ||
            sector_of_block((uint8_t)block) != ret_sector->sector)
            return "a block is not in the sector";
        ret_sector->blocks[i] = (uint8_t)block;
    }
    ret_sector->block_count = (uint8_t)count;
    return NULL;
}

static bool read_sectors(const json_t *list, struct read_plan *ret_plan, struct parser *parser)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > AGENT_READ_SECTORS_MAX)
        return fail(parser, "sectors", -1, "none, too many, or not a list");
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        const char *why = read_sector_json(json_array_get(list, i), &ret_plan->sectors[i]);
        if (!why && seen & UINT64_C(1) << ret_plan->sectors[i].sector)
            why = "sector twice";
        if (why)
            return fail(parser, "sectors", (int)i, why);
        seen |= UINT64_C(1) << ret_plan->sectors[i].sector;
    }
    ret_plan->sector_count = count;
    return true;
}

bool read_plan_parse(const char *json, size_t json_bytes, struct read_plan *ret_plan,
                     struct plan_problem *ret_problem)
{
    static const char *const members[] = {"read", "uid", "sectors", NULL};
    struct parser parser = {.problem = ret_problem};
    read_plan_wipe(ret_plan);
    CLEANUP(strict_json_release)
    json_t *root = strict_json_load(json, json_bytes, PLAN_JSON_BYTES_MAX);
    bool good = root ? strict_json_has_only(root, members) || fail(&parser, "read", -1, "unknown member")
                     : fail(&parser, "read", -1, "not a JSON object in bounds");
    if (good && !read_id(json_object_get(root, "read"), &ret_plan->id))
        good = fail(&parser, "read", -1, "not an id");
    if (good && !read_uid(json_object_get(root, "uid"), &ret_plan->uid))
        good = fail(&parser, "uid", -1, "not 4, 7 or 10 bytes in hex");
    good = good && read_sectors(json_object_get(root, "sectors"), ret_plan, &parser);
    if (!good)
        read_plan_wipe(ret_plan);
    return good;
}
