#include "tests/kill/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES_MAX 16384

/* ---- HTTP ---- */

static size_t content_length(const char *head)
{
    for (const char *line = strchr(head, '\n'); line; line = strchr(line + 1, '\n'))
        if (strncasecmp(line + 1, "Content-Length:", 15) == 0)
            return strtoul(line + 16, NULL, 10);
    return 0;
}

/* "POST /agent/v1/poll HTTP/1.1" gives the path without what all of them begin with, "HTTP/1.1 200 OK" the
 * status. */
static void name_http(const char *head, char ret_name[WIRE_NAME_BYTES])
{
    static const char *const prefixes[] = {"/agent/v1/", "/api/v1/"};
    const char *word = strchr(head, ' ');
    word = word ? word + 1 : head;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(word, prefixes[i], strlen(prefixes[i])) == 0)
            word += strlen(prefixes[i]);
    snprintf(ret_name, WIRE_NAME_BYTES, "%.*s", (int)strcspn(word, " \r"), word);
}

struct wire_message wire_http(struct wire_bytes stream)
{
    struct wire_message message = {.counts = true};
    char head[HEAD_BYTES_MAX + 1];
    const uint8_t *end = memmem(stream.bytes, stream.count, "\r\n\r\n", 4);
    size_t head_count = end ? (size_t)(end - stream.bytes) + 4 : 0;
    if (head_count == 0 || head_count > HEAD_BYTES_MAX)
        return message;
    memcpy(head, stream.bytes, head_count);
    head[head_count] = '\0';
    name_http(head, message.name);
    size_t count = head_count + content_length(head);
    if (count <= stream.count)
        message.count = count;
    return message;
}

/* ---- PostgreSQL, protocol 3.0: a type byte, a length that counts itself, the rest ---- */

#define TYPED_HEAD_BYTES 5

static uint32_t get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Bytes of the typed message at the head; 0: not whole. */
static size_t typed_count(struct wire_bytes stream)
{
    if (stream.count < TYPED_HEAD_BYTES)
        return 0;
    size_t count = 1 + (size_t)get_u32(stream.bytes + 1);
    return count <= stream.count ? count : 0;
}

static struct wire_bytes behind(struct wire_bytes stream, size_t count)
{
    return (struct wire_bytes){stream.bytes + count, stream.count - count};
}

/* Statements that a desk's acts are made of; the rest (sweeps, sessions, hints, reads of streams) keeps its
 * own time and would count differently in each run. */
static bool is_of_operation(const char *statement)
{
    static const char *const known[] = {"operation_prepare", "operation_issue",   "operation_cancel",
                                        "plan_take",         "plan_report",       "presence_add",
                                        "presence_end",      "presentation_view", "presentation_add"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(statement, known[i]) == 0)
            return true;
    return false;
}

/* Bind: name of the portal, name of the statement, … */
static void note_bind(struct wire_bytes bind, struct wire_message *message)
{
    const char *portal = (const char *)bind.bytes + TYPED_HEAD_BYTES;
    size_t left = bind.count - TYPED_HEAD_BYTES;
    size_t portal_bytes = strnlen(portal, left) + 1;
    if (portal_bytes >= left)
        return;
    const char *statement = portal + portal_bytes;
    char name[WIRE_NAME_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strnlen(statement, left - portal_bytes), statement);
    bool counts = is_of_operation(name);
    if (!message->name[0] || (counts && !message->counts))
        memcpy(message->name, name, sizeof name);
    message->counts = message->counts || counts;
}

struct wire_message wire_frontend(struct wire_bytes stream, bool first)
{
    struct wire_message message = {.ends_batch = true};
    if (first) {
        size_t count = stream.count >= 4 ? get_u32(stream.bytes) : 0;
        message.count = count <= stream.count ? count : 0;
        return message;
    }
    size_t total = 0;
    for (struct wire_bytes rest = stream;;) {
        size_t count = typed_count(rest);
        if (count == 0)
            return message;
        char type = (char)rest.bytes[0];
        if (type == 'B')
            note_bind((struct wire_bytes){rest.bytes, count}, &message);
        total += count;
        rest = behind(rest, count);
        if (type != 'S' && type != 'Q' && type != 'X')
            continue;
        message.count = total;
        message.ends_batch = type != 'X';
        return message;
    }
}

struct wire_message wire_backend(struct wire_bytes stream, bool whole_batch)
{
    struct wire_message message = {0};
    size_t total = 0;
    for (struct wire_bytes rest = stream; !message.ends_batch;) {
        size_t count = typed_count(rest);
        if (count == 0)
            break;
        if (rest.bytes[0] == 'K' && count >= TYPED_HEAD_BYTES + 4)
            message.backend = (pid_t)get_u32(rest.bytes + TYPED_HEAD_BYTES);
        message.ends_batch = rest.bytes[0] == 'Z';
        total += count;
        rest = behind(rest, count);
    }
    if (message.ends_batch || !whole_batch)
        message.count = total;
    return message;
}
