/* Typed ids. Public ids are UUIDv7: ordered by time, 16 bytes in the database, made by server or client. */
#ifndef CARDWRIGHT_BASE_IDS_H
#define CARDWRIGHT_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_BYTES 16
#define UUID_TEXT_BYTES 37 /* 36 characters and a NUL */

struct uuid {
    uint8_t bytes[UUID_BYTES];
};

/* A new UUIDv7 (RFC 9562 §5.7): 48 bits of wall-clock milliseconds, then 74 random bits. */
struct uuid uuid_make_v7(void);

/* A new UUIDv7 whose time is later than that of `last`, whatever the wall clock does: for ids whose order has
 * a meaning. It may run ahead of the clock. `last` all zero: none yet. */
struct uuid uuid_make_v7_after(const struct uuid *last);

/* Reads the 36-character form, either letter case. False: not that; `*ret_id` is untouched. Any version is
 * taken. */
bool uuid_parse(const char *text, struct uuid *ret_id);

/* Writes the lower-case 36-character form and a NUL. */
void uuid_format(const struct uuid *id, char text[static UUID_TEXT_BYTES]);

/* The version digit: 7 for those made here. */
int uuid_version(const struct uuid *id);

bool uuid_equal(const struct uuid *left, const struct uuid *right);

#endif
