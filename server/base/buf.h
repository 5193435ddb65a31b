/* Text or bytes that grow up to a bound given at the start, and no further. After the bound was met the
 * buffer is `full`: later appends do nothing, so a writer checks once at the end. Zero-terminated at all
 * times. */
#ifndef CARDWRIGHT_BASE_BUF_H
#define CARDWRIGHT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *bytes;
    size_t count;
    size_t capacity;
    size_t count_max;
    bool full;
};

/* No memory is taken before the first append. */
static inline struct buf buf_make(size_t count_max)
{
    return (struct buf){.count_max = count_max};
}

bool buf_add(struct buf *buf, const void *bytes,
             size_t count); /* false: would pass the bound, nothing added */
bool buf_text(struct buf *buf, const char *text);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *buf, size_t count);  /* takes the first `count` bytes away */
const char *buf_string(const struct buf *buf); /* "" if empty */
void buf_free(struct buf *buf); /* also for CLEANUP; leaves an empty buffer of the same bound */

#endif
