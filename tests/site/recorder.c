/* An event stream as a browser would get it. */
#include "tests/site/site.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 4096
#define BYTES_MAX (1024 * 1024)
#define KIND_BYTES 24

struct recorder {
    CURL *curl;
    CURLM *multi;
    struct curl_slist *headers;
    char *bytes;
    size_t count;
    long long numbers[EVENTS_MAX];
    char kinds[EVENTS_MAX][KIND_BYTES];
    int event_count;
    long long last;
    bool had_snapshot;
};

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct recorder *recorder = context;
    if (recorder->count + size * count > BYTES_MAX)
        return 0;
    memcpy(recorder->bytes + recorder->count, bytes, size * count);
    recorder->count += size * count;
    recorder->bytes[recorder->count] = '\0';
    return size * count;
}

static struct curl_slist *headers_of(const struct rig_desk *desk, long long last)
{
    char line[256];
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: text/event-stream");
    headers = curl_slist_append(headers, "Sec-Fetch-Site: same-origin");
    snprintf(line, sizeof line, "Cookie: %s", desk->cookie);
    headers = curl_slist_append(headers, line);
    snprintf(line, sizeof line, "Last-Event-ID: %lld", last);
    return last >= 0 ? curl_slist_append(headers, line) : headers;
}

struct recorder *recorder_open(const struct rig_desk *desk, const struct test_server *server, long long last)
{
    char url[256];
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return NULL;
    recorder->last = last;
    recorder->bytes = calloc(1, BYTES_MAX + 1);
    recorder->headers = headers_of(desk, last);
    recorder->curl = curl_easy_init();
    recorder->multi = curl_multi_init();
    snprintf(url, sizeof url, "%s/api/v1/desks/%s/events", server->url, desk->id);
    curl_easy_setopt(recorder->curl, CURLOPT_URL, url);
    curl_easy_setopt(recorder->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(recorder->curl, CURLOPT_HTTPHEADER, recorder->headers);
    curl_easy_setopt(recorder->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(recorder->curl, CURLOPT_WRITEDATA, recorder);
    curl_multi_add_handle(recorder->multi, recorder->curl);
    return recorder;
}

/* One event: its lines, without the empty one. */
static void note(struct recorder *recorder, const char *event)
{
    long long number = -1;
    char kind[KIND_BYTES] = "";
    for (const char *line = event; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, "id:", 3) == 0)
            number = strtoll(line + 3, NULL, 10);
        else if (strncmp(line, "event:", 6) == 0)
            sscanf(line + 6, " %23[a-z_]", kind);
    }
    if (number < 0)
        return;
    recorder->last = number;
    if (strcmp(kind, "snapshot") == 0) {
        recorder->had_snapshot = true;
        return;
    }
    if (recorder->event_count == EVENTS_MAX)
        return;
    recorder->numbers[recorder->event_count] = number;
    memcpy(recorder->kinds[recorder->event_count++], kind, sizeof kind);
}

static void take_events(struct recorder *recorder)
{
    for (char *end; (end = strstr(recorder->bytes, "\n\n")) != NULL;) {
        *end = '\0';
        note(recorder, recorder->bytes);
        size_t used = (size_t)(end + 2 - recorder->bytes);
        recorder->count -= used;
        memmove(recorder->bytes, recorder->bytes + used, recorder->count + 1);
    }
}

bool recorder_listen(struct recorder *recorder, int timeout_ms)
{
    int running = 0;
    curl_multi_poll(recorder->multi, NULL, 0, timeout_ms, NULL);
    curl_multi_perform(recorder->multi, &running);
    take_events(recorder);
    return running > 0;
}

int recorder_count(const struct recorder *recorder)
{
    return recorder->event_count;
}

long long recorder_number(const struct recorder *recorder, int at)
{
    return recorder->numbers[at];
}

const char *recorder_kind(const struct recorder *recorder, int at)
{
    return recorder->kinds[at];
}

long long recorder_last(const struct recorder *recorder)
{
    return recorder->last;
}

bool recorder_had_snapshot(const struct recorder *recorder)
{
    return recorder->had_snapshot;
}

void recorder_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    curl_multi_remove_handle(recorder->multi, recorder->curl);
    curl_easy_cleanup(recorder->curl);
    curl_multi_cleanup(recorder->multi);
    curl_slist_free_all(recorder->headers);
    free(recorder->bytes);
    free(recorder);
}
