#include "db/settings.h"

#include "sql_statements.h"

const struct db_statement *db_statements_all(size_t *ret_count)
{
#define STATEMENT(text, name) {name, text},
    static const struct db_statement statements[] = {SQL_STATEMENTS(STATEMENT){NULL, NULL}};
#undef STATEMENT
    *ret_count = sizeof statements / sizeof statements[0] - 1;
    return statements;
}
