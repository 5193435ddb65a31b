/* The player of stories. */
#include "tests/lib/story_internal.h"

#include "base/err.h"
#include "base/ids.h"
#include "tests/lib/pg.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void story_fail(const struct story *story, const char *format, ...)
{
    char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    va_end(arguments);
    fprintf(stderr, "step \"%s\": %s\n", story->at_label ? story->at_label : "(begin)",
            message ? message : "");
    if (story->server)
        server_stop(story->server); /* or its port and database outlive the test */
    cr_assert_fail("step \"%s\": %s", story->at_label ? story->at_label : "(begin)", message ? message : "");
    abort();
}

struct story *story_begin(const struct server_options *options)
{
    cr_assert(sodium_init() >= 0);
    struct story *story = calloc(1, sizeof(*story));
    cr_assert(story, "no memory");
    story->server = server_start(options);
    cr_assert(story->server, "the server did not start; its log is above");
    story->owner = test_pg_connect(story->server->pg.owner);
    story->curl = curl_easy_init();
    cr_assert(story->curl, "no memory");
    story->labels = json_object();
    story->fresh = json_object();
    story->set = json_object();
    return story;
}

void story_end(struct story *story)
{
    story->at_label = "(end)";
    PQfinish(story->owner);
    curl_easy_cleanup(story->curl);
    json_decref(story->labels);
    json_decref(story->fresh);
    json_decref(story->set);
    struct test_server *server = story->server;
    free(story);
    cr_assert(server_stop(server), "the server did not stop cleanly; its log is above");
}

struct test_server *story_server(struct story *story)
{
    return story->server;
}

char *story_sql(struct story *story, const char *sql)
{
    PGresult *result = PQexec(story->owner, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        story_fail(story, "%s: %s", sql, PQerrorMessage(story->owner));
    bool has_cell = PQntuples(result) > 0 && PQnfields(result) > 0;
    char *text = strdup(has_cell ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

/* ---- what is kept of an answer ---- */

/* One write a line, so that stories running side by side can share the file. */
void story_collect(json_t *row)
{
    const char *file = getenv("STORY_ANSWERS");
    char *line = file && row ? json_dumps(row, JSON_COMPACT) : NULL;
    int fd = line ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (fd >= 0) {
        dprintf(fd, "%s\n", line);
        close(fd);
    }
    free(line);
    json_decref(row);
}

/* The media type without its parameters, in the memory given. */
static const char *media_type(const struct answer *answer, char text[static 80])
{
    const char *type = json_string_value(json_object_get(answer->headers, "content-type"));
    snprintf(text, 80, "%.*s", type ? (int)strcspn(type, "; ") : 0, type ? type : "");
    return text;
}

static void collect(const struct step *step, const struct outgoing *request, const struct answer *answer)
{
    char type[80];
    json_t *headers = json_copy(answer->headers);
    json_object_del(headers, "set-cookie");
    json_t *sent = request->body ? json_loads(request->body, JSON_REJECT_DUPLICATES, NULL) : NULL;
    story_collect(json_pack("{s:s, s:s, s:s, s:o?, s:I, s:s, s:o, s:s?, s:O?, s:O?}", "method", step->method,
                            "path", request->path, "template", step->path, "request", sent, "status",
                            (json_int_t)answer->status, "type", media_type(answer, type), "headers", headers,
                            "expected", step->want_err, "code", json_object_get(answer->json, "code"), "body",
                            answer->json));
}

static void keep(struct story *story, const struct step *step, const struct answer *answer, const char *key)
{
    json_t *kept =
        json_pack("{s:I, s:O, s:O?, s:o, s:s?, s:{}}", "status", (json_int_t)answer->status, "headers",
                  answer->headers, "body", answer->json, "text",
                  json_stringn_nocheck(answer->body.bytes, answer->body.count), "key", key, "values");
    if (!kept || json_object_set_new(story->labels, step->label, kept) != 0)
        story_fail(story, "the answer cannot be kept");
}

/* ---- checks ---- */

/* Where a check stands: what was sent and what came. */
struct scene {
    struct story *story;
    const struct step *step;
    const char *path;
    const char *body;
    const struct answer *answer;
};

static void surprise(const struct scene *scene, const char *what)
{
    char *pretty = scene->answer->json ? json_dumps(scene->answer->json, JSON_INDENT(2)) : NULL;
    story_fail(scene->story, "%s\n--- request ---\n%s %s (as %s)\n%s\n--- answer %ld ---\n%s", what,
               scene->step->method, scene->path, scene->step->as ? scene->step->as : "admin",
               scene->body ? scene->body : "", scene->answer->status,
               pretty ? pretty : scene->answer->body.bytes);
}

static void check_status(const struct scene *scene)
{
    const struct step *step = scene->step;
    long want = step->want;
    char what[200];
    if (!want && step->want_err) {
        enum err err = err_from_code(step->want_err);
        if (err == ERR_INTERNAL && strcmp(step->want_err, "internal") != 0)
            story_fail(scene->story, "\"%s\" is no word of err.def", step->want_err);
        want = err_info(err)->http_status;
    }
    bool fine = want ? scene->answer->status == want : scene->answer->status / 100 == 2;
    if (fine)
        return;
    snprintf(what, sizeof(what), "wanted status %ld%s%s, got %ld", want ? want : 200,
             step->want_err ? " " : "", step->want_err ? step->want_err : "", scene->answer->status);
    surprise(scene, what);
}

static void check_pointer(const struct scene *scene)
{
    size_t index;
    json_t *error;
    json_array_foreach(json_object_get(scene->answer->json, "errors"), index, error)
    {
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        if (pointer && strcmp(pointer, scene->step->pointer) == 0)
            return;
    }
    surprise(scene, "no element of errors has the wanted pointer");
}

static void check_problem(const struct scene *scene)
{
    static const char *const members[] = {"type", "title", "detail", "instance", "code", "next"};
    if (!scene->step->want_err)
        return;
    const char *type = json_string_value(json_object_get(scene->answer->headers, "content-type"));
    if (!type || strncmp(type, "application/problem+json", 24) != 0)
        surprise(scene, "an error is application/problem+json");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (!json_is_string(json_object_get(scene->answer->json, members[i])))
            surprise(scene, "an error has type, title, detail, instance, code and next");
    if (json_integer_value(json_object_get(scene->answer->json, "status")) != scene->answer->status)
        surprise(scene, "the member status differs from the status of the answer");
    const char *code = json_string_value(json_object_get(scene->answer->json, "code"));
    char what[200];
    snprintf(what, sizeof(what), "wanted code %s", scene->step->want_err);
    if (strcmp(code, scene->step->want_err) != 0)
        surprise(scene, what);
    if (scene->step->pointer)
        check_pointer(scene);
}

static void check_content(const struct scene *scene)
{
    const struct step *step = scene->step;
    if (step->has) {
        char *quoted = text_quotes(step->has), *filled = story_fill(scene->story, quoted);
        json_error_t where;
        json_t *wanted = json_loads(filled, JSON_DECODE_ANY, &where);
        if (!wanted)
            story_fail(scene->story, "`has` is no JSON (%s): %s", where.text, filled);
        char *found = json_differs(wanted, scene->answer->json, "");
        if (found)
            surprise(scene, found);
        json_decref(wanted);
        free(filled);
        free(quoted);
    }
    if (step->lacks && json_at(scene->answer->json, step->lacks))
        surprise(scene, "the answer has a member it must not have");
    if (step->text) {
        char *filled = story_fill(scene->story, step->text);
        if (strcmp(filled, scene->answer->body.bytes) != 0)
            surprise(scene, filled);
        free(filled);
    }
}

static void check_header(const struct scene *scene)
{
    if (!scene->step->want_header)
        return;
    char *filled = story_fill(scene->story, scene->step->want_header), name[128];
    size_t bytes = strcspn(filled, ":");
    snprintf(name, sizeof(name), "%.*s", (int)bytes, filled);
    for (char *at = name; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 32);
    const char *value = json_string_value(json_object_get(scene->answer->headers, name));
    const char *wanted = filled[bytes] ? filled + bytes + 1 + strspn(filled + bytes + 1, " ") : NULL;
    if (!value || (wanted && strcmp(value, wanted) != 0))
        surprise(scene, filled);
    free(filled);
}

/* ---- playing ---- */

static void play_sql(struct story *story, const struct step *step)
{
    char *sql = story_fill(story, step->path), *got = story_sql(story, sql);
    char *wanted = step->text ? story_fill(story, step->text) : NULL;
    if (wanted && strcmp(wanted, got) != 0)
        story_fail(story, "%s\nwanted \"%s\", got \"%s\"", sql, wanted, got);
    struct answer answer = {.headers = json_object()};
    text_add(&answer.body, got, strlen(got));
    keep(story, step, &answer, NULL);
    answer_clear(&answer);
    free(wanted);
    free(got);
    free(sql);
}

/* The same request once more must give the same answer and say so. */
static void play_again(const struct scene *scene, const struct outgoing *request)
{
    struct answer again;
    story_send(scene->story, request, &again);
    struct scene second = *scene;
    second.answer = &again;
    const char *said = json_string_value(json_object_get(again.headers, "idempotent-replayed"));
    if (again.status != scene->answer->status)
        surprise(&second, "the replay has another status");
    if (!said || strcmp(said, "true") != 0)
        surprise(&second, "the replay does not say Idempotent-Replayed: true");
    if (!json_equal(again.json, scene->answer->json))
        surprise(&second, "the replay has another body");
    answer_clear(&again);
}

static const char *key_of(struct story *story, const struct step *step, char made[static UUID_TEXT_BYTES])
{
    if (step->key_of)
        return json_string_value(json_object_get(json_object_get(story->labels, step->key_of), "key"));
    if (!step->keyed)
        return NULL;
    struct uuid id = uuid_make_v7();
    uuid_format(&id, made);
    return made;
}

/* With a NUL behind it; the caller frees it. */
static char *raw_copy(const struct step *step)
{
    size_t count = step->raw_body_bytes ? step->raw_body_bytes : strlen(step->raw_body);
    char *copy = calloc(1, count + 1);
    cr_assert(copy, "no memory");
    memcpy(copy, step->raw_body, count);
    return copy;
}

static void play_http(struct story *story, const struct step *step)
{
    char made[UUID_TEXT_BYTES];
    char *quoted = step->body ? text_quotes(step->body) : NULL;
    char *body = step->raw_body ? raw_copy(step) : quoted ? story_fill(story, quoted) : NULL;
    char *path = story_fill(story, step->path);
    char *headers = step->headers ? story_fill(story, step->headers) : NULL;
    char *key = NULL;
    const char *key_text = key_of(story, step, made);
    if (step->key_of && !key_text)
        story_fail(story, "key_of: the step \"%s\" sent no key", step->key_of);
    key = key_text ? strdup(key_text) : NULL;

    struct outgoing request = {
        .method = step->method, .path = path, .body = body, .headers = headers, .key = key};
    request.client = client_of(story, step->as);
    request.body_bytes = step->raw_body_bytes ? step->raw_body_bytes : body ? strlen(body) : 0;
    struct answer answer;
    story_send(story, &request, &answer);
    collect(step, &request, &answer);
    keep(story, step, &answer, key);
    struct scene scene = {story, step, path, body, &answer};
    check_status(&scene);
    check_problem(&scene);
    check_content(&scene);
    check_header(&scene);
    if (step->keyed && answer.status / 100 == 2)
        play_again(&scene, &request);
    answer_clear(&answer);
    free(key);
    free(headers);
    free(path);
    free(body);
    free(quoted);
}

void story_step(struct story *story, const struct step *step)
{
    story->at_label = step->label ? step->label : "(no label)";
    if (!step->label || !step->method)
        story_fail(story, "a step needs a label and GET(), POST(), …, SQL() or CALL()");
    if (strcmp(step->method, "CALL") == 0)
        step->call(story);
    else if (strcmp(step->method, "SQL") == 0)
        play_sql(story, step);
    else
        play_http(story, step);
}

void story_play(struct story *story, const struct step *steps, size_t step_count)
{
    for (size_t i = 0; i < step_count; i++)
        story_step(story, &steps[i]);
}
