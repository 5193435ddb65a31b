#include "api/page.h"

#include "http/reply.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define CURSOR_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static bool cursor_refuse(struct request *rq)
{
    reply_field_error(rq, "/query/cursor", "malformed", "must be a next_cursor of this list");
    return false;
}

bool page_open(struct request *rq, struct page *page)
{
    page->after = NULL;
    if (!page->cursor)
        return true;
    size_t cursor_bytes = strlen(page->cursor), key_bytes = 0;
    char *key = request_alloc(rq, cursor_bytes + 1);
    if (sodium_base642bin((unsigned char *)key, cursor_bytes, page->cursor, cursor_bytes, NULL, &key_bytes,
                          NULL, CURSOR_VARIANT) != 0)
        return cursor_refuse(rq);
    key[key_bytes] = 0;
    if (strlen(key) != key_bytes || u8_check((const uint8_t *)key, key_bytes))
        return cursor_refuse(rq);
    page->after = key;
    return true;
}

bool page_open_number(struct request *rq, struct page *page, int64_t *ret_key)
{
    if (!page_open(rq, page))
        return false;
    if (!page->after)
        return true;
    char *end = NULL;
    errno = 0;
    long long key = strtoll(page->after, &end, 10);
    if (errno || end == page->after || *end || key < 1)
        return cursor_refuse(rq);
    *ret_key = key;
    return true;
}

/* Percent-encodes what may not stand in a query value. */
static char *encode(struct request *rq, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *encoded = request_alloc(rq, 3 * strlen(text) + 1), *out = encoded;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool plain = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') ||
                     strchr("-._~", *at);
        if (plain) {
            *out++ = (char)*at;
            continue;
        }
        *out++ = '%';
        *out++ = hex[*at >> 4];
        *out++ = hex[*at & 15];
    }
    return encoded;
}

/* The same list with the same filters, from the next row on. */
static void link_next(struct request *rq, const char *cursor)
{
    const char *target = request_target(rq);
    const char *query = request_printf(rq, "cursor=%s", cursor);
    for (int i = 0; i < request_query_count(rq); i++) {
        const char *name = NULL, *value = NULL;
        request_query_at(rq, i, &name, &value);
        if (strcmp(name, "cursor") != 0)
            query = request_printf(rq, "%s=%s&%s", encode(rq, name), encode(rq, value), query);
    }
    reply_header(rq, "Link",
                 request_printf(rq, "<%.*s?%s>; rel=\"next\"", (int)strcspn(target, "?"), target, query));
}

void page_reply(struct request *rq, const char *items_json, const char *next_key)
{
    if (!next_key) {
        reply_json(rq, 200, request_printf(rq, "{\"items\":%s,\"next_cursor\":null}", items_json));
        return;
    }
    size_t capacity = sodium_base64_ENCODED_LEN(strlen(next_key), CURSOR_VARIANT);
    char *cursor = request_alloc(rq, capacity);
    sodium_bin2base64(cursor, capacity, (const unsigned char *)next_key, strlen(next_key), CURSOR_VARIANT);
    link_next(rq, cursor);
    reply_json(rq, 200, request_printf(rq, "{\"items\":%s,\"next_cursor\":\"%s\"}", items_json, cursor));
}
