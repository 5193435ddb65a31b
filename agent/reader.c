#include "agent/reader.h"

#include <string.h>

const char *reader_state_word(enum reader_state state)
{
    static const char *const words[] = {"ok", "absent", "silent"};
    return words[state];
}

bool reader_uid_equal(const struct reader_uid *left, const struct reader_uid *right)
{
    return left->count == right->count && memcmp(left->bytes, right->bytes, left->count) == 0;
}

bool reader_uid_is_random(const struct reader_uid *uid)
{
    return uid->count == 4 && uid->bytes[0] == 0x08; /* ISO/IEC 14443-3, UID0 of single size UIDs */
}

bool reader_block_is_trailer(uint8_t block)
{
    return block < 128 ? block % 4 == 3 : block % 16 == 15;
}

enum reader_state reader_open(struct reader *reader)
{
    reader_close(reader);
    enum reader_state state = reader->driver->open(reader->context);
    reader->is_open = state == READER_STATE_OK;
    return state;
}

void reader_close(struct reader *reader)
{
    if (reader->is_open)
        reader->driver->close(reader->context);
    reader->is_open = false;
    reader->is_doubtful = false;
    reader->is_selected = false;
}

const char *reader_name(const struct reader *reader)
{
    return reader->is_open ? reader->driver->name(reader->context) : "";
}

bool reader_is_sound(const struct reader *reader)
{
    return reader->is_open && !reader->is_doubtful;
}

/* Keeps in mind what `status` says about the line and the card. */
static enum reader_status note(struct reader *reader, enum reader_status status)
{
    reader->is_selected = status == READER_OK;
    if (status == READER_LOST)
        reader->is_doubtful = true;
    return status;
}

enum reader_status reader_find(struct reader *reader, struct reader_card *ret_card)
{
    if (!reader_is_sound(reader))
        return READER_LOST;
    return note(reader, reader->driver->find(reader->context, ret_card));
}

enum reader_status reader_select(struct reader *reader, const struct reader_uid *uid)
{
    if (!reader_is_sound(reader))
        return READER_LOST;
    return note(reader, reader->driver->select(reader->context, uid));
}

/* READER_OK: a card command may be sent, and is counted. */
static enum reader_status before_command(struct reader *reader)
{
    if (!reader_is_sound(reader))
        return READER_LOST;
    if (!reader->is_selected)
        return READER_REFUSED;
    reader->command_count++;
    return READER_OK;
}

enum reader_status reader_authenticate(struct reader *reader, uint8_t block, char slot,
                                       const uint8_t key[CARD_KEY_BYTES])
{
    enum reader_status status = before_command(reader);
    if (status != READER_OK)
        return status;
    return note(reader, reader->driver->authenticate(reader->context, block, slot, key));
}

enum reader_status reader_read(struct reader *reader, uint8_t block, uint8_t ret_data[CARD_BLOCK_BYTES])
{
    enum reader_status status = before_command(reader);
    if (status != READER_OK)
        return status;
    return note(reader, reader->driver->read(reader->context, block, ret_data));
}

enum reader_status reader_write(struct reader *reader, uint8_t block, const uint8_t data[CARD_BLOCK_BYTES])
{
    enum reader_status status = before_command(reader);
    if (status != READER_OK)
        return status;
    return note(reader, reader->driver->write(reader->context, block, data));
}

enum reader_status reader_value(struct reader *reader, enum reader_value_command command, uint8_t block,
                                uint32_t operand)
{
    enum reader_status status = before_command(reader);
    if (status != READER_OK)
        return status;
    return note(reader, reader->driver->value(reader->context, command, block, operand));
}

enum reader_status reader_transfer(struct reader *reader, uint8_t block)
{
    enum reader_status status = before_command(reader);
    if (status != READER_OK)
        return status;
    return note(reader, reader->driver->transfer(reader->context, block));
}
