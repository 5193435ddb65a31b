/* The server about itself, and what every route has in common: health, metrics, ids, refusals before any
 * handler. */
#include "base/limits.h"
#include "tests/lib/story.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

STORY(ops, it_lives_is_ready_and_counts)
{
    static const struct step steps[] = {
        {"alive", GET("/livez"), .as = "nobody", .want = 200, .has = "{'status': 'ok'}",
         .want_header = "X-Request-Id"},
        {"ready", GET("/readyz"), .as = "nobody", .want = 200,
         .has = "{'status': 'ok', 'database': true, 'disk': true}"},
        {"page", GET("/"), .as = "nobody", .want = 200, .want_header = "Content-Security-Policy"},
        {"metrics", GET("/metrics"), .as = "nobody", .want = 200,
         .want_header = "Content-Type: text/plain; version=0.0.4; "
                        "charset=utf-8"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(ops, refusals_before_any_handler)
{
    static const struct step steps[] = {
        {"nothing here", GET("/api/v1/nothing"), .as = "nobody", .want_err = "not_found"},
        {"wrong method", PUT("/livez"), .as = "nobody", .want_err = "method_not_allowed",
         .want_header = "Allow: OPTIONS, GET, HEAD"},
        {"another host", GET("/livez"), .as = "nobody", .headers = "Host: evil.example",
         .want_err = "cross_site"},
        {"another site", POST("/api/v1/session"), .as = "nobody", .body = "{}",
         .headers = "Sec-Fetch-Site: cross-site", .want_err = "cross_site"},
        {"another origin", POST("/api/v1/session"), .as = "nobody", .body = "{}",
         .headers = "Origin: https://evil.example\nSec-Fetch-Site:", .want_err = "cross_site"},
        {"a form", POST("/api/v1/session"), .as = "nobody", .raw_body = "name=a",
         .headers = "Content-Type: application/x-www-form-urlencoded", .want_err = "unsupported_media_type"},
        {"not JSON", POST("/api/v1/session"), .as = "nobody", .raw_body = "{\"name\": }",
         .want_err = "bad_json"},
        {"a list", POST("/api/v1/session"), .as = "nobody", .raw_body = "[]", .want_err = "bad_json"},
        {"null", POST("/api/v1/session"), .as = "nobody", .raw_body = "null", .want_err = "bad_json"},
        {"a key twice", POST("/api/v1/session"), .as = "nobody",
         .raw_body = "{\"name\":\"a\",\"name\":\"b\"}", .want_err = "bad_json"},
        {"no UTF-8", POST("/api/v1/session"), .as = "nobody", .raw_body = "{\"name\":\"\xff\"}",
         .want_err = "bad_json"},
        {"too deep", POST("/api/v1/session"), .as = "nobody",
         .raw_body = "{\"name\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}", .want_err = "bad_json"},
        {"unknown field", POST("/api/v1/session"), .as = "nobody",
         .body = "{'name': 'a', 'password': 'b', 'x': 1}", .want_err = "bad_field", .pointer = "/x"},
        {"no session", GET("/api/v1/roles"), .as = "nobody", .want_err = "unauthenticated"},
        {"unsigned", POST("/agent/v1/poll"), .as = "nobody", .body = "{}", .want_err = "agent_unknown"},
        {"still alive", GET("/livez"), .as = "nobody", .headers = "X-Request-Id: abc-1", .want = 200,
         .want_header = "X-Request-Id: abc-1"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(ops, too_much)
{
    static char body[HTTP_BODY_BYTES_MAX + 2];
    static char headers[HTTP_HEADERS_BYTES_MAX + 1];
    memset(body, ' ', sizeof body - 1);
    memset(headers, 'x', sizeof headers - 1);
    for (size_t at = 0; at + 6 < sizeof headers; at += 1024) /* lines of a kilobyte */
        memcpy(headers + at, at ? "\nX-A: " : "X-AB: ", 6);
    const struct step steps[] = {
        {"a body where none belongs", GET("/livez"), .as = "nobody", .raw_body = "x",
         .want_err = "bad_request"},
        {"a body too large", POST("/api/v1/session"), .as = "nobody", .raw_body = body,
         .want_err = "body_too_large"},
        {"headers too large", GET("/livez"), .as = "nobody", .headers = headers,
         .want_err = "headers_too_large"},
    };
    story_play(story, steps, STEPS(steps));
}

/* Headers and bodies that a client library would not send. `status` is what the first line must say. */
static void send_raw(uint16_t port, const char *text, const char *status)
{
    char answer[512] = "";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    cr_assert_gt(recv(fd, answer, sizeof answer - 1, 0), 0, "no answer to %s", text);
    cr_expect_eq(strncmp(answer, status, strlen(status)), 0, "%s\n-> %s", text, answer);
    close(fd);
}

#define LOGIN "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

STORY(ops, requests_that_contradict_themselves)
{
    uint16_t port = story_server(story)->operator_port;
    send_raw(port, LOGIN "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "HTTP/1.1 400");
    send_raw(port, LOGIN "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400");
    send_raw(port, LOGIN "Host: localhost\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 400");
    send_raw(port, LOGIN "Content-Length: 100000\r\n\r\n", "HTTP/1.1 413");
    send_raw(port, "GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 400");
    send_raw(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200");
    send_raw(story_server(story)->device_port, "GET /livez HTTP/1.1\r\nHost: 10.0.0.9\r\n\r\n",
             "HTTP/1.1 200");
    send_raw(story_server(story)->device_port, "GET /api/v1/roles HTTP/1.1\r\nHost: 10.0.0.9\r\n\r\n",
             "HTTP/1.1 404");
}

/* What the table of routes says of itself. */
STORY(ops, the_program_lists_its_routes_and_settings)
{
    int status = -1;
    char *routes = server_command(story_server(story), (const char *const[]){"routes", NULL}, &status);
    cr_assert_eq(status, 0);
    cr_expect(strstr(routes, "GET\t/livez\tpublic\tfast\tnone\tnone\tlivez_get\toperator\t"), "%s", routes);
    cr_expect(strstr(routes, "livez_get\tdevice\t"), "%s", routes);
    free(routes);
    char *settings =
        server_command(story_server(story), (const char *const[]){"config", "print", NULL}, &status);
    cr_assert_eq(status, 0);
    cr_expect(strstr(settings, "[http]\n"), "%s", settings);
    free(settings);
    char *checked =
        server_command(story_server(story), (const char *const[]){"config", "check", NULL}, &status);
    cr_expect_eq(status, 0, "%s", checked);
    free(checked);
}
