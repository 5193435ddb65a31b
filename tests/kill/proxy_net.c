#include "tests/kill/proxy_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static struct sockaddr_un socket_in(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", folder, NET_DATABASE_PORT);
    return address;
}

static int listening(int domain, const struct sockaddr *address, socklen_t address_bytes)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, address, address_bytes) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    perror("proxy: listen");
    if (fd >= 0)
        close(fd);
    return -1;
}

int net_listen_tcp(uint16_t *ret_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t bytes = sizeof address;
    int fd = listening(AF_INET, (const struct sockaddr *)&address, sizeof address);
    if (fd >= 0 && getsockname(fd, (struct sockaddr *)&address, &bytes) == 0)
        *ret_port = ntohs(address.sin_port);
    return fd;
}

int net_listen_unix(const char *folder)
{
    struct sockaddr_un address = socket_in(folder);
    return listening(AF_UNIX, (const struct sockaddr *)&address, sizeof address);
}

static int connected(int domain, const struct sockaddr *address, socklen_t address_bytes)
{
    struct timeval patience = {.tv_sec = NET_SEND_MS / 1000};
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, address, address_bytes) == 0)
        return fd;
    close(fd);
    return -1;
}

int net_connect_tcp(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    return connected(AF_INET, (const struct sockaddr *)&address, sizeof address);
}

int net_connect_unix(const char *folder)
{
    struct sockaddr_un address = socket_in(folder);
    return connected(AF_UNIX, (const struct sockaddr *)&address, sizeof address);
}

bool net_send(int fd, const void *bytes, size_t count)
{
    const char *from = bytes;
    while (count > 0) {
        ssize_t sent = send(fd, from, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        from += sent;
        count -= (size_t)sent;
    }
    return true;
}
