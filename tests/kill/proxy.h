/* Stands between operator and server, agent and server, and server and PostgreSQL, in a thread of its own. It
 * passes whole messages on, counts those of an operation in the order in which they come by, and does
 * something bad at one of them.
 *
 * The links are streams of ordered bytes, so a message is lost only together with its connection; it comes
 * twice, or late, as the same request on another connection. */
#ifndef CARDWRIGHT_TESTS_KILL_PROXY_H
#define CARDWRIGHT_TESTS_KILL_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum proxy_link { LINK_OPERATOR, LINK_AGENT, LINK_DATABASE, LINKS };

enum proxy_side { SIDE_AGENT, SIDE_SERVER, SIDE_BACKEND, SIDE_POSTGRES, SIDES };

enum proxy_action {
    ACTION_NONE,
    ACTION_KILL_BEFORE, /* a side dies; the message is lost if it was from or for that side */
    ACTION_KILL_AFTER,  /* a side dies as soon as the message is passed on */
    ACTION_LOSE,        /* the connection breaks with the message in it */
    ACTION_DOUBLE,      /* a request comes twice at once; one that was answered comes again */
    ACTION_DELAY,       /* PROXY_DELAY_MS */
    ACTION_REORDER,     /* comes after the next message of another connection */
    ACTION_LATE,        /* a request is lost and comes when proxy_send_late is called */
    ACTIONS,
};
extern const char *const proxy_action_names[];
extern const char *const proxy_side_names[];

#define PROXY_DELAY_MS 300
#define PROXY_REORDER_MS 600 /* when nothing overtakes the message */

struct proxy_fault {
    int message; /* counted from proxy_arm, from 1 */
    enum proxy_action action;
    enum proxy_side side; /* of the killing ones */
};

enum proxy_state {
    PROXY_WAITING, /* the message has not come by */
    PROXY_STRUCK,
    PROXY_UNFIT, /* it has, and this cannot be done to it */
};

/* Kills a side, without waiting for its end; `backend` is the PostgreSQL process that serves the operation.
 */
typedef void proxy_kill_fn(void *context, enum proxy_side side, pid_t backend);

struct proxy_setup {
    const char *directory;     /* for its own database socket; exists */
    const char *database_host; /* folder of PostgreSQL's socket */
    proxy_kill_fn *kill;
    void *context;
};

struct proxy;

/* NULL: said on stderr. `setup` is copied. */
struct proxy *proxy_start(const struct proxy_setup *setup);
void proxy_stop(struct proxy *proxy);

/* The server's port; agents and operators are refused before. */
void proxy_set_server(struct proxy *proxy, uint16_t port);

/* Where agents or operators find the server: "http://127.0.0.1:PORT". Borrowed. */
const char *proxy_url(const struct proxy *proxy, enum proxy_link link);

/* Counts from zero and waits for the message of the fault. Ends what is left of the fault before: held
 * messages go on, copies that wait are dropped. */
void proxy_arm(struct proxy *proxy, const struct proxy_fault *fault);
void proxy_disarm(struct proxy *proxy);
enum proxy_state proxy_state(struct proxy *proxy);
int proxy_count(struct proxy *proxy);

/* Name of the message that was struck and which way it went: "database <- plan_report". Borrowed until the
 * next arm. */
const char *proxy_struck_name(struct proxy *proxy);

/* Sends the request that ACTION_LATE kept. The status of the answer; 0: there is no such request, -1: the
 * connection ended without an answer, PROXY_LATE_WAITS: the server lets it wait, as it does with polls. */
int proxy_send_late(struct proxy *proxy);
#define PROXY_LATE_WAITS 1

#endif
