/* What a desk's event stream says, and waiting for it. */
#include "tests/lib/rig_internal.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_START_MS 5000

struct rig_stream {
    CURL *curl;
    CURLM *multi;
    struct curl_slist *headers;
    char *text; /* not taken in yet */
    bool closed;
};

/* ---- events ---- */

static void take_card(struct rig_desk *desk, json_t *card)
{
    json_decref(desk->card);
    desk->card = json_is_object(card) ? json_incref(card) : NULL;
}

static void take_operation(struct rig_desk *desk, json_t *operation)
{
    const char *id = rig_text(operation, "id");
    if (*id)
        json_object_set(desk->operations, id, operation);
}

static void take_event(struct rig_desk *desk, const char *kind, json_t *body)
{
    if (strcmp(kind, "snapshot") == 0) {
        take_card(desk, json_object_get(body, "card"));
        take_operation(desk, json_object_get(json_object_get(body, "card"), "operation"));
    } else if (strcmp(kind, "card_present") == 0) {
        take_card(desk, body);
        take_operation(desk, json_object_get(body, "operation"));
    } else if (strcmp(kind, "card_removed") == 0) {
        take_card(desk, NULL);
    } else if (strcmp(kind, "operation") == 0) {
        take_operation(desk, json_object_get(body, "operation"));
        take_card(desk, json_object_get(body, "card"));
    }
}

/* Value of a field of an event, up to the end of its line; NULL: the event has none. */
static const char *field(const char *lines, const char *name, size_t *ret_bytes)
{
    size_t name_bytes = strlen(name);
    for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, name, name_bytes) != 0 || line[name_bytes] != ':')
            continue;
        const char *value = line + name_bytes + 1 + (line[name_bytes + 1] == ' ');
        *ret_bytes = strcspn(value, "\n");
        return value;
    }
    return NULL;
}

static void parse_event(struct rig_desk *desk, const char *lines)
{
    size_t id_bytes = 0, kind_bytes = 0, data_bytes = 0;
    char kind[32] = "";
    const char *id = field(lines, "id", &id_bytes);
    const char *kind_text = field(lines, "event", &kind_bytes);
    const char *data = field(lines, "data", &data_bytes);
    if (id)
        desk->event_no = strtoll(id, NULL, 10);
    if (!kind_text || !data)
        return;
    snprintf(kind, sizeof kind, "%.*s", (int)kind_bytes, kind_text);
    json_t *body = json_loadb(data, data_bytes, 0, NULL);
    take_event(desk, kind, body);
    json_decref(body);
}

/* Takes whole events out of the buffer; true: there was one. */
static bool take_buffer(struct rig_desk *desk)
{
    struct rig_stream *stream = desk->stream;
    bool any = false;
    char *from = stream->text;
    for (char *end; from && (end = strstr(from, "\n\n")) != NULL; from = end + 2) {
        end[1] = 0;
        parse_event(desk, from);
        any = true;
    }
    if (any)
        memmove(stream->text, from, strlen(from) + 1);
    return any;
}

bool rig_listen(struct rig_desk *desk, int timeout_ms)
{
    struct rig_stream *stream = desk->stream;
    int running = 0;
    if (!stream || stream->closed)
        return false;
    curl_multi_perform(stream->multi, &running);
    if (take_buffer(desk))
        return true;
    curl_multi_poll(stream->multi, NULL, 0, timeout_ms, NULL);
    curl_multi_perform(stream->multi, &running);
    stream->closed = running == 0;
    return take_buffer(desk);
}

bool rig_stream_is_closed(struct rig_desk *desk)
{
    while (rig_listen(desk, 0))
        continue;
    return !desk->stream || desk->stream->closed;
}

/* ---- the stream ---- */

void rig_stream_close(struct rig_desk *desk)
{
    struct rig_stream *stream = desk->stream;
    if (!stream)
        return;
    curl_multi_remove_handle(stream->multi, stream->curl);
    curl_easy_cleanup(stream->curl);
    curl_multi_cleanup(stream->multi);
    curl_slist_free_all(stream->headers);
    free(stream->text);
    free(stream);
    desk->stream = NULL;
}

bool rig_stream_open(struct rig_desk *desk)
{
    struct rig_stream *stream = calloc(1, sizeof *stream);
    char url[256], last[24];
    if (!stream)
        return rig_problem(desk, "no memory");
    desk->stream = stream;
    snprintf(url, sizeof url, "%s/api/v1/desks/%s/events", desk->server->url, desk->id);
    snprintf(last, sizeof last, "%lld", desk->event_no);
    stream->headers = rig_header(rig_headers(desk->cookie, NULL), "Accept", "text/event-stream");
    stream->headers = rig_header(stream->headers, "Last-Event-ID", desk->event_no > 0 ? last : NULL);
    stream->curl = curl_easy_init();
    stream->multi = curl_multi_init();
    curl_easy_setopt(stream->curl, CURLOPT_URL, url);
    curl_easy_setopt(stream->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(stream->curl, CURLOPT_HTTPHEADER, stream->headers);
    curl_easy_setopt(stream->curl, CURLOPT_WRITEFUNCTION, rig_take);
    curl_easy_setopt(stream->curl, CURLOPT_WRITEDATA, &stream->text);
    curl_multi_add_handle(stream->multi, stream->curl);
    long long before = desk->event_no;
    for (int64_t until_ms = rig_now_ms() + STREAM_START_MS; rig_now_ms() < until_ms && !stream->closed;) {
        if (rig_listen(desk, 100) || (before > 0 && stream->text))
            return true;
    }
    return rig_problem(desk, "the event stream did not begin: %.200s", stream->text ? stream->text : "");
}

bool rig_reconnect(struct rig_desk *desk)
{
    rig_stream_close(desk);
    return rig_stream_open(desk);
}

/* ---- waits ---- */

const char *rig_card_text(const struct rig_desk *desk, const char *path)
{
    return rig_text(desk->card, path);
}

const char *rig_operation_state(const struct rig_desk *desk, const char *operation_id)
{
    return rig_text(json_object_get(desk->operations, operation_id), "state");
}

char rig_leg_state(const struct rig_desk *desk, const char *operation_id, const char *purse)
{
    json_t *legs = json_object_get(json_object_get(desk->operations, operation_id), "legs");
    json_t *leg;
    size_t index;
    json_array_foreach(legs, index, leg)
    {
        const char *name = json_string_value(json_object_get(leg, "purse"));
        if (purse ? name && strcmp(name, purse) == 0 : !name)
            return *rig_text(leg, "state");
    }
    return 0;
}

/* Whether a word is one of several parted by '|'. */
static bool is_one_of(const char *word, const char *words)
{
    size_t bytes = strlen(word);
    for (const char *at = words; bytes && (at = strstr(at, word)) != NULL; at++) {
        if ((at == words || at[-1] == '|') && (at[bytes] == 0 || at[bytes] == '|'))
            return true;
    }
    return false;
}

static char *news(const struct rig_desk *desk, const char *operation_id)
{
    json_t *all = json_pack("{s:O?, s:O?}", "card", desk->card, "operation",
                            operation_id ? json_object_get(desk->operations, operation_id) : NULL);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    return text ? text : strdup("");
}

/* Says what was waited for and what is known instead. Always false. */
static bool in_vain(struct rig_desk *desk, const char *what, const char *operation_id)
{
    char *text = news(desk, operation_id);
    bool lost = desk->stream && desk->stream->closed;
    rig_problem(desk, "waited in vain for %s%s; the desk says %s", what,
                lost ? " (the stream was closed)" : "", text);
    free(text);
    rig_trace(desk);
    return false;
}

bool rig_wait_operation(struct rig_desk *desk, const char *operation_id, const char *states)
{
    for (int64_t until_ms = rig_now_ms() + rig_wait_ms(desk);;) {
        if (is_one_of(rig_operation_state(desk, operation_id), states))
            return true;
        if (rig_now_ms() >= until_ms || desk->stream->closed)
            return in_vain(desk, states, operation_id);
        rig_listen(desk, 200);
    }
}

bool rig_wait_card(struct rig_desk *desk)
{
    for (int64_t until_ms = rig_now_ms() + rig_wait_ms(desk);;) {
        if (desk->card && *rig_card_text(desk, "presentation_id"))
            return true;
        if (desk->card && strcmp(rig_card_text(desk, "state"), "reading") != 0)
            return true; /* two cards, a phone: nothing will be read */
        if (rig_now_ms() >= until_ms || desk->stream->closed)
            return in_vain(desk, "a card", NULL);
        rig_listen(desk, 200);
    }
}

bool rig_wait_no_card(struct rig_desk *desk)
{
    for (int64_t until_ms = rig_now_ms() + rig_wait_ms(desk);;) {
        if (!desk->card)
            return true;
        if (rig_now_ms() >= until_ms || desk->stream->closed)
            return in_vain(desk, "an empty reader", NULL);
        rig_listen(desk, 200);
    }
}

bool rig_wait_gone(struct rig_desk *desk)
{
    char path[80];
    long long newest = 0;
    snprintf(path, sizeof path, "/api/v1/desks/%s/live", desk->id);
    for (int64_t until_ms = rig_now_ms() + rig_wait_ms(desk);;) {
        json_t *answer = NULL;
        bool gone = rig_call(desk, "GET", path, NULL, &answer) == 200 &&
                    json_is_null(json_object_get(answer, "card"));
        newest = gone ? json_integer_value(json_object_get(answer, "no")) : 0;
        json_decref(answer);
        if (gone && desk->event_no >= newest)
            return true;
        if (rig_now_ms() >= until_ms || desk->stream->closed)
            return in_vain(desk, "the card to be gone", NULL);
        rig_listen(desk, 5);
    }
}
