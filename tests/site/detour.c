#include "tests/site/detour.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define BACKLOG 64
#define HOST "127.0.0.1"
#define OTHER_HOST "a.proxy.x" /* as long as HOST, so that no length changes */
#define REPORT_PATH "/agent/v1/report "
#define OTHER_PATH "/agent/v1/repart "

static struct {
    int listener;
    uint16_t server_port;
    char url[40];
    atomic_int spoil;
    atomic_int left;
    atomic_int spoilt;
} detour;

struct passage {
    int client;
    int server;
    char bytes[READ_BYTES + 1]; /* from the client, not passed on */
    size_t count;
};

static int on_loopback(uint16_t port, struct sockaddr_in *ret_address)
{
    *ret_address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static bool send_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        count -= (size_t)sent;
    }
    return true;
}

/* ---- spoiling ---- */

static void replace(char *head, const char *after, const char *old, const char *new)
{
    char *at = strstr(head, after);
    if (at && strncmp(at + strlen(after), old, strlen(old)) == 0)
        memcpy(at + strlen(after), new, strlen(new));
}

/* `head` begins with the first line of a request. */
static void spoil(char *head)
{
    bool is_report = strncmp(head, "POST " REPORT_PATH, strlen("POST " REPORT_PATH)) == 0;
    int from_report = DETOUR_FROM_REPORT;
    if (is_report)
        atomic_compare_exchange_strong(&detour.spoil, &from_report, DETOUR_ALL_HOSTS);
    int how = atomic_load(&detour.spoil);
    bool is_meant = how == DETOUR_ALL_HOSTS || (is_report && how >= DETOUR_REPORT_HOSTS);
    if (!is_meant || atomic_fetch_sub(&detour.left, 1) <= 0)
        return;
    if (how == DETOUR_REPORT_PATHS)
        replace(head, "POST ", REPORT_PATH, OTHER_PATH);
    else
        replace(head, "\r\nHost: ", HOST, OTHER_HOST);
    atomic_fetch_add(&detour.spoilt, 1);
}

/* ---- passing on ---- */

/* An agent sends one request at a time, so what comes is the head of one, or part of a body. */
static bool pass_request(struct passage *passage)
{
    ssize_t got = recv(passage->client, passage->bytes + passage->count, READ_BYTES - passage->count, 0);
    if (got <= 0)
        return false;
    passage->count += (size_t)got;
    passage->bytes[passage->count] = '\0';
    bool is_head = strncmp(passage->bytes, "POST ", strlen("POST ")) == 0;
    if (is_head && !strstr(passage->bytes, "\r\n\r\n"))
        return true;
    if (is_head)
        spoil(passage->bytes);
    bool fine = send_all(passage->server, passage->bytes, passage->count);
    passage->count = 0;
    return fine;
}

static bool pass_answer(struct passage *passage)
{
    char bytes[READ_BYTES];
    ssize_t got = recv(passage->server, bytes, sizeof bytes, 0);
    return got > 0 && send_all(passage->client, bytes, (size_t)got);
}

static void *passage_run(void *context)
{
    struct passage *passage = context;
    bool fine = passage->server >= 0;
    while (fine) {
        struct pollfd ends[] = {{passage->client, POLLIN, 0}, {passage->server, POLLIN, 0}};
        fine = poll(ends, 2, -1) > 0 && (!ends[0].revents || pass_request(passage)) &&
               (!ends[1].revents || pass_answer(passage));
    }
    close(passage->client);
    if (passage->server >= 0)
        close(passage->server);
    free(passage);
    return NULL;
}

static void passage_open(int client)
{
    struct sockaddr_in address;
    pthread_t thread;
    struct passage *passage = calloc(1, sizeof *passage);
    if (!passage) {
        close(client);
        return;
    }
    passage->client = client;
    passage->server = on_loopback(detour.server_port, &address);
    if (connect(passage->server, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(passage->server);
        passage->server = -1;
    }
    if (pthread_create(&thread, NULL, passage_run, passage) == 0) {
        pthread_detach(thread);
        return;
    }
    close(client);
    free(passage);
}

static void *listen_run(void *context)
{
    (void)context;
    for (int client; (client = accept4(detour.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
        passage_open(client);
    return NULL;
}

const char *detour_start(uint16_t server_port)
{
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    pthread_t thread;
    detour.server_port = server_port;
    detour.listener = on_loopback(0, &address);
    if (bind(detour.listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(detour.listener, BACKLOG) != 0 ||
        getsockname(detour.listener, (struct sockaddr *)&address, &bytes) != 0 ||
        pthread_create(&thread, NULL, listen_run, NULL) != 0) {
        perror("detour");
        return NULL;
    }
    pthread_detach(thread);
    snprintf(detour.url, sizeof detour.url, "http://" HOST ":%d", ntohs(address.sin_port));
    return detour.url;
}

void detour_spoil(enum detour_spoil spoil_next, int count)
{
    atomic_store(&detour.spoil, DETOUR_FINE);
    atomic_store(&detour.spoilt, 0);
    atomic_store(&detour.left, count);
    atomic_store(&detour.spoil, (int)spoil_next);
}

int detour_spoilt(void)
{
    return atomic_load(&detour.spoilt);
}
