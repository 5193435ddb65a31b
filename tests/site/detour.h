/* Stands between the agents and their server and spoils requests as a proxy with a wrong setting does: the
 * server itself refuses them. A connection is a thread; all of them end with the process. */
#ifndef CARDWRIGHT_TESTS_SITE_DETOUR_H
#define CARDWRIGHT_TESTS_SITE_DETOUR_H

#include <stdbool.h>
#include <stdint.h>

enum detour_spoil {
    DETOUR_FINE,
    DETOUR_ALL_HOSTS,    /* every request names a host that is not the server's: 403 cross_site */
    DETOUR_FROM_REPORT,  /* the same, beginning with the next report */
    DETOUR_REPORT_HOSTS, /* the same, reports only */
    DETOUR_REPORT_PATHS, /* reports go where the server has nothing: 404 not_found */
};

/* Begins to listen for requests to the server's port. NULL: said on stderr. Otherwise the URL for agents;
 * there is one detour a process. */
const char *detour_start(uint16_t server_port);

/* What is done from now on, to at most `count` requests; the count of spoilt ones begins at zero. */
void detour_spoil(enum detour_spoil spoil, int count);
#define DETOUR_ENDLESS 1000000

/* Requests spoilt since then. */
int detour_spoilt(void);

#endif
