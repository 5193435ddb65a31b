#include "agent/printer_port.h"

#include "agent/lookup.h"
#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/lp.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TCP_PREFIX "tcp:"

/* Answers to DLE EOT: bits 1 and 4 are always set, 0 and 7 never (Epson, "Transmit real-time status"). */
#define STATUS_FIXED_MASK 0x93
#define STATUS_FIXED 0x12
#define STATUS_OFFLINE_COVER_OPEN 0x04
#define STATUS_OFFLINE_ERROR 0x40
#define STATUS_PAPER_END 0x60

struct port {
    int fd;
    bool answers; /* may be asked for its status */
    int64_t until_ms;
};

static bool is_tcp(const char *address)
{
    return strncmp(address, TCP_PREFIX, strlen(TCP_PREFIX)) == 0;
}

/* "tcp:host:port" or "tcp:[v6]:port" into its two parts. */
static bool tcp_parts(const char *address, char ret_host[AGENT_PRINTER_HOST_BYTES_MAX], const char **ret_port)
{
    const char *host = address + strlen(TCP_PREFIX);
    const char *colon = strrchr(host, ':');
    size_t length = colon ? (size_t)(colon - host) : 0;
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (!colon || length == 0 || length >= AGENT_PRINTER_HOST_BYTES_MAX || colon[1] == '\0' ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5)
        return false;
    memcpy(ret_host, host, length);
    ret_host[length] = '\0';
    *ret_port = colon + 1;
    return true;
}

bool printer_address_good(const char *address)
{
    char host[AGENT_PRINTER_HOST_BYTES_MAX];
    const char *port;
    if (strlen(address) >= AGENT_PRINTER_ADDRESS_BYTES_MAX)
        return false;
    return is_tcp(address) ? tcp_parts(address, host, &port) : address[0] == '/';
}

static int64_t left_ms(const struct port *port)
{
    int64_t left = port->until_ms - clock_monotonic_ms();
    return left > 0 ? left : 0;
}

/* Waits at most `wait_ms` for `events`; false: they did not come. */
static bool wait_for(const struct port *port, short events, int64_t wait_ms)
{
    struct pollfd look = {.fd = port->fd, .events = events};
    int ready;
    do
        ready = poll(&look, 1, (int)wait_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && (look.revents & events);
}

static bool connect_one(struct port *port, const struct addrinfo *to)
{
    int trouble = 0;
    socklen_t trouble_bytes = sizeof trouble;
    port->fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (port->fd < 0)
        return false;
    if (connect(port->fd, to->ai_addr, to->ai_addrlen) == 0)
        return true;
    if (errno == EINPROGRESS && wait_for(port, POLLOUT, left_ms(port) / 2) &&
        getsockopt(port->fd, SOL_SOCKET, SO_ERROR, &trouble, &trouble_bytes) == 0 && trouble == 0)
        return true;
    errno = trouble ? trouble : errno == EINPROGRESS ? ETIMEDOUT : errno;
    close(port->fd);
    port->fd = -1;
    return false;
}

static bool open_tcp(struct port *port, const char *address)
{
    char host[AGENT_PRINTER_HOST_BYTES_MAX];
    const char *service;
    errno = EHOSTUNREACH;
    struct addrinfo *found = NULL;
    if (tcp_parts(address, host, &service))
        found = lookup_tcp(getaddrinfo, host, service, AGENT_PRINTER_LOOKUP_MS);
    if (!found)
        return false;
    bool connected = false;
    for (struct addrinfo *to = found; to && !connected; to = to->ai_next)
        connected = connect_one(port, to);
    freeaddrinfo(found);
    port->answers = connected;
    return connected;
}

/* A pipe or a plain file (a spooler's, a test's) is written only: opened for both, a pipe without a reader
 * would swallow the receipt. */
static bool open_file(struct port *port, const char *path)
{
    struct stat facts;
    const int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_APPEND;
    if (stat(path, &facts) < 0)
        return false;
    port->fd = S_ISCHR(facts.st_mode) ? open(path, O_RDWR | flags) : -1;
    port->answers = port->fd >= 0;
    if (port->fd < 0)
        port->fd = open(path, O_WRONLY | flags);
    return port->fd >= 0;
}

/* ---- can it print? ---- */

/* USB and parallel ports tell the three status lines of old; what has none is taken to be ready. */
static enum print_result line_status(const struct port *port)
{
    int status = 0;
    if (ioctl(port->fd, LPGETSTATUS, &status) < 0)
        return PRINT_DONE;
    if (status & LP_POUTPA)
        return PRINT_PAPER;
    return (status & LP_PERRORP) && (status & LP_PSELECD) ? PRINT_DONE : PRINT_COVER;
}

/* DLE EOT `what`, answered at once even when the buffer is full; -1: no answer, or none of this kind. */
static int ask_status(const struct port *port, uint8_t what)
{
    const uint8_t question[] = {0x10, 0x04, what};
    uint8_t answer = 0;
    if (!wait_for(port, POLLOUT, AGENT_PRINTER_STATUS_MS) ||
        write(port->fd, question, sizeof question) != (ssize_t)sizeof question)
        return -1;
    if (!wait_for(port, POLLIN, AGENT_PRINTER_STATUS_MS) || read(port->fd, &answer, 1) != 1)
        return -1;
    return (answer & STATUS_FIXED_MASK) == STATUS_FIXED ? answer : -1;
}

static enum print_result check_ready(const struct port *port)
{
    enum print_result line = line_status(port);
    if (line != PRINT_DONE || !port->answers)
        return line;
    int offline = ask_status(port, 2);
    if (offline < 0)
        return PRINT_DONE;
    int paper = ask_status(port, 4);
    if (paper >= 0 && (paper & STATUS_PAPER_END))
        return PRINT_PAPER;
    return offline & (STATUS_OFFLINE_COVER_OPEN | STATUS_OFFLINE_ERROR) ? PRINT_COVER : PRINT_DONE;
}

/* ---- sending ---- */

static enum print_result send_all(const struct port *port, const char *bytes, size_t count)
{
    while (count > 0) {
        if (!wait_for(port, POLLOUT, left_ms(port)))
            return PRINT_STALLED;
        ssize_t sent = write(port->fd, bytes, count);
        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            return PRINT_STALLED;
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        }
    }
    return PRINT_DONE;
}

enum print_result printer_send(const char *address, const void *bytes, size_t count, const char **ret_detail)
{
    struct port port = {.fd = -1, .until_ms = clock_monotonic_ms() + AGENT_PRINT_MS_MAX};
    *ret_detail = "";
    if (!(is_tcp(address) ? open_tcp(&port, address) : open_file(&port, address))) {
        *ret_detail = strerrordesc_np(errno);
        return PRINT_ABSENT;
    }
    enum print_result result = check_ready(&port);
    errno = 0;
    if (result == PRINT_DONE)
        result = send_all(&port, bytes, count);
    if (result == PRINT_STALLED && errno)
        *ret_detail = strerrordesc_np(errno);
    close(port.fd);
    return result;
}
