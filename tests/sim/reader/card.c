#include "tests/sim/reader/card.h"

#include "base/bytes.h"

#include <string.h>

#define BLOCKS_1K 64
#define BLOCKS_4K 256
#define SMALL_SECTORS 32
#define SMALL_SECTOR_BLOCKS 4
#define LARGE_SECTOR_BLOCKS 16
#define LARGE_GROUP_BLOCKS 5 /* one set of access bits covers five blocks of a 16-block sector */
#define SMALL_BLOCKS (SMALL_SECTORS * SMALL_SECTOR_BLOCKS)
#define CASCADE_TAG 0x88
#define TRAILER_BITS_AT 6
#define TRAILER_KEY_B_AT 10
#define VALUE_ADDRESS_AT 12

unsigned card_sector_of(unsigned block_index)
{
    if (block_index < SMALL_BLOCKS)
        return block_index / SMALL_SECTOR_BLOCKS;
    return SMALL_SECTORS + (block_index - SMALL_BLOCKS) / LARGE_SECTOR_BLOCKS;
}

unsigned card_trailer_of(unsigned sector_index)
{
    if (sector_index < SMALL_SECTORS)
        return sector_index * SMALL_SECTOR_BLOCKS + SMALL_SECTOR_BLOCKS - 1;
    return SMALL_BLOCKS + (sector_index - SMALL_SECTORS) * LARGE_SECTOR_BLOCKS + LARGE_SECTOR_BLOCKS - 1;
}

static bool is_trailer(unsigned block_index)
{
    return card_trailer_of(card_sector_of(block_index)) == block_index;
}

static unsigned group_of(unsigned block_index)
{
    if (block_index < SMALL_BLOCKS)
        return block_index % SMALL_SECTOR_BLOCKS;
    return (block_index - SMALL_BLOCKS) % LARGE_SECTOR_BLOCKS / LARGE_GROUP_BLOCKS;
}

static uint8_t *block_at(struct card *card, unsigned block_index)
{
    return card->memory + (size_t)block_index * CARD_BLOCK_BYTES;
}

/* What the silicon reads now: weak blocks wander. */
static void sense(struct card *card, unsigned block_index, uint8_t ret_data[CARD_BLOCK_BYTES])
{
    struct tear_marginal *marginal = &card->marginal[block_index];
    if (marginal->marked && card->tear)
        tear_marginal_read(marginal, &card->tear->random, ret_data);
    else
        memcpy(ret_data, block_at(card, block_index), CARD_BLOCK_BYTES);
}

/* One EEPROM write. Torn if its turn has come: the content is then what the tear left, and nobody answers. */
static enum card_result store(struct card *card, unsigned block_index, const uint8_t data[CARD_BLOCK_BYTES])
{
    uint8_t *block = block_at(card, block_index);
    bool torn = card->tear && card->tear->countdown > 0 && --card->tear->countdown == 0;
    bool was_marked = card->marginal[block_index].marked;
    if (torn) {
        card->tear->torn = true;
        tear_block(card->tear->kind, block, data, &card->marginal[block_index], &card->tear->random);
    } else {
        memcpy(block, data, CARD_BLOCK_BYTES);
        memset(&card->marginal[block_index], 0, sizeof card->marginal[block_index]);
    }
    bool marks_changed = was_marked || card->marginal[block_index].marked;
    bool kept = !card->store || card->store(card, block_index, marks_changed);
    if (torn || !kept) { /* a block that could not be kept must not be acknowledged */
        card_fail(card);
        return CARD_SILENT;
    }
    return CARD_OK;
}

void card_default_identity(struct card *card)
{
    bool large = card->kind == CARD_KIND_4K;
    card->identity.sak = large ? 0x18 : 0x08;
    card->identity.atqa[0] = 0x00;
    uint8_t uid_bits = card->identity.uid_bytes == 4 ? 0x00 : 0x40;
    card->identity.atqa[1] = (uint8_t)((large ? 0x02 : 0x04) | uid_bits);
}

void card_make_blank(struct card *card, enum card_kind kind, const uint8_t *uid, size_t uid_bytes)
{
    static const uint8_t trailer[CARD_BLOCK_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x07,
                                                      0x80, 0x69, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    memset(card, 0, sizeof *card);
    card->kind = kind;
    card->fd = -1;
    card->block_count = kind == CARD_KIND_4K ? BLOCKS_4K : BLOCKS_1K;
    card->identity.uid_bytes = uid_bytes;
    memcpy(card->identity.uid, uid, uid_bytes);
    card_default_identity(card);
    uint8_t *maker = card->memory;
    memcpy(maker, uid, uid_bytes);
    size_t at = uid_bytes;
    if (uid_bytes == 4)
        maker[at++] = (uint8_t)(uid[0] ^ uid[1] ^ uid[2] ^ uid[3]);
    maker[at++] = card->identity.sak;
    maker[at++] = card->identity.atqa[1];
    maker[at] = card->identity.atqa[0];
    for (unsigned sector = 0; sector <= card_sector_of(card->block_count - 1); sector++)
        memcpy(block_at(card, card_trailer_of(sector)), trailer, sizeof trailer);
}

void card_make_phone(struct card *card, uint64_t *random)
{
    static const uint8_t ats[] = {0x78, 0x80, 0x70, 0x02};
    memset(card, 0, sizeof *card);
    card->kind = CARD_KIND_PHONE;
    card->fd = -1;
    card->identity.uid_bytes = 4;
    uint64_t number = tear_random(random);
    card->identity.uid[0] = 0x08; /* "a random number follows": new in every field (ISO/IEC 14443-3) */
    card->identity.uid[1] = (uint8_t)number;
    card->identity.uid[2] = (uint8_t)(number >> 8);
    card->identity.uid[3] = (uint8_t)(number >> 16);
    card->identity.atqa[1] = 0x04;
    card->identity.sak = 0x20;
    memcpy(card->identity.ats, ats, sizeof ats);
    card->identity.ats_bytes = sizeof ats;
}

bool card_request(struct card *card, bool wake_up)
{
    bool answers = card->state == CARD_IDLE || (card->state == CARD_HALT && wake_up);
    if (!answers) {
        if (card->state != CARD_HALT)
            card_fail(card);
        return false;
    }
    card->came_from_halt = card->state == CARD_HALT;
    card->state = CARD_READY;
    return true;
}

void card_select(struct card *card)
{
    card->state = CARD_ACTIVE;
    card->iso_dep = false;
    memset(&card->session, 0, sizeof card->session);
}

void card_halt(struct card *card)
{
    card->state = CARD_HALT;
    card->iso_dep = false;
    memset(&card->session, 0, sizeof card->session);
}

void card_power_cycle(struct card *card)
{
    card_halt(card);
    card->state = CARD_IDLE;
    card->came_from_halt = false;
}

void card_fail(struct card *card)
{
    bool to_halt = card->came_from_halt;
    card_halt(card);
    card->state = to_halt ? CARD_HALT : CARD_IDLE;
}

static enum card_result refuse(struct card *card)
{
    card_fail(card);
    return CARD_REFUSED;
}

enum card_result card_authenticate(struct card *card, enum access_key key, unsigned block_index,
                                   const uint8_t key_bytes[CARD_KEY_BYTES], const uint8_t uid[4])
{
    if (card->state != CARD_ACTIVE || card->kind == CARD_KIND_PHONE)
        return CARD_SILENT;
    uint8_t trailer[CARD_BLOCK_BYTES] = {0}, conditions[ACCESS_GROUPS];
    bool ok = block_index < card->block_count;
    if (ok) {
        sense(card, card_trailer_of(card_sector_of(block_index)), trailer);
        ok = access_decode(trailer, conditions);
    }
    const uint8_t *own_uid = card->identity.uid + card->identity.uid_bytes - 4;
    const uint8_t *own_key = key == ACCESS_KEY_A ? trailer : trailer + TRAILER_KEY_B_AT;
    if (!ok || memcmp(own_uid, uid, 4) != 0 || memcmp(own_key, key_bytes, CARD_KEY_BYTES) != 0) {
        card_fail(card);
        return CARD_AUTH_FAILED;
    }
    card->session =
        (struct card_session){.open = true, .sector_index = card_sector_of(block_index), .key = key};
    return CARD_OK;
}

/* Does the session reach this block at all? Gives the conditions of its sector, looked at anew for each
 * access. */
static bool reach(struct card *card, unsigned block_index, uint8_t ret_conditions[ACCESS_GROUPS])
{
    uint8_t trailer[CARD_BLOCK_BYTES];
    if (!card->session.open || block_index >= card->block_count ||
        card_sector_of(block_index) != card->session.sector_index)
        return false;
    sense(card, card_trailer_of(card->session.sector_index), trailer);
    if (!access_decode(trailer, ret_conditions))
        return false;
    return card->session.key == ACCESS_KEY_A || !access_key_b_is_data(ret_conditions[ACCESS_GROUP_TRAILER]);
}

static bool may(struct card *card, unsigned block_index, enum access_operation operation)
{
    uint8_t conditions[ACCESS_GROUPS];
    return reach(card, block_index, conditions) && !is_trailer(block_index) &&
           access_data(conditions[group_of(block_index)], card->session.key, operation);
}

static bool trailer_rights(struct card *card, unsigned block_index, struct access_trailer *ret_rights)
{
    uint8_t conditions[ACCESS_GROUPS];
    if (!reach(card, block_index, conditions))
        return false;
    *ret_rights = access_trailer(conditions[ACCESS_GROUP_TRAILER], card->session.key);
    return true;
}

static enum card_result read_trailer(struct card *card, unsigned block_index,
                                     uint8_t ret_data[CARD_BLOCK_BYTES])
{
    struct access_trailer rights;
    if (!trailer_rights(card, block_index, &rights) || !rights.read_bits)
        return refuse(card);
    sense(card, block_index, ret_data);
    memset(ret_data, 0, CARD_KEY_BYTES);
    if (!rights.read_key_b)
        memset(ret_data + TRAILER_KEY_B_AT, 0, CARD_KEY_BYTES);
    return CARD_OK;
}

enum card_result card_read(struct card *card, unsigned block_index, uint8_t ret_data[CARD_BLOCK_BYTES])
{
    if (card->state != CARD_ACTIVE)
        return CARD_SILENT;
    if (block_index < card->block_count && is_trailer(block_index))
        return read_trailer(card, block_index, ret_data);
    if (!may(card, block_index, ACCESS_READ))
        return refuse(card);
    sense(card, block_index, ret_data);
    return CARD_OK;
}

enum card_result card_announce_write(struct card *card, unsigned block_index)
{
    if (card->state != CARD_ACTIVE)
        return CARD_SILENT;
    bool allowed;
    if (block_index < card->block_count && is_trailer(block_index)) {
        struct access_trailer rights;
        allowed = trailer_rights(card, block_index, &rights) &&
                  (rights.write_key_a || rights.write_bits || rights.write_key_b);
    } else {
        allowed = block_index != 0 && may(card, block_index, ACCESS_WRITE); /* block 0: locked by the maker */
    }
    return allowed ? CARD_OK : refuse(card);
}

/* Only the parts of the trailer the key may write change. */
static void merge_trailer(struct card *card, unsigned block_index, const uint8_t data[CARD_BLOCK_BYTES],
                          uint8_t ret_merged[CARD_BLOCK_BYTES])
{
    struct access_trailer rights = {0};
    trailer_rights(card, block_index, &rights);
    memcpy(ret_merged, block_at(card, block_index), CARD_BLOCK_BYTES);
    if (rights.write_key_a)
        memcpy(ret_merged, data, CARD_KEY_BYTES);
    if (rights.write_bits)
        memcpy(ret_merged + TRAILER_BITS_AT, data + TRAILER_BITS_AT, TRAILER_KEY_B_AT - TRAILER_BITS_AT);
    if (rights.write_key_b)
        memcpy(ret_merged + TRAILER_KEY_B_AT, data + TRAILER_KEY_B_AT, CARD_KEY_BYTES);
}

enum card_result card_write(struct card *card, unsigned block_index, const uint8_t data[CARD_BLOCK_BYTES])
{
    enum card_result result = card_announce_write(card, block_index);
    if (result != CARD_OK)
        return result;
    uint8_t merged[CARD_BLOCK_BYTES];
    if (is_trailer(block_index))
        merge_trailer(card, block_index, data, merged);
    else
        memcpy(merged, data, CARD_BLOCK_BYTES);
    return store(card, block_index, merged);
}

static bool value_decode(const uint8_t data[CARD_BLOCK_BYTES], uint32_t *ret_value, uint8_t *ret_address)
{
    uint32_t value = bytes_get_u32(data);
    const uint8_t *address = data + VALUE_ADDRESS_AT;
    if (bytes_get_u32(data + 4) != ~value || bytes_get_u32(data + 8) != value)
        return false;
    if (address[2] != address[0] || address[3] != address[1] || (address[0] ^ address[1]) != 0xFF)
        return false;
    *ret_value = value;
    *ret_address = address[0];
    return true;
}

static void value_encode(uint8_t data[CARD_BLOCK_BYTES], uint32_t value, uint8_t address)
{
    bytes_put_u32(data, value);
    bytes_put_u32(data + 4, ~value);
    bytes_put_u32(data + 8, value);
    data[VALUE_ADDRESS_AT] = data[VALUE_ADDRESS_AT + 2] = address;
    data[VALUE_ADDRESS_AT + 1] = data[VALUE_ADDRESS_AT + 3] = (uint8_t)~address;
}

enum card_result card_announce_value(struct card *card, enum card_value_command command, unsigned block_index)
{
    if (card->state != CARD_ACTIVE)
        return CARD_SILENT;
    enum access_operation operation = command == CARD_VALUE_INCREMENT ? ACCESS_INCREMENT : ACCESS_DECREMENT;
    return may(card, block_index, operation) ? CARD_OK : refuse(card);
}

enum card_result card_value(struct card *card, enum card_value_command command, unsigned block_index,
                            uint32_t operand)
{
    enum card_result result = card_announce_value(card, command, block_index);
    if (result != CARD_OK)
        return result;
    uint8_t data[CARD_BLOCK_BYTES], address;
    uint32_t value;
    sense(card, block_index, data);
    if (!value_decode(data, &value, &address))
        return refuse(card);
    bool negative = command != CARD_VALUE_RESTORE && operand >> 31;
    if (negative && !card->negative_operands_allowed)
        return refuse(card);
    if (command == CARD_VALUE_INCREMENT)
        value += operand;
    if (command == CARD_VALUE_DECREMENT)
        value -= operand;
    card->session.register_loaded = true;
    card->session.register_value = value;
    card->session.register_address = address;
    return CARD_OK;
}

enum card_result card_transfer(struct card *card, unsigned block_index)
{
    if (card->state != CARD_ACTIVE)
        return CARD_SILENT;
    if (!card->session.register_loaded || block_index == 0 || !may(card, block_index, ACCESS_DECREMENT))
        return refuse(card);
    uint8_t data[CARD_BLOCK_BYTES];
    value_encode(data, card->session.register_value, card->session.register_address);
    return store(card, block_index, data);
}
