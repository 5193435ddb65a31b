/* Writing CSV (RFC 4180) that a spreadsheet opens without harm. */
#ifndef CARDWRIGHT_API_CSV_H
#define CARDWRIGHT_API_CSV_H

#include "base/buf.h"

#include <stdint.h>

/* One cell and the separator before it, unless it is the first of its line (which must not be empty). Text
 * that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) gets an
 * apostrophe in front. NULL: an empty cell. */
void csv_text(struct buf *out, const char *text);

/* A number of our own: needs no guard, so that negative amounts stay numbers. */
void csv_number(struct buf *out, int64_t number);
/* Minor units as a decimal number: 1234 with exponent 2 is 12.34. */
void csv_money(struct buf *out, int64_t amount_minor, int exponent);

void csv_line_end(struct buf *out);

#endif
