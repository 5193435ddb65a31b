/* The site of a worker: built, brought back to life, taken down. */
#include "tests/kill/kill.h"
#include "tests/lib/rig_internal.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READY_MS 20000
#define STEP_MS 5
#define FILL_MINOR 50000 /* of each purse: withdrawals find enough, recharges stay below the limits */
#define PUT_BACK_TRIES 4
#define REVIVE_TRIES 4

bool worker_problem(struct worker *worker, const char *format, ...)
{
    char text[RIG_PROBLEM_BYTES]; /* the old problem may be part of the new one */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(worker->problem, text, sizeof worker->problem);
    return false;
}

static bool desk_problem(struct worker *worker, const char *what)
{
    return worker_problem(worker, "%s: %.1900s", what, worker->desk->problem);
}

/* ---- killing: in the proxy's thread, without a wait ---- */

static pid_t postmaster_of(const struct test_cluster *cluster)
{
    char path[320], place[256] = "";
    int pid = 0;
    snprintf(path, sizeof path, "%s/place", cluster->directory); /* where cluster.sh put the data */
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%255s", place) != 1)
        place[0] = '\0';
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "%s/data/postmaster.pid", *place ? place : cluster->directory);
    file = fopen(path, "re");
    if (file && fscanf(file, "%d", &pid) != 1)
        pid = 0;
    if (file)
        fclose(file);
    return pid;
}

static void kill_side(void *context, enum proxy_side side, pid_t backend)
{
    struct worker *worker = context;
    pid_t victim = 0;
    int how = SIGKILL;
    switch (side) {
    case SIDE_AGENT:
        victim = worker->desk->agent;
        break;
    case SIDE_SERVER:
        victim = worker->desk->server->pid;
        break;
    case SIDE_BACKEND:
        victim = backend;
        break;
    case SIDE_POSTGRES:
        victim = worker->owns_cluster ? postmaster_of(&worker->cluster) : 0;
        how = SIGQUIT; /* what "immediate" sends: all of it ends at once, as if the power had gone */
        break;
    default:
        break;
    }
    if (victim <= 0)
        return;
    kill(victim, how);
    atomic_store(&worker->killed[side], true);
}

/* ---- reviving ---- */

/* A connection whose other end was killed looks sound until it has been used twice: first it reads the
 * farewell. */
static bool answers(PGconn *pg)
{
    PGresult *result = PQexec(pg, "");
    bool fine = PQresultStatus(result) == PGRES_EMPTY_QUERY && PQstatus(pg) == CONNECTION_OK;
    PQclear(result);
    return fine;
}

PGconn *worker_pg(struct worker *worker)
{
    if (worker->pg && answers(worker->pg))
        return worker->pg;
    for (int64_t until_ms = rig_now_ms() + READY_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        PQfinish(worker->pg);
        worker->pg = PQconnectdb(worker->rig->servers[0]->pg.owner);
        if (PQstatus(worker->pg) == CONNECTION_OK)
            return worker->pg;
    }
    worker_problem(worker, "PostgreSQL does not come back: %.300s", PQerrorMessage(worker->pg));
    return NULL;
}

/* PostgreSQL ends all its processes after one of them was killed, and begins anew; until then it would still
 * answer, and fail in the middle of something else. */
static void wait_crash(struct worker *worker)
{
    for (int64_t until_ms = rig_now_ms() + READY_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        if (!answers(worker->pg))
            return;
    }
}

/* The last thing PostgreSQL does is to take its PID file away. */
static bool wait_stopped(struct worker *worker)
{
    for (int64_t until_ms = rig_now_ms() + READY_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS))
        if (postmaster_of(&worker->cluster) == 0)
            return true;
    return worker_problem(worker, "PostgreSQL does not end");
}

static bool revive_postgres(struct worker *worker)
{
    bool backend = atomic_exchange(&worker->killed[SIDE_BACKEND], false);
    bool all = atomic_exchange(&worker->killed[SIDE_POSTGRES], false);
    if (all && !wait_stopped(worker))
        return false;
    if (all)
        test_cluster_start(&worker->cluster);
    if (backend && worker->pg)
        wait_crash(worker);
    return (!backend && !all) || worker_pg(worker) != NULL;
}

static bool wait_ready(struct worker *worker)
{
    for (int64_t until_ms = rig_now_ms() + READY_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS))
        if (rig_call(worker->desk, "GET", "/readyz", NULL, NULL) == 200)
            return true;
    return worker_problem(worker, "the server is not ready within %d ms", READY_MS);
}

/* Waits until the server has heard of the program that was started last, and not only of the one before. */
static bool wait_new_run(struct worker *worker, const char *old_run)
{
    char sql[160], run[64] = "";
    snprintf(sql, sizeof sql, "SELECT coalesce(encode(run, 'hex'), '') FROM desk_live WHERE desk_id = '%s'",
             worker->desk->id);
    for (int64_t until_ms = rig_now_ms() + READY_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        PGconn *pg = worker_pg(worker);
        if (!pg)
            return false;
        test_pg_text(pg, sql, run, sizeof run);
        if (strcmp(run, old_run) != 0)
            return rig_wait_agent(worker->desk) || desk_problem(worker, "agent");
    }
    return worker_problem(worker, "the new agent does not come through");
}

static bool revive_agent(struct worker *worker)
{
    char sql[160], run[64];
    PGconn *pg = worker_pg(worker);
    if (!pg)
        return false;
    snprintf(sql, sizeof sql, "SELECT coalesce(encode(run, 'hex'), '') FROM desk_live WHERE desk_id = '%s'",
             worker->desk->id);
    test_pg_text(pg, sql, run, sizeof run);
    rig_agent_kill(worker->desk); /* reaps it */
    if (!rig_agent_spawn(worker->desk, NULL))
        return desk_problem(worker, "agent");
    return wait_new_run(worker, run);
}

static bool has_died(const struct worker *worker)
{
    for (int side = 0; side < SIDES; side++)
        if (atomic_load(&worker->killed[side]))
            return true;
    return false;
}

static bool revive_once(struct worker *worker)
{
    bool agent = atomic_exchange(&worker->killed[SIDE_AGENT], false);
    bool server = atomic_exchange(&worker->killed[SIDE_SERVER], false);
    bool database = atomic_load(&worker->killed[SIDE_BACKEND]) || atomic_load(&worker->killed[SIDE_POSTGRES]);
    if (!revive_postgres(worker))
        return false;
    if (server) {
        server_kill(worker->desk->server); /* reaps it */
        if (!server_restart(worker->desk->server))
            return worker_problem(worker, "the server does not start again");
    }
    if (database && !wait_ready(worker))
        return false;
    if ((server || rig_stream_is_closed(worker->desk)) && !rig_reconnect(worker->desk))
        return desk_problem(worker, "event stream");
    return !agent || revive_agent(worker);
}

/* A second fault may strike what is just coming back. */
bool worker_revive(struct worker *worker)
{
    for (int i = 0; i < REVIVE_TRIES; i++) {
        if (revive_once(worker))
            return true;
        if (!has_died(worker))
            break;
    }
    return false;
}

/* The card is taken away and put on the reader again. */
static bool replace(struct worker *worker, const char *file)
{
    struct rig_desk *desk = worker->desk;
    return rig_disarm(desk) && (sim_reader_command(&desk->reader, "remove") || rig_problem(desk, "remove")) &&
           rig_wait_gone(desk) && rig_put(desk, file) && rig_wait_card(desk);
}

bool worker_put_back(struct worker *worker)
{
    const char *file = *worker->issued_file ? worker->issued_file : worker->file;
    for (int i = 0; i < PUT_BACK_TRIES; i++) {
        if (!worker_revive(worker))
            return false;
        if (replace(worker, file))
            return true;
        if (!rig_stream_is_closed(worker->desk) && !worker->rough && !has_died(worker))
            break; /* so it should have worked */
    }
    return desk_problem(worker, "putting the card back");
}

/* ---- cards ---- */

bool worker_blank_card(struct worker *worker, char ret_person_id[RIG_ID_BYTES])
{
    char name[32], uid[16];
    worker->serial++;
    snprintf(name, sizeof name, "Kill %d", worker->serial);
    snprintf(worker->issued_file, sizeof worker->issued_file, "card%d.mfd", worker->serial);
    snprintf(uid, sizeof uid, "5c%06x", worker->serial);
    return (rig_person(worker->desk, name, ret_person_id) &&
            rig_card_new(worker->desk, worker->issued_file, "1k", uid) &&
            rig_place(worker->desk, worker->issued_file)) ||
           desk_problem(worker, "a blank card");
}

bool worker_fill_card(struct worker *worker)
{
    char person_id[RIG_ID_BYTES], id[RIG_ID_BYTES], members[96];
    if (!worker_blank_card(worker, person_id))
        return false;
    snprintf(members, sizeof members, "{'consumption_minor': %d, 'water_minor': %d}", FILL_MINOR, FILL_MINOR);
    memcpy(worker->file, worker->issued_file, sizeof worker->file);
    worker->issued_file[0] = '\0';
    bool filled =
        rig_issue(worker->desk, person_id, id) && rig_wait_operation(worker->desk, id, "completed") &&
        rig_place(worker->desk, worker->file) && rig_operation(worker->desk, "recharge", members, id) &&
        rig_wait_operation(worker->desk, id, "completed");
    worker->value[0] = worker->value[1] = FILL_MINOR;
    return filled || desk_problem(worker, "filling a card");
}

/* ---- start and stop ---- */

static bool connect_proxy(struct rig *rig, void *context)
{
    struct worker *worker = context;
    proxy_set_server(worker->proxy, rig->servers[0]->operator_port);
    return true;
}

bool worker_start(struct worker *worker, bool own_cluster)
{
    *worker = (struct worker){.owns_cluster = own_cluster};
    snprintf(worker->directory, sizeof worker->directory, "/tmp/kill-XXXXXX");
    if (!mkdtemp(worker->directory))
        return worker_problem(worker, "no folder in /tmp");
    snprintf(worker->cluster.directory, sizeof worker->cluster.directory, "%.240s/main",
             getenv("CARDWRIGHT_TEST_DIR"));
    struct proxy_setup setup = {.directory = worker->directory,
                                .database_host = getenv("CARDWRIGHT_TEST_PG"),
                                .kill = kill_side,
                                .context = worker};
    worker->proxy = proxy_start(&setup);
    if (!worker->proxy)
        return worker_problem(worker, "no proxy");
    worker->rig = rig_start(&(struct rig_options){.safe_commits = own_cluster,
                                                  .agent_url = proxy_url(worker->proxy, LINK_AGENT),
                                                  .database_host = worker->directory,
                                                  .servers_up = connect_proxy,
                                                  .context = worker});
    if (!worker->rig)
        return worker_problem(worker, "the site did not start");
    worker->desk = rig_desk(worker->rig, 0);
    worker->http = curl_easy_init();
    return worker_fill_card(worker);
}

bool worker_stop(struct worker *worker)
{
    char socket[96];
    bool fine = !worker->rig || rig_stop(worker->rig);
    proxy_stop(worker->proxy);
    PQfinish(worker->pg);
    if (worker->http)
        curl_easy_cleanup(worker->http);
    snprintf(socket, sizeof socket, "%s/.s.PGSQL.5432", worker->directory);
    unlink(socket);
    rmdir(worker->directory);
    return fine || worker_problem(worker, "the site did not end as it should");
}
