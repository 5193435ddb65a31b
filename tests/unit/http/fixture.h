/* For the tests of this folder: a server with a small route table in a thread of its own, and a client that
 * writes raw bytes and reads what comes back. No database is near. */
#ifndef CARDWRIGHT_TESTS_UNIT_HTTP_FIXTURE_H
#define CARDWRIGHT_TESTS_UNIT_HTTP_FIXTURE_H

#include "base/log.h"
#include "http/in.h"
#include "http/reply.h"
#include "http/server.h"
#include "http/wait.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIXTURE_WAIT_MS 10000 /* no test waits that long unless it fails */
#define FIXTURE_ANSWER_BYTES (1 << 20)

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct route_table *table;
    pthread_t thread;
    atomic_int counter; /* for the handlers of a test */
};

static struct fixture fixture;
static const char *fixture_tls_cert_file; /* set both before fixture_start to speak TLS */
static const char *fixture_tls_key_file;

static void *fixture_loop(void *context)
{
    loop_run(context);
    return NULL;
}

static void fixture_start(const struct route *routes, size_t count, void (*dispatch)(struct request *),
                          const char *webroot)
{
    cr_assert_geq(sodium_init(), 0);
    log_set_level(LOG_LEVEL_NONE);
    fixture.loop = loop_new("test");
    fixture.table = route_table_new(routes, count);
    cr_assert(fixture.loop && fixture.table);
    struct http_options options = {.loop = fixture.loop,
                                   .name = "test",
                                   .listen = "127.0.0.1",
                                   .connections_max = 512,
                                   .tls_cert_file = fixture_tls_cert_file,
                                   .tls_key_file = fixture_tls_key_file,
                                   .hosts = "desk.example",
                                   .routes = fixture.table,
                                   .webroot = webroot,
                                   .dispatch = dispatch,
                                   .context = &fixture};
    fixture.server = http_server_new(&options);
    cr_assert(fixture.server);
    cr_assert_eq(pthread_create(&fixture.thread, NULL, fixture_loop, fixture.loop), 0);
}

static int fixture_end_turn(void *context)
{
    (void)context;
    if (http_server_busy(fixture.server) == 0)
        loop_stop(fixture.loop);
    return 10;
}

static void fixture_quiesce(struct loop_task *task)
{
    (void)task;
    http_server_quiesce(fixture.server);
    loop_turn_add(fixture.loop, fixture_end_turn, NULL);
}

/* Stops the way the program does, so every test also proves that nothing is left over. */
static void fixture_stop(void)
{
    struct loop_task task = {.run = fixture_quiesce};
    loop_post(fixture.loop, &task);
    pthread_join(fixture.thread, NULL);
    http_server_free(fixture.server);
    loop_free(fixture.loop);
    route_table_free(fixture.table);
}

/* ---- client ---- */

struct client {
    int fd;
    size_t bytes;
    char answer[FIXTURE_ANSWER_BYTES];
};

__attribute__((unused)) static struct client *client_open(void)
{
    struct client *client = calloc(1, sizeof *client);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_server_port(fixture.server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client->fd, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

__attribute__((unused)) static void client_close(struct client *client)
{
    close(client->fd);
    free(client);
}

__attribute__((unused)) static void client_send_bytes(struct client *client, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(client->fd, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server may have cut a refused upload */
        bytes += sent;
        count -= (size_t)sent;
    }
}

__attribute__((unused)) static void client_send(struct client *client, const char *text)
{
    client_send_bytes(client, text, strlen(text));
}

/* One read of at most FIXTURE_WAIT_MS; false: the end of the connection, or nothing came. */
__attribute__((unused)) static bool client_read(struct client *client)
{
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
    if (poll(&poll_fd, 1, FIXTURE_WAIT_MS) != 1 || client->bytes + 1 >= sizeof client->answer)
        return false;
    ssize_t got =
        recv(client->fd, client->answer + client->bytes, sizeof client->answer - 1 - client->bytes, 0);
    if (got <= 0)
        return false;
    client->bytes += (size_t)got;
    client->answer[client->bytes] = '\0';
    return true;
}

/* Reads until the answer holds `text`. */
__attribute__((unused)) static bool client_await(struct client *client, const char *text)
{
    while (!strstr(client->answer, text))
        if (!client_read(client))
            return false;
    return true;
}

/* True if the server closed the connection. */
__attribute__((unused)) static bool client_is_closed(struct client *client)
{
    while (client_read(client))
        ;
    char byte;
    ssize_t got = recv(client->fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

/* Status of the answer whose header is complete; 0: none came. */
__attribute__((unused)) static int client_status(struct client *client)
{
    if (!client_await(client, "\r\n\r\n"))
        return 0;
    return (int)strtol(client->answer + strlen("HTTP/1.1 "), NULL, 10);
}

/* Reads to the end of a body of Content-Length and returns it. */
__attribute__((unused)) static const char *client_body(struct client *client)
{
    if (!client_await(client, "\r\n\r\n"))
        return "";
    char *end = strstr(client->answer, "\r\n\r\n") + 4;
    const char *length = strcasestr(client->answer, "Content-Length:");
    size_t bytes = length ? strtoul(length + 15, NULL, 10) : 0;
    while (client->bytes < (size_t)(end - client->answer) + bytes)
        if (!client_read(client))
            break;
    return end;
}

/* Takes the first answer away, for the next one on the same connection. */
__attribute__((unused)) static void client_next(struct client *client)
{
    const char *length = strcasestr(client->answer, "Content-Length:");
    size_t used =
        (size_t)(client_body(client) - client->answer) + (length ? strtoul(length + 15, NULL, 10) : 0);
    memmove(client->answer, client->answer + used, client->bytes - used + 1);
    client->bytes -= used;
}

/* One request on a connection of its own: its status, and whether the body holds `has` (NULL: not looked at).
 */
__attribute__((unused)) static void expect(const char *request, int status, const char *has)
{
    struct client *client = client_open();
    client_send(client, request);
    int got = client_status(client);
    const char *body = client_body(client);
    cr_expect_eq(got, status, "status %d instead of %d for\n%.300s\n%s", got, status, request,
                 client->answer);
    cr_expect(!has || strstr(body, has), "no %s in the answer to\n%.300s\n%s", has, request, client->answer);
    client_close(client);
}

#endif
