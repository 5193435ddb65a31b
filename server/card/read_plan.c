#include "card/read_plan.h"

#include "base/rules.h"
#include "card/plan_steps.h"
#include "card/wire.h"

#include <sodium.h>
#include <string.h>

/* Purse sectors first, identity last: the order in which a machine's debit and a plan go through the card
 * too. */
static const uint8_t read_order[] = {
    SECTOR_CONSUMPTION, SECTOR_WATER,       SECTOR_TIMES,    SECTOR_TIMES_RECORDS,
    SECTOR_AUTHORITY_0, SECTOR_AUTHORITY_1, SECTOR_IDENTITY,
};

static bool all_blocks(const struct read_request *request)
{
    return request->all_blocks || request->kind != READ_KNOWN;
}

static bool is_read(const struct read_request *request, uint8_t sector)
{
    switch (sector) {
    case SECTOR_TIMES:
    case SECTOR_TIMES_RECORDS:
        return request->times || all_blocks(request);
    case SECTOR_AUTHORITY_0:
    case SECTOR_AUTHORITY_1:
        return request->authority;
    default:
        return true;
    }
}

static void add_derived(const struct read_request *request, struct read_tries *tries)
{
    for (size_t i = 0; i < request->key_count; i++)
        tries->keys[tries->count++] = (struct opened_key){KEY_SLOT_A, request->keys[i].version};
}

bool read_tries_for(const struct read_request *request, struct read_tries *ret_tries)
{
    const struct opened_key transport = {KEY_SLOT_A, 0};

    *ret_tries = (struct read_tries){0};
    if (request->key_count == 0 || request->key_count > READ_TRIES_MAX - 1)
        return false;
    /* R33 switched off: an issue knows the transport key only, as a test shows to be wrong. */
    bool transport_only = request->kind == READ_ISSUING && !rule_on("R33");
    if (request->kind == READ_UNKNOWN || transport_only)
        ret_tries->keys[ret_tries->count++] = transport;
    if (!transport_only)
        add_derived(request, ret_tries);
    if (request->kind == READ_ISSUING && !transport_only)
        ret_tries->keys[ret_tries->count++] = transport;
    return true;
}

static const struct card_keys *keys_of_version(const struct read_request *request, uint8_t version)
{
    for (size_t i = 0; i < request->key_count; i++) {
        if (request->keys[i].version == version)
            return &request->keys[i];
    }
    return NULL;
}

static void fill_keys(const struct read_request *request, const struct read_tries *tries,
                      struct read_sector *sector)
{
    for (uint8_t i = 0; i < tries->count; i++) {
        const struct card_keys *keys = keys_of_version(request, tries->keys[i].version);
        const uint8_t *key =
            tries->keys[i].version == 0 || !keys ? transport_key : keys->key_a[sector->logical];
        memcpy(sector->try_keys[i], key, CARD_KEY_BYTES);
    }
}

/* The blocks that mean something in a complete card; the spare ones only where a whole sector is compared. */
static void fill_blocks(const struct read_request *request, struct read_sector *sector)
{
    bool spare = sector->logical >= SECTOR_CONSUMPTION && sector->logical <= SECTOR_TIMES_RECORDS;
    sector->block_count = spare && !all_blocks(request) ? 2 : 3;
    for (uint8_t block = 0; block < sector->block_count; block++)
        sector->blocks[block] =
            layout_block_no(request->start_sector, (struct block_place){sector->logical, block});
}

bool read_plan_build(const struct read_request *request, struct read_plan *ret_plan)
{
    memset(ret_plan, 0, sizeof(*ret_plan));
    if (!read_tries_for(request, &ret_plan->tries))
        return false;
    for (size_t i = 0; i < sizeof(read_order) / sizeof(read_order[0]); i++) {
        if (!is_read(request, read_order[i]))
            continue;
        struct read_sector *sector = &ret_plan->sectors[ret_plan->sector_count++];
        sector->logical = read_order[i];
        sector->sector = (uint8_t)(request->start_sector + read_order[i]);
        fill_keys(request, &ret_plan->tries, sector);
        fill_blocks(request, sector);
    }
    return true;
}

void read_plan_clear(struct read_plan *plan)
{
    sodium_memzero(plan, sizeof(*plan));
}

static void write_sector(struct wire *wire, const struct read_tries *tries, const struct read_sector *sector)
{
    wire_format(wire, "{\"sector\":%u,\"tries\":[", sector->sector);
    for (uint8_t i = 0; i < tries->count; i++) {
        wire_format(wire, "%s[\"%c\",", i > 0 ? "," : "", (char)tries->keys[i].slot);
        wire_hex(wire, sector->try_keys[i], CARD_KEY_BYTES);
        wire_format(wire, "]");
    }
    wire_format(wire, "],\"blocks\":[");
    for (uint8_t i = 0; i < sector->block_count; i++)
        wire_format(wire, "%s%u", i > 0 ? "," : "", sector->blocks[i]);
    wire_format(wire, "]}");
}

size_t read_plan_to_json(const struct read_plan *plan, const struct uuid *read_id, const struct card_uid *uid,
                         char *buffer, size_t capacity)
{
    struct wire wire = {.text = buffer, .capacity = capacity};
    char id[UUID_TEXT_BYTES];

    uuid_format(read_id, id);
    wire_format(&wire, "{\"read\":\"%s\",\"uid\":", id);
    wire_hex(&wire, uid->bytes, uid->length);
    wire_format(&wire, ",\"sectors\":[");
    for (size_t i = 0; i < plan->sector_count; i++) {
        if (i > 0)
            wire_format(&wire, ",");
        write_sector(&wire, &plan->tries, &plan->sectors[i]);
    }
    wire_format(&wire, "]}");
    return wire.full ? 0 : wire.length;
}
