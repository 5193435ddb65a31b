/* Starts simulated readers and talks to their control sockets; for tests. Every call has a time limit. */
#ifndef CARDWRIGHT_SIM_READER_CLIENT_H
#define CARDWRIGHT_SIM_READER_CLIENT_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SIM_READER_PATH_BYTES 108        /* what a unix socket address holds */
#define SIM_READER_CONNSTRING_BYTES 1024 /* libnfc reads its nfc_connstring to this length */

struct sim_reader_options {
    const char *program;   /* path of sim-reader */
    const char *directory; /* where line and socket are made */
    const char *name;      /* unique in `directory`: <name>.tty and <name>.sock */
    const char *cards;     /* folder of the card files; NULL: `directory`. Readers may share one */
    const char *log;       /* command log; NULL: none */
    bool pacing;           /* answers take the time they take at line speed */
};

struct sim_reader {
    pid_t pid;
    int control;                                  /* connected control socket, -1: none */
    char link[SIM_READER_PATH_BYTES];             /* serial line */
    char socket[SIM_READER_PATH_BYTES];           /* control socket */
    char connstring[SIM_READER_CONNSTRING_BYTES]; /* for nfc_open and LIBNFC_DEVICE */
    char reply[SIM_CONTROL_REPLY_BYTES_MAX];      /* last reply, without the newline */
};

/* Spawns a reader that dies with the calling thread, and waits until it answers (at most
 * SIM_READER_START_MS_MAX). False: not started, nothing to stop; the reader has said why on standard error.
 */
bool sim_reader_start(struct sim_reader *reader, const struct sim_reader_options *options);

/* Sends one control line and waits for the reply, which is kept in reader->reply. True: the reply begins with
 * "ok". A reader that does not answer within SIM_READER_COMMAND_MS_MAX gives false and the reply "error no
 * answer". */
__attribute__((format(printf, 2, 3))) bool sim_reader_command(struct sim_reader *reader, const char *format,
                                                              ...);

/* Number after "<key>=" in the last reply, -1 if it is not there: sim_reader_number(r, "commands") after
 * "count". */
long long sim_reader_number(const struct sim_reader *reader, const char *key);

/* Ends the reader (SIGTERM, then SIGKILL after SIM_READER_STOP_MS_MAX) and reaps it. True: it ended by
 * itself, with success. Safe to call twice. */
bool sim_reader_stop(struct sim_reader *reader);

#endif
