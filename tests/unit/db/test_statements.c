/* Every statement of server/sql fits the schema: a wrong column fails here within a second. */
#include "db/settings.h"
#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(db_statements, .timeout = 60);

Test(db_statements, each_can_be_prepared_by_the_app_role)
{
    struct test_pg pg;
    size_t count;
    int wrong = 0;
    const struct db_statement *statements = db_statements_all(&count);
    test_pg_create(&pg, "statements", TEST_PG_MIGRATED);
    PGconn *app = test_pg_connect(pg.app);
    for (size_t i = 0; i < count; i++) {
        PGresult *result = PQprepare(app, statements[i].name, statements[i].text, 0, NULL);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            cr_log_error("server/sql/%s.sql: %s", statements[i].name, PQresultErrorMessage(result));
            wrong++;
        }
        PQclear(result);
    }
    PQfinish(app);
    test_pg_drop(&pg);
    cr_assert_eq(wrong, 0, "%d of %zu statements cannot be prepared", wrong, count);
}

/* Lanes hand statements over by name; two with one name would be a statement that nobody can reach. */
Test(db_statements, names_are_unique_and_words)
{
    size_t count;
    const struct db_statement *statements = db_statements_all(&count);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(strspn(statements[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                     strlen(statements[i].name), "%s", statements[i].name);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(statements[i].name, statements[j].name);
    }
}
