/* Requests that arrive together. */
#include "base/ids.h"
#include "tests/lib/rig_internal.h"
#include "tests/site/site.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOTS_MAX 80
#define TIMEOUT_MS 15000L
#define TEXTS_MAX 1024 /* of one story */
#define SHOTS_DISTURBED_MAX 8

/* Texts of answers. A story that ends early leaves them to whoever plays it. */
static char *texts[TEXTS_MAX];
static int text_count;
static int disturbed_count;

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct shot *shot = context;
    if (size * count > 20 && strncasecmp(bytes, "Idempotent-Replayed:", 20) == 0)
        shot->replayed = true;
    if (size * count > 12 && strncasecmp(bytes, "Retry-After:", 12) == 0)
        shot->retry_after = true;
    return size * count;
}

static CURL *load(struct shot *shot, struct curl_slist **ret_headers)
{
    char line[256];
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = rig_headers(shot->desk->cookie, *shot->key ? shot->key : NULL);
    headers = rig_header(headers, "Content-Type", "application/json");
    snprintf(line, sizeof line, "%s%s", shot->desk->server->url, shot->path);
    curl_easy_setopt(curl, CURLOPT_URL, line);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, shot->method ? shot->method : "POST");
    if (*shot->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, shot->body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, rig_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &shot->text);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, shot);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    *ret_headers = headers;
    return curl;
}

static void keep(struct shot *shot)
{
    if (!shot->text)
        shot->text = strdup("");
    if (text_count == TEXTS_MAX)
        abort();
    texts[text_count++] = shot->text;
}

void shots_fire(struct shot *shots, int count)
{
    CURL *curls[SHOTS_MAX];
    struct curl_slist *headers[SHOTS_MAX];
    int running = 1;
    CURLM *multi = curl_multi_init();
    count = count < SHOTS_MAX ? count : SHOTS_MAX;
    for (int i = 0; i < count; i++) {
        shots[i].status = 0;
        shots[i].replayed = shots[i].retry_after = false;
        shots[i].text = NULL;
        curls[i] = load(&shots[i], &headers[i]);
        curl_multi_add_handle(multi, curls[i]);
    }
    while (running > 0 && curl_multi_perform(multi, &running) == CURLM_OK)
        curl_multi_poll(multi, NULL, 0, 100, NULL);
    for (int i = 0; i < count; i++) {
        long status = 0;
        curl_easy_getinfo(curls[i], CURLINFO_RESPONSE_CODE, &status);
        shots[i].status = (int)status;
        curl_multi_remove_handle(multi, curls[i]);
        curl_easy_cleanup(curls[i]);
        curl_slist_free_all(headers[i]);
        keep(&shots[i]);
    }
    curl_multi_cleanup(multi);
}

void shots_forget(void)
{
    disturbed_count = 0;
    while (text_count > 0)
        free(texts[--text_count]);
}

void shot_act(struct shot *ret_shot, const struct rig_desk *desk, const char *kind, int consumption_minor)
{
    struct uuid key = uuid_make_v7();
    *ret_shot = (struct shot){.desk = desk};
    uuid_format(&key, ret_shot->key);
    snprintf(ret_shot->path, sizeof ret_shot->path, "/api/v1/desks/%s/operations", desk->id);
    snprintf(ret_shot->body, sizeof ret_shot->body,
             "{\"kind\": \"%s\", \"presentation_id\": \"%s\", \"consumption_minor\": %d}", kind,
             rig_card_text(desk, "presentation_id"), consumption_minor);
}

bool shot_was_disturbed(struct rig_desk *desk, const struct shot *shot)
{
    json_t *answer = shot->text ? json_loads(shot->text, 0, NULL) : NULL;
    const char *code = json_string_value(json_object_get(answer, "code"));
    bool disturbed = code && disturbed_count < SHOTS_DISTURBED_MAX && rig_was_disturbed(desk, code);
    disturbed_count += disturbed;
    json_decref(answer);
    return disturbed;
}

void shot_ask(struct shot *ret_shot, struct rig_desk *desk, const char *kind, int consumption_minor)
{
    do {
        shot_act(ret_shot, desk, kind, consumption_minor);
        shots_fire(ret_shot, 1);
    } while (shot_was_disturbed(desk, ret_shot));
}

bool shot_says(const struct shot *shot, const char *code)
{
    json_t *answer = shot->text ? json_loads(shot->text, 0, NULL) : NULL;
    const char *found = json_string_value(json_object_get(answer, "code"));
    bool same = found && strcmp(found, code) == 0;
    json_decref(answer);
    return same;
}
