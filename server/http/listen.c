/* The listening socket and the files it needs. */
#include "base/cleanup.h"
#include "base/log.h"
#include "http/internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int open_one(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
    if (fd < 0)
        return -1;
    int on = 1;
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6) /* "::" takes IPv4 as well */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, HTTP_LISTEN_BACKLOG) == 0)
        return fd;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}

int listen_open(const char *address, int port, int *ret_port)
{
    char port_text[12];
    snprintf(port_text, sizeof port_text, "%d", port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const char *name = address && *address ? address : "::";
    int failed = getaddrinfo(name, port_text, &hints, &list);
    if (failed) {
        log_error("http.listen_address_unknown", LOG_TEXT("address", name),
                  LOG_TEXT("error", gai_strerror(failed)));
        return -1;
    }
    int fd = open_one(list);
    if (fd < 0 && errno == EADDRINUSE)
        log_error("http.port_in_use", LOG_TEXT("address", name), LOG_INT("port", port),
                  LOG_TEXT("next", "stop the other program, or set another port in http.operator_port or "
                                   "http.device_port"));
    else if (fd < 0)
        log_error("http.listen_failed", LOG_TEXT("address", name), LOG_INT("port", port), LOG_ERRNO(errno));
    else
        *ret_port = bound_port(fd);
    freeaddrinfo(list);
    return fd;
}

char *listen_read_file(const char *path)
{
    CLEANUP(cleanup_file) FILE *file = path ? fopen(path, "re") : NULL;
    if (!file) {
        log_error("http.tls_file_unreadable", LOG_TEXT("path", path), LOG_ERRNO(errno));
        return NULL;
    }
    char *text = calloc(1, HTTP_PEM_BYTES_MAX + 1);
    if (!text)
        return NULL;
    size_t bytes = fread(text, 1, HTTP_PEM_BYTES_MAX, file);
    if (ferror(file) || bytes == HTTP_PEM_BYTES_MAX) {
        log_error("http.tls_file_unreadable", LOG_TEXT("path", path),
                  LOG_TEXT("error", "read error, or too large"));
        listen_free_secret(text);
        return NULL;
    }
    return text;
}

void listen_free_secret(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}
