/* Lists in pages: ?limit=&cursor=, answered with {"items": [], "next_cursor": ""} and a Link header,
 * rel="next". A cursor is opaque to the caller: the key of the last row, in base64url.
 *
 *     struct page page = PAGE_FIRST;
 *     const struct in_field spec[] = {IN_PAGE(&page), IN_TEXT_OPT("q", &search, 1, 60, NULL), IN_END};
 *     if (!in_query(rq, spec) || !page_open(rq, &page))
 *         return;
 *     … a statement that returns one row (items text, next_key text) …
 *     page_reply(rq, items, next_key);
 */
#ifndef CARDWRIGHT_API_PAGE_H
#define CARDWRIGHT_API_PAGE_H

#include "base/limits.h"
#include "http/in.h"

struct page {
    int64_t limit;
    const char *cursor; /* as sent */
    const char *after;  /* the key in it; NULL: the first page */
};

#define PAGE_FIRST                                                                                           \
    {                                                                                                        \
        .limit = PAGE_ROWS_DEFAULT                                                                           \
    }
#define IN_PAGE(page)                                                                                        \
    IN_INT_OPT("limit", &(page)->limit, 1, PAGE_ROWS_MAX, NULL),                                             \
        IN_TEXT_OPT("cursor", &(page)->cursor, 1, PAGE_CURSOR_CHARACTERS_MAX, NULL)

/* Opens the cursor after in_query. False: it is none of ours, and BAD_FIELD was replied. */
bool page_open(struct request *rq, struct page *page);

/* The same for lists whose key is a positive number; *ret_key stays as it is on the first page. */
bool page_open_number(struct request *rq, struct page *page, int64_t *ret_key);

/* `items_json` is a JSON array; next_key NULL: this was the last page. */
void page_reply(struct request *rq, const char *items_json, const char *next_key);

#endif
