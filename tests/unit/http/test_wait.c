#include "tests/unit/http/fixture.h"

#include "base/limits.h"

#define ROW(method_, path_, lane_)                                                                           \
    {                                                                                                        \
        .method = METHOD_##method_, .path = path_, .name = path_, .perm = PERM_PUBLIC, .lane = lane_,        \
        .replay = REPLAY_NONE, .body = BODY_NONE, .help = ""                                                 \
    }

static const struct route routes[] = {
    ROW(GET, "/park/:key", LANE_FAST),     ROW(GET, "/short/:key", LANE_FAST),
    ROW(GET, "/twice/:key", LANE_FAST),    ROW(POST, "/wake/:key", LANE_FAST),
    ROW(GET, "/stream/:key", LANE_STREAM), ROW(GET, "/flood/:key", LANE_STREAM),
    ROW(GET, "/count", LANE_FAST),
};

static void key_of(const struct request *rq, uint8_t key[static WAIT_KEY_BYTES])
{
    memset(key, 0, WAIT_KEY_BYTES);
    const char *text = request_param(rq, "key");
    memcpy(key, text, strlen(text) < WAIT_KEY_BYTES ? strlen(text) : WAIT_KEY_BYTES);
}

static void on_wake(struct request *rq, enum wait_why why)
{
    reply_json(rq, 200, why == WAIT_WOKEN ? "{\"why\":\"woken\"}" : "{\"why\":\"timeout\"}");
}

static void on_first_wake(struct request *rq, enum wait_why why)
{
    (void)why;
    uint8_t key[WAIT_KEY_BYTES];
    key_of(rq, key);
    atomic_fetch_add(&fixture.counter, 1);
    wait_park(rq, key, HTTP_WAIT_MS_MAX, on_wake);
}

static void on_news(struct request *rq)
{
    int *number = sse_state(rq);
    sse_send(rq, ++*number, "news", "{\"n\":1}");
    if (*number == 3)
        sse_close(rq);
}

static void on_flood(struct request *rq)
{
    static char data[8193];
    memset(data, 'x', sizeof data - 1);
    for (int i = 0; i < 1000 && sse_send(rq, i, "x", data); i++)
        ;
}

static void on_closed(struct request *rq)
{
    (void)rq;
    atomic_fetch_add(&fixture.counter, 100);
}

static void open_stream(struct request *rq, const uint8_t key[static WAIT_KEY_BYTES],
                        void (*wake)(struct request *))
{
    struct sse_options options = {.wake = wake, .closed = on_closed};
    memcpy(options.key, key, WAIT_KEY_BYTES);
    int *number = request_alloc(rq, sizeof *number);
    int64_t last = sse_last_event_id(rq);
    *number = last > 0 ? (int)last : 0;
    options.state = number;
    if (!sse_open(rq, &options))
        return;
    sse_retry(rq, 500);
    sse_send(rq, *number, "snapshot", "{}");
}

static void dispatch(struct request *rq)
{
    const char *path = request_route(rq)->path;
    uint8_t key[WAIT_KEY_BYTES] = {0};
    if (strcmp(path, "/count") == 0) {
        reply_json(
            rq, 200,
            request_printf(rq, "{\"count\":%d,\"parked\":%d}", atomic_load(&fixture.counter),
                           wait_exists(fixture.server, (const uint8_t *)"a\0\0\0\0\0\0\0\0\0\0\0\0\0\0")));
        return;
    }
    key_of(rq, key);
    if (strncmp(path, "/park", 5) == 0)
        wait_park(rq, key, HTTP_WAIT_MS_MAX, on_wake);
    else if (strncmp(path, "/short", 6) == 0)
        wait_park(rq, key, 50, on_wake);
    else if (strncmp(path, "/twice", 6) == 0)
        wait_park(rq, key, HTTP_WAIT_MS_MAX, on_first_wake);
    else if (strncmp(path, "/stream", 7) == 0)
        open_stream(rq, key, on_news);
    else if (strncmp(path, "/flood", 6) == 0)
        open_stream(rq, key, on_flood);
    if (strncmp(path, "/wake", 5) == 0) {
        wait_wake(fixture.server, key);
        reply_empty(rq, 204);
    }
}

static void set_up(void)
{
    fixture_start(routes, sizeof routes / sizeof *routes, dispatch, NULL);
}

TestSuite(http_wait, .init = set_up, .fini = fixture_stop);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define WAKE(key) "POST /wake/" key " HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* Asks until the server says so: parking is seen only from inside. */
static void await_count(const char *has)
{
    for (int i = 0; i < 1000; i++) {
        struct client *client = client_open();
        client_send(client, GET("/count"));
        bool found = strstr(client_body(client), has) != NULL;
        client_close(client);
        if (found)
            return;
        usleep(5000);
    }
    cr_assert(false, "the server never said %s", has);
}

Test(http_wait, a_parked_request_is_woken_by_its_key)
{
    struct client *client = client_open();
    client_send(client, GET("/park/a"));
    await_count("\"parked\":1");
    expect(WAKE("b"), 204, NULL);
    await_count("\"parked\":1");
    expect(WAKE("a"), 204, NULL);
    cr_assert_eq(client_status(client), 200);
    cr_assert(strstr(client_body(client), "woken"));
    client_close(client);
}

Test(http_wait, a_wait_ends_by_itself)
{
    expect(GET("/short/a"), 200, "timeout");
}

Test(http_wait, a_woken_request_may_park_again)
{
    struct client *client = client_open();
    client_send(client, GET("/twice/a"));
    await_count("\"parked\":1");
    expect(WAKE("a"), 204, NULL);
    await_count("{\"count\":1,\"parked\":1}");
    expect(WAKE("a"), 204, NULL);
    cr_assert_eq(client_status(client), 200);
    client_close(client);
}

Test(http_wait, a_client_that_left_is_noticed)
{
    struct client *client = client_open();
    client_send(client, GET("/park/a"));
    await_count("\"parked\":1");
    client_close(client);
    await_count("\"parked\":0");
}

Test(http_wait, hundreds_wake_at_once)
{
    static struct client *clients[400]; /* more than one turn's share */
    for (int i = 0; i < 400; i++) {
        clients[i] = client_open();
        client_send(clients[i], GET("/park/many"));
    }
    usleep(200000); /* let all of them park; one that is late waits for the second wake */
    for (int i = 0; i < 400; i++) {
        expect(WAKE("many"), 204, NULL);
        cr_assert_eq(client_status(clients[i]), 200);
        client_close(clients[i]);
    }
}

Test(http_wait, the_connection_lives_on_after_a_wait)
{
    struct client *client = client_open();
    for (int i = 0; i < 3; i++) {
        client_send(client, GET("/short/a"));
        cr_assert_eq(client_status(client), 200);
        client_next(client);
    }
    client_close(client);
}

Test(http_wait, stopping_answers_those_who_wait)
{
    struct client *client = client_open();
    client_send(client, GET("/park/a"));
    await_count("\"parked\":1");
    struct loop_task task = {.run = fixture_quiesce};
    loop_post(fixture.loop, &task);
    cr_assert_eq(client_status(client), 200);
    cr_assert(strstr(client_body(client), "timeout"));
    client_close(client);
}

Test(http_wait, a_stream_sends_events_and_ends)
{
    struct client *client = client_open();
    client_send(client, GET("/stream/s"));
    cr_assert_eq(client_status(client), 200);
    cr_assert(strstr(client->answer, "text/event-stream"));
    cr_assert(client_await(client, "retry: 500\n\nid: 0\nevent: snapshot\ndata: {}\n\n"), "%s",
              client->answer);
    expect(WAKE("s"), 204, NULL);
    cr_assert(client_await(client, "id: 1\nevent: news\ndata: {\"n\":1}\n\n"));
    expect(WAKE("s"), 204, NULL);
    cr_assert(client_await(client, "id: 2\n"));
    expect(WAKE("s"), 204, NULL);
    cr_assert(client_await(client, "id: 3\n"));
    cr_assert(client_await(client, "\r\n0\r\n\r\n"), "the end of the chunked answer");
    await_count("\"count\":100");
    client_close(client);
}

Test(http_wait, a_stream_goes_on_after_the_last_event_id)
{
    struct client *client = client_open();
    client_send(client, "GET /stream/s HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 41\r\n\r\n");
    cr_assert(client_await(client, "id: 41\nevent: snapshot"));
    client_close(client);
}

Test(http_wait, the_end_of_a_stream_is_noticed)
{
    struct client *client = client_open();
    client_send(client, GET("/stream/s"));
    cr_assert(client_await(client, "snapshot"));
    client_close(client);
    await_count("\"count\":100");
}

Test(http_wait, a_reader_that_does_not_read_loses_its_stream)
{
    struct client *client = client_open();
    client_send(client, GET("/flood/f"));
    cr_assert(client_await(client, "snapshot"));
    expect(WAKE("f"), 204, NULL);
    await_count("\"count\":100");
    client_close(client);
}
