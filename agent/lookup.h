/* The addresses of a host name within a bounded time: the system's resolver may take half a minute when no
 * name server answers, and cannot be told to hurry. It runs in a thread of its own, which is left behind when
 * it is late and ends by itself; at most AGENT_LOOKUPS_LATE_MAX are. */
#ifndef CARDWRIGHT_AGENT_LOOKUP_H
#define CARDWRIGHT_AGENT_LOOKUP_H

#include <netdb.h>
#include <stdint.h>

/* getaddrinfo, or what a test puts in its place. */
typedef int lookup_fn(const char *host, const char *service, const struct addrinfo *hints,
                      struct addrinfo **ret_found);

/* TCP addresses of `host` at the port number `service`, for freeaddrinfo. NULL: errno is EHOSTUNREACH if
 * there are none, ETIMEDOUT if that was not known within `timeout_ms`, ENOMEM. */
struct addrinfo *lookup_tcp(lookup_fn *resolve, const char *host, const char *service, int64_t timeout_ms);

#endif
