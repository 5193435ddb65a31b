#include "base/bytes.h"

#include <string.h>

void bytes_to_hex(const uint8_t *bytes, size_t count, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int bytes_from_hex_any(const char *text, uint8_t *bytes, size_t capacity)
{
    size_t count = strlen(text);
    if (count % 2 != 0 || count / 2 > capacity)
        return -1;
    for (size_t i = 0; i < count / 2; i++) {
        int high = digit_value(text[2 * i]);
        int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return (int)(count / 2);
}

bool bytes_from_hex(const char *text, uint8_t *bytes, size_t count)
{
    return bytes_from_hex_any(text, bytes, count) == (int)count;
}
