/* Bad input on real routes: whatever comes, the answer is a refusal that says where, never a fault of ours,
 * and the server goes on. What a client library would not send goes over a plain socket. */
#include "base/limits.h"
#include "tests/lib/story.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_WAIT_S 20

/* ---- bodies ---- */

struct bad_body {
    const char *label;
    const char *raw_body;
    const char *want_err;
};

#define NEST "[[[[[[[[[[[[[[[[[[[["
static const struct bad_body bad_bodies[] = {
    {"nothing", "", "bad_json"},
    {"blanks", "   \n", "bad_json"},
    {"null", "null", "bad_json"},
    {"a number", "7", "bad_json"},
    {"a text", "\"name\"", "bad_json"},
    {"a list", "[{\"name\": \"a\"}]", "bad_json"},
    {"cut off", "{\"name\": \"a\"", "bad_json"},
    {"a comma too many", "{\"name\": \"a\",}", "bad_json"},
    {"two objects", "{} {}", "bad_json"},
    {"a comment", "{/* a */}", "bad_json"},
    {"a key twice", "{\"name\": \"a\", \"name\": \"b\"}", "bad_json"},
    {"a key twice below", "{\"x\": {\"a\": 1, \"a\": 2}}", "bad_json"},
    {"no UTF-8", "{\"name\": \"\xc3\x28\"}", "bad_json"},
    {"UTF-8 too long", "{\"name\": \"\xc0\xaf\"}", "bad_json"},
    {"half a surrogate", "{\"name\": \"\\ud800\"}", "bad_json"},
    {"a zero byte", "{\"name\": \"a\\u0000b\"}", "bad_json"},
    {"a bare control character", "{\"name\": \"a\tb\"}", "bad_json"},
    {"a depth bomb", "{\"x\": " NEST NEST NEST NEST, "bad_json"},
    {"seventeen levels", "{\"x\": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "bad_json"},
    {"infinity", "{\"x\": 1e999}", "bad_json"},
    {"more than a number holds", "{\"x\": 99999999999999999999}", "bad_json"},
    {"nobody knows it", "{\"no_such_member\": 1}", "bad_field"},
    {"nobody knows it below", "{\"no_such_member\": {\"a\": [1, {\"b\": null}]}}", "bad_field"},
};

/* Routes of both lanes; each needs at least one member, so that an empty object is refused as well. */
static const struct {
    const char *method;
    const char *path;
} routes[] = {
    {"POST", "/api/v1/people"},
    {"POST", "/api/v1/departments"},
    {"POST", "/api/v1/desks/{new.desk}/operations"},
    {"POST", "/api/v1/desks/{new.desk}/training"},
    {"POST", "/api/v1/operations/{new.operation}/reverse"},
    {"PATCH", "/api/v1/settings"},
    {"PUT", "/api/v1/session/desk"},
    {"POST", "/api/v1/setup"},
    {"POST", "/agent/v1/pair"},
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

STORY(bad_input, bodies_are_refused_with_the_place)
{
    for (size_t r = 0; r < COUNT(routes); r++) {
        for (size_t b = 0; b < COUNT(bad_bodies); b++) {
            const struct step step = {.label = bad_bodies[b].label,
                                      .method = routes[r].method,
                                      .path = routes[r].path,
                                      .headers = "Idempotency-Key: {new.key}",
                                      .raw_body = bad_bodies[b].raw_body,
                                      .want_err = bad_bodies[b].want_err};
            story_step(story, &step);
        }
    }
    static const struct step after[] = {
        {"said where", POST("/api/v1/people"), .raw_body = "{\n \"name\": \"a\",\n \"name\": 1}",
         .want_err = "bad_json"},
        {"still alive", GET("/readyz"), .as = "nobody", .want = 200},
    };
    story_play(story, after, STEPS(after));
    cr_expect(strncmp(story_value(story, "said where", "detail"), "Line 3, column ", 15) == 0, "%s",
              story_value(story, "said where", "detail"));
}

STORY(bad_input, values_are_refused_with_their_pointer)
{
    static const struct step steps[] = {
        {"wrong type", POST("/api/v1/people"), .body = "{'name': 7}", .want_err = "bad_field",
         .pointer = "/name"},
        {"null", POST("/api/v1/people"), .body = "{'name': null}", .want_err = "bad_field",
         .pointer = "/name"},
        {"blank", POST("/api/v1/people"), .body = "{'name': '  '}", .want_err = "bad_field",
         .pointer = "/name"},
        {"a line in a name", POST("/api/v1/people"), .body = "{'name': 'a\\nb'}", .want_err = "bad_field",
         .pointer = "/name"},
        {"turned round", POST("/api/v1/people"), .body = "{'name': 'a\\u202eb'}", .want_err = "bad_field",
         .pointer = "/name"},
        {"no id", POST("/api/v1/people"), .body = "{'id': 'x', 'name': 'a'}", .want_err = "bad_field",
         .pointer = "/id"},
        {"odd names are quoted", POST("/api/v1/people"), .body = "{'name': 'a', 'a/b~c': 1}",
         .want_err = "bad_field", .pointer = "/a~1b~0c"},
        {"a number as text", GET("/api/v1/people?limit=ten"), .want_err = "bad_field",
         .pointer = "/query/limit"},
        {"too many", GET("/api/v1/people?limit=201"), .want_err = "bad_field", .pointer = "/query/limit"},
        {"a parameter twice", GET("/api/v1/people?limit=1&limit=2"), .want_err = "bad_request"},
        {"unknown", GET("/api/v1/people?sort=name"), .want_err = "bad_field", .pointer = "/query/sort"},
        {"no UTF-8 in the query", GET("/api/v1/people?q=%ff"), .want_err = "bad_request"},
        {"no UTF-8 in the address", GET("/api/v1/people/%ff"), .want_err = "bad_request"},
        {"a zero byte in the address", GET("/api/v1/people/%00"), .want_err = "bad_request"},
        {"half a code", GET("/api/v1/people?q=%4"), .want_err = "bad_request"},
        {"no id in the address", GET("/api/v1/people/1%20OR%201=1"), .want_err = "not_found"},
        {"SQL in a search", GET("/api/v1/people?q=%27%3B%20DROP%20TABLE%20person%3B--"), .want = 200,
         .has = "{'items': []}"},
        {"no version", PATCH("/api/v1/settings"), .headers = "If-Match: 7", .body = "{'name': 'x'}",
         .want_err = "bad_field"},
        {"any version", PATCH("/api/v1/settings"), .headers = "If-Match: *", .body = "{'name': 'x'}",
         .want_err = "bad_field"},
        {"a file above", GET("/../../etc/passwd"), .as = "nobody", .want_err = "not_found"},
        {"a file above, quoted", GET("/%2e%2e/%2e%2e/etc/passwd"), .as = "nobody", .want_err = "not_found"},
        {"alive", GET("/livez"), .as = "nobody", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}

/* ---- framing ---- */

/* Sends `text` and wants the first line of the answer to begin with one of the statuses in `wanted`, such as
 * "400 431", or with "close" no answer at all. */
static void send_raw(uint16_t port, const char *text, size_t bytes, const char *wanted)
{
    char answer[64] = "";
    const struct timeval patience = {.tv_sec = ANSWER_WAIT_S};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    send(fd, text, bytes, MSG_NOSIGNAL); /* may be cut off by the answer */
    shutdown(fd, SHUT_WR);               /* half a request ends here */
    ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
    close(fd);
    char status[8] = "close";
    if (got > 12)
        snprintf(status, sizeof status, "%.3s", answer + strlen("HTTP/1.1 "));
    cr_expect(strstr(wanted, status), "%.200s\n-> %s, wanted %s", text, status, wanted);
}

#define LOGIN "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

static const struct {
    const char *text;
    const char *wanted;
} framings[] = {
    {LOGIN "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "400"},
    {LOGIN "Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}", "400"},
    {LOGIN "Content-Length: 2, 2\r\n\r\n{}", "400"},
    {LOGIN "Content-Length: -2\r\n\r\n{}", "400"},
    {LOGIN "Content-Length: +2\r\n\r\n{}", "400"},
    {LOGIN "Content-Length: 0x2\r\n\r\n{}", "400"},
    {LOGIN "Content-Length:\r\n\r\n{}", "400"},
    {LOGIN "Content-Length: 99999999999999999999999\r\n\r\n", "400 413"},
    {LOGIN "Content-Length: 65537\r\n\r\n", "413"},
    {LOGIN "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "400"},
    {LOGIN "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "400"},
    {LOGIN "Transfer-Encoding: gzip\r\n\r\n{}", "400"},
    {LOGIN "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400"},
    {LOGIN "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "400 close"},
    {LOGIN "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}", "400 413 close"},
    {LOGIN "Host: localhost\r\nContent-Length: 2\r\n\r\n{}", "400"},
    {LOGIN "Host: evil.example\r\nContent-Length: 2\r\n\r\n{}", "400"},
    {LOGIN "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", "400"},
    {LOGIN "Authorization: a\r\nAuthorization: b\r\nContent-Length: 2\r\n\r\n{}", "400"},
    {LOGIN "Origin: http://localhost\r\nOrigin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}", "400"},
    {LOGIN " folded: line\r\nContent-Length: 2\r\n\r\n{}", "400 415 close"},
    {LOGIN "No colon\r\nContent-Length: 2\r\n\r\n{}", "400 close"},
    {"POST /api/v1/session HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "400 403"},
    {"POST /api/v1/session HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}", "403"},
    {"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\nContent-Length: 2\r\n\r\n{}", "403"},
    {"GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n", "400 505 close"},
    {"GET  /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 400"},
    {"BREW /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 501"},
    {"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 405 501"},
    {"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 404 405 501 close"},
    {"\x16\x03\x01\x02\x7f\x01\x7f\x01\xfc\x03\x03\r\n\r\n", "400 close"},
};

STORY(bad_input, requests_that_contradict_themselves_are_cut_off)
{
    uint16_t ports[] = {story_server(story)->operator_port, story_server(story)->device_port};
    static const struct step alive[] = {{"alive", GET("/livez"), .as = "nobody", .want = 200}};
    for (size_t i = 0; i < COUNT(framings); i++)
        send_raw(ports[0], framings[i].text, strlen(framings[i].text), framings[i].wanted);
    /* The device port takes devices that know no names, so only the framing counts there. */
    send_raw(ports[1], framings[0].text, strlen(framings[0].text), "400 404");
    send_raw(ports[1], framings[9].text, strlen(framings[9].text), "400 404");
    send_raw(ports[1], "\x01\x02\x03\r\n\r\n", 7, "400 close");
    story_play(story, alive, STEPS(alive));
}

STORY(bad_input, what_is_too_much_is_refused)
{
    static char body[HTTP_BODY_BYTES_MAX + 2];
    static char line[HTTP_CONNECTION_MEMORY_BYTES + 200];
    static char query[2000] = "/api/v1/people?";
    memset(body, ' ', sizeof body - 1);
    memcpy(line, "GET /", 5);
    memset(line + 5, 'a', HTTP_CONNECTION_MEMORY_BYTES);
    strncat(line, " HTTP/1.1\r\nHost: localhost\r\n\r\n", 40);
    for (int i = 0; i < HTTP_QUERY_PARAMS_MAX + 1; i++)
        snprintf(query + strlen(query), sizeof query - strlen(query), "%sp%d=1", i ? "&" : "", i);
    send_raw(story_server(story)->operator_port, line, strlen(line), "400 414 431 close");
    const struct step steps[] = {
        {"body", POST("/api/v1/people"), .raw_body = body, .want_err = "body_too_large"},
        {"to an agent's route", POST("/agent/v1/report"), .as = "nobody", .raw_body = body,
         .want_err = "body_too_large"},
        {"parameters", GET(query), .want_err = "bad_request"},
        {"where none belongs", DELETE("/api/v1/session"), .raw_body = "{}", .want_err = "bad_request"},
        {"no type", POST("/api/v1/people"), .raw_body = "{\"name\": \"a\"}",
         .headers = "Content-Type:", .want_err = "unsupported_media_type"},
        {"a form", POST("/api/v1/people"), .raw_body = "name=a", .want_err = "unsupported_media_type",
         .headers = "Content-Type: application/x-www-form-urlencoded"},
        {"text that looks right", POST("/api/v1/people"), .raw_body = "{\"name\": \"a\"}",
         .headers = "Content-Type: text/plain", .want_err = "unsupported_media_type"},
        {"a cookie of nobody", GET("/api/v1/session"), .as = "nobody", .want_err = "unauthenticated",
         .headers =
             "Cookie: sid=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"a signature of nobody", POST("/agent/v1/poll"), .as = "nobody", .raw_body = "{}",
         .headers = "Authorization: Cardwright agent=x, time=1, mac=0", .want_err = "agent_unknown"},
        {"alive", GET("/readyz"), .as = "nobody", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}

/* A fault of ours is told as such, with the id that leads to the log, and harms nobody else. */
STORY(bad_input, a_fault_of_ours_is_told_and_stays_alone)
{
    static const struct step steps[] = {
        {"break", SQL("CREATE OR REPLACE FUNCTION fn_setup_state() RETURNS TABLE (outcome text, body text) "
                      "LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'")},
        {"fault", GET("/api/v1/setup"), .as = "nobody", .want_err = "internal",
         .headers = "X-Request-Id: story-1", .has = "{'instance': 'story-1'}"},
        {"a statement of its own", GET("/api/v1/setup"), .as = "nobody", .want_err = "internal"},
        {"the others go on", GET("/api/v1/session"), .want = 200},
        {"ready", GET("/readyz"), .as = "nobody", .want = 200},
    };
    story_play(story, steps, STEPS(steps));
}
