#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY_BYTES 256

/* Makes room for `count` more bytes and the NUL behind them. */
static bool reserve(struct buf *buf, size_t count)
{
    if (buf->full || count > buf->count_max - buf->count) {
        buf->full = true;
        return false;
    }
    size_t needed = buf->count + count + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY_BYTES;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > buf->count_max + 1)
        capacity = buf->count_max + 1;
    char *bytes = realloc(buf->bytes, capacity);
    if (!bytes) {
        buf->full = true;
        return false;
    }
    buf->bytes = bytes;
    buf->capacity = capacity;
    return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t count)
{
    if (!reserve(buf, count))
        return false;
    if (count)
        memcpy(buf->bytes + buf->count, bytes, count);
    buf->count += count;
    buf->bytes[buf->count] = '\0';
    return true;
}

bool buf_text(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(buf, (size_t)length)) {
        buf->full = true;
        return false;
    }
    va_start(arguments, format);
    vsnprintf(buf->bytes + buf->count, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->count += (size_t)length;
    return true;
}

void buf_drop(struct buf *buf, size_t count)
{
    assert(count <= buf->count);
    if (count == 0)
        return;
    memmove(buf->bytes, buf->bytes + count, buf->count - count + 1);
    buf->count -= count;
}

const char *buf_string(const struct buf *buf)
{
    return buf->bytes ? buf->bytes : "";
}

void buf_free(struct buf *buf)
{
    free(buf->bytes);
    *buf = buf_make(buf->count_max);
}
