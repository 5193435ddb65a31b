/* Fuzz target: what a caller sends. The first byte chooses between a body ('B'), a path with query ('Q') and
 * the Authorization header of an agent ('A'); the rest is read as a route would read it, with a field of
 * every kind. What is taken must be within its limits; what is refused must be answered by a problem that
 * says where. */
#include "http/in.h"
#include "http/internal.h"
#include "http/json_scan.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define TEXT_CHARACTERS_MAX 20
#define MINOR_MAX 9999900
#define HEX_BYTES_MAX 10
#define LIST_ELEMENTS_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct fields {
    int64_t minor, number;
    bool truth, truth_given;
    struct uuid id;
    bool id_given;
    const char *text, *secret, *day;
    enum in_given text_given;
    int word;
    struct in_bytes bytes;
    json_t *object, *list, *any;
};

static const char *const words[] = {"issue", "recharge", "withdraw", NULL};

static void check_text(const char *text)
{
    must(u8_check((const uint8_t *)text, strlen(text)) == NULL);
    must(u8_mbsnlen((const uint8_t *)text, strlen(text)) <= TEXT_CHARACTERS_MAX);
}

static void check_taken(const struct fields *f)
{
    must(f->minor >= 1 && f->minor <= MINOR_MAX);
    must(f->number >= -5 && f->number <= 5);
    must(f->word >= 0 && f->word < 3);
    must(f->bytes.count <= HEX_BYTES_MAX);
    if (f->text_given == IN_GIVEN_VALUE)
        check_text(f->text);
    if (f->secret)
        check_text(f->secret);
    must(!f->day || strlen(f->day) == 10);
    must(!f->list || json_array_size(f->list) <= LIST_ELEMENTS_MAX);
    must(!f->object || json_is_object(f->object));
}

/* The problem is JSON, and each of its pointers begins with a slash or is the whole. */
static void check_refused(const struct request *rq)
{
    must(rq->reply.done && rq->reply.status == 400);
    json_t *problem = json_loadb(rq->reply.body, rq->reply.body_bytes, JSON_REJECT_DUPLICATES, NULL);
    size_t index;
    json_t *error;
    must(json_is_string(json_object_get(problem, "code")) &&
         json_is_string(json_object_get(problem, "detail")));
    json_array_foreach(json_object_get(problem, "errors"), index, error)
    {
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        must(pointer && (*pointer == '/' || !*pointer));
        must(json_is_string(json_object_get(error, "message")));
    }
    json_decref(problem);
}

static void read_body(struct request *rq)
{
    struct fields f = {.minor = 1};
    uint8_t digest[SHA256_BYTES];
    const struct in_field spec[] = {IN_MINOR_OPT("amount_minor", &f.minor, 1, MINOR_MAX, NULL),
                                    IN_INT_OPT("number", &f.number, -5, 5, NULL),
                                    IN_BOOL_OPT("truth", &f.truth, &f.truth_given),
                                    IN_UUID_OPT("id", &f.id, &f.id_given),
                                    IN_TEXT_PATCH("text", &f.text, 1, TEXT_CHARACTERS_MAX, &f.text_given),
                                    IN_SECRET_OPT("secret", &f.secret, 0, TEXT_CHARACTERS_MAX, NULL),
                                    IN_ENUM_OPT("kind", &f.word, words, NULL),
                                    IN_HEX_OPT("uid", &f.bytes, 0, HEX_BYTES_MAX, NULL),
                                    IN_DATE_OPT("day", &f.day, NULL),
                                    IN_OBJECT_OPT("object", &f.object, NULL),
                                    IN_ARRAY_OPT("list", &f.list, 0, LIST_ELEMENTS_MAX, NULL),
                                    IN_ANY_OPT("any", &f.any, NULL),
                                    IN_END};
    if (in_read(rq, spec))
        check_taken(&f);
    else
        check_refused(rq);
    request_body_sha256(rq, digest);
}

static void try_body(struct request *rq, const char *text, size_t bytes)
{
    struct json_fault fault;
    rq->json = json_scan_object(text, bytes, &fault);
    if (rq->json) {
        must(json_is_object(rq->json));
        read_body(rq);
        return;
    }
    must(fault.line >= 1 || bytes == 0);
    must(memchr(fault.message, '\0', sizeof fault.message) != NULL);
}

static void try_query(struct request *rq)
{
    struct fields f = {.minor = 1};
    const struct in_field spec[] = {IN_INT_OPT("limit", &f.number, -5, 5, NULL),
                                    IN_BOOL_OPT("open", &f.truth, &f.truth_given),
                                    IN_UUID_OPT("person_id", &f.id, &f.id_given),
                                    IN_TEXT_PATCH("q", &f.text, 0, TEXT_CHARACTERS_MAX, &f.text_given),
                                    IN_DATE_OPT("from", &f.day, NULL),
                                    IN_ENUM_OPT("kind", &f.word, words, NULL),
                                    IN_END};
    if (request_parse_target(rq) && in_query(rq, spec))
        check_taken(&f);
    else
        check_refused(rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_server server;
    if (size == 0 || sodium_init() < 0)
        return 0;
    char *text = malloc(size); /* the bytes behind the first, ended as the request's own are */
    must(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    struct request *rq = request_new(&server, data[0] == 'Q' ? text : "/x");
    struct agent_claim claim;
    must(rq != NULL);
    rq->method_text = "POST";
    if (data[0] == 'Q')
        try_query(rq);
    else if (data[0] == 'A')
        must(!agent_claim_parse(text, &claim) || claim.unix_ms >= 0);
    else if (request_parse_target(rq))
        try_body(rq, text, size - 1);
    request_complete(rq);
    request_pool_free(&server);
    free(text);
    return 0;
}
