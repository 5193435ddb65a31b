/* What the control socket understands; one line in, one line out. README.md is the reference for users. */
#ifndef CARDWRIGHT_SIM_COMMAND_H
#define CARDWRIGHT_SIM_COMMAND_H

#include "tests/sim/reader/reader.h"

enum command_wait_kind {
    WAIT_NOTHING,
    WAIT_IDLE,     /* no card command for number ms */
    WAIT_CUT,      /* the armed cut has struck */
    WAIT_TORN,     /* the armed tear has struck */
    WAIT_COMMANDS, /* number card commands since the card was placed */
    WAIT_SELECTED, /* a card of the field was selected since it was placed */
    WAIT_KINDS,
};

struct command_wait {
    enum command_wait_kind kind;
    uint64_t number;
    uint64_t deadline_ns;
    uint64_t base; /* cuts or tears done when the fault was armed */
};

struct command_context {
    struct reader *reader;
    uint64_t cut_base;
    uint64_t tear_base;
};

struct command_reply {
    char text[SIM_CONTROL_REPLY_BYTES_MAX]; /* "ok ..." or "error ...", no newline; empty while waiting */
    struct command_wait wait;               /* kind != WAIT_NOTHING: the reply comes later */
    bool quit;
};

/* Runs one line (changed in place). */
void command_run(struct command_context *context, char *line, struct command_reply *ret_reply);

/* Has the wait come true ("ok") or run out ("error timeout")? False: go on waiting, at the latest until
 * *ret_again_ns. */
bool command_wait_over(const struct command_context *context, const struct command_wait *wait,
                       const char **ret_text, uint64_t *ret_again_ns);

#endif
