#include "api/csv.h"

#include "base/cleanup.h"
#include "base/money.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

static void separator(struct buf *out)
{
    if (out->count > 0 && out->bytes[out->count - 1] != '\n')
        buf_text(out, ",");
}

void csv_text(struct buf *out, const char *text)
{
    separator(out);
    if (!text)
        return;
    const char *guard = *text && strchr("=+-@\t\r", *text) ? "'" : "";
    CLEANUP(cleanup_free) char *cell = NULL;
    if (asprintf(&cell, "%s%s", guard, text) < 0) {
        cell = NULL;
        out->full = true;
        return;
    }
    size_t quoted_bytes = csv_write(NULL, 0, cell, strlen(cell));
    CLEANUP(cleanup_free) char *quoted = malloc(quoted_bytes);
    if (!quoted) {
        out->full = true;
        return;
    }
    buf_add(out, quoted, csv_write(quoted, quoted_bytes, cell, strlen(cell)));
}

void csv_number(struct buf *out, int64_t number)
{
    separator(out);
    buf_printf(out, "%" PRId64, number);
}

void csv_money(struct buf *out, int64_t amount_minor, int exponent)
{
    char text[MONEY_TEXT_BYTES];
    money_format(amount_minor, exponent, text);
    separator(out);
    buf_text(out, text);
}

void csv_line_end(struct buf *out)
{
    buf_text(out, "\r\n");
}
