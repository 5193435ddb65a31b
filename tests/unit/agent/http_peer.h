/* The other end of the line for tests of the link: answers each request as the test's function says. One
 * connection at a time is enough for one line; each gets a thread. */
#ifndef TESTS_UNIT_AGENT_HTTP_PEER_H
#define TESTS_UNIT_AGENT_HTTP_PEER_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_REQUEST_BYTES 65536
#define PEER_ANSWER_BYTES 65536

struct peer_request {
    const char *name;          /* "poll" */
    const char *authorization; /* value of the header, or "" */
    const char *body;
    int number; /* of the request, from 1 */
};

struct peer_answer {
    int status; /* 0: close the connection without an answer; -1: never answer */
    const char *more_headers;
    char body[PEER_ANSWER_BYTES];
};

typedef void peer_fn(const struct peer_request *request, struct peer_answer *answer);

struct http_peer {
    int listener;
    char url[64];
    peer_fn *answer;
    atomic_int requests;
    pthread_t thread;
};

/* Reads one whole request into `text`; false: the connection ended. */
static bool peer_receive(int fd, char *text)
{
    size_t count = 0;
    while (count < PEER_REQUEST_BYTES - 1) {
        ssize_t got = recv(fd, text + count, PEER_REQUEST_BYTES - 1 - count, 0);
        if (got <= 0)
            return false;
        count += (size_t)got;
        text[count] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        char *length = end ? strcasestr(text, "\r\ncontent-length:") : NULL;
        size_t wanted = length ? strtoul(length + 17, NULL, 10) : 0;
        if (end && count >= (size_t)(end + 4 - text) + wanted)
            return true;
    }
    return false;
}

static void peer_serve(struct http_peer *peer, int fd, char *text, struct peer_answer *answer)
{
    char authorization[512] = "";
    char name[64] = "";
    while (peer_receive(fd, text)) {
        char *header = strstr(text, "\r\nAuthorization: ");
        if (header)
            snprintf(authorization, sizeof authorization, "%.*s", (int)strcspn(header + 17, "\r"),
                     header + 17);
        sscanf(text, "POST /agent/v1/%63[a-z]", name);
        struct peer_request request = {.name = name,
                                       .authorization = authorization,
                                       .body = strstr(text, "\r\n\r\n") + 4,
                                       .number = atomic_fetch_add(&peer->requests, 1) + 1};
        answer->status = 200;
        answer->more_headers = "";
        answer->body[0] = '\0';
        peer->answer(&request, answer);
        if (answer->status <= 0)
            break;
        dprintf(fd, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s", answer->status, strlen(answer->body),
                answer->more_headers, answer->body);
    }
    while (answer->status == -1 && recv(fd, text, 1, 0) > 0)
        ;
}

struct peer_connection {
    struct http_peer *peer;
    int fd;
};

static void *peer_connection_run(void *context)
{
    struct peer_connection *connection = context;
    char *text = malloc(PEER_REQUEST_BYTES);
    struct peer_answer *answer = calloc(1, sizeof *answer);
    peer_serve(connection->peer, connection->fd, text, answer);
    close(connection->fd);
    free(text);
    free(answer);
    free(connection);
    return NULL;
}

static void *peer_run(void *context)
{
    struct http_peer *peer = context;
    for (int fd; (fd = accept(peer->listener, NULL, NULL)) >= 0;) {
        struct peer_connection *connection = malloc(sizeof *connection);
        *connection = (struct peer_connection){peer, fd};
        pthread_t thread;
        if (pthread_create(&thread, NULL, peer_connection_run, connection) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

static inline void peer_start(struct http_peer *peer, peer_fn *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    peer->answer = answer;
    atomic_store(&peer->requests, 0);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(peer->listener, 8), 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &length);
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    cr_assert_eq(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static inline void peer_stop(struct http_peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

#endif
