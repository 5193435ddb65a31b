/* Parameters of a statement and rows of a result, the same for both lanes. Statements are prepared on connect
 * under the base name of their file: server/sql/card_by_uid.sql is "card_by_uid". */
#ifndef CARDWRIGHT_DB_ROWS_H
#define CARDWRIGHT_DB_ROWS_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum db_value_kind { DB_VALUE_NULL, DB_VALUE_TEXT, DB_VALUE_BYTES, DB_VALUE_INT64, DB_VALUE_BOOL };

/* One parameter. Text and bytes are borrowed: they must stay until the statement's result is there. */
struct db_value {
    enum db_value_kind kind;
    const void *bytes;
    int byte_count; /* of DB_VALUE_BYTES */
    int64_t number; /* of DB_VALUE_INT64 and DB_VALUE_BOOL */
};

/* $1, $2, … in binding order. Zero-initialise, then bind; may be copied. */
struct db_params {
    struct db_value values[DB_PARAMS_MAX];
    int count;
};

/* Each appends one parameter; more than DB_PARAMS_MAX is our bug and aborts. */
void db_bind_null(struct db_params *params);
/* Any type in its text form (text, json, timestamptz, '{1,2}' arrays); NULL binds SQL NULL. */
void db_bind_text(struct db_params *params, const char *text);
/* smallint, integer, bigint, numeric. */
void db_bind_int64(struct db_params *params, int64_t number);
void db_bind_bool(struct db_params *params, bool truth);
/* Sent in binary form, so for bytea of any length, and for uuid when `byte_count` is 16; NULL binds SQL NULL.
 */
void db_bind_bytes(struct db_params *params, const uint8_t *bytes, size_t byte_count);
/* A uuid as its 16 bytes; NULL binds SQL NULL. */
void db_bind_uuid(struct db_params *params, const uint8_t uuid[16]);

/* The rows of one result. Texts got from it are borrowed and live as long as the rows. */
struct db_rows;

int db_rows_count(const struct db_rows *rows);
int db_rows_columns(const struct db_rows *rows);
/* Rows changed by an INSERT, UPDATE, DELETE; 0 for anything else. */
int64_t db_rows_affected(const struct db_rows *rows);
/* The number of the column called `name`, or -1. */
int db_rows_column(const struct db_rows *rows, const char *name);

/* A cell; row and column must exist (else our bug: abort). */
bool db_is_null(const struct db_rows *rows, int row, int column);
/* NULL for SQL NULL; NUL-terminated text form otherwise. */
const char *db_text(const struct db_rows *rows, int row, int column);
int db_text_bytes(const struct db_rows *rows, int row, int column); /* strlen of db_text; 0 for NULL */
/* 0 for SQL NULL and for what is not an integer of 64 bits. */
int64_t db_int64(const struct db_rows *rows, int row, int column);
/* False for SQL NULL. */
bool db_bool(const struct db_rows *rows, int row, int column);
/* A bytea: copies at most `capacity` bytes and returns how many; -1 for NULL, for a longer one and for
 * another type. */
int db_bytes(const struct db_rows *rows, int row, int column, uint8_t *ret_bytes, size_t capacity);
/* A uuid as 16 bytes; false for NULL and other types. */
bool db_uuid(const struct db_rows *rows, int row, int column, uint8_t ret_uuid[16]);

void db_rows_free(struct db_rows *rows);                  /* NULL is fine */
static inline void db_rows_release(struct db_rows **rows) /* for CLEANUP */
{
    db_rows_free(*rows);
    *rows = NULL;
}

#endif
