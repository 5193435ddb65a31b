#include "agent/plain_text.h"

#include <stdbool.h>
#include <string.h>
#include <unistr.h>

/* What server/http/in_value.c refuses in a text: controls, line and paragraph separators, direction marks. */
static bool is_plain(ucs4_t character)
{
    bool is_control = character < 0x20 || (character >= 0x7f && character < 0xa0);
    bool is_separator = character == 0x2028 || character == 0x2029;
    bool is_direction =
        (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
    return !is_control && !is_separator && !is_direction;
}

void plain_text(const char *text, char *ret_text, size_t text_bytes)
{
    const uint8_t *from = (const uint8_t *)text;
    size_t left = strlen(text);
    size_t used = 0;
    while (left > 0) {
        ucs4_t character;
        int length = u8_mbtoucr(&character, from, left);
        bool is_good = length > 0 && is_plain(character);
        size_t taken = length > 0 ? (size_t)length : 1;
        size_t added = is_good ? taken : 1;
        if (used + added >= text_bytes)
            break;
        memcpy(ret_text + used, is_good ? (const char *)from : "?", added);
        used += added;
        from += taken;
        left -= taken;
    }
    ret_text[used] = '\0';
}
