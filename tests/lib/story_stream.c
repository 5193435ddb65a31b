/* Server-sent events, read by hand with a libcurl transfer of its own. */
#include "tests/lib/story_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct story_stream {
    struct story *story;
    CURL *curl;
    CURLM *multi;
    struct curl_slist *headers;
    struct text buffer;
    char *path;
    bool closed;
};

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct story_stream *stream = context;
    text_add(&stream->buffer, bytes, size * count);
    return size * count;
}

struct story_stream *story_stream_open(struct story *story, const char *as, const char *path,
                                       const char *last_event_id)
{
    struct story_stream *stream = calloc(1, sizeof(*stream));
    cr_assert(stream, "no memory");
    char *filled = story_fill(story, path), url[4096], line[200] = "Accept: text/event-stream";
    if (last_event_id)
        snprintf(line, sizeof(line), "Accept: text/event-stream\nLast-Event-ID: %s", last_event_id);
    struct outgoing request = {
        .method = "GET", .path = filled, .headers = line, .client = client_of(story, as)};
    snprintf(url, sizeof(url), "%s%s", strncmp(filled, "http", 4) == 0 ? "" : story->server->url, filled);
    stream->story = story;
    text_add(&stream->buffer, "", 0);
    stream->headers = story_headers(story, &request);
    stream->curl = curl_easy_init();
    stream->multi = curl_multi_init();
    cr_assert(stream->curl && stream->multi, "no memory");
    curl_easy_setopt(stream->curl, CURLOPT_URL, url);
    curl_easy_setopt(stream->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(stream->curl, CURLOPT_HTTPHEADER, stream->headers);
    curl_easy_setopt(stream->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(stream->curl, CURLOPT_WRITEDATA, stream);
    curl_multi_add_handle(stream->multi, stream->curl);
    stream->path = filled;
    return stream;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One event from its lines; NULL: only a comment or a retry line. */
static json_t *parse(const char *lines, size_t count)
{
    json_t *event = json_pack("{s:s}", "event", "message");
    const char *end = lines + count;
    struct text data = {0};
    for (const char *line = lines; line < end;) {
        size_t bytes = strcspn(line, "\n");
        const char *colon = memchr(line, ':', bytes);
        const char *value = colon ? colon + 1 + (colon[1] == ' ') : line + bytes;
        size_t value_bytes = (size_t)(line + bytes - value);
        if (colon == line + 4 && strncmp(line, "data", 4) == 0)
            text_add(&data, value, value_bytes);
        else if (colon == line + 2 && strncmp(line, "id", 2) == 0)
            json_object_set_new(event, "id", json_stringn(value, value_bytes));
        else if (colon == line + 5 && strncmp(line, "event", 5) == 0)
            json_object_set_new(event, "event", json_stringn(value, value_bytes));
        line += bytes + 1;
    }
    if (!data.bytes) {
        json_decref(event);
        return NULL;
    }
    json_t *body = json_loads(data.bytes, JSON_DECODE_ANY, NULL);
    json_object_set_new(event, "data", body ? body : json_string(data.bytes));
    free(data.bytes);
    return event;
}

/* The next whole event in the buffer; NULL: none yet. */
static json_t *from_buffer(struct story_stream *stream)
{
    for (;;) {
        const char *end = strstr(stream->buffer.bytes, "\n\n");
        if (!end)
            return NULL;
        size_t bytes = (size_t)(end - stream->buffer.bytes) + 1;
        json_t *event = parse(stream->buffer.bytes, bytes);
        stream->buffer.count -= bytes + 1;
        memmove(stream->buffer.bytes, stream->buffer.bytes + bytes + 1, stream->buffer.count + 1);
        if (event) {
            story_collect(json_pack("{s:s, s:s, s:O, s:O}", "method", "EVENT", "path", stream->path, "event",
                                    json_object_get(event, "event"), "body", json_object_get(event, "data")));
            return event;
        }
    }
}

static void pump(struct story_stream *stream, int wait_ms)
{
    int running = 0;
    curl_multi_poll(stream->multi, NULL, 0, wait_ms, NULL);
    curl_multi_perform(stream->multi, &running);
    stream->closed = running == 0;
}

json_t *story_stream_next(struct story_stream *stream, const char *kind, int timeout_ms)
{
    int64_t until_ms = now_ms() + timeout_ms;
    for (;;) {
        json_t *event;
        while ((event = from_buffer(stream))) {
            if (!kind || strcmp(json_string_value(json_object_get(event, "event")), kind) == 0)
                return event;
            json_decref(event);
        }
        int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0 || stream->closed)
            return NULL;
        pump(stream, left_ms < 50 ? (int)left_ms : 50);
    }
}

bool story_stream_closed(struct story_stream *stream)
{
    if (!stream->closed)
        pump(stream, 0);
    return stream->closed;
}

void story_stream_close(struct story_stream *stream)
{
    curl_multi_remove_handle(stream->multi, stream->curl);
    curl_easy_cleanup(stream->curl);
    curl_multi_cleanup(stream->multi);
    curl_slist_free_all(stream->headers);
    free(stream->buffer.bytes);
    free(stream->path);
    free(stream);
}
