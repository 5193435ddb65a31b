/* Complete recharges (prepare, plan, report) by N desks at protocol level, against pgbench calling the same
 * SQL functions in turn, both warm, at 1, 16, 64 and 256 desks. Usage: bench-desks PORT OWNER_CONNINFO
 * APP_CONNINFO SITE_KEY_FILE PGBENCH_SCRIPT [SECONDS ROUNDS DESKS_MAX] */
#include "base/bytes.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "db/work.h"
#include "flow/site_keys.h"
#include "tests/bench/desk.h"

#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define DESKS_MAX 256

struct bench {
    int port;
    const char *owner;
    const char *app;
    const char *script;
    int seconds;
    int rounds;
    int desks_max;
    int epoll_fd;
    PGconn *pg;
    struct desk *desks; /* 2 * DESKS_MAX: the second half is pgbench's */
};

static void sql(struct bench *bench, const char *statement, int count, const char *const *values)
{
    PGresult *result = PQexecParams(bench->pg, statement, count, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        bench_fail("%s", PQerrorMessage(bench->pg));
    PQclear(result);
}

static const char *setup_statement =
    "WITH d AS (INSERT INTO desk (id, name) VALUES ($1::uuid, 'Bench ' || $2::text) RETURNING id),"
    " l AS (INSERT INTO desk_live (desk_id, run, reader_state, agent_seen_at, agent_online)"
    "       SELECT id, decode($3, 'hex'), 'ok', clock_timestamp(), true FROM d),"
    " a AS (INSERT INTO agent (id, desk_id, key_sealed, simulated) SELECT $4::uuid, id, decode($5, 'hex'), "
    "false FROM d),"
    " s AS (INSERT INTO session (id, token_sha256, operator_id, desk_id, expires_at)"
    "       SELECT gen_random_uuid(), decode($6, 'hex'), o.id, d.id, now() + interval '12 hours' FROM "
    "operator o, d"
    "        WHERE o.name = 'bench'),"
    " p AS (INSERT INTO person (id, name) VALUES ($7::uuid, 'Bench ' || $2::text))"
    " INSERT INTO bench_desk VALUES ($2::integer, $1::uuid, $4::uuid, decode($3, 'hex'), decode($6, 'hex'))";

/* Connections are opened for a round and closed after it: the server ends those that are idle for long. */
static void desk_open(struct bench *bench, struct desk *desk)
{
    bench_connect(bench->epoll_fd, &desk->operator_conn, bench->port);
    bench_connect(bench->epoll_fd, &desk->agent_conn, bench->port);
}

static void desk_close(struct desk *desk)
{
    close(desk->operator_conn.fd);
    close(desk->agent_conn.fd);
}

static void desk_setup(struct bench *bench, struct desk *desk, int number)
{
    uint8_t run[16];
    uint8_t sealed[AGENT_KEY_SEALED_BYTES];
    uint8_t token_hash[SHA256_BYTES];
    char number_text[16], agent_text[UUID_TEXT_BYTES], sealed_text[2 * sizeof sealed + 1],
        hash_text[2 * SHA256_BYTES + 1];
    char token[33];
    struct uuid id = uuid_make_v7();
    desk->number = number;
    desk->epoll_fd = bench->epoll_fd;
    uuid_format(&id, desk->desk_id);
    id = uuid_make_v7();
    uuid_format(&id, desk->person_id);
    desk->agent_id = uuid_make_v7();
    uuid_format(&desk->agent_id, agent_text);
    random_bytes(desk->agent_key, sizeof desk->agent_key);
    random_bytes(run, sizeof run);
    bytes_to_hex(run, sizeof run, desk->run);
    random_bytes(run, sizeof run);
    bytes_to_hex(run, sizeof run, token);
    snprintf(desk->cookie, sizeof desk->cookie, "sid=%s", token);
    sha256(token, strlen(token), token_hash);
    bytes_to_hex(token_hash, sizeof token_hash, hash_text);
    site_keys_seal_agent(desk->agent_key, sealed);
    bytes_to_hex(sealed, sizeof sealed, sealed_text);
    snprintf(number_text, sizeof number_text, "%d", number);
    snprintf(desk->uid, sizeof desk->uid, "9c%06x", (unsigned)number & 0xffffffu);
    for (int sector = 0; sector < 16; sector++)
        memcpy(desk->card[4 * sector + 3], "\xff\xff\xff\xff\xff\xff\xff\x07\x80\x69\xff\xff\xff\xff\xff\xff",
               16);
    const char *values[] = {desk->desk_id, number_text, desk->run,      agent_text,
                            sealed_text,   hash_text,   desk->person_id};
    sql(bench, setup_statement, 7, values);
    desk_open(bench, desk);
    desk_issue(desk);
    desk_close(desk);
}

/* Desks that were still for a while count as off line until their agent polls again. */
static void wake_agents(struct bench *bench)
{
    sql(bench,
        "UPDATE desk_live SET agent_online = true, agent_seen_at = clock_timestamp() + interval '1 minute'",
        0, NULL);
}

static double product_round(struct bench *bench, int count)
{
    for (int i = 0; i < count; i++)
        desk_open(bench, &bench->desks[i]);
    int64_t begun_us = bench_now_us();
    int64_t until_us = begun_us + bench->seconds * 1000000LL;
    long long before = 0;
    long long after = 0;
    wake_agents(bench);
    for (int i = 0; i < count; i++) {
        before += bench->desks[i].done;
        desk_begin(&bench->desks[i]);
    }
    while (bench_now_us() < until_us)
        bench_turn(bench->epoll_fd, 50);
    for (int i = 0; i < count; i++)
        after += bench->desks[i].done;
    double rate = (double)(after - before) * 1e6 / (double)(bench_now_us() - begun_us);
    for (int i = 0; i < count; i++) {
        bench->desks[i].running = false;
        while (!desk_is_idle(&bench->desks[i]))
            bench_turn(bench->epoll_fd, 50);
        desk_close(&bench->desks[i]);
    }
    return rate;
}

/* Every client of pgbench is a new connection, which compiles all the functions in its first transaction; the
 * server's have done so long ago. Only what comes after counts. */
static int warm_up_seconds(int count)
{
    return 2 + count / 16;
}

static double pgbench_round(struct bench *bench, int count)
{
    char command[1024];
    char line[256];
    double at_seconds;
    double rate;
    double sum = 0;
    int lines = 0;
    int warm_seconds = warm_up_seconds(count);
    snprintf(command, sizeof command,
             "pgbench -n -M prepared -c %d -j %d -T %d -P 1 -D first=1 -D base=%d -f '%s' '%s' 2>&1", count,
             count < 2 ? 1 : 2, warm_seconds + bench->seconds, bench->desks_max, bench->script, bench->app);
    wake_agents(bench);
    FILE *output = popen(command, "r");
    if (!output)
        bench_fail("pgbench does not start");
    while (fgets(line, sizeof line, output)) {
        if (sscanf(line, "progress: %lf s, %lf tps", &at_seconds, &rate) == 2) {
            sum += at_seconds > warm_seconds + 0.5 ? rate : 0;
            lines += at_seconds > warm_seconds + 0.5;
        } else if (strstr(line, "rror")) {
            fprintf(stderr, "%s", line);
        }
    }
    if (pclose(output) != 0 || lines == 0 || sum <= 0)
        bench_fail("pgbench failed: %s", command);
    return sum / lines;
}

static int compare_double(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static int compare_int64(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void print_latencies(struct bench *bench, int count)
{
    static int64_t all[2000000];
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < bench->desks[i].latency_count && used < sizeof all / sizeof *all; k++)
            all[used++] = bench->desks[i].latencies_us[k];
        bench->desks[i].latency_count = 0;
    }
    qsort(all, used, sizeof *all, compare_int64);
    if (used > 0)
        printf("   p50 %.1f ms, p99 %.1f ms", (double)all[used / 2] / 1000,
               (double)all[used * 99 / 100] / 1000);
}

static bool measure(struct bench *bench, int count, double goal)
{
    double ratios[16];
    double product = 0;
    double limit = 0;
    product_round(bench, count); /* warm */
    for (int i = 0; i < count; i++)
        bench->desks[i].latency_count = 0;
    for (int round = 0; round < bench->rounds; round++) {
        double p = product_round(bench, count);
        double l = pgbench_round(bench, count);
        ratios[round] = p / l;
        product += p / bench->rounds;
        limit += l / bench->rounds;
    }
    qsort(ratios, (size_t)bench->rounds, sizeof *ratios, compare_double);
    double ratio = ratios[bench->rounds / 2];
    printf("operations, %3d desks   %8.0f/s   pgbench %8.0f/s   ratio %.2f   goal %.2f   %s", count, product,
           limit, ratio, goal, ratio >= goal ? "met" : "MISSED");
    print_latencies(bench, count);
    printf("\n");
    fflush(stdout);
    return ratio >= goal;
}

static void load_keys(struct bench *bench, const char *path)
{
    char problem[512] = "";
    struct db_settings settings = {.conninfo = bench->owner, .application_name = "bench"};
    settings.statements = db_statements_all(&settings.statement_count);
    struct db_conn *db = db_conn_new(&settings);
    if (!db || !site_keys_load(db, path, problem, sizeof problem))
        bench_fail("site key: %s", problem);
    db_conn_free(db);
}

int main(int argc, char **argv)
{
    if (argc < 6 || sodium_init() < 0)
        bench_fail("usage: bench-desks PORT OWNER APP SITE_KEY SCRIPT [SECONDS ROUNDS DESKS_MAX]");
    struct bench bench = {.port = (int)strtol(argv[1], NULL, 10),
                          .owner = argv[2],
                          .app = argv[3],
                          .script = argv[5],
                          .seconds = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 2,
                          .rounds = argc > 7 ? (int)strtol(argv[7], NULL, 10) : 5,
                          .desks_max = argc > 8 ? (int)strtol(argv[8], NULL, 10) : DESKS_MAX};
    bench.epoll_fd = epoll_create1(0);
    bench.pg = PQconnectdb(bench.owner);
    bench.desks = calloc(2 * DESKS_MAX, sizeof *bench.desks);
    load_keys(&bench, argv[4]);
    sql(&bench,
        "CREATE TABLE bench_desk (n integer PRIMARY KEY, desk_id uuid, agent_id uuid, run bytea, "
        "token_sha256 bytea)",
        0, NULL);
    sql(&bench, "GRANT SELECT ON bench_desk, desk_live TO cardwright_app", 0, NULL);
    sql(&bench,
        "WITH o AS (INSERT INTO operator (id, name, full_name) VALUES (gen_random_uuid(), 'bench', 'Bench') "
        "RETURNING id)"
        " INSERT INTO operator_role SELECT id, 'admin' FROM o",
        0, NULL);
    for (int i = 0; i < 2 * bench.desks_max; i++)
        desk_setup(&bench, &bench.desks[i], i);
    static const struct {
        int desks;
        double goal;
    } goals[] = {{1, 0.8}, {16, 1.2}, {64, 1.8}, {256, 2.2}};
    bool met = true;
    for (size_t i = 0; i < sizeof goals / sizeof *goals && goals[i].desks <= bench.desks_max; i++)
        met = measure(&bench, goals[i].desks, goals[i].goal) && met;
    return met ? 0 : 3;
}
