#include "http/internal.h"

#include <unistr.h>

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

bool url_decode(const char *text, size_t bytes, bool plus_is_blank, char *out)
{
    size_t filled = 0;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (c == '+' && plus_is_blank)
            c = ' ';
        if (c == '%') {
            int high = i + 2 < bytes ? digit_value(text[i + 1]) : -1;
            int low = high >= 0 ? digit_value(text[i + 2]) : -1;
            if (low < 0 || (high == 0 && low == 0))
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[filled++] = c;
    }
    out[filled] = '\0';
    return !u8_check((const uint8_t *)out, filled);
}
