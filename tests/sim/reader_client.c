#include "tests/sim/reader_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 5
#define ARGUMENTS_MAX 12

static void pause_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The child starts with an empty signal mask: a test may have blocked the signals that end it. */
static bool spawn(struct sim_reader *reader, char *const *arguments)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    if (posix_spawnattr_init(&attributes) != 0)
        return false;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawn(&reader->pid, arguments[0], NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    if (error)
        fprintf(stderr, "sim_reader_start: %s: %s\n", arguments[0], strerror(error));
    return error == 0;
}

static bool make_paths(struct sim_reader *reader, const struct sim_reader_options *options)
{
    memset(reader, 0, sizeof *reader);
    reader->control = -1;
    int link = snprintf(reader->link, sizeof reader->link, "%s/%s.tty", options->directory, options->name);
    int control =
        snprintf(reader->socket, sizeof reader->socket, "%s/%s.sock", options->directory, options->name);
    snprintf(reader->connstring, sizeof reader->connstring, "pn532_uart:%s", reader->link);
    if (link < SIM_READER_PATH_BYTES && control < SIM_READER_PATH_BYTES && !strchr(reader->link, ':'))
        return true;
    fprintf(stderr, "sim_reader_start: path too long, or with a colon: %s\n", options->directory);
    return false;
}

bool sim_reader_start(struct sim_reader *reader, const struct sim_reader_options *options)
{
    const char *arguments[ARGUMENTS_MAX] = {options->program, "--exit-with-parent", "--link", reader->link,
                                            "--control",      reader->socket,       "--cards"};
    unsigned count = 7;
    if (!make_paths(reader, options))
        return false;
    arguments[count++] = options->cards ? options->cards : options->directory;
    if (options->pacing)
        arguments[count++] = "--pacing";
    if (options->log) {
        arguments[count++] = "--log";
        arguments[count++] = options->log;
    }
    if (!spawn(reader, (char *const *)arguments))
        return false;
    for (long waited_ms = 0; waited_ms < SIM_READER_START_MS_MAX; waited_ms += STEP_MS) {
        reader->control = connect_to(reader->socket);
        if (reader->control >= 0)
            return true;
        if (waitpid(reader->pid, NULL, WNOHANG) != 0) {
            reader->pid = 0;
            return false;
        }
        pause_ms(STEP_MS);
    }
    sim_reader_stop(reader);
    return false;
}

/* Reads one line; false: the reader hung up or took too long. */
static bool read_reply(struct sim_reader *reader)
{
    size_t length = 0;
    struct pollfd wait = {.fd = reader->control, .events = POLLIN};
    while (length < sizeof reader->reply) {
        if (poll(&wait, 1, SIM_READER_COMMAND_MS_MAX) <= 0)
            return false;
        ssize_t count = recv(reader->control, reader->reply + length, sizeof reader->reply - length, 0);
        if (count <= 0)
            return false;
        length += (size_t)count;
        if (reader->reply[length - 1] == '\n') {
            reader->reply[length - 1] = '\0';
            return true;
        }
    }
    return false;
}

bool sim_reader_command(struct sim_reader *reader, const char *format, ...)
{
    char line[SIM_CONTROL_LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    snprintf(reader->reply, sizeof reader->reply, "error no answer");
    if (reader->control < 0 || length < 0 || (size_t)length >= sizeof line - 1)
        return false;
    line[length++] = '\n';
    if (send(reader->control, line, (size_t)length, MSG_NOSIGNAL) != length || !read_reply(reader)) {
        snprintf(reader->reply, sizeof reader->reply, "error no answer");
        return false;
    }
    return strncmp(reader->reply, "ok", 2) == 0;
}

long long sim_reader_number(const struct sim_reader *reader, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = reader->reply; (at = strchr(at, ' ')) != NULL;) {
        at++;
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return strtoll(at + length + 1, NULL, 10);
    }
    return -1;
}

bool sim_reader_stop(struct sim_reader *reader)
{
    int status = 0;
    if (reader->control >= 0)
        close(reader->control);
    reader->control = -1;
    if (reader->pid <= 0)
        return false;
    kill(reader->pid, SIGTERM);
    pid_t ended = 0;
    for (long waited_ms = 0; ended == 0 && waited_ms < SIM_READER_STOP_MS_MAX; waited_ms += STEP_MS) {
        ended = waitpid(reader->pid, &status, WNOHANG);
        if (ended == 0)
            pause_ms(STEP_MS);
    }
    if (ended == 0) {
        kill(reader->pid, SIGKILL);
        waitpid(reader->pid, &status, 0);
    }
    bool by_itself = ended == reader->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    reader->pid = 0;
    return by_itself;
}
