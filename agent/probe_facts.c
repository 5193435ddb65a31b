#include "agent/probe_facts.h"

#include "base/bytes.h"

#include <string.h>

static const uint8_t transport_key[CARD_KEY_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t probe_key_a[CARD_KEY_BYTES] = {0x50, 0x52, 0x4F, 0x42, 0x45, 0x41}; /* "PROBEA" */
static const uint8_t probe_key_b[CARD_KEY_BYTES] = {0x50, 0x52, 0x4F, 0x42, 0x45, 0x42};

/* Access bytes and GPB of trailers, card design 3.3. */
static const uint8_t transport_access[4] = {0xFF, 0x07, 0x80, 0x69};
static const uint8_t purse_access[4] = {0x48, 0x77, 0x8B, 0x69};
static const uint8_t data_access[4] = {0x78, 0x77, 0x88, 0x69};

/* ---- small steps ---- */

static void make_value(uint8_t block[CARD_BLOCK_BYTES], int32_t value, uint8_t adr)
{
    bytes_put_u32(block, (uint32_t)value);
    bytes_put_u32(block + 4, ~(uint32_t)value);
    bytes_put_u32(block + 8, (uint32_t)value);
    for (int i = 0; i < 4; i++)
        block[12 + i] = (uint8_t)(i % 2 ? ~adr : adr);
}

static void make_trailer(uint8_t block[CARD_BLOCK_BYTES], const uint8_t *key_a, const uint8_t *access,
                         const uint8_t *key_b)
{
    memcpy(block, key_a, CARD_KEY_BYTES);
    memcpy(block + 6, access, 4);
    memcpy(block + 10, key_b, CARD_KEY_BYTES);
}

static bool open_with(struct probe *probe, char slot, const uint8_t *key)
{
    return reader_select(probe->reader, &probe->card.uid) == READER_OK &&
           reader_authenticate(probe->reader, PROBE_TRAILER, slot, key) == READER_OK;
}

static bool write_value(struct probe *probe, uint8_t block, int32_t value, uint8_t adr)
{
    uint8_t data[CARD_BLOCK_BYTES];
    make_value(data, value, adr);
    return reader_write(probe->reader, block, data) == READER_OK;
}

static bool holds_value(struct probe *probe, uint8_t block, int32_t value, uint8_t adr)
{
    uint8_t wanted[CARD_BLOCK_BYTES];
    uint8_t data[CARD_BLOCK_BYTES];
    make_value(wanted, value, adr);
    return reader_read(probe->reader, block, data) == READER_OK && memcmp(data, wanted, sizeof data) == 0;
}

static bool move_value(struct probe *probe, enum reader_value_command command, uint32_t operand)
{
    return reader_value(probe->reader, command, PROBE_BLOCK_0, operand) == READER_OK &&
           reader_transfer(probe->reader, PROBE_BLOCK_1) == READER_OK;
}

/* Block 0 holds (value, adr), block 1 something else; opened with transport key A. */
static bool set_up_values(struct probe *probe, int32_t value, uint8_t adr)
{
    return open_with(probe, 'A', transport_key) && write_value(probe, PROBE_BLOCK_0, value, adr) &&
           write_value(probe, PROBE_BLOCK_1, 1, 0xEE);
}

/* The purse layout of the card format with the keys of this probe, reached from any state. */
static bool set_up_purse(struct probe *probe, const uint8_t *access)
{
    uint8_t trailer[CARD_BLOCK_BYTES];
    make_trailer(trailer, probe_key_a, access, probe_key_b);
    return probe_reset_sector(probe) && set_up_values(probe, 100, 0x11) &&
           reader_write(probe->reader, PROBE_TRAILER, trailer) == READER_OK;
}

/* True if the command just made was refused by a card that is still there. */
static bool was_refused(struct probe *probe, enum reader_status status)
{
    return status == READER_REFUSED && reader_select(probe->reader, &probe->card.uid) == READER_OK;
}

bool probe_reset_sector(struct probe *probe)
{
    uint8_t trailer[CARD_BLOCK_BYTES];
    static const uint8_t empty[CARD_BLOCK_BYTES];
    make_trailer(trailer, transport_key, transport_access, transport_key);
    if (!open_with(probe, 'A', transport_key) &&
        !(open_with(probe, 'B', probe_key_b) &&
          reader_write(probe->reader, PROBE_TRAILER, trailer) == READER_OK &&
          open_with(probe, 'A', transport_key)))
        return false;
    bool reset = true;
    for (uint8_t block = PROBE_BLOCK_0; block <= PROBE_BLOCK_2; block++)
        reset = reset && reader_write(probe->reader, block, empty) == READER_OK;
    return reset;
}

/* ---- values and adr, in transport configuration ---- */

static bool wrong_key_is_refused(struct probe *probe)
{
    return reader_select(probe->reader, &probe->card.uid) == READER_OK &&
           reader_authenticate(probe->reader, PROBE_TRAILER, 'A', probe_key_a) == READER_KEY;
}

static bool readable_key_b_opens_nothing(struct probe *probe)
{
    uint8_t data[CARD_BLOCK_BYTES];
    return open_with(probe, 'B', transport_key) &&
           was_refused(probe, reader_read(probe->reader, PROBE_BLOCK_0, data));
}

static bool write_changes_adr(struct probe *probe)
{
    return set_up_values(probe, 100, 0x11) && holds_value(probe, PROBE_BLOCK_0, 100, 0x11) &&
           write_value(probe, PROBE_BLOCK_0, 100, 0x12) && holds_value(probe, PROBE_BLOCK_0, 100, 0x12);
}

static bool decrement_carries_adr(struct probe *probe)
{
    return set_up_values(probe, 100, 0x11) && move_value(probe, READER_DECREMENT, 30) &&
           holds_value(probe, PROBE_BLOCK_1, 70, 0x11) && holds_value(probe, PROBE_BLOCK_0, 100, 0x11);
}

static bool restore_carries_adr(struct probe *probe)
{
    return set_up_values(probe, 100, 0x11) && move_value(probe, READER_RESTORE, 0) &&
           holds_value(probe, PROBE_BLOCK_1, 100, 0x11);
}

static bool transfer_ignores_old_content(struct probe *probe)
{
    uint8_t torn[CARD_BLOCK_BYTES];
    memset(torn, 0xA5, sizeof torn);
    return set_up_values(probe, 100, 0x11) && reader_write(probe->reader, PROBE_BLOCK_1, torn) == READER_OK &&
           move_value(probe, READER_DECREMENT, 1) && holds_value(probe, PROBE_BLOCK_1, 99, 0x11);
}

static bool bad_value_block_is_refused(struct probe *probe)
{
    uint8_t torn[CARD_BLOCK_BYTES];
    make_value(torn, 100, 0x11);
    torn[5] ^= 1;
    return set_up_values(probe, 100, 0x11) && reader_write(probe->reader, PROBE_BLOCK_0, torn) == READER_OK &&
           was_refused(probe, reader_value(probe->reader, READER_DECREMENT, PROBE_BLOCK_0, 1));
}

static bool negative_operand_is_refused(struct probe *probe)
{
    if (!set_up_values(probe, 100, 0x11))
        return false;
    enum reader_status status = reader_value(probe->reader, READER_DECREMENT, PROBE_BLOCK_0, 0xFFFFFFF6);
    if (status != READER_OK)
        return was_refused(probe, status);
    reader_transfer(probe->reader, PROBE_BLOCK_1);
    bool rose = open_with(probe, 'A', transport_key) && holds_value(probe, PROBE_BLOCK_1, 110, 0x11);
    probe->note =
        rose ? "DECREMENT of -10 raised the value by 10" : "it was taken, but the value did not rise";
    return !rose;
}

static bool value_stops_at_zero(struct probe *probe)
{
    if (!set_up_values(probe, 5, 0x11))
        return false;
    bool moved = move_value(probe, READER_DECREMENT, 10);
    bool below = moved && holds_value(probe, PROBE_BLOCK_1, -5, 0x11);
    probe->note = below ? "it goes below zero; machines must compare first" : NULL;
    return !below;
}

static bool refusal_silences(struct probe *probe)
{
    uint8_t data[CARD_BLOCK_BYTES];
    if (!open_with(probe, 'A', transport_key) ||
        reader_read(probe->reader, PROBE_TRAILER + 1, data) != READER_REFUSED)
        return false;
    /* Past the layer that would not send it. */
    return probe->reader->driver->read(probe->reader->context, PROBE_BLOCK_0, data) == READER_REFUSED;
}

/* ---- access conditions of the card format ---- */

static bool trailer_reads_back(struct probe *probe)
{
    uint8_t data[CARD_BLOCK_BYTES];
    static const uint8_t hidden[CARD_KEY_BYTES];
    return set_up_purse(probe, purse_access) && open_with(probe, 'B', probe_key_b) &&
           reader_read(probe->reader, PROBE_TRAILER, data) == READER_OK &&
           memcmp(data, hidden, sizeof hidden) == 0 &&
           memcmp(data + 6, purse_access, sizeof purse_access) == 0 &&
           memcmp(data + 10, hidden, sizeof hidden) == 0;
}

static bool machine_key_spends(struct probe *probe)
{
    return set_up_purse(probe, purse_access) && open_with(probe, 'A', probe_key_a) &&
           holds_value(probe, PROBE_BLOCK_0, 100, 0x11) && move_value(probe, READER_DECREMENT, 40) &&
           holds_value(probe, PROBE_BLOCK_1, 60, 0x11);
}

static bool machine_key_cannot_load(struct probe *probe)
{
    uint8_t data[CARD_BLOCK_BYTES];
    make_value(data, 900, 0x12);
    return set_up_purse(probe, purse_access) && open_with(probe, 'A', probe_key_a) &&
           was_refused(probe, reader_write(probe->reader, PROBE_BLOCK_0, data)) &&
           open_with(probe, 'A', probe_key_a) &&
           was_refused(probe, reader_value(probe->reader, READER_INCREMENT, PROBE_BLOCK_0, 1)) &&
           open_with(probe, 'A', probe_key_a) && holds_value(probe, PROBE_BLOCK_0, 100, 0x11);
}

static bool desk_key_loads(struct probe *probe)
{
    return set_up_purse(probe, purse_access) && open_with(probe, 'B', probe_key_b) &&
           write_value(probe, PROBE_BLOCK_0, 900, 0x12) && holds_value(probe, PROBE_BLOCK_0, 900, 0x12);
}

static bool data_blocks_are_read_only_to_a(struct probe *probe)
{
    uint8_t data[CARD_BLOCK_BYTES];
    memset(data, 0x42, sizeof data);
    return set_up_purse(probe, data_access) && open_with(probe, 'A', probe_key_a) &&
           reader_read(probe->reader, PROBE_BLOCK_2, data) == READER_OK &&
           was_refused(probe, reader_write(probe->reader, PROBE_BLOCK_2, data)) &&
           open_with(probe, 'B', probe_key_b) &&
           reader_write(probe->reader, PROBE_BLOCK_2, data) == READER_OK;
}

static bool only_desk_key_changes_keys(struct probe *probe)
{
    uint8_t trailer[CARD_BLOCK_BYTES];
    make_trailer(trailer, probe_key_a, data_access, probe_key_b);
    return set_up_purse(probe, purse_access) && open_with(probe, 'A', probe_key_a) &&
           was_refused(probe, reader_write(probe->reader, PROBE_TRAILER, trailer)) &&
           open_with(probe, 'B', probe_key_b) &&
           reader_write(probe->reader, PROBE_TRAILER, trailer) == READER_OK;
}

static bool goes_back_to_transport(struct probe *probe)
{
    return set_up_purse(probe, purse_access) && probe_reset_sector(probe) &&
           open_with(probe, 'A', transport_key);
}

const struct probe_fact probe_facts[] = {
    {FACT_NEEDED, "a wrong key does not open a sector", wrong_key_is_refused},
    {FACT_NOTE, "key B of a blank card opens its sector, and every access is then refused",
     readable_key_b_opens_nothing},
    {FACT_NEEDED, "WRITE stores the address byte it is given, and changes it", write_changes_adr},
    {FACT_NEEDED, "DECREMENT and TRANSFER to another block carry the address byte along",
     decrement_carries_adr},
    {FACT_NEEDED, "RESTORE and TRANSFER carry the address byte along", restore_carries_adr},
    {FACT_NEEDED, "TRANSFER does not mind what its target held", transfer_ignores_old_content},
    {FACT_NEEDED, "DECREMENT refuses a block whose copies disagree", bad_value_block_is_refused},
    {FACT_RISK, "DECREMENT refuses a negative operand", negative_operand_is_refused},
    {FACT_NOTE, "a value cannot be driven below zero", value_stops_at_zero},
    {FACT_NOTE, "after a refusal the card is silent until it is selected again", refusal_silences},
    {FACT_NEEDED, "a trailer reads back with both keys hidden, access bytes and GPB as written",
     trailer_reads_back},
    {FACT_NEEDED, "purse blocks: key A reads and decrements", machine_key_spends},
    {FACT_NEEDED, "purse blocks: key A neither writes nor increments", machine_key_cannot_load},
    {FACT_NEEDED, "purse blocks: key B writes", desk_key_loads},
    {FACT_NEEDED, "data blocks: key A only reads, key B writes", data_blocks_are_read_only_to_a},
    {FACT_NEEDED, "only key B changes keys and access bytes", only_desk_key_changes_keys},
    {FACT_NEEDED, "key B brings the sector back to transport configuration", goes_back_to_transport},
    {FACT_NEEDED, NULL, NULL},
};
