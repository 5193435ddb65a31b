/* One request and its answer. */
#include "tests/lib/story_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    if (answer->body.count + size * count > STORY_ANSWER_BYTES_MAX)
        return 0;
    text_add(&answer->body, bytes, size * count);
    return size * count;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t bytes = size * count;
    const char *colon = memchr(line, ':', bytes);
    if (!colon)
        return bytes;
    char name[128], value[4096];
    snprintf(name, sizeof(name), "%.*s", (int)(colon - line), line);
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    const char *start = colon + 1 + strspn(colon + 1, " ");
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r\n"), start);
    json_object_set_new(answer->headers, name, json_string(value));
    return bytes;
}

/* True if `headers` (lines) speaks about this header itself. */
static bool has_own(const char *headers, const char *name)
{
    for (const char *line = headers; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            return true;
    return false;
}

static struct curl_slist *add(struct curl_slist *list, const char *own, const char *name, const char *value)
{
    char line[1024];
    if (!value || has_own(own, name))
        return list;
    snprintf(line, sizeof(line), "%s: %s", name, value);
    return curl_slist_append(list, line);
}

/* Lines with a value are sent; "Name:" alone only keeps the standard one away. */
static struct curl_slist *add_lines(struct curl_slist *list, const char *lines)
{
    for (const char *line = lines; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char text[2048];
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
        list = curl_slist_append(list, text);
    }
    return list;
}

struct curl_slist *story_headers(struct story *story, const struct outgoing *request)
{
    const struct client *client = request->client;
    struct curl_slist *list = NULL;
    list = add(list, request->headers, "Content-Type", request->body ? "application/json" : NULL);
    list = add(list, request->headers, "Sec-Fetch-Site", "same-origin");
    list = add(list, request->headers, "Cookie", *client->cookie ? client->cookie : NULL);
    list = add(list, request->headers, "Idempotency-Key", request->key);
    list = add(list, request->headers, "Expect", "");
    if (client->sign) {
        char *lines = client->sign(client->sign_context, request->method, request->path,
                                   request->body ? request->body : "", request->body_bytes);
        list = add_lines(list, lines);
        free(lines);
    }
    (void)story;
    return add_lines(list, request->headers);
}

static void set_method(CURL *curl, const struct outgoing *request)
{
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body_bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
}

void story_send(struct story *story, const struct outgoing *request, struct answer *ret_answer)
{
    char url[4096], problem[CURL_ERROR_SIZE] = "";
    snprintf(url, sizeof(url), "%s%s", strncmp(request->path, "http", 4) == 0 ? "" : story->server->url,
             request->path);
    struct curl_slist *headers = story_headers(story, request);
    *ret_answer = (struct answer){.headers = json_object()};
    text_add(&ret_answer->body, "", 0);

    CURL *curl = story->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, STORY_REQUEST_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, ret_answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    set_method(curl, request);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        char *log = server_log(story->server);
        story_fail(story, "%s %s: %s\n--- log of the server ---\n%s", request->method, url,
                   *problem ? problem : curl_easy_strerror(code), log);
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
    ret_answer->json =
        json_loadb(ret_answer->body.bytes, ret_answer->body.count, JSON_REJECT_DUPLICATES, NULL);
    const char *set_cookie = json_string_value(json_object_get(ret_answer->headers, "set-cookie"));
    if (set_cookie)
        client_take_cookie(request->client, set_cookie);
}

void answer_clear(struct answer *answer)
{
    free(answer->body.bytes);
    json_decref(answer->headers);
    json_decref(answer->json);
    *answer = (struct answer){0};
}
