#include "tests/sim/reader/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Does somebody answer behind the socket file? Then it is not ours to replace. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0)
        close(fd);
    return alive;
}

static bool listen_on(int fd, const struct sockaddr_un *address)
{
    mode_t mask = umask(0177);
    bool bound = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    int reason = errno;
    umask(mask);
    errno = reason;
    return bound && listen(fd, SIM_CONTROL_CLIENTS_MAX) == 0;
}

bool control_open(struct control *control, const char *path, struct reader *reader)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memset(control, 0, sizeof *control);
    control->context.reader = reader;
    for (unsigned i = 0; i < SIM_CONTROL_CLIENTS_MAX; i++)
        control->clients[i].fd = -1;
    control->listener = -1;
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    snprintf(control->path, sizeof control->path, "%s", path);
    if (is_alive(&address)) {
        errno = EADDRINUSE;
        return false;
    }
    unlink(path);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->listener >= 0 && listen_on(control->listener, &address))
        return true;
    int reason = errno;
    if (control->listener >= 0)
        close(control->listener);
    control->listener = -1;
    errno = reason;
    return false;
}

static void drop(struct control_client *client)
{
    close(client->fd);
    client->fd = -1;
}

void control_close(struct control *control)
{
    for (unsigned i = 0; i < SIM_CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i].fd >= 0)
            drop(&control->clients[i]);
    }
    if (control->listener >= 0) {
        unlink(control->path);
        close(control->listener);
    }
    control->listener = -1;
}

unsigned control_poll_set(const struct control *control, struct pollfd *ret_set)
{
    unsigned count = 0;
    ret_set[count++] = (struct pollfd){.fd = control->listener, .events = POLLIN};
    for (unsigned i = 0; i < SIM_CONTROL_CLIENTS_MAX; i++) {
        const struct control_client *client = &control->clients[i];
        bool waits = client->wait.kind != WAIT_NOTHING;
        ret_set[count++] = (struct pollfd){.fd = client->fd, .events = waits ? 0 : POLLIN};
    }
    return count;
}

/* A client that does not take its answer is dropped: the reader never waits for a client. */
static void answer(struct control_client *client, char *text)
{
    size_t length = strlen(text);
    text[length] = '\n';
    if (send(client->fd, text, length + 1, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)(length + 1))
        drop(client);
}

static void accept_client(struct control *control)
{
    int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (unsigned i = 0; fd >= 0 && i < SIM_CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        if (client->fd < 0) {
            *client = (struct control_client){.fd = fd};
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

/* Runs whole lines until one waits, the client is gone, or none is left. */
static void run_lines(struct control *control, struct control_client *client)
{
    static struct command_reply reply; /* large, and only one command runs at a time */
    char *end;
    while (client->fd >= 0 && client->wait.kind == WAIT_NOTHING &&
           (end = memchr(client->line, '\n', client->length)) != NULL) {
        char line[SIM_CONTROL_LINE_BYTES_MAX];
        size_t length = (size_t)(end - client->line);
        memcpy(line, client->line, length);
        line[length] = '\0';
        client->length -= length + 1;
        memmove(client->line, end + 1, client->length);
        command_run(&control->context, line, &reply);
        client->wait = reply.wait;
        control->quit = control->quit || reply.quit;
        if (reply.wait.kind == WAIT_NOTHING)
            answer(client, reply.text);
    }
    if (client->fd >= 0 && client->length == sizeof client->line) /* a line without an end is no command */
        drop(client);
}

static void serve_client(struct control *control, struct control_client *client)
{
    size_t room = sizeof client->line - client->length;
    ssize_t count = recv(client->fd, client->line + client->length, room, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        drop(client);
        return;
    }
    client->length += count > 0 ? (size_t)count : 0;
    run_lines(control, client);
}

void control_serve(struct control *control, const struct pollfd *set, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct control_client *client = &control->clients[i - 1];
        if (client->fd < 0 || client->fd != set[i].fd || !set[i].revents)
            continue;
        if (set[i].revents & POLLIN)
            serve_client(control, client);
        else
            drop(client); /* hung up while it waited */
    }
    if (set[0].revents & POLLIN)
        accept_client(control);
}

uint64_t control_turn(struct control *control)
{
    uint64_t next_ns = 0;
    for (unsigned i = 0; i < SIM_CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        const char *text;
        uint64_t again_ns;
        if (client->fd < 0 || client->wait.kind == WAIT_NOTHING)
            continue;
        if (command_wait_over(&control->context, &client->wait, &text, &again_ns)) {
            char line[32];
            snprintf(line, sizeof line, "%s", text);
            client->wait.kind = WAIT_NOTHING;
            answer(client, line);
            run_lines(control, client);
            i--; /* its next line may be a wait as well */
        } else if (next_ns == 0 || again_ns < next_ns) {
            next_ns = again_ns;
        }
    }
    return next_ns;
}
