#include "card/wire.h"

#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

void wire_format(struct wire *wire, const char *format, ...)
{
    va_list arguments;
    size_t room = wire->capacity - wire->length;
    va_start(arguments, format);
    int wanted = vsnprintf(wire->text + wire->length, room, format, arguments);
    va_end(arguments);
    if (wanted < 0 || (size_t)wanted >= room)
        wire->full = true;
    else
        wire->length += (size_t)wanted;
}

void wire_hex(struct wire *wire, const uint8_t *bytes, size_t count)
{
    if (wire->full || wire->capacity - wire->length < 2 * count + 3) {
        wire->full = true;
        return;
    }
    wire->text[wire->length++] = '"';
    bytes_to_hex(bytes, count, wire->text + wire->length);
    wire->length += 2 * count;
    wire_format(wire, "\"");
}
