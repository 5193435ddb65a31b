/* Requests of the rig. */
#include "tests/lib/rig_internal.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REQUEST_TIMEOUT_MS 20000L
#define ANSWER_BYTES_MAX (1024u * 1024)

int64_t rig_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int rig_wait_ms(const struct rig_desk *desk)
{
    int wait_ms = desk->rig->options.wait_ms;
    return wait_ms ? wait_ms : RIG_WAIT_MS;
}

bool rig_problem(struct rig_desk *desk, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(desk->problem, sizeof desk->problem, format, arguments);
    va_end(arguments);
    return false;
}

const char *rig_text(const json_t *value, const char *path)
{
    while (value && *path) {
        char member[64];
        size_t bytes = strcspn(path, ".");
        snprintf(member, sizeof member, "%.*s", (int)bytes, path);
        value = json_is_array(value) ? json_array_get(value, (size_t)strtoul(member, NULL, 10))
                                     : json_object_get(value, member);
        path += bytes + (path[bytes] == '.');
    }
    return json_is_string(value) ? json_string_value(value) : "";
}

size_t rig_take(char *bytes, size_t size, size_t count, void *text)
{
    char **whole = text;
    size_t had = *whole ? strlen(*whole) : 0;
    char *larger = had + size * count <= ANSWER_BYTES_MAX ? realloc(*whole, had + size * count + 1) : NULL;
    if (!larger)
        return 0;
    memcpy(larger + had, bytes, size * count);
    larger[had + size * count] = '\0';
    *whole = larger;
    return size * count;
}

struct curl_slist *rig_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[256];
    if (!value)
        return list;
    snprintf(line, sizeof line, "%s: %s", name, value);
    return curl_slist_append(list, line);
}

struct curl_slist *rig_headers(const char *cookie, const char *key)
{
    struct curl_slist *list = rig_header(NULL, "Cookie", cookie);
    list = rig_header(list, "Sec-Fetch-Site", "same-origin");
    return rig_header(list, "Idempotency-Key", key);
}

static char *with_quotes(const char *text)
{
    char *changed = text ? strdup(text) : NULL;
    for (char *at = changed; at && *at; at++)
        if (*at == '\'')
            *at = '"';
    return changed;
}

static void set_up(CURL *curl, const struct rig_request *request, const char *body)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (!body)
        return;
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
}

int rig_send(struct rig_desk *desk, const struct rig_request *request, json_t **ret_answer)
{
    CURL *curl = desk->http;
    char *text = NULL;
    char url[512];
    char *body = with_quotes(request->body);
    struct curl_slist *headers = rig_headers(request->cookie, request->key);
    headers = rig_header(headers, "Step-Up", request->step_up);
    headers = rig_header(headers, "Content-Type", body ? "application/json" : NULL);
    snprintf(url, sizeof url, "%s%s", desk->server->url, request->path);
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, rig_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    set_up(curl, request, body);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        rig_problem(desk, "%s %s: %s", request->method, request->path, curl_easy_strerror(code));
    if (ret_answer)
        *ret_answer = text ? json_loads(text, 0, NULL) : NULL;
    curl_slist_free_all(headers);
    free(text);
    free(body);
    return (int)status;
}

int rig_call(struct rig_desk *desk, const char *method, const char *path, const char *body,
             json_t **ret_answer)
{
    struct rig_request request = {method, path, body, NULL, desk->cookie, NULL};
    return rig_send(desk, &request, ret_answer);
}

int rig_admin_call(struct rig_desk *desk, const char *method, const char *path, const char *body,
                   json_t **ret_answer)
{
    struct rig_request request = {method, path, body, NULL, desk->rig->admin_cookie, NULL};
    return rig_send(desk, &request, ret_answer);
}

bool rig_refused(struct rig_desk *desk, const char *what, int status, json_t *answer)
{
    if (status == 0)
        return false;
    char *errors = json_dumps(json_object_get(answer, "errors"), JSON_ENCODE_ANY | JSON_COMPACT);
    rig_problem(desk, "%s: %s %d: %s %s", rig_text(answer, "code"), what, status, rig_text(answer, "detail"),
                errors ? errors : "");
    free(errors);
    rig_trace(desk);
    return false;
}
