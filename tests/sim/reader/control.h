/* The control socket: clients, lines and waits. */
#ifndef CARDWRIGHT_SIM_CONTROL_H
#define CARDWRIGHT_SIM_CONTROL_H

#include "tests/sim/reader/command.h"

#include <poll.h>

struct control_client {
    int fd; /* -1: free */
    size_t length;
    char line[SIM_CONTROL_LINE_BYTES_MAX];
    struct command_wait wait; /* a client that waits is not read from */
};

struct control {
    int listener;
    char path[108]; /* sun_path */
    struct control_client clients[SIM_CONTROL_CLIENTS_MAX];
    struct command_context context;
    bool quit;
};

/* Listens on `path` for the owner alone; a stale socket is replaced, a living one refused. False: errno says
 * why. */
bool control_open(struct control *control, const char *path, struct reader *reader);
void control_close(struct control *control);

/* Fills the descriptors to poll (capacity 1 + SIM_CONTROL_CLIENTS_MAX) and returns their number. */
unsigned control_poll_set(const struct control *control, struct pollfd *ret_set);

/* Serves what the poll found ready. */
void control_serve(struct control *control, const struct pollfd *set, unsigned count);

/* Answers waits that are over; returns when to call again (0: not by time). */
uint64_t control_turn(struct control *control);

#endif
