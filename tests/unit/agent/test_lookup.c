/* A resolver that hangs must hold nobody up, and what it finds too late must be nobody's. */
#include "agent/lookup.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#define LONG_MS 20000
#define SHORT_MS 10

static sem_t gate;
static atomic_int asked;

static int slow(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_found)
{
    atomic_fetch_add(&asked, 1);
    while (sem_wait(&gate) != 0)
        ;
    return getaddrinfo(host, service, hints, ret_found);
}

TestSuite(agent_lookup, .timeout = 60);

Test(agent_lookup, finds_addresses)
{
    struct addrinfo *found = lookup_tcp(getaddrinfo, "127.0.0.1", "9100", LONG_MS);
    cr_assert(found);
    cr_assert_eq(found->ai_socktype, SOCK_STREAM);
    cr_assert_eq(ntohs(((struct sockaddr_in *)(void *)found->ai_addr)->sin_port), 9100);
    freeaddrinfo(found);
}

Test(agent_lookup, says_that_there_are_none)
{
    cr_assert_null(lookup_tcp(getaddrinfo, "no such name", "9100", LONG_MS));
    cr_assert_eq(errno, EHOSTUNREACH);
}

Test(agent_lookup, takes_its_time_when_it_has_it)
{
    sem_init(&gate, 0, 1);
    struct addrinfo *found = lookup_tcp(slow, "127.0.0.1", "9100", LONG_MS);
    cr_assert(found);
    freeaddrinfo(found);
}

Test(agent_lookup, a_late_resolver_is_left_behind_and_only_so_many)
{
    sem_init(&gate, 0, 0);
    for (int i = 0; i < AGENT_LOOKUPS_LATE_MAX; i++) {
        cr_assert_null(lookup_tcp(slow, "127.0.0.1", "9100", SHORT_MS));
        cr_assert_eq(errno, ETIMEDOUT);
    }
    cr_assert_null(lookup_tcp(slow, "127.0.0.1", "9100", LONG_MS));
    cr_assert_eq(errno, ETIMEDOUT);
    cr_assert_leq(atomic_load(&asked), AGENT_LOOKUPS_LATE_MAX, "one more was started");
    for (int i = 0; i < AGENT_LOOKUPS_LATE_MAX; i++)
        sem_post(&gate);
    struct addrinfo *found = NULL;
    for (int i = 0; i < 5000 && !found; i++, usleep(1000))
        found = lookup_tcp(getaddrinfo, "127.0.0.1", "9100", LONG_MS);
    cr_assert(found, "they have ended, and it goes on");
    freeaddrinfo(found);
}
