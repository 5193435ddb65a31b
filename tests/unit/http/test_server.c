#include "tests/unit/http/fixture.h"

#include "base/limits.h"

#define ROW(method_, path_, name_, body_, replay_)                                                           \
    {                                                                                                        \
        .method = METHOD_##method_, .path = path_, .name = name_, .perm = PERM_PUBLIC, .lane = LANE_FAST,    \
        .replay = replay_, .body = body_, .help = ""                                                         \
    }

static const struct route routes[] = {
    ROW(GET, "/hello/:name", "hello", BODY_NONE, REPLAY_NONE),
    ROW(POST, "/json", "json", BODY_JSON, REPLAY_NONE),
    ROW(POST, "/maybe", "maybe", BODY_JSON_MAYBE, REPLAY_NONE),
    ROW(POST, "/raw", "raw", BODY_RAW, REPLAY_NONE),
    ROW(POST, "/keyed", "keyed", BODY_JSON_MAYBE, REPLAY_KEYED),
    ROW(GET, "/who", "who", BODY_NONE, REPLAY_NONE),
    ROW(GET, "/silent", "silent", BODY_NONE, REPLAY_NONE),
    ROW(GET, "/threaded", "threaded", BODY_NONE, REPLAY_NONE),
    ROW(GET, "/cookie", "cookie", BODY_NONE, REPLAY_NONE),
};

/* ---- handlers ---- */

struct errand {
    struct loop_task task;
    struct request *rq;
};

static void bring_back(struct loop_task *task)
{
    struct request *rq = ((struct errand *)task)->rq;
    request_finish(rq);
    request_release(rq);
}

static void *answer_elsewhere(void *context)
{
    struct errand *errand = context;
    reply_json(errand->rq, 200, "{\"from\":\"thread\"}");
    loop_post(fixture.loop, &errand->task);
    return NULL;
}

static void *answer_nothing(void *context)
{
    struct errand *errand = context;
    loop_post(fixture.loop, &errand->task);
    return NULL;
}

static void start_thread(struct request *rq, void *(*run)(void *))
{
    struct errand *errand = request_alloc(rq, sizeof *errand);
    *errand = (struct errand){.task.run = bring_back, .rq = rq};
    request_hold(rq);
    request_detach(rq);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run, errand), 0);
    pthread_detach(thread);
}

static void reply_who(struct request *rq)
{
    struct agent_claim claim;
    char agent[UUID_TEXT_BYTES] = "";
    if (request_agent_claim(rq, &claim))
        uuid_format(&claim.agent_id, agent);
    reply_json(rq, 200,
               request_printf(rq, "{\"session\":%d,\"agent\":\"%s\",\"id\":\"%s\",\"trace\":\"%s\"}",
                              request_principal(rq)->kind == PRINCIPAL_SESSION, agent, request_id(rq),
                              request_trace_id(rq) ? request_trace_id(rq) : ""));
}

static void dispatch(struct request *rq)
{
    const char *name = request_route(rq)->name;
    size_t bytes = 0;
    if (strcmp(name, "hello") == 0) {
        json_t *json = json_pack("{s:s}", "hello", request_param(rq, "name"));
        reply_json_t(rq, 200, json);
        json_decref(json);
    } else if (strcmp(name, "json") == 0 || strcmp(name, "maybe") == 0) {
        reply_json_t(rq, 200, request_body_json(rq));
    } else if (strcmp(name, "raw") == 0) {
        const char *body = request_body(rq, &bytes);
        reply_bytes(rq, 200, "application/octet-stream", body, bytes);
    } else if (strcmp(name, "keyed") == 0) {
        char text[UUID_TEXT_BYTES];
        uuid_format(request_key(rq), text);
        reply_json(rq, 200, request_printf(rq, "{\"key\":\"%s\"}", text));
    } else if (strcmp(name, "who") == 0) {
        reply_who(rq);
    } else if (strcmp(name, "cookie") == 0) {
        reply_session_cookie(rq, "token", 60);
        reply_empty(rq, 204);
    } else {
        start_thread(rq, strcmp(name, "silent") == 0 ? answer_nothing : answer_elsewhere);
    }
}

static void set_up(void)
{
    fixture_start(routes, sizeof routes / sizeof *routes, dispatch, NULL);
}

TestSuite(http_server, .init = set_up, .fini = fixture_stop);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: localhost\r\n"
#define JSON "Content-Type: application/json\r\n"

/* ---- what works ---- */

Test(http_server, one_connection_serves_many_requests)
{
    struct client *client = client_open();
    for (int i = 0; i < 5; i++) {
        client_send(client, GET("/hello/b%C3%A9%20x") "\r\n");
        cr_assert_eq(client_status(client), 200);
        cr_assert(strstr(client_body(client), "\"bé x\""), "%s", client->answer);
        client_next(client);
    }
    client_send(client, POST("/json") JSON "Content-Length: 7\r\n\r\n{\"a\":1}");
    cr_assert_eq(client_status(client), 200);
    client_close(client);
}

Test(http_server, pipelined_requests_are_answered_in_order)
{
    struct client *client = client_open();
    client_send(client, GET("/hello/a") "\r\n" GET("/threaded") "\r\n" GET("/hello/b") "\r\n");
    cr_assert(client_await(client, "\"b\""));
    cr_assert_lt(strstr(client->answer, "\"a\""), strstr(client->answer, "thread"));
    cr_assert_lt(strstr(client->answer, "thread"), strstr(client->answer, "\"b\""));
    client_close(client);
}

Test(http_server, chunked_bodies_are_read)
{
    expect(POST("/json") JSON "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", 200,
           "{\"a\":1}");
}

Test(http_server, a_missing_body_may_be_an_empty_object)
{
    expect(POST("/maybe") "\r\n", 200, "{}");
    expect(POST("/json") JSON "\r\n", 400, "bad_json");
}

Test(http_server, a_pool_thread_may_answer)
{
    expect(GET("/threaded") "\r\n", 200, "thread");
}

Test(http_server, a_handler_that_forgets_to_reply_is_our_fault)
{
    expect(GET("/silent") "\r\n", 500, "internal");
}

Test(http_server, head_is_get_without_the_body)
{
    struct client *client = client_open();
    client_send(client, "HEAD /hello/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    cr_assert_eq(client_status(client), 200);
    cr_assert(client_is_closed(client));
    cr_assert_null(strstr(client->answer, "hello\":"));
    client_close(client);
}

Test(http_server, methods_are_listed)
{
    struct client *client = client_open();
    client_send(client, "PUT /hello/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    cr_assert_eq(client_status(client), 405);
    cr_assert(strstr(client->answer, "Allow: OPTIONS, GET, HEAD\r\n"), "%s", client->answer);
    client_close(client);
    expect("OPTIONS /json HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, NULL);
    expect("BREW /json HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed");
    expect(GET("/nothing") "\r\n", 404, "not_found");
}

Test(http_server, ids_come_in_and_go_out)
{
    expect(GET("/who") "X-Request-Id: abc-1.2_3\r\n\r\n", 200, "\"id\":\"abc-1.2_3\"");
    expect(GET("/who") "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n", 200,
           "\"trace\":\"0af7651916cd43dd8448eb211c80319c\"");
    expect(GET("/who") "X-Request-Id: a\"b\r\n\r\n", 200, "-7"); /* a UUIDv7 of ours instead */
}

Test(http_server, principals_are_read)
{
    expect(GET("/who") "Cookie: a=1; sid=xyz; b=2\r\n\r\n", 200, "\"session\":1");
    expect(GET("/who") "Cookie: __Host-sid=xyz\r\n\r\n", 200, "\"session\":0"); /* not over plain http */
    expect(GET("/who") "Authorization: Cardwright agent=01234567-89ab-7def-8123-456789abcdef, time=1, "
                       "mac=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n\r\n",
           200, "\"agent\":\"01234567-89ab-7def-8123-456789abcdef\"");
    expect(GET("/who") "Authorization: Cardwright agent=01234567-89ab-7def-8123-456789abcdef, time=1, "
                       "mac=00\r\n\r\n",
           200, "\"agent\":\"\"");
}

Test(http_server, cookies_are_strict)
{
    struct client *client = client_open();
    client_send(client, GET("/cookie") "\r\n");
    cr_assert_eq(client_status(client), 204);
    cr_assert(
        strstr(client->answer, "Set-Cookie: sid=token; Path=/; Max-Age=60; HttpOnly; SameSite=Strict\r\n"));
    client_close(client);
}

/* ---- bad input: a 4xx that says where, never a 500, and the server goes on ---- */

Test(http_server, headers_that_must_be_unique)
{
    expect(POST("/json") JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400, NULL);
    expect(POST("/json") JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, NULL);
    expect(POST("/json") JSON "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL);
    expect(POST("/json") JSON "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           400, NULL);
    expect(POST("/json") JSON "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, NULL);
    expect(POST("/json") JSON "Content-Length: -1\r\n\r\n", 400, NULL);
    expect(POST("/json") JSON "Content-Length: 2x\r\n\r\n{}", 400, NULL);
    expect(POST("/json") JSON "Content-Length: 99999999999999999999999\r\n\r\n", 413, NULL);
    expect(GET("/who") "Host: localhost\r\n\r\n", 400, "Host");
    expect(GET("/who") "Authorization: a\r\nauthorization: b\r\n\r\n", 400, "Authorization");
    expect(POST("/json") JSON JSON "Content-Length: 2\r\n\r\n{}", 400, "Content-Type");
    expect(POST("/keyed") "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n", 400, "Idempotency-Key");
}

Test(http_server, a_refused_framing_ends_the_connection)
{
    struct client *client = client_open();
    client_send(client,
                POST("/json") JSON "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" GET("/who") "\r\n");
    cr_assert_eq(client_status(client), 400);
    cr_assert(client_is_closed(client));
    cr_assert_null(strstr(client->answer, "\"session\""), "the smuggled request was answered");
    client_close(client);
}

Test(http_server, hosts_that_are_not_ours)
{
    expect("GET /who HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "http.hosts");
    expect("GET /who HTTP/1.1\r\nHost: desk.example:8080\r\n\r\n", 200, NULL);
    expect("GET /who HTTP/1.1\r\nHost: DESK.example\r\n\r\n", 200, NULL);
    expect("GET /who HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200, NULL);
    expect("GET /who HTTP/1.1\r\nHost: desk.example.evil\r\n\r\n", 403, NULL);
    expect("GET /who HTTP/1.1\r\n\r\n", 400, NULL);
}

Test(http_server, pages_of_other_sites)
{
    expect(POST("/maybe") "Sec-Fetch-Site: cross-site\r\n\r\n", 403, "cross_site");
    expect(POST("/maybe") "Sec-Fetch-Site: same-site\r\n\r\n", 403, "cross_site");
    expect(POST("/maybe") "Sec-Fetch-Site: same-origin\r\n\r\n", 200, NULL);
    expect(POST("/maybe") "Origin: http://evil.example\r\n\r\n", 403, "cross_site");
    expect(POST("/maybe") "Origin: null\r\n\r\n", 403, "cross_site");
    expect(POST("/maybe") "Origin: http://localhost\r\n\r\n", 200, NULL);
    expect(GET("/who") "Sec-Fetch-Site: cross-site\r\n\r\n", 200, NULL);
}

Test(http_server, bodies_of_the_wrong_kind)
{
    expect(POST("/json") "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415,
           "unsupported_media_type");
    expect(POST("/json") "Content-Length: 2\r\n\r\n{}", 415, NULL);
    expect(POST("/json") "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 2\r\n\r\n{}",
           415, NULL);
    expect(POST("/json") "Content-Type: application/scim+json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}",
           200, "{}");
    expect(GET("/who") "Content-Length: 2\r\n\r\n{}", 400, "takes no body");
    expect(POST("/json") JSON "Content-Length: 4\r\n\r\nnull", 400, "object");
    expect(POST("/json") JSON "Content-Length: 3\r\n\r\n[1]", 400, "object");
    expect(POST("/json") JSON "Content-Length: 13\r\n\r\n{\"a\":1,\n\"a\":2}"
                              "\r\n",
           400, "Line 2");
    expect(POST("/json") JSON "Content-Length: 9\r\n\r\n{\"a\":\"\xff\"}", 400, "column 7");
}

Test(http_server, a_large_body_is_refused_before_it_comes)
{
    expect(POST("/json") JSON "Content-Length: 65537\r\n\r\n", 413, "65536");
    expect(POST("/json") JSON "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n", 413, "body_too_large");
}

Test(http_server, a_chunked_body_has_the_same_limit)
{
    struct client *client = client_open();
    static char block[8192 + 1];
    memset(block, 'x', sizeof block - 1);
    client_send(client, POST("/raw") "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 9; i++) {
        client_send(client, "2000\r\n");
        client_send(client, block);
        client_send(client, "\r\n");
    }
    client_send(client, "0\r\n\r\n");
    cr_assert_eq(client_status(client), 413);
    client_close(client);
}

Test(http_server, an_endless_chunked_body_is_cut)
{
    struct client *client = client_open();
    static char block[65536 + 1];
    memset(block, 'x', sizeof block - 1);
    client_send(client, POST("/raw") "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 64; i++) { /* 4 MiB: well over what is read and dropped */
        client_send(client, "10000\r\n");
        client_send(client, block);
        client_send(client, "\r\n");
    }
    cr_assert(client_is_closed(client));
    client_close(client);
    expect(GET("/who") "\r\n", 200, NULL);
}

static int status_with_header_of(size_t bytes)
{
    struct client *client = client_open();
    char *block = malloc(bytes + 1);
    memset(block, 'x', bytes);
    block[bytes] = '\0';
    client_send(client, GET("/who") "X: ");
    client_send(client, block);
    client_send(client, "\r\n\r\n");
    int status = client_status(client);
    free(block);
    client_close(client);
    return status;
}

Test(http_server, headers_too_large)
{
    cr_expect_eq(status_with_header_of(HTTP_HEADERS_BYTES_MAX - 200), 200);
    cr_expect_eq(status_with_header_of(HTTP_HEADERS_BYTES_MAX), 431);
    int status =
        status_with_header_of(2 * HTTP_CONNECTION_MEMORY_BYTES); /* the library's own answer, or a cut */
    cr_expect(status == 431 || status == 413 || status == 0, "%d", status);
    expect(GET("/who") "\r\n", 200, NULL);
}

Test(http_server, addresses_and_queries)
{
    expect(GET("/hello/%ff") "\r\n", 400, "bad_request");
    expect(GET("/hello/%00") "\r\n", 400, NULL);
    expect(GET("/hello/%4") "\r\n", 400, NULL);
    expect(GET("/who?a=1&a=2") "\r\n", 400, "query");
    expect(GET("/who?a=%zz") "\r\n", 400, NULL);
    expect(GET("/who?&&a&b=&=c") "\r\n", 200, NULL);
}

Test(http_server, keys)
{
    expect(POST("/keyed") "\r\n", 400, "key_missing");
    expect(POST("/keyed") "Idempotency-Key: 1\r\n\r\n", 400, "UUIDv7");
    expect(POST("/keyed") "Idempotency-Key: 01234567-89ab-4def-8123-456789abcdef\r\n\r\n", 400, "UUIDv7");
    expect(POST("/keyed") "Idempotency-Key: 01234567-89AB-7def-8123-456789abcdef\r\n\r\n", 200,
           "01234567-89ab-7def-8123-456789abcdef");
}

Test(http_server, garbage_does_no_harm)
{
    static const char *const complete[] = {"GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                                           "GET who HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                           GET("/who") " folded: x\r\n\r\n", GET("/who") "no colon\r\n\r\n"};
    static const char *const partial[] = {"\r\n\r\n\r\n", "\x16\x03\x01\x02",
                                          "POST /json HTTP/1.1\r\nHost: localhost\r\nContent-",
                                          POST("/json") JSON "Content-Length: 10\r\n\r\n{"};
    for (size_t i = 0; i < sizeof complete / sizeof *complete; i++) {
        struct client *client = client_open();
        client_send(client, complete[i]);
        int status = client_status(client); /* 0: closed without a word; 505 is the version's own */
        cr_expect(status < 500 || status == 505, "%d for %s", status, complete[i]);
        client_close(client);
    }
    for (size_t i = 0; i < sizeof partial / sizeof *partial; i++) {
        struct client *client = client_open();
        client_send(client, partial[i]);
        client_close(client);
    }
    expect(GET("/who") "\r\n", 200, NULL);
}

/* Exactly 128 and 256 ready connections: the number at which the library's own epoll threads stall. */
static void serve_at_once(int count)
{
    struct client *clients[256];
    for (int i = 0; i < count; i++)
        clients[i] = client_open();
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < count; i++)
            client_send(clients[i], GET("/hello/x") "\r\n");
        for (int i = 0; i < count; i++) {
            cr_assert_eq(client_status(clients[i]), 200);
            client_next(clients[i]);
        }
    }
    for (int i = 0; i < count; i++)
        client_close(clients[i]);
}

Test(http_server, no_stall_at_128_and_256_connections)
{
    serve_at_once(128);
    serve_at_once(256);
}
