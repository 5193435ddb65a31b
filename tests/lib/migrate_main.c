/* test-migrate CONNINFO DIRECTORY: brings a test database to the newest schema without the server program. */
#include "db/migrate.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    char problem[512];
    if (argc != 3) {
        fputs("usage: test-migrate CONNINFO DIRECTORY\n", stderr);
        return 2;
    }
    struct migrate_settings settings = {.conninfo = argv[1], .directory = argv[2]};
    if (migrate_run(&settings, problem, sizeof problem))
        return 0;
    fprintf(stderr, "%s\n", problem);
    return 1;
}
