/* Schema migrations from the folder `migrations`:
 * - NNNN_name.sql: once each, in number order, each in its own transaction, registered in schema_migration
 *   with the SHA-256 of the file; a registered file that was changed or removed stops everything
 * - functions/NAME.sql: CREATE OR REPLACE, all in one transaction in name order, whenever their combined
 *   checksum differs from the last one
 * - roles.sql: grants, re-applied at the end of every run
 *
 * The whole run holds an advisory lock, so two of them never mix. Runs as the owner role. */
#ifndef CARDWRIGHT_DB_MIGRATE_H
#define CARDWRIGHT_DB_MIGRATE_H

#include <stdbool.h>
#include <stdio.h>

struct migrate_settings {
    const char *conninfo;  /* of the owner */
    const char *directory; /* migrations */
    FILE *output;          /* what was done, a line each; NULL: quiet */
};

/* True: the schema is at the newest version of `directory`. False: one sentence in `ret_problem` says what is
 * wrong and what to do; everything before it is committed, the failing file is not. */
bool migrate_run(const struct migrate_settings *settings, char *ret_problem, size_t capacity);

struct migrate_status {
    int applied; /* newest version in the database, 0: none */
    int latest;  /* newest version in the folder */
    bool functions_current;
};

/* Compares only, changes nothing. False and `ret_problem` as above, also for a changed or missing file. */
bool migrate_check(const struct migrate_settings *settings, struct migrate_status *ret_status,
                   char *ret_problem, size_t capacity);

#endif
