/* What the files of the story player share. */
#ifndef CARDWRIGHT_TESTS_LIB_STORY_INTERNAL_H
#define CARDWRIGHT_TESTS_LIB_STORY_INTERNAL_H

#include "tests/lib/story.h"

#include <curl/curl.h>
#include <libpq-fe.h>

#define STORY_CLIENTS_MAX 32
#define STORY_REQUEST_TIMEOUT_MS 40000L
#define STORY_ANSWER_BYTES_MAX (64u * 1024 * 1024)

struct client {
    char name[64];
    char cookie[160]; /* "sid=…", "" for none */
    char operator_id[37];
    char session_id[37];
    story_sign_fn *sign;
    void *sign_context;
};

struct text {
    char *bytes; /* always NUL-terminated once something was added */
    size_t count;
};
void text_add(struct text *text, const char *bytes, size_t count);

struct answer {
    long status;
    struct text body;
    json_t *headers; /* lower-case name → value */
    json_t *json;    /* NULL: the body is no JSON */
};

/* One request as it goes out. */
struct outgoing {
    const char *method;
    const char *path; /* filled in */
    const char *body; /* NULL: none */
    size_t body_bytes;
    const char *headers;
    const char *key; /* NULL: none */
    struct client *client;
};

struct story {
    struct test_server *server;
    PGconn *owner;
    CURL *curl;
    json_t *labels; /* label → {status, headers, body, text, key} */
    json_t *fresh;  /* {new.NAME} → uuid */
    json_t *set;    /* {set.NAME} → text */
    struct client clients[STORY_CLIENTS_MAX];
    int client_count;
    const char *at_label; /* the step under way, for messages */
};

/* Fails the test with the step's label in front. */
void story_fail(const struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Adds a line to $STORY_ANSWERS, if that is set; takes `row` over. */
void story_collect(json_t *row);

/* story_client.c */
struct client *client_of(struct story *story, const char *as);
void client_take_cookie(struct client *client, const char *set_cookie);

/* story_http.c: sends and waits for the answer; the caller clears it. */
void story_send(struct story *story, const struct outgoing *request, struct answer *ret_answer);
void answer_clear(struct answer *answer);
struct curl_slist *story_headers(struct story *story, const struct outgoing *request);

/* story_text.c */
char *text_quotes(const char *text);                     /* ' becomes "; the caller frees it */
json_t *json_at(json_t *value, const char *member_path); /* borrowed; NULL: absent */

/* story_match.c: NULL when `actual` contains `wanted`, else where it differs; the caller frees it. */
char *json_differs(const json_t *wanted, const json_t *actual, const char *place);

#endif
