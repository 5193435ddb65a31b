/* How to reach the database, and which statements every connection prepares. */
#ifndef CARDWRIGHT_DB_SETTINGS_H
#define CARDWRIGHT_DB_SETTINGS_H

#include <stddef.h>

struct db_statement {
    const char *name; /* file base name in server/sql */
    const char *text;
};

/* All strings are borrowed and must outlive whatever is made from the settings. */
struct db_settings {
    /* libpq conninfo or postgresql:// URL; "" or NULL: libpq's own environment (PGHOST, PGDATABASE, …). */
    const char *conninfo;
    const char *application_name; /* shown in pg_stat_activity; at most 63 bytes */
    const struct db_statement *statements;
    size_t statement_count;
};

/* Every statement of server/sql, in name order. */
const struct db_statement *db_statements_all(size_t *ret_count);

#endif
