/* A lean HTTP/1.1 client for benches: keep-alive connections in one epoll set, one request under way on each.
 */
#ifndef CARDWRIGHT_TESTS_BENCH_HTTP_H
#define CARDWRIGHT_TESTS_BENCH_HTTP_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_IN_BYTES (48 * 1024)
#define BENCH_OUT_BYTES (32 * 1024)

struct bench_conn;
typedef void bench_reply_fn(struct bench_conn *conn, int status, char *body);

struct bench_conn {
    int fd;
    void *owner;
    bench_reply_fn *reply;
    char out[BENCH_OUT_BYTES];
    size_t out_bytes;
    size_t out_sent;
    char in[BENCH_IN_BYTES];
    size_t in_bytes;
};

/* Connects to 127.0.0.1:port and adds the connection to the epoll set. Ends the program if it cannot. */
void bench_connect(int epoll_fd, struct bench_conn *conn, int port);

/* Sends a POST (or a GET if `body` is NULL) with these header lines ("Name: value\r\n" each). */
void bench_send(struct bench_conn *conn, const char *target, const char *headers, const char *body);

/* Waits at most wait_ms for events and calls the reply functions of complete answers. */
void bench_turn(int epoll_fd, int wait_ms);

int64_t bench_now_us(void);
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
