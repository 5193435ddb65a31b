#include "tests/bench/bench_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

int64_t bench_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

void bench_connect(int epoll_fd, struct bench_conn *conn, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    conn->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (conn->fd < 0 || connect(conn->fd, (struct sockaddr *)&address, sizeof address) != 0)
        bench_fail("cannot connect to port %d: %s", port, strerror(errno));
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(conn->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) != 0)
        bench_fail("epoll: %s", strerror(errno));
}

void bench_send(struct bench_conn *conn, const char *target, const char *headers, const char *body)
{
    int bytes = snprintf(conn->out, sizeof conn->out, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s",
                         body ? "POST" : "GET", target, headers);
    if (body)
        bytes +=
            snprintf(conn->out + bytes, sizeof conn->out - (size_t)bytes,
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        bytes += snprintf(conn->out + bytes, sizeof conn->out - (size_t)bytes, "\r\n");
    if ((size_t)bytes >= sizeof conn->out)
        bench_fail("a request to %s is too long", target);
    conn->in_bytes = 0;
    /* Requests are far smaller than a socket buffer, so a write takes all of it. */
    if (write(conn->fd, conn->out, (size_t)bytes) != bytes)
        bench_fail("cannot send to %s: %s", target, strerror(errno));
}

/* The end of a complete answer in the buffer, or NULL; sets status and body. */
static char *answer_end(struct bench_conn *conn, int *ret_status, char **ret_body)
{
    conn->in[conn->in_bytes] = '\0';
    char *head_end = strstr(conn->in, "\r\n\r\n");
    if (!head_end)
        return NULL;
    char *length = strcasestr(conn->in, "\ncontent-length:");
    long long bytes = length && length < head_end ? strtoll(length + 16, NULL, 10) : 0;
    char *end = head_end + 4 + bytes;
    if (end > conn->in + conn->in_bytes)
        return NULL;
    *ret_status = (int)strtol(conn->in + 9, NULL, 10);
    *ret_body = head_end + 4;
    *end = '\0';
    return end;
}

static void conn_read(struct bench_conn *conn)
{
    ssize_t got = read(conn->fd, conn->in + conn->in_bytes, sizeof conn->in - 1 - conn->in_bytes);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN)
            return;
        bench_fail("the server closed a connection");
    }
    conn->in_bytes += (size_t)got;
    int status;
    char *body;
    if (answer_end(conn, &status, &body))
        conn->reply(conn, status, body);
}

void bench_turn(int epoll_fd, int wait_ms)
{
    struct epoll_event events[256];
    int count = epoll_wait(epoll_fd, events, 256, wait_ms);
    for (int i = 0; i < count; i++)
        conn_read(events[i].data.ptr);
}
