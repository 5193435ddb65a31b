/* The doctor names what is wrong and what to do, and finds nothing wrong where nothing is. */
#include "db/doctor.h"
#include "db/migrate.h"
#include "tests/lib/pg.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char *said;
static size_t said_bytes;

static int visit(struct doctor_settings settings)
{
    free(said);
    settings.output = open_memstream(&said, &said_bytes);
    int bad = doctor_run(&settings);
    fclose(settings.output);
    return bad;
}

#define cr_said(words) cr_assert_not_null(strstr(said, words), "%s", said)

TestSuite(db_doctor, .timeout = 60);

Test(db_doctor, a_database_that_is_well_and_one_without_a_schema)
{
    struct test_pg pg;
    char problem[512];
    char folder[] = "/tmp/cardwright-doctor-XXXXXX";
    char path[128];
    test_pg_create(&pg, "doctor", TEST_PG_EMPTY);
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/0001_first.sql", folder);
    FILE *file = fopen(path, "w");
    fputs("create table first (id bigint);", file);
    fclose(file);

    cr_assert_eq(visit((struct doctor_settings){.conninfo = pg.app, .migrations_directory = folder}), 1);
    cr_said("bad schema: version 0 of 1, and other functions: run cardwrightd migrate");
    snprintf(path, sizeof path, "%s/roles.sql", folder);
    fclose(fopen(path, "w"));
    cr_assert(migrate_run(&(struct migrate_settings){.conninfo = pg.owner, .directory = folder}, problem,
                          sizeof problem),
              "%s", problem);
    cr_assert_eq(visit((struct doctor_settings){.conninfo = pg.app, .migrations_directory = folder}), 0, "%s",
                 said);
    cr_said("ok  database: fsync is on");
    cr_said("ok  database: data_checksums is on");
    cr_said("ok  schema: version 1");
    cr_assert_eq(visit((struct doctor_settings){.conninfo = pg.admin}), 1);
    cr_said("bad database role postgres");
    unlink(path);
    snprintf(path, sizeof path, "%s/0001_first.sql", folder);
    unlink(path);
    rmdir(folder);
    test_pg_drop(&pg);
}

Test(db_doctor, an_absent_database)
{
    cr_assert_eq(visit((struct doctor_settings){.conninfo = "host=/nonexistent dbname=nothing"}), 1);
    cr_said("bad database: ");
    cr_said("correct database.url");
}

Test(db_doctor, the_mode_of_the_key_file)
{
    char path[] = "/tmp/cardwright-key-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert_eq(fchmod(fd, 0400), 0);
    cr_assert_eq(visit((struct doctor_settings){.site_key_path = path}), 0, "%s", said);
    cr_assert_eq(fchmod(fd, 0640), 0);
    cr_assert_eq(visit((struct doctor_settings){.site_key_path = path}), 1);
    cr_said("chmod 0400");
    close(fd);
    unlink(path);
    cr_assert_eq(visit((struct doctor_settings){.site_key_path = path}), 0);
    cr_said("is not there");
}

Test(db_doctor, ports_disk_and_webroot)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    struct doctor_settings settings = {.listen_address = "127.0.0.1",
                                       .operator_port = ntohs(address.sin_port)};
    cr_assert_eq(visit(settings), 1);
    cr_said("is in use");
    close(fd);
    cr_assert_eq(visit(settings), 0, "%s", said);

    cr_assert_eq(visit((struct doctor_settings){.state_directory = "/nonexistent"}), 1);
    cr_said("make the folder");
    cr_assert_eq(visit((struct doctor_settings){.webroot = "/nonexistent"}), 1);
    cr_said("bad webroot");
    cr_assert_eq(visit((struct doctor_settings){.config_problem = "line 3: unknown key"}), 1);
    cr_said("bad configuration: line 3");
}
