#include "db/rows.h"

#include "base/bytes.h"
#include "db/pg.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct db_value *append(struct db_params *params, enum db_value_kind kind)
{
    assert(params->count < DB_PARAMS_MAX);
    struct db_value *value = &params->values[params->count++];
    *value = (struct db_value){.kind = kind};
    return value;
}

void db_bind_null(struct db_params *params)
{
    append(params, DB_VALUE_NULL);
}

void db_bind_text(struct db_params *params, const char *text)
{
    append(params, text ? DB_VALUE_TEXT : DB_VALUE_NULL)->bytes = text;
}

void db_bind_int64(struct db_params *params, int64_t number)
{
    append(params, DB_VALUE_INT64)->number = number;
}

void db_bind_bool(struct db_params *params, bool truth)
{
    append(params, DB_VALUE_BOOL)->number = truth;
}

void db_bind_bytes(struct db_params *params, const uint8_t *bytes, size_t byte_count)
{
    assert(byte_count <= INT32_MAX);
    struct db_value *value = append(params, bytes ? DB_VALUE_BYTES : DB_VALUE_NULL);
    value->bytes = bytes;
    value->byte_count = (int)byte_count;
}

void db_bind_uuid(struct db_params *params, const uint8_t uuid[16])
{
    db_bind_bytes(params, uuid, 16);
}

void db_encode(const struct db_params *params, struct db_encoded *ret_encoded)
{
    for (int i = 0; params && i < params->count; i++) {
        const struct db_value *value = &params->values[i];
        ret_encoded->values[i] = value->bytes;
        ret_encoded->lengths[i] = value->byte_count;
        ret_encoded->formats[i] = value->kind == DB_VALUE_BYTES;
        if (value->kind == DB_VALUE_BOOL)
            ret_encoded->values[i] = value->number ? "t" : "f";
        if (value->kind == DB_VALUE_INT64) {
            snprintf(ret_encoded->digits[i], sizeof ret_encoded->digits[i], "%" PRId64, value->number);
            ret_encoded->values[i] = ret_encoded->digits[i];
        }
    }
}

int db_rows_count(const struct db_rows *rows)
{
    return PQntuples(rows->result);
}

int db_rows_columns(const struct db_rows *rows)
{
    return PQnfields(rows->result);
}

int64_t db_rows_affected(const struct db_rows *rows)
{
    return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

int db_rows_column(const struct db_rows *rows, const char *name)
{
    for (int column = 0; column < PQnfields(rows->result); column++) {
        if (strcmp(PQfname(rows->result, column), name) == 0)
            return column;
    }
    return -1;
}

bool db_is_null(const struct db_rows *rows, int row, int column)
{
    assert(row >= 0 && row < PQntuples(rows->result));
    assert(column >= 0 && column < PQnfields(rows->result));
    return PQgetisnull(rows->result, row, column);
}

const char *db_text(const struct db_rows *rows, int row, int column)
{
    return db_is_null(rows, row, column) ? NULL : PQgetvalue(rows->result, row, column);
}

int db_text_bytes(const struct db_rows *rows, int row, int column)
{
    return db_is_null(rows, row, column) ? 0 : PQgetlength(rows->result, row, column);
}

int64_t db_int64(const struct db_rows *rows, int row, int column)
{
    const char *text = db_text(rows, row, column);
    if (!text)
        return 0;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return errno || end == text || *end ? 0 : number;
}

bool db_bool(const struct db_rows *rows, int row, int column)
{
    const char *text = db_text(rows, row, column);
    return text && strcmp(text, "t") == 0;
}

int db_bytes(const struct db_rows *rows, int row, int column, uint8_t *ret_bytes, size_t capacity)
{
    const char *text = db_text(rows, row, column);
    if (!text || text[0] != '\\' || text[1] != 'x')
        return -1;
    return bytes_from_hex_any(text + 2, ret_bytes, capacity);
}

bool db_uuid(const struct db_rows *rows, int row, int column, uint8_t ret_uuid[16])
{
    const char *text = db_text(rows, row, column);
    char digits[33];
    int count = 0;
    for (; text && *text && count <= 32; text++) {
        if (*text != '-' && count < 32)
            digits[count] = *text;
        count += *text != '-';
    }
    if (count != 32)
        return false;
    digits[32] = '\0';
    return bytes_from_hex(digits, ret_uuid, 16);
}

void db_rows_free(struct db_rows *rows)
{
    if (!rows)
        return;
    PQclear(rows->result);
    free(rows);
}
