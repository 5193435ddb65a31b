#include "serve.h"

#include "api/ops.h"
#include "api/session_guard.h"
#include "api/user_command.h"
#include "api/work.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/service.h"
#include "db/migrate.h"
#include "flow/site_keys.h"
#include "serve_port.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#define PORT_COUNT 2

/* Everything that runs, in the order of its making. */
struct serving {
    const struct conf *conf;
    sigset_t signals;
    struct db_settings database;
    struct db_conn *conn; /* for the start only */
    struct work_pool *pool;
    struct serve_port ports[PORT_COUNT];
};

void serve_base_url(const struct conf *conf, int port, char *ret_url, size_t capacity)
{
    const char *scheme = conf->http_tls_cert_file[0] ? "https" : "http";
    const char *listen = conf->http_listen;
    bool any = !*listen || strcmp(listen, "::") == 0 || strcmp(listen, "0.0.0.0") == 0;
    if (conf->http_public_url[0])
        snprintf(ret_url, capacity, "%s", conf->http_public_url);
    else if (strchr(listen, ':') && !any)
        snprintf(ret_url, capacity, "%s://[%s]:%d", scheme, listen, port);
    else
        snprintf(ret_url, capacity, "%s://%s:%d", scheme, any ? "localhost" : listen, port);
    size_t bytes = strlen(ret_url);
    if (bytes && ret_url[bytes - 1] == '/')
        ret_url[bytes - 1] = '\0';
}

/* ---- the process ---- */

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur < DESCRIPTORS_WANTED) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < HTTP_OPERATOR_CONNECTIONS_MAX + HTTP_DEVICE_CONNECTIONS_MAX)
        log_warn("serve.few_descriptors", LOG_INT("descriptors", limit.rlim_cur),
                 LOG_TEXT("next", "raise the hard limit (LimitNOFILE) for the full number of connections"));
}

/* Signals are taken by this thread alone, by waiting for them; threads made later inherit the mask. */
static void take_signals(struct serving *serving)
{
    sigemptyset(&serving->signals);
    sigaddset(&serving->signals, SIGTERM);
    sigaddset(&serving->signals, SIGINT);
    sigaddset(&serving->signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &serving->signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool stop_was_asked(const struct serving *serving, int wait_s)
{
    const struct timespec wait = {.tv_sec = wait_s};
    int number = sigtimedwait(&serving->signals, NULL, &wait);
    return number == SIGTERM || number == SIGINT;
}

/* ---- before the ports open ---- */

/* A database that is just being started is waited for: the service manager could only start us again and
 * again. */
static bool wait_for_database(struct serving *serving)
{
    for (int second = 0; second < START_DATABASE_WAIT_S; second++) {
        if (db_query_text(serving->conn, "SELECT 1", NULL, NULL) == OK)
            return true;
        if (second == 0)
            log_warn("serve.waiting_for_database", LOG_INT("wait_s_max", START_DATABASE_WAIT_S));
        if (stop_was_asked(serving, 1))
            return false;
    }
    log_error("serve.no_database",
              LOG_TEXT("next", "start PostgreSQL or set database.url; \"cardwrightd doctor\" looks closer"));
    return false;
}

static bool check_schema(const struct serving *serving)
{
    char problem[512];
    struct migrate_status status;
    const struct migrate_settings settings = {.conninfo = serving->database.conninfo,
                                              .directory = serving->conf->database_migrations};
    if (!migrate_check(&settings, &status, problem, sizeof problem)) {
        log_error("serve.schema_unusable", LOG_TEXT("problem", problem));
        return false;
    }
    if (status.applied == status.latest && status.functions_current)
        return true;
    log_error("serve.schema_old", LOG_INT("applied", status.applied), LOG_INT("wanted", status.latest),
              LOG_TEXT("next", "run: cardwrightd migrate"));
    return false;
}

static bool load_keys(const struct serving *serving)
{
    char path[4096];
    char problem[512] = "the path of keys.site_key_file is too long";
    if (site_keys_path(serving->conf->keys_site_key_file, path, sizeof path) &&
        site_keys_load(serving->conn, path, problem, sizeof problem))
        return true;
    log_error("serve.site_key", LOG_TEXT("problem", problem));
    return false;
}

static bool prepare(struct serving *serving)
{
    char problem[512];
    if (!ops_init(serving->conf, problem, sizeof problem)) {
        log_error("serve.configuration", LOG_TEXT("problem", problem));
        return false;
    }
    serving->conn = db_conn_new(&serving->database);
    return serving->conn && wait_for_database(serving) && check_schema(serving) && load_keys(serving);
}

/* ---- start and stop ---- */

static bool open_ports(struct serving *serving)
{
    serving->pool = work_pool_new(&serving->database, (int)serving->conf->database_work_threads);
    const struct serve_shared shared = {serving->conf, &serving->database, serving->pool};
    if (!serving->pool || !serve_port_open(&serving->ports[PORT_OPERATOR], PORT_OPERATOR, &shared) ||
        !serve_port_open(&serving->ports[PORT_DEVICE], PORT_DEVICE, &shared))
        return false;
    work_guard_set(session_guard);
    return true;
}

/* The set-up link goes to the person at the terminal, not into the log. */
static bool announce(struct serving *serving)
{
    char url[CONF_VALUE_BYTES_MAX + 32];
    serve_base_url(serving->conf, http_server_port(serving->ports[PORT_OPERATOR].api.server), url,
                   sizeof url);
    printf("Cardwright %s is at %s\n", OPS_VERSION, url);
    bool announced = setup_announce(serving->conn, url, stdout);
    fflush(stdout);
    db_conn_free(serving->conn);
    serving->conn = NULL;
    if (!announced)
        log_error("serve.no_database",
                  LOG_TEXT("next", "the database went away during the start: start again"));
    return announced;
}

static bool start(struct serving *serving)
{
    if (!prepare(serving) || !open_ports(serving) || !announce(serving))
        return false;
    for (int i = 0; i < PORT_COUNT; i++)
        if (!serve_port_run(&serving->ports[i]))
            return false;
    service_notify("READY=1");
    log_info("serve.ready");
    return true;
}

static void reload(const struct conf *conf)
{
    char problem[512] = "";
    enum log_level level;
    service_notify("RELOADING=1");
    struct conf *fresh = conf_read(conf->path, NULL, 0, problem, sizeof problem);
    if (fresh && log_parse_level(fresh->log_level, &level)) {
        log_set_level(level);
        log_set_json(fresh->log_json);
        log_info("serve.reloaded", LOG_TEXT("log_level", fresh->log_level));
    } else {
        log_error("serve.reload_refused", LOG_TEXT("problem", problem));
    }
    conf_free(fresh);
    service_notify("READY=1");
}

static void wait_for_end(const struct serving *serving)
{
    for (;;) {
        int number = sigwaitinfo(&serving->signals, NULL);
        if (number == SIGHUP)
            reload(serving->conf);
        if (number == SIGTERM || number == SIGINT)
            return;
    }
}

/* Ports first, so that nothing new comes; then the pool, which is idle by then; the keys last. */
static void stop(struct serving *serving)
{
    service_notify("STOPPING=1");
    log_info("serve.stopping");
    for (int i = 0; i < PORT_COUNT; i++)
        serve_port_stop(&serving->ports[i]);
    for (int i = 0; i < PORT_COUNT; i++)
        serve_port_join(&serving->ports[i]);
    for (int i = 0; i < PORT_COUNT; i++)
        serve_port_close(&serving->ports[i]);
    if (serving->pool)
        work_pool_free(serving->pool);
    db_conn_free(serving->conn);
    site_keys_unload();
    log_info("serve.stopped");
}

int serve(const struct conf *conf)
{
    struct serving serving = {.conf = conf};
    serving.database.conninfo = conf->database_url;
    serving.database.application_name = "cardwrightd";
    serving.database.statements = db_statements_all(&serving.database.statement_count);
#ifndef __SANITIZE_ADDRESS__   /* whose leak check at the end traces the process */
    prctl(PR_SET_DUMPABLE, 0); /* no core with keys in it */
#endif
    raise_descriptor_limit();
    take_signals(&serving);
    bool started = start(&serving);
    if (started)
        wait_for_end(&serving);
    stop(&serving);
    return started ? 0 : 1;
}
