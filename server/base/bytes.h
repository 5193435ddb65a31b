/* Bytes as text and as little-endian numbers. Everything on a card is little-endian (design: card layout). */
#ifndef CARDWRIGHT_BASE_BYTES_H
#define CARDWRIGHT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * count hex digits (lower case) and a NUL; `text` must hold 2 * count + 1. */
void bytes_to_hex(const uint8_t *bytes, size_t count, char *text);

/* Reads exactly 2 * count hex digits from `text` (which must end there). False: not that, `bytes` is
 * undefined. */
bool bytes_from_hex(const char *text, uint8_t *bytes, size_t count);

/* Reads at most `capacity` bytes of hex; returns the count, or -1 if the text is odd, too long or not hex. */
int bytes_from_hex_any(const char *text, uint8_t *bytes, size_t capacity);

static inline uint16_t bytes_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t bytes_get_u24(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static inline uint32_t bytes_get_u32(const uint8_t *at)
{
    return bytes_get_u24(at) | (uint32_t)at[3] << 24;
}

static inline void bytes_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put_u24(uint8_t *at, uint32_t value)
{
    bytes_put_u16(at, (uint16_t)value);
    at[2] = (uint8_t)(value >> 16);
}

static inline void bytes_put_u32(uint8_t *at, uint32_t value)
{
    bytes_put_u24(at, value);
    at[3] = (uint8_t)(value >> 24);
}

#endif
