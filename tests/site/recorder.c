/* An event stream as a browser would get it. */
#include "tests/lib/rig_internal.h"
#include "tests/site/site.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 4096
#define KIND_BYTES 24

struct recorder {
    CURL *curl;
    CURLM *multi;
    struct curl_slist *headers;
    char *text; /* not taken in yet */
    long long numbers[EVENTS_MAX];
    char kinds[EVENTS_MAX][KIND_BYTES];
    int event_count;
    long long last;
    bool had_snapshot;
};

struct recorder *recorder_open(const struct rig_desk *desk, const struct test_server *server, long long last)
{
    char url[256], after[24];
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return NULL;
    recorder->last = last;
    snprintf(after, sizeof after, "%lld", last);
    recorder->headers = rig_header(rig_headers(desk->cookie, NULL), "Accept", "text/event-stream");
    recorder->headers = rig_header(recorder->headers, "Last-Event-ID", last >= 0 ? after : NULL);
    recorder->curl = curl_easy_init();
    recorder->multi = curl_multi_init();
    snprintf(url, sizeof url, "%s/api/v1/desks/%s/events", server->url, desk->id);
    curl_easy_setopt(recorder->curl, CURLOPT_URL, url);
    curl_easy_setopt(recorder->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(recorder->curl, CURLOPT_HTTPHEADER, recorder->headers);
    curl_easy_setopt(recorder->curl, CURLOPT_WRITEFUNCTION, rig_take);
    curl_easy_setopt(recorder->curl, CURLOPT_WRITEDATA, &recorder->text);
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
    for (char *end; recorder->text && (end = strstr(recorder->text, "\n\n")) != NULL;) {
        *end = '\0';
        note(recorder, recorder->text);
        memmove(recorder->text, end + 2, strlen(end + 2) + 1);
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
    free(recorder->text);
    free(recorder);
}
