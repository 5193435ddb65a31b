/* The command line. */
#ifndef CARDWRIGHT_AGENT_OPTIONS_H
#define CARDWRIGHT_AGENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum options_mode { MODE_RUN, MODE_PROBE, MODE_HELP, MODE_VERSION };

struct options {
    enum options_mode mode;
    const char *server;
    const char *reader;
    const char *state;
    const char *pair;
    const char *simulate;
    const char *sim_reader;
    const char *printer; /* printer_address_good */
    const char *ca_file;
    const char *log_level;
    bool allow_plain_http;
    bool log_json;
    bool yes;
};

/* Reads the arguments, which the texts borrow. False: `error` says in a sentence what is wrong with them. */
bool options_read(int count, char **arguments, struct options *ret_options, char *error, size_t error_bytes);

extern const char options_help[];

#endif
