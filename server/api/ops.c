/* Routes about the server itself: is it alive, can it work, what did it count. */
#include "api/ops.h"
#include "api/fast.h"
#include "api/port.h"
#include "base/buf.h"
#include "base/limits.h"
#include "http/reply.h"

#include <dirent.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

/* Set once before the ports open. */
static struct {
    int latest_migration;
    time_t started_at;
    char metrics_token[METRICS_TOKEN_BYTES_MAX + 1];
} ops;

static int latest_migration(const char *directory)
{
    int latest = 0;
    DIR *folder = opendir(directory);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        size_t digits = strspn(entry->d_name, "0123456789");
        if (digits == 4 && entry->d_name[4] == '_' && strstr(entry->d_name, ".sql"))
            latest =
                (int)strtol(entry->d_name, NULL, 10) > latest ? (int)strtol(entry->d_name, NULL, 10) : latest;
    }
    if (folder)
        closedir(folder);
    return latest;
}

static bool read_token(const char *path)
{
    if (!*path)
        return true;
    FILE *file = fopen(path, "re");
    if (!file || !fgets(ops.metrics_token, sizeof ops.metrics_token, file))
        ops.metrics_token[0] = '\0';
    if (file)
        fclose(file);
    ops.metrics_token[strcspn(ops.metrics_token, "\r\n")] = '\0';
    return ops.metrics_token[0] != '\0';
}

bool ops_init(const struct conf *conf, char *ret_problem, size_t capacity)
{
    ops.started_at = time(NULL);
    ops.latest_migration = latest_migration(conf->database_migrations);
    if (read_token(conf->http_metrics_token_file))
        return true;
    snprintf(ret_problem, capacity, "http.metrics_token_file %s cannot be read or is empty",
             conf->http_metrics_token_file);
    return false;
}

void livez_get(struct request *rq)
{
    reply_json(rq, 200, "{\"status\":\"ok\"}");
}

/* ---- /readyz ---- */

static bool disk_is_fine(const struct conf *conf)
{
    struct statvfs disk;
    if (statvfs(conf->state_directory, &disk) != 0)
        return false;
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize >= READY_DISK_FREE_BYTES_MIN;
}

static void reply_ready(struct request *rq, bool database, int version)
{
    const struct api_port *port = api_port_of(rq);
    bool schema = version >= ops.latest_migration;
    bool disk = disk_is_fine(port->conf);
    json_t *facts = json_pack("{s:b, s:i, s:i, s:b}", "database", database, "migration", version,
                              "migration_wanted", ops.latest_migration, "disk", disk);
    if (database && schema && disk) {
        json_object_set_new(facts, "status", json_string("ok"));
        reply_json_t(rq, 200, facts);
    } else {
        reply_error_extra(rq, ERR_UNAVAILABLE, facts);
    }
    json_decref(facts);
}

static enum fast_next on_version(struct request *rq, void *state, const struct db_rows *rows,
                                 const struct fast_stage **ret_next)
{
    (void)state;
    (void)ret_next;
    reply_ready(rq, true, db_rows_count(rows) ? (int)db_int64(rows, 0, 0) : 0);
    return FAST_REPLIED;
}

static const struct fast_stage version_stage = {
    .statement = "schema_version", .next = on_version, .repeatable = true};

void readyz_get(struct request *rq)
{
    if (db_fast_ready(api_port_of(rq)->fast))
        fast_run(rq, &version_stage, NULL);
    else
        reply_ready(rq, false, 0);
}

/* ---- /metrics ---- */

static bool may_see_metrics(const struct request *rq)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = request_header(rq, "Authorization");
    if (!ops.metrics_token[0]) {
        const char *ip = request_client_ip(rq);
        return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0 || strncmp(ip, "::ffff:127.", 11) == 0;
    }
    if (!authorization || strncmp(authorization, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *token = authorization + sizeof scheme - 1;
    size_t bytes = strlen(ops.metrics_token);
    return strlen(token) == bytes && sodium_memcmp(token, ops.metrics_token, bytes) == 0;
}

static int64_t resident_bytes(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*d %lld", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * 4096;
}

void metrics_get(struct request *rq)
{
    if (!may_see_metrics(rq)) {
        reply_error(rq, ERR_UNAUTHENTICATED,
                    "Send the token of http.metrics_token_file as Authorization: Bearer.");
        return;
    }
    const struct api_port *port = api_port_of(rq);
    struct buf text = buf_make(METRICS_BYTES_MAX);
    buf_printf(&text, "cardwright_build_info{version=\"%s\",compiler=\"%s\"} 1\n", OPS_VERSION, __VERSION__);
    buf_printf(&text, "process_start_time_seconds %lld\n", (long long)ops.started_at);
    buf_printf(&text, "process_resident_memory_bytes %" PRId64 "\n", resident_bytes());
    http_server_metrics(port->server, &text);
    api_port_metrics(port, &text);
    reply_bytes(rq, 200, "text/plain; version=0.0.4; charset=utf-8", buf_string(&text), text.count);
    buf_free(&text);
}
