/* Connections through the proxy: taking in, cutting into messages, passing on. */
#include "tests/kill/proxy_internal.h"
#include "tests/kill/proxy_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define STREAM_BYTES_MAX (4u * 1024 * 1024)

/* ---- life ---- */

static void watch(struct proxy *proxy, struct line *line, enum way way)
{
    line->ends[way] = (struct end){line, way};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &line->ends[way]};
    if (line->fds[way] >= 0 && epoll_ctl(proxy->epoll, EPOLL_CTL_ADD, line->fds[way], &event) != 0)
        line_close(line);
}

static struct line *line_new(struct proxy *proxy, enum proxy_link link, int client, int server)
{
    struct line *line = calloc(1, sizeof *line);
    if (!line || server < 0) {
        free(line);
        if (client >= 0)
            close(client);
        if (server >= 0)
            close(server);
        return NULL;
    }
    line->link = link;
    line->epoll = proxy->epoll;
    line->fds[WAY_TO] = client;
    line->fds[WAY_BACK] = server;
    line->next = proxy->lines;
    proxy->lines = line;
    watch(proxy, line, WAY_TO);
    watch(proxy, line, WAY_BACK);
    return line;
}

void line_accept(struct proxy *proxy, enum proxy_link link)
{
    int client = accept4(proxy->listeners[link], NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    int server = -1;
    if (link == LINK_DATABASE)
        server = net_connect_unix(proxy->setup.database_host);
    else if (proxy->server_port)
        server = net_connect_tcp(proxy->server_port);
    line_new(proxy, link, client, server);
}

void line_twin(struct proxy *proxy, const uint8_t *bytes, size_t count)
{
    int server = net_connect_tcp(proxy->server_port);
    struct line *line = line_new(proxy, LINK_AGENT, -1, server);
    if (!line)
        return;
    line->is_twin = true;
    if (!net_send(server, bytes, count))
        line_close(line);
}

void line_close(struct line *line)
{
    line->dead = true;
    for (int way = 0; way < WAYS; way++) {
        if (line->fds[way] < 0)
            continue;
        /* Closing alone is not enough: a child that is just being started still has it. */
        epoll_ctl(line->epoll, EPOLL_CTL_DEL, line->fds[way], NULL);
        shutdown(line->fds[way], SHUT_RDWR);
        close(line->fds[way]);
        line->fds[way] = -1;
    }
}

static bool owns(const struct line *line, const struct stream *stream)
{
    return stream == &line->streams[WAY_TO] || stream == &line->streams[WAY_BACK];
}

void lines_sweep(struct proxy *proxy)
{
    for (struct line **at = &proxy->lines; *at;) {
        struct line *line = *at;
        if (!line->dead) {
            at = &line->next;
            continue;
        }
        *at = line->next;
        if (proxy->overtaken && owns(line, proxy->overtaken))
            proxy->overtaken = NULL;
        free(line->streams[WAY_TO].bytes);
        free(line->streams[WAY_BACK].bytes);
        free(line->request);
        free(line);
    }
}

/* ---- taking in ---- */

static bool make_room(struct stream *stream)
{
    if (stream->capacity - stream->count >= READ_BYTES)
        return true;
    size_t capacity = stream->capacity + 2 * (size_t)READ_BYTES;
    uint8_t *larger = capacity <= STREAM_BYTES_MAX ? realloc(stream->bytes, capacity) : NULL;
    if (!larger)
        return false;
    stream->bytes = larger;
    stream->capacity = capacity;
    return true;
}

void line_readable(struct proxy *proxy, struct line *line, enum way way)
{
    struct stream *stream = &line->streams[way];
    if (line->dead)
        return;
    ssize_t got = make_room(stream) ? recv(line->fds[way], stream->bytes + stream->count,
                                           stream->capacity - stream->count, MSG_DONTWAIT)
                                    : -1;
    if (got <= 0) {
        line_close(line);
        return;
    }
    if (line->is_twin)
        return;
    stream->count += (size_t)got;
    line_pump(proxy, line, way);
}

/* ---- messages ---- */

static struct wire_message message_back(struct line *line)
{
    struct stream *stream = &line->streams[WAY_BACK];
    struct wire_bytes bytes = {stream->bytes, stream->count};
    if (line->link != LINK_DATABASE) {
        struct wire_message answer = wire_http(bytes);
        memcpy(answer.name, line->request_name, sizeof answer.name);
        return answer;
    }
    const struct owed *owed = &line->owed[line->owed_first];
    bool counts = line->owed_count > 0 && owed->counts;
    struct wire_message answer = wire_backend(bytes, counts);
    answer.counts = counts && answer.ends_batch;
    memcpy(answer.name, owed->name, sizeof answer.name);
    return answer;
}

static struct wire_message next_message(struct line *line, enum way way)
{
    struct stream *stream = &line->streams[way];
    struct wire_bytes bytes = {stream->bytes, stream->count};
    if (stream->count == 0)
        return (struct wire_message){0};
    if (way == WAY_BACK)
        return message_back(line);
    return line->link == LINK_DATABASE ? wire_frontend(bytes, !line->begun) : wire_http(bytes);
}

/* What the line has to know of a message that goes on. */
static void note(struct proxy *proxy, struct line *line, enum way way, const struct wire_message *message)
{
    if (line->link != LINK_DATABASE && way == WAY_TO) {
        memcpy(line->request_name, message->name, sizeof line->request_name);
        free(line->request);
        line->request = malloc(message->count);
        line->request_count = line->request ? message->count : 0;
        if (line->request)
            memcpy(line->request, line->streams[WAY_TO].bytes, message->count);
    } else if (way == WAY_TO) {
        line->begun = true;
        if (message->ends_batch && line->owed_count < OWED_MAX) {
            struct owed *owed = &line->owed[(line->owed_first + line->owed_count++) % OWED_MAX];
            owed->counts = message->counts;
            memcpy(owed->name, message->name, sizeof owed->name);
        }
        if (message->counts)
            proxy->backend = line->backend;
    } else if (message->ends_batch && line->owed_count > 0) {
        line->owed_first = (line->owed_first + 1) % OWED_MAX;
        line->owed_count--;
    }
    if (message->backend)
        line->backend = message->backend;
}

static void pass(struct line *line, enum way way, size_t count)
{
    struct stream *stream = &line->streams[way];
    if (!net_send(line->fds[way == WAY_TO ? WAY_BACK : WAY_TO], stream->bytes, count)) {
        line_close(line);
        return;
    }
    stream->count -= count;
    memmove(stream->bytes, stream->bytes + count, stream->count);
    stream->decided = false;
}

void line_pump(struct proxy *proxy, struct line *line, enum way way)
{
    struct stream *stream = &line->streams[way];
    while (!line->dead && !stream->held) {
        struct wire_message message = next_message(line, way);
        if (message.count == 0)
            return;
        bool struck = message.counts && !stream->decided && fault_before(proxy, line, way, &message);
        if (line->dead || stream->held)
            return;
        note(proxy, line, way, &message);
        pass(line, way, message.count);
        if (struck)
            fault_after(proxy, line, way);
        if (message.counts)
            fault_passed(proxy, stream);
    }
}
