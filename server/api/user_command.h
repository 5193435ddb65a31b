/* Operators from the command line, and the set-up link of a new site. Blocking: for main, before the loop
 * runs. */
#ifndef CARDWRIGHT_API_USER_COMMAND_H
#define CARDWRIGHT_API_USER_COMMAND_H

#include "db/work.h"

#include <stdbool.h>
#include <stdio.h>

/* Where texts go and what links begin with. */
struct user_command {
    struct db_conn *db;
    const char *base_url; /* "http://127.0.0.1:8080", without a slash at its end */
    FILE *output;
    FILE *problems;
};

/* "cardwrightd user ARGUMENTS…", argv[0] being the first word behind "user":
 *   add NAME --role ROLE [--role ROLE] [--full-name TEXT] [--language en|zh-CN]
 *   reset NAME
 * Both print a one-time link under which the operator chooses the password. Returns the exit status: 0 done,
 * 1 refused, 2 wrong usage. */
int user_command_run(const struct user_command *command, int argc, char *const argv[]);

/* The first lines of help of "cardwrightd user". */
extern const char user_command_usage[];

/* Prints a one-time link for the first administrator when no operator exists. False: the database is away. */
bool setup_announce(struct db_conn *db, const char *base_url, FILE *output);

#endif
