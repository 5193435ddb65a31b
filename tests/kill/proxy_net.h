/* Sockets of the proxy; all on this machine. */
#ifndef CARDWRIGHT_TESTS_KILL_PROXY_NET_H
#define CARDWRIGHT_TESTS_KILL_PROXY_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_DATABASE_PORT 5432 /* in the name of PostgreSQL's socket */

/* -1: it did not work. *ret_port is a free port. */
int net_listen_tcp(uint16_t *ret_port);
int net_listen_unix(const char *folder);
int net_connect_tcp(uint16_t port);
int net_connect_unix(const char *folder);

/* Waits at most NET_SEND_MS for the reader. */
bool net_send(int fd, const void *bytes, size_t count);
#define NET_SEND_MS 2000

#endif
