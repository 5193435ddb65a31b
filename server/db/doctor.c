#include "db/doctor.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "db/migrate.h"
#include "db/pg.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define POSTGRES_VERSION_MIN 150000

struct visit {
    const struct doctor_settings *settings;
    int bad;
};

__attribute__((format(printf, 3, 4))) static void line(struct visit *visit, bool good, const char *format,
                                                       ...)
{
    va_list args;
    visit->bad += !good;
    fputs(good ? "ok  " : "bad ", visit->settings->output);
    va_start(args, format);
    vfprintf(visit->settings->output, format, args);
    va_end(args);
    fputc('\n', visit->settings->output);
}

static void look_at_config(struct visit *visit)
{
    const struct doctor_settings *settings = visit->settings;
    const char *path = settings->config_path ? settings->config_path : "defaults and environment";
    if (settings->config_problem)
        line(visit, false, "configuration: %s", settings->config_problem);
    else
        line(visit, true, "configuration: %s", path);
}

/* The first cell of a query, or "" when it fails; the caller frees. */
static char *ask(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    bool got = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    char *answer = strdup(got ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return answer;
}

static void look_at_safety(struct visit *visit, PGconn *pg)
{
    static const struct {
        const char *setting;
        const char *advice;
    } wanted[] = {
        {"fsync", "set fsync = on in postgresql.conf and reload; without it a power cut loses money"},
        {"full_page_writes", "set full_page_writes = on in postgresql.conf and reload"},
        {"data_checksums", "stop the database and run pg_checksums --enable, so that rotten pages are found"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "show %s", wanted[i].setting);
        CLEANUP(cleanup_free) char *value = ask(pg, sql);
        if (value && strcmp(value, "on") == 0)
            line(visit, true, "database: %s is on", wanted[i].setting);
        else
            line(visit, false, "database: %s is off: %s", wanted[i].setting, wanted[i].advice);
    }
}

static void look_at_role(struct visit *visit, PGconn *pg)
{
    CLEANUP(cleanup_free) char *super = ask(pg, "select rolsuper from pg_roles where rolname = current_user");
    CLEANUP(cleanup_free)
    char *encoding = ask(pg, "select pg_encoding_to_char(encoding) || ' ' || datctype from pg_database"
                             " where datname = current_database()");
    if (!super || strcmp(super, "f") != 0)
        line(visit, false, "database role %s: it may do everything; let the server connect as cardwright_app",
             PQuser(pg));
    else
        line(visit, true, "database role: %s", PQuser(pg));
    bool usable = encoding && strncmp(encoding, "UTF8 ", 5) == 0 && strcmp(encoding, "UTF8 C") != 0;
    if (usable)
        line(visit, true, "database encoding: %s", encoding);
    else
        line(visit, false, "database encoding %s: make the database with encoding UTF8 and locale C.UTF-8",
             encoding ? encoding : "");
}

static void look_at_schema(struct visit *visit)
{
    char problem[512];
    struct migrate_status status;
    struct migrate_settings settings = {.conninfo = visit->settings->conninfo,
                                        .directory = visit->settings->migrations_directory};
    if (!settings.directory)
        return;
    if (!migrate_check(&settings, &status, problem, sizeof problem))
        line(visit, false, "schema: %s", problem);
    else if (status.applied != status.latest || !status.functions_current)
        line(visit, false, "schema: version %d of %d%s: run cardwrightd migrate", status.applied,
             status.latest, status.functions_current ? "" : ", and other functions");
    else
        line(visit, true, "schema: version %d", status.applied);
}

static void look_at_database(struct visit *visit)
{
    struct db_settings settings = {.conninfo = visit->settings->conninfo,
                                   .application_name = "cardwright-doctor"};
    if (!settings.conninfo)
        return;
    PGconn *pg = db_pg_connect(&settings, true);
    if (PQstatus(pg) != CONNECTION_OK) {
        char reason[256];
        snprintf(reason, sizeof reason, "%s", pg ? PQerrorMessage(pg) : "no memory");
        reason[strcspn(reason, "\n")] = '\0';
        line(visit, false, "database: %s: start it, or correct database.url", reason);
        PQfinish(pg);
        return;
    }
    int version = PQserverVersion(pg);
    if (version < POSTGRES_VERSION_MIN)
        line(visit, false, "database: PostgreSQL %d is too old: use 15 or newer", version / 10000);
    else
        line(visit, true, "database: PostgreSQL %d.%d as %s in %s", version / 10000, version % 10000,
             PQuser(pg), PQdb(pg));
    look_at_safety(visit, pg);
    look_at_role(visit, pg);
    PQfinish(pg);
    look_at_schema(visit);
}

static void look_at_site_key(struct visit *visit)
{
    const char *path = visit->settings->site_key_path;
    struct stat info;
    if (!path)
        return;
    if (stat(path, &info) != 0 && errno == ENOENT)
        line(visit, true, "site key: %s is not there; the first start on an empty database makes it", path);
    else if (stat(path, &info) != 0)
        line(visit, false, "site key: %s: %s: let the server's user read it", path, strerror(errno));
    else if (!S_ISREG(info.st_mode) || info.st_mode & 077)
        line(visit, false, "site key: others may read %s: run chmod 0400 %s", path, path);
    else if (access(path, R_OK) != 0)
        line(visit, false, "site key: %s cannot be read: give it to the server's user with chown", path);
    else
        line(visit, true, "site key: %s, mode %04o", path, info.st_mode & 07777);
}

static void look_at_disk(struct visit *visit)
{
    const char *directory = visit->settings->state_directory;
    struct statvfs info;
    if (!directory)
        return;
    if (statvfs(directory, &info) != 0) {
        line(visit, false, "disk: %s: %s: make the folder", directory, strerror(errno));
        return;
    }
    long long free_bytes = (long long)info.f_bavail * (long long)info.f_frsize;
    bool enough = free_bytes >= DOCTOR_DISK_FREE_BYTES_MIN;
    line(visit, enough, "disk: %lld MB free in %s%s", free_bytes >> 20, directory,
         enough ? "" : ": make room, at least 1 GB");
}

static int try_port(const char *address, uint16_t port)
{
    char service[8];
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(address, service, &hints, &found) != 0)
        return EADDRNOTAVAIL;
    int error = 0;
    int one = 1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1) != 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return error;
}

static void look_at_port(struct visit *visit, const char *name, uint16_t port)
{
    if (port == 0)
        return;
    int error = try_port(visit->settings->listen_address, port);
    if (error == EADDRINUSE)
        line(visit, false,
             "%s port: %u is in use: stop the program there (a running server?) or choose another port", name,
             port);
    else if (error)
        line(visit, false, "%s port: %u: %s: correct the address to listen on", name, port, strerror(error));
    else
        line(visit, true, "%s port: %u is free", name, port);
}

static void look_at_webroot(struct visit *visit)
{
    const char *webroot = visit->settings->webroot;
    char index[1024];
    if (!webroot)
        return;
    snprintf(index, sizeof index, "%s/index.html", webroot);
    if (access(index, R_OK) == 0)
        line(visit, true, "webroot: %s", webroot);
    else
        line(visit, false, "webroot: %s: %s: correct the setting webroot or the rights", index,
             strerror(errno));
}

int doctor_run(const struct doctor_settings *settings)
{
    struct visit visit = {.settings = settings};
    look_at_config(&visit);
    look_at_database(&visit);
    look_at_site_key(&visit);
    look_at_disk(&visit);
    look_at_port(&visit, "operator", settings->operator_port);
    look_at_port(&visit, "device", settings->device_port);
    look_at_webroot(&visit);
    return visit.bad;
}
