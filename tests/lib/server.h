/* A real "cardwrightd serve" on free loopback ports against a database of its own, for tests. The program is
 * the one named by $CARDWRIGHTD; the databases come from tests/lib/pg.h. */
#ifndef CARDWRIGHT_TESTS_LIB_SERVER_H
#define CARDWRIGHT_TESTS_LIB_SERVER_H

#include "tests/lib/pg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Zero is the ordinary thing everywhere. */
struct server_options {
    const struct test_server *beside; /* shares database and site key with this one; NULL: fresh ones */
    const char *environment;          /* "NAME=value" lines parted by \n, over the tests' own settings */
    const char *database_host;        /* folder of the socket it uses instead (a proxy before the database) */
    bool live;                        /* site_mode live instead of training */
    bool no_settings;                 /* leave the site as the migrations made it: not set up */
};

#define SERVER_ENVIRONMENT_MAX 64 /* settings of its own */

struct test_server {
    pid_t pid; /* 0: not running */
    uint16_t operator_port;
    uint16_t device_port;
    char url[64];        /* "http://127.0.0.1:PORT" of the operator port */
    char directory[128]; /* of its files; removed at the end */
    char log_path[160];  /* what it wrote on stdout and stderr, over restarts */
    size_t log_before;   /* bytes of it that are of earlier processes */
    char site_key_path[160];
    struct test_pg pg; /* its database, and how each role reaches it */
    bool owns_database;
    char *environment[SERVER_ENVIRONMENT_MAX + 1]; /* "NAME=value", NULL-terminated */
};

/* Starts a server and waits until /readyz answers 200, at most SERVER_START_MS. NULL: it did not come up; its
 * log went to stderr. */
struct test_server *server_start(const struct server_options *options);
#define SERVER_START_MS 20000

/* SIGTERM, then waits; true: it ended with status 0 and its log holds no sanitizer report. The database
 * stays. */
bool server_halt(struct test_server *server);
/* kill -9. */
void server_kill(struct test_server *server);
/* Starts it again after a halt or kill: same database, ports and settings. */
bool server_restart(struct test_server *server);
/* Halts it when it runs, drops its database and files, frees it. The result is server_halt's. */
bool server_stop(struct test_server *server);

/* Runs "cardwrightd ARGUMENTS…" with this server's settings; what it printed, the caller frees it.
 * `arguments` ends with NULL, at most 8. */
char *server_command(struct test_server *server, const char *const arguments[], int *ret_exit_status);

/* A free loopback port below the range that the system gives to outgoing connections; 0: none found. */
uint16_t server_free_port(void);

/* The log so far; the caller frees it. */
char *server_log(const struct test_server *server);

#endif
