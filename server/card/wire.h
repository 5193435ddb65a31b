/* Writing small JSON texts that hold keys straight into the caller's buffer, so that one wipe removes them.
 * For server/card only; everything written is hex, numbers and fixed words, so nothing has to be escaped. */
#ifndef CARDWRIGHT_CARD_WIRE_H
#define CARDWRIGHT_CARD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    char *text;
    size_t capacity;
    size_t length;
    bool full; /* something did not fit; the text is of no use */
};

void wire_format(struct wire *wire, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "hex" in quotes. */
void wire_hex(struct wire *wire, const uint8_t *bytes, size_t count);

#endif
