/* Desks that go on working while PostgreSQL is restarted in all the ways there are. */
#include "tests/kill/kill.h"
#include "tests/lib/rig_internal.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define DESKS 3
#define ROUNDS 2
#define WORK_MS 700 /* between two restarts */
#define UP_MS 20000
#define STEP_MS 20
#define AWAY_MS 300 /* how long it stays away after a stop */

struct load {
    struct worker workers[DESKS];
    atomic_bool done;
    atomic_int acts;
    atomic_int violations;
};

struct load_desk {
    struct load *load;
    struct worker *worker;
};

static void *work(void *context)
{
    struct load_desk *desk = context;
    for (int i = 0; !atomic_load(&desk->load->done); i++) {
        struct trial trial = {.act = i % 2 ? KILL_WITHDRAW : KILL_RECHARGE};
        if (trial_run(desk->worker, &trial) == VERDICT_VIOLATION) {
            fprintf(stderr, "VIOLATION: under load, %s: %s\n", kill_act_names[trial.act],
                    desk->worker->problem);
            atomic_fetch_add(&desk->load->violations, 1);
            return NULL;
        }
        atomic_fetch_add(&desk->load->acts, 1);
    }
    return NULL;
}

/* kill -9 of one server process of PostgreSQL: all of them start anew. */
static void crash(const struct rig *rig)
{
    PGconn *pg = PQconnectdb(rig->servers[0]->pg.admin);
    PGresult *result =
        PQexec(pg, "SELECT pid FROM pg_stat_activity WHERE usename = 'cardwright_app' AND pid <> "
                   "pg_backend_pid() ORDER BY query_start DESC NULLS LAST LIMIT 1");
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        kill((pid_t)strtol(PQgetvalue(result, 0, 0), NULL, 10), SIGKILL);
    PQclear(result);
    PQfinish(pg);
}

/* A stop that meets PostgreSQL 15 in the middle of its recovery may last for ever. */
static bool wait_up(const struct rig *rig)
{
    for (int64_t until_ms = rig_now_ms() + UP_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        PGconn *pg = PQconnectdb(rig->servers[0]->pg.admin);
        bool up = PQstatus(pg) == CONNECTION_OK;
        PQfinish(pg);
        if (up)
            return true;
    }
    return false;
}

static int restart_in_all_ways(const struct rig *rig, const struct test_cluster *cluster)
{
    static const char *const modes[] = {"fast", "immediate", NULL};
    int count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++, count++) {
            poll(NULL, 0, WORK_MS);
            if (!wait_up(rig))
                return count;
            if (!modes[i]) {
                crash(rig);
                continue;
            }
            test_cluster_stop(cluster, modes[i]);
            poll(NULL, 0, AWAY_MS);
            test_cluster_start(cluster);
        }
    }
    poll(NULL, 0, WORK_MS);
    return count;
}

static bool prepare(struct load *load, struct rig *rig)
{
    for (int i = 0; i < DESKS; i++) {
        struct worker *worker = &load->workers[i];
        *worker = (struct worker){.rig = rig, .desk = rig_desk(rig, i), .serial = 1000 * (i + 1)};
        worker->http = curl_easy_init();
        if (!worker_fill_card(worker)) {
            fprintf(stderr, "VIOLATION: under load: %s\n", worker->problem);
            return false;
        }
        worker->rough = true;
    }
    return true;
}

static int run(struct load *load, struct rig *rig)
{
    struct test_cluster cluster;
    struct load_desk desks[DESKS];
    pthread_t threads[DESKS];
    snprintf(cluster.directory, sizeof cluster.directory, "%.240s/main", getenv("CARDWRIGHT_TEST_DIR"));
    for (int i = 0; i < DESKS; i++) {
        desks[i] = (struct load_desk){load, &load->workers[i]};
        pthread_create(&threads[i], NULL, work, &desks[i]);
    }
    int count = restart_in_all_ways(rig, &cluster);
    atomic_store(&load->done, true);
    for (int i = 0; i < DESKS; i++)
        pthread_join(threads[i], NULL);
    return count;
}

/* Nothing is killed any more: every card is put back once more, and all must be well. */
static bool look(struct load *load, struct rig *rig)
{
    bool fine = true;
    for (int i = 0; i < DESKS; i++) {
        struct worker *worker = &load->workers[i];
        worker->rough = false;
        if (worker_put_back(worker) && trial_compare(worker))
            continue;
        fprintf(stderr, "VIOLATION: after the load: %s\n", worker->problem);
        fine = false;
    }
    return rig_verify(rig) == 0 && atomic_load(&load->acts) >= DESKS && fine;
}

int load_run(int *violations)
{
    static struct load load;
    int count = 0;
    struct rig *rig = rig_start(&(struct rig_options){.desk_count = DESKS, .safe_commits = true});
    if (!rig || !prepare(&load, rig)) {
        *violations += 1;
        return 0;
    }
    count = run(&load, rig);
    *violations += atomic_load(&load.violations);
    if (!look(&load, rig)) {
        fprintf(stderr, "VIOLATION: %d acts under load\n", atomic_load(&load.acts));
        *violations += 1;
    }
    for (int i = 0; i < DESKS; i++) {
        PQfinish(load.workers[i].pg);
        curl_easy_cleanup(load.workers[i].http);
    }
    *violations += rig_stop(rig) ? 0 : 1;
    return count;
}
