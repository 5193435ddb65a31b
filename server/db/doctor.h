/* "cardwrightd doctor": looks at everything the server needs and says, a line each, what is well and what to
 * do about what is not. Changes nothing. */
#ifndef CARDWRIGHT_DB_DOCTOR_H
#define CARDWRIGHT_DB_DOCTOR_H

#include <stdint.h>
#include <stdio.h>

/* NULL strings and 0 ports are not looked at. */
struct doctor_settings {
    const char *config_path;    /* the INI file in use */
    const char *config_problem; /* what the reader of the configuration complained about; NULL: nothing */
    const char *conninfo;       /* of the app role; "" is libpq's environment */
    const char *migrations_directory;
    const char *webroot;
    const char *site_key_path;
    const char *state_directory; /* its file system needs DOCTOR_DISK_FREE_BYTES_MIN */
    const char *listen_address;
    uint16_t operator_port;
    uint16_t device_port;
    FILE *output;
};

/* Prints "ok  <what>" and "bad <what>: <what to do>". Returns the number of bad lines. */
int doctor_run(const struct doctor_settings *settings);

#endif
