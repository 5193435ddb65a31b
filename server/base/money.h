/* Money is a signed 64-bit count of minor units; no floating point touches it. */
#ifndef CARDWRIGHT_BASE_MONEY_H
#define CARDWRIGHT_BASE_MONEY_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Above every limit of the product and exact in a JavaScript number (2^53 - 1). */
#define MONEY_MINOR_MAX INT64_C(9007199254740991)
#define MONEY_EXPONENT_MAX 4 /* ISO 4217 knows 0, 2, 3 and 4 */
#define MONEY_TEXT_BYTES 48

/* Sum of two amounts; false when it does not fit, then `*ret_minor` is untouched. */
static inline bool money_add(int64_t left_minor, int64_t right_minor, int64_t *ret_minor)
{
    int64_t sum;
    if (__builtin_add_overflow(left_minor, right_minor, &sum) || sum > MONEY_MINOR_MAX ||
        sum < -MONEY_MINOR_MAX)
        return false;
    *ret_minor = sum;
    return true;
}

/* 123456 with exponent 2 is "1234.56": for messages; screens format by their language. */
static inline void money_format(int64_t amount_minor, int exponent, char text[static MONEY_TEXT_BYTES])
{
    uint64_t scale = 1;
    if (exponent > MONEY_EXPONENT_MAX)
        exponent = MONEY_EXPONENT_MAX;
    for (int i = 0; i < exponent; i++)
        scale *= 10;
    uint64_t size = amount_minor < 0 ? 0 - (uint64_t)amount_minor : (uint64_t)amount_minor;
    const char *sign = amount_minor < 0 ? "-" : "";
    if (exponent <= 0)
        snprintf(text, MONEY_TEXT_BYTES, "%s%" PRIu64, sign, size);
    else
        snprintf(text, MONEY_TEXT_BYTES, "%s%" PRIu64 ".%0*" PRIu64, sign, size / scale, exponent,
                 size % scale);
}

#endif
