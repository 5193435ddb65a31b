#include "http/internal.h"

#include "base/bytes.h"

#include <string.h>
#include <unistr.h>

bool url_decode(const char *text, size_t bytes, bool plus_is_blank, char *out)
{
    size_t filled = 0;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (c == '+' && plus_is_blank)
            c = ' ';
        if (c == '%') {
            char digits[3] = "";
            uint8_t decoded = 0;
            if (i + 2 < bytes)
                memcpy(digits, text + i + 1, 2);
            if (!bytes_from_hex(digits, &decoded, 1) || decoded == 0)
                return false;
            c = (char)decoded;
            i += 2;
        }
        out[filled++] = c;
    }
    out[filled] = '\0';
    return !u8_check((const uint8_t *)out, filled);
}
