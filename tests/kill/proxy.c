/* The thread of the proxy and what others may ask of it. */
#include "tests/kill/proxy.h"

#include "tests/kill/proxy_internal.h"
#include "tests/kill/proxy_net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define LATE_ANSWER_S 1 /* only a poll waits longer */
#define ANSWER_BYTES_MAX (256 * 1024)

int64_t proxy_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the thread ---- */

/* Sends on what has waited long enough, and what was overtaken. Returns how long the rest waits, -1: nothing
 * does. */
static int pump_held(struct proxy *proxy)
{
    int64_t now_ms = proxy_now_ms();
    int wait_ms = -1;
    for (struct line *line = proxy->lines; line; line = line->next) {
        for (int way = 0; way < WAYS; way++) {
            struct stream *stream = &line->streams[way];
            if (stream->held && stream->until_ms <= now_ms)
                fault_release(proxy, stream);
            if (stream->decided && !stream->held && !line->dead)
                line_pump(proxy, line, (enum way)way);
            if (!stream->held)
                continue;
            int left_ms = (int)(stream->until_ms - now_ms) + 1;
            wait_ms = wait_ms < 0 || left_ms < wait_ms ? left_ms : wait_ms;
        }
    }
    return wait_ms;
}

static void handle(struct proxy *proxy, struct end *end)
{
    uint64_t wakes;
    if (!end) {
        if (read(proxy->wake, &wakes, sizeof wakes) < 0)
            perror("proxy: wake");
        return;
    }
    if (end->line) {
        line_readable(proxy, end->line, end->way);
        return;
    }
    line_accept(proxy, (enum proxy_link)(end - proxy->listener_ends));
}

static void *run(void *context)
{
    struct proxy *proxy = context;
    struct epoll_event events[EVENTS_MAX];
    int wait_ms = -1;
    pthread_mutex_lock(&proxy->lock);
    while (!proxy->stopping) {
        pthread_mutex_unlock(&proxy->lock);
        int count = epoll_wait(proxy->epoll, events, EVENTS_MAX, wait_ms);
        pthread_mutex_lock(&proxy->lock);
        for (int i = 0; i < count; i++)
            handle(proxy, events[i].data.ptr);
        wait_ms = pump_held(proxy);
        lines_sweep(proxy);
    }
    pthread_mutex_unlock(&proxy->lock);
    return NULL;
}

static void wake(struct proxy *proxy)
{
    uint64_t one = 1;
    if (write(proxy->wake, &one, sizeof one) < 0)
        perror("proxy: wake");
}

/* ---- life ---- */

static bool add_listener(struct proxy *proxy, enum proxy_link link)
{
    uint16_t port = 0;
    int fd = link == LINK_DATABASE ? net_listen_unix(proxy->setup.directory) : net_listen_tcp(&port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &proxy->listener_ends[link]};
    proxy->listeners[link] = fd;
    snprintf(proxy->urls[link], sizeof proxy->urls[link], "http://127.0.0.1:%d", port);
    return fd >= 0 && epoll_ctl(proxy->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct proxy *proxy_start(const struct proxy_setup *setup)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy)
        return NULL;
    proxy->setup = *setup;
    pthread_mutex_init(&proxy->lock, NULL);
    proxy->epoll = epoll_create1(EPOLL_CLOEXEC);
    proxy->wake = eventfd(0, EFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    bool fine = proxy->epoll >= 0 && proxy->wake >= 0 &&
                epoll_ctl(proxy->epoll, EPOLL_CTL_ADD, proxy->wake, &event) == 0;
    for (int link = 0; fine && link < LINKS; link++)
        fine = add_listener(proxy, (enum proxy_link)link);
    if (fine && pthread_create(&proxy->thread, NULL, run, proxy) == 0)
        return proxy;
    fprintf(stderr, "the proxy did not start\n");
    free(proxy);
    return NULL;
}

void proxy_stop(struct proxy *proxy)
{
    if (!proxy)
        return;
    pthread_mutex_lock(&proxy->lock);
    proxy->stopping = true;
    pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
    pthread_join(proxy->thread, NULL);
    for (struct line *line = proxy->lines; line; line = line->next)
        line_close(line);
    lines_sweep(proxy);
    for (int link = 0; link < LINKS; link++)
        close(proxy->listeners[link]);
    close(proxy->epoll);
    close(proxy->wake);
    free(proxy->late);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

void proxy_set_server(struct proxy *proxy, uint16_t port)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->server_port = port;
    pthread_mutex_unlock(&proxy->lock);
}

const char *proxy_url(const struct proxy *proxy, enum proxy_link link)
{
    return proxy->urls[link];
}

/* ---- faults ---- */

void proxy_arm(struct proxy *proxy, const struct proxy_fault *fault)
{
    pthread_mutex_lock(&proxy->lock);
    for (struct line *line = proxy->lines; line; line = line->next) {
        if (line->is_twin)
            line_close(line);
        for (int way = 0; way < WAYS; way++)
            if (line->streams[way].held)
                fault_release(proxy, &line->streams[way]);
    }
    free(proxy->late);
    proxy->late = NULL;
    proxy->late_count = 0;
    proxy->fault = *fault;
    proxy->state = PROXY_WAITING;
    proxy->count = 0;
    if (fault->action != ACTION_NONE)
        proxy->struck_name[0] = '\0';
    pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
}

void proxy_disarm(struct proxy *proxy)
{
    proxy_arm(proxy, &(struct proxy_fault){.action = ACTION_NONE});
}

enum proxy_state proxy_state(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    enum proxy_state state = proxy->state;
    pthread_mutex_unlock(&proxy->lock);
    return state;
}

int proxy_count(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    int count = proxy->count;
    pthread_mutex_unlock(&proxy->lock);
    return count;
}

const char *proxy_struck_name(struct proxy *proxy)
{
    return proxy->struck_name; /* set once before the state changes, and read after it */
}

/* ---- late requests ---- */

static int answer_status(int fd)
{
    static const struct timeval patience = {.tv_sec = LATE_ANSWER_S};
    char answer[ANSWER_BYTES_MAX];
    size_t count = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (count < sizeof answer - 1) {
        ssize_t got = recv(fd, answer + count, sizeof answer - 1 - count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN ? PROXY_LATE_WAITS : -1;
        count += (size_t)got;
        answer[count] = '\0';
        if (wire_http((struct wire_bytes){(const uint8_t *)answer, count}).count > 0)
            return (int)strtol(answer + strlen("HTTP/1.1 "), NULL, 10);
    }
    return -1;
}

int proxy_send_late(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    uint8_t *bytes = proxy->late;
    size_t count = proxy->late_count;
    uint16_t port = proxy->server_port;
    proxy->late = NULL;
    proxy->late_count = 0;
    pthread_mutex_unlock(&proxy->lock);
    if (!bytes)
        return 0;
    int fd = net_connect_tcp(port);
    int status = fd >= 0 && net_send(fd, bytes, count) ? answer_status(fd) : -1;
    if (fd >= 0)
        close(fd);
    free(bytes);
    return status;
}
