#include "base/ids.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <sodium.h>
#include <string.h>

static const int dash_places[] = {8, 13, 18, 23};

/* Ids are made for every request, and each draw from the kernel is a system call: so one draw serves a few
 * dozen. */
static void draw_random(uint8_t bytes[static UUID_BYTES])
{
    static _Thread_local uint8_t stock[64 * UUID_BYTES];
    static _Thread_local size_t left;
    if (left == 0) {
        randombytes_buf(stock, sizeof stock);
        left = sizeof stock;
    }
    left -= UUID_BYTES;
    memcpy(bytes, stock + left, UUID_BYTES);
}

static uint64_t unix_ms_of(const struct uuid *id)
{
    uint64_t unix_ms = 0;
    for (int i = 0; i < 6; i++)
        unix_ms = unix_ms << 8 | id->bytes[i];
    return unix_ms;
}

static struct uuid make_at(uint64_t unix_ms)
{
    struct uuid id;
    draw_random(id.bytes);
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f)); /* version 7 */
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f)); /* variant of RFC 9562 */
    return id;
}

struct uuid uuid_make_v7(void)
{
    return make_at((uint64_t)clock_unix_ms());
}

struct uuid uuid_make_v7_after(const struct uuid *last)
{
    uint64_t unix_ms = (uint64_t)clock_unix_ms();
    uint64_t last_ms = unix_ms_of(last);
    return make_at(unix_ms > last_ms ? unix_ms : last_ms + 1);
}

bool uuid_parse(const char *text, struct uuid *ret_id)
{
    if (!text || strlen(text) != UUID_TEXT_BYTES - 1)
        return false;
    char digits[2 * UUID_BYTES + 1];
    size_t filled = 0;
    size_t dash = 0;
    for (int i = 0; i < UUID_TEXT_BYTES - 1; i++) {
        if (dash < sizeof dash_places / sizeof *dash_places && i == dash_places[dash]) {
            if (text[i] != '-')
                return false;
            dash++;
            continue;
        }
        digits[filled++] = text[i];
    }
    digits[filled] = '\0';
    struct uuid id;
    if (!bytes_from_hex(digits, id.bytes, UUID_BYTES))
        return false;
    *ret_id = id;
    return true;
}

void uuid_format(const struct uuid *id, char text[static UUID_TEXT_BYTES])
{
    char digits[2 * UUID_BYTES + 1];
    bytes_to_hex(id->bytes, UUID_BYTES, digits);
    size_t taken = 0;
    size_t dash = 0;
    for (int i = 0; i < UUID_TEXT_BYTES - 1; i++) {
        if (dash < sizeof dash_places / sizeof *dash_places && i == dash_places[dash]) {
            text[i] = '-';
            dash++;
            continue;
        }
        text[i] = digits[taken++];
    }
    text[UUID_TEXT_BYTES - 1] = '\0';
}

int uuid_version(const struct uuid *id)
{
    return id->bytes[6] >> 4;
}

bool uuid_equal(const struct uuid *left, const struct uuid *right)
{
    return memcmp(left->bytes, right->bytes, UUID_BYTES) == 0;
}
