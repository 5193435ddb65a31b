/* The browser of the operator, who repeats what was not answered. */
#include "tests/kill/kill.h"
#include "tests/lib/rig_internal.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 20000       /* in all */
#define CALL_TIMEOUT_MS 4000L /* of one try; a browser is more patient, but nobody waits for it here */
#define AGAIN_MS 25

void answer_free(struct answer *answer)
{
    free(answer->text);
    answer->text = NULL;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    static const char name[] = "Idempotent-Replayed:";
    struct answer *answer = context;
    if (size * count > sizeof name && strncasecmp(bytes, name, sizeof name - 1) == 0)
        answer->replayed = true;
    return size * count;
}

/* One try. False: no answer. */
static bool try_once(struct worker *worker, const char *server, const struct question *question,
                     struct answer *ret_answer)
{
    char url[256];
    long status = 0;
    struct curl_slist *headers =
        rig_header(rig_headers(worker->desk->cookie, question->key), "Content-Type", "application/json");
    *ret_answer = (struct answer){0};
    snprintf(url, sizeof url, "%s%s", server, question->path);
    curl_easy_reset(worker->http);
    curl_easy_setopt(worker->http, CURLOPT_URL, url);
    curl_easy_setopt(worker->http, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(worker->http, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(worker->http, CURLOPT_TIMEOUT_MS, CALL_TIMEOUT_MS);
    curl_easy_setopt(worker->http, CURLOPT_POSTFIELDS, question->body);
    curl_easy_setopt(worker->http, CURLOPT_WRITEFUNCTION, rig_take);
    curl_easy_setopt(worker->http, CURLOPT_WRITEDATA, &ret_answer->text);
    curl_easy_setopt(worker->http, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(worker->http, CURLOPT_HEADERDATA, ret_answer);
    CURLcode code = curl_easy_perform(worker->http);
    curl_slist_free_all(headers);
    if (code == CURLE_OK)
        curl_easy_getinfo(worker->http, CURLINFO_RESPONSE_CODE, &status);
    ret_answer->status = (int)status;
    return code == CURLE_OK;
}

/* The server is away, or an earlier try with the same key is still under way: a browser asks again. */
static bool says_later(const struct answer *answer)
{
    return answer->status == 503 ||
           (answer->status == 409 && answer->text && strstr(answer->text, "\"key_busy\""));
}

static bool ask(struct worker *worker, const char *server, const struct question *question,
                struct answer *ret_answer)
{
    for (int64_t until_ms = rig_now_ms() + ANSWER_MS; rig_now_ms() < until_ms;) {
        if (try_once(worker, server, question, ret_answer) && !says_later(ret_answer))
            return true;
        answer_free(ret_answer);
        int64_t from_ms = rig_now_ms();
        if (!worker->rough && !worker_revive(worker))
            return false;
        until_ms += rig_now_ms() - from_ms; /* nobody could have answered meanwhile */
        poll(NULL, 0, AGAIN_MS);
    }
    return worker_problem(worker, "POST %s was not answered", question->path);
}

bool operator_ask(struct worker *worker, const struct question *question, struct answer *ret_answer)
{
    const char *server = worker->proxy ? proxy_url(worker->proxy, LINK_OPERATOR) : worker->desk->server->url;
    return ask(worker, server, question, ret_answer);
}

bool operator_ask_directly(struct worker *worker, const struct question *question, struct answer *ret_answer)
{
    return ask(worker, worker->desk->server->url, question, ret_answer);
}
