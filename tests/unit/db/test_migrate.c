/* The migration runner on folders made for the purpose, and on the product's own. */
#include "db/migrate.h"
#include "tests/lib/pg.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_pg pg;
static PGconn *side;
static char folder[64];
static char problem[512];

static void set_up(void)
{
    test_pg_create(&pg, "migrate", TEST_PG_EMPTY);
    side = test_pg_connect(pg.owner);
    snprintf(folder, sizeof folder, "/tmp/cardwright-migrate-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    cr_assert_not_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char inside[512];
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_folder(inside);
        else if (entry->d_type != DT_DIR)
            unlink(inside);
    }
    closedir(dir);
    rmdir(path);
}

static void tear_down(void)
{
    remove_folder(folder);
    PQfinish(side);
    test_pg_drop(&pg);
}

TestSuite(db_migrate, .init = set_up, .fini = tear_down, .timeout = 60);

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/functions", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static bool migrate(void)
{
    struct migrate_settings settings = {.conninfo = pg.owner, .directory = folder};
    problem[0] = '\0';
    return migrate_run(&settings, problem, sizeof problem);
}

#define cr_refused(words)                                                                                    \
    do {                                                                                                     \
        cr_assert_not(migrate());                                                                            \
        cr_assert_not_null(strstr(problem, words), "%s", problem);                                           \
    } while (0)

static void write_two(void)
{
    write_file("0001_first.sql", "create table first (id bigint);\ninsert into first values (1);");
    write_file("0002_second.sql", "alter table first add column name text;");
}

Test(db_migrate, empty_to_latest_and_again)
{
    write_two();
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select count(*) from first where name is null"), 1);
    cr_assert_eq(test_pg_number(side, "select max(version) from schema_migration"), 2);
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select count(*) from first"), 1, "nothing ran twice");

    write_file("0010_third.sql", "insert into first values (2);");
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select count(*) from first"), 2);
}

Test(db_migrate, a_changed_file_is_refused)
{
    write_two();
    cr_assert(migrate());
    write_file("0001_first.sql", "create table first (id int);");
    cr_refused("0001_first.sql was changed after it was applied");
    struct migrate_status status;
    struct migrate_settings settings = {.conninfo = pg.owner, .directory = folder};
    cr_assert_not(migrate_check(&settings, &status, problem, sizeof problem));
    cr_assert_not_null(strstr(problem, "was changed"));
}

Test(db_migrate, a_missing_file_is_refused)
{
    char path[256];
    write_two();
    cr_assert(migrate());
    snprintf(path, sizeof path, "%s/0002_second.sql", folder);
    unlink(path);
    cr_refused("older than the database");
}

Test(db_migrate, a_number_below_the_newest_is_refused)
{
    write_two();
    write_file("0005_fifth.sql", "select 1");
    cr_assert(migrate());
    write_file("0003_late.sql", "select 1");
    cr_refused("0003_late.sql was never applied, but 0005 was");
}

Test(db_migrate, wrong_names_are_refused)
{
    write_two();
    write_file("0002_again.sql", "select 1");
    cr_refused("another number");
    unlink("0002_again.sql");
}

Test(db_migrate, a_name_without_four_digits_is_refused)
{
    write_two();
    write_file("3_third.sql", "select 1");
    cr_refused("Rename 3_third.sql");
}

Test(db_migrate, an_empty_folder_is_refused)
{
    cr_refused("There are no migrations in");
}

Test(db_migrate, a_failing_file_leaves_nothing_and_names_its_line)
{
    write_two();
    write_file("0003_third.sql", "create table third (id bigint);\n\n-- \xc3\xbc\ncreate tabel wrong ();\n");
    cr_refused("0003_third.sql, line 4");
    cr_assert_eq(test_pg_number(side, "select max(version) from schema_migration"), 2);
    cr_assert_eq(test_pg_number(side, "select count(*) from pg_class where relname = 'third'"), 0);
    write_file("0003_third.sql", "create table third (id bigint);");
    cr_assert(migrate(), "%s", problem);
}

Test(db_migrate, a_file_may_not_end_its_transaction)
{
    write_two();
    write_file("0003_third.sql", "create table third (id bigint); commit;");
    cr_refused("ends its transaction");
    cr_assert_eq(test_pg_number(side, "select max(version) from schema_migration"), 2);
}

Test(db_migrate, functions_are_reapplied_when_any_of_them_changed)
{
    write_two();
    write_file("functions/fn_b.sql",
               "create or replace function fn_b() returns int language sql as 'select 1';");
    write_file("functions/fn_a.sql",
               "create or replace function fn_a() returns int language sql as 'select fn_b() + 10';");
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select fn_a()"), 11);
    test_pg_exec(side, "create or replace function fn_b() returns int language sql as 'select 5'");
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select fn_a()"), 15, "unchanged files are not applied again");
    write_file("functions/fn_c.sql",
               "create or replace function fn_c() returns int language sql as 'select 7';");
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(side, "select fn_a() + fn_c()"), 18);
}

Test(db_migrate, a_wrong_function_changes_none_of_them)
{
    write_two();
    write_file("functions/fn_a.sql",
               "create or replace function fn_a() returns int language sql as 'select 1';");
    cr_assert(migrate(), "%s", problem);
    write_file("functions/fn_a.sql",
               "create or replace function fn_a() returns int language sql as 'select 2';");
    write_file("functions/fn_b.sql",
               "create or replace function fn_b() returns int language sql as 'select fn_nowhere()';");
    cr_refused("fn_b.sql, line 1");
    cr_assert_eq(test_pg_number(side, "select fn_a()"), 1);
}

Test(db_migrate, grants_are_applied_each_time)
{
    write_two();
    write_file("roles.sql", "grant select on first to cardwright_app;");
    cr_assert(migrate(), "%s", problem);
    PGconn *app = test_pg_connect(pg.app);
    cr_assert_eq(test_pg_number(app, "select count(*) from first"), 1);
    test_pg_exec(side, "revoke all on first from cardwright_app");
    cr_assert(migrate(), "%s", problem);
    cr_assert_eq(test_pg_number(app, "select count(*) from first"), 1);
    PQfinish(app);
}

Test(db_migrate, the_state_can_be_compared)
{
    struct migrate_status status;
    struct migrate_settings settings = {.conninfo = pg.owner, .directory = folder};
    write_two();
    write_file("functions/fn_a.sql",
               "create or replace function fn_a() returns int language sql as 'select 1';");
    cr_assert(migrate_check(&settings, &status, problem, sizeof problem), "%s", problem);
    cr_assert_eq(status.applied, 0);
    cr_assert_eq(status.latest, 2);
    cr_assert(migrate());
    cr_assert(migrate_check(&settings, &status, problem, sizeof problem), "%s", problem);
    cr_assert_eq(status.applied, 2);
    cr_assert(status.functions_current);
}

static void *migrate_thread(void *ret_good)
{
    char said[512];
    struct migrate_settings settings = {.conninfo = pg.owner, .directory = folder};
    *(bool *)ret_good = migrate_run(&settings, said, sizeof said);
    return NULL;
}

Test(db_migrate, two_at_once_do_not_mix)
{
    pthread_t threads[4];
    bool good[4] = {false};
    write_two();
    write_file("0003_slow.sql", "select pg_sleep(0.2); create table third (id bigint);");
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, migrate_thread, &good[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++)
        cr_assert(good[i]);
    cr_assert_eq(test_pg_number(side, "select count(*) from first"), 1);
}

Test(db_migrate, the_products_own_schema_twice)
{
    struct migrate_settings settings = {.conninfo = pg.owner, .directory = "migrations"};
    for (int i = 0; i < 2; i++)
        cr_assert(migrate_run(&settings, problem, sizeof problem), "%s", problem);
    char uncommented[512];
    test_pg_text(side,
                 "select coalesce(string_agg(relname, ', '), '') from pg_class where relkind = 'r'"
                 " and relnamespace = 'public'::regnamespace and obj_description(oid, 'pg_class') is null",
                 uncommented, sizeof uncommented);
    cr_assert_str_empty(uncommented, "tables without a comment: %s", uncommented);
    test_pg_text(
        side,
        "select coalesce(string_agg(attrelid::regclass || '.' || attname, ', '), '') from pg_attribute a"
        " join pg_class c on c.oid = attrelid where relkind = 'r' and attnum > 0 and not attisdropped"
        " and relnamespace = 'public'::regnamespace and col_description(attrelid, attnum) is null",
        uncommented, sizeof uncommented);
    cr_assert_str_empty(uncommented, "columns without a comment: %s", uncommented);
}
