/* What the files of the proxy share. */
#ifndef CARDWRIGHT_TESTS_KILL_PROXY_INTERNAL_H
#define CARDWRIGHT_TESTS_KILL_PROXY_INTERNAL_H

#include "tests/kill/proxy.h"
#include "tests/kill/wire.h"

#include <pthread.h>

#define OWED_MAX 64 /* batches of one connection that are not answered */

enum way { WAY_TO, WAY_BACK, WAYS }; /* towards the server or PostgreSQL, and back */

struct line;

/* One direction of a line. */
struct stream {
    uint8_t *bytes; /* arrived, not passed on */
    size_t count;
    size_t capacity;
    bool held;    /* the message at its head waits … */
    bool decided; /* … or has waited, or is known to go on */
    int64_t until_ms;
};

/* For epoll: which end of which line has something. */
struct end {
    struct line *line;
    enum way way; /* of what comes from there */
};

struct owed {
    bool counts;
    char name[WIRE_NAME_BYTES];
};

/* A connection and the one behind it. */
struct line {
    struct line *next;
    enum proxy_link link;
    bool is_twin; /* carries a copy: not counted, answers are thrown away */
    int epoll;
    bool dead;     /* closed; freed at the end of the turn */
    int fds[WAYS]; /* where what goes that way comes from; -1: nobody */
    struct end ends[WAYS];
    struct stream streams[WAYS];
    bool begun;                 /* PostgreSQL: the start packet is through */
    struct owed owed[OWED_MAX]; /* a ring */
    int owed_first, owed_count;
    char request_name[WIRE_NAME_BYTES];
    uint8_t *request; /* HTTP: the last one passed on */
    size_t request_count;
    pid_t backend;
};

struct proxy {
    struct proxy_setup setup;
    pthread_t thread;
    pthread_mutex_t lock; /* guards everything below */
    int epoll;
    int wake; /* eventfd */
    bool stopping;
    int listeners[LINKS];
    struct end listener_ends[LINKS];
    char urls[LINKS][40];
    uint16_t server_port;
    struct line *lines;
    struct proxy_fault fault;
    enum proxy_state state;
    int count;
    char struck_name[2 * WIRE_NAME_BYTES];
    struct stream *overtaken; /* waits for the next message of another stream */
    uint8_t *late;
    size_t late_count;
    pid_t backend; /* of the last batch of an operation */
};

int64_t proxy_now_ms(void); /* monotonic */

/* ---- proxy_line.c; the lock is held ---- */

/* A new connection came to a listener. */
void line_accept(struct proxy *proxy, enum proxy_link link);
/* Bytes came, or the end. */
void line_readable(struct proxy *proxy, struct line *line, enum way way);
/* Passes on what may go. */
void line_pump(struct proxy *proxy, struct line *line, enum way way);
/* The same request once more on a connection of its own. */
void line_twin(struct proxy *proxy, const uint8_t *bytes, size_t count);
/* Both connections end; what is in them is lost. */
void line_close(struct line *line);
/* Frees the lines that were closed; NULL frees all. */
void lines_sweep(struct proxy *proxy);

/* ---- proxy_fault.c; the lock is held ---- */

/* A message that counts is at the head of a stream. It goes on unless its line is dead or its stream is held
 * afterwards. True: it is the one, and fault_after has to follow when it has been passed on. */
bool fault_before(struct proxy *proxy, struct line *line, enum way way, const struct wire_message *message);
void fault_after(struct proxy *proxy, struct line *line, enum way way);
/* A message that counts was passed on. */
void fault_passed(struct proxy *proxy, const struct stream *stream);
/* Lets a held message go. */
void fault_release(struct proxy *proxy, struct stream *stream);

#endif
