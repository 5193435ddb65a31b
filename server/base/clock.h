/* Time. Tests set both clocks, so nothing in the server reads the system clock by itself. */
#ifndef CARDWRIGHT_BASE_CLOCK_H
#define CARDWRIGHT_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_ISO_BYTES 25 /* "2026-02-03T04:05:06.789Z" and a NUL */

/* Milliseconds since an arbitrary start; never goes back. For waits and deadlines. */
int64_t clock_monotonic_ms(void);

/* Milliseconds since 1970-01-01 UTC. For what people and other machines see. */
int64_t clock_unix_ms(void);

/* From here on both clocks stand still at these values (tests); a negative value gives that clock back to the
 * system. */
void clock_fake(int64_t monotonic_ms, int64_t unix_ms);

/* RFC 3339 in UTC with milliseconds. */
void clock_format_iso(int64_t unix_ms, char text[static CLOCK_ISO_BYTES]);

#endif
