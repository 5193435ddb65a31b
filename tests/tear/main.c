/* Every act, interrupted before and in the middle of every card command, in every way, and continued on the
 * same desk and on another one. See README.md of this folder.
 *
 *   tear [--workers N] [--only WORD] [--share N] [--rounds N]     prints "N cases, M violations" */
#include "tests/tear/tear.h"

#include "agent/reader_nfc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKERS_MAX 8
#define SERIES_MAX 2048
#define SERIES_CASES_MAX 200 /* an un-issue has 75 commands, and a whole reading before */
#define VIOLATIONS_ENOUGH 20
#define WAIT_MS 8000

/* A family of cases that differ in where a fault strikes. */
struct series {
    const char *name;
    struct scenario scenario;
    enum { SERIES_SINGLE, SERIES_CUT, SERIES_TEAR } kind;
    bool in_second; /* the fault that moves is the second one */
};

static struct series all_series[SERIES_MAX];
static int series_count;
static atomic_int next_series, case_count, violation_count;

static const char *const tear_kinds[] = {"old", "zero", "ff", "mixed", "marginal", "new"};
#define TEAR_KINDS (sizeof tear_kinds / sizeof tear_kinds[0])

/* ---- which cases there are ---- */

static void add(const char *name, const struct scenario *scenario, int kind, bool in_second)
{
    if (series_count < SERIES_MAX) {
        struct series *series = &all_series[series_count++];
        *series = (struct series){.name = name, .scenario = *scenario, .in_second = in_second};
        series->kind = kind;
    }
}

/* Cut at every command, and every write torn in every way. */
static void add_everywhere(const char *name, struct scenario scenario, bool in_second)
{
    struct fault *fault = in_second ? &scenario.second : &scenario.first;
    add(name, &scenario, SERIES_CUT, in_second);
    for (size_t i = 0; i < TEAR_KINDS; i++) {
        fault->kind = tear_kinds[i];
        add(name, &scenario, SERIES_TEAR, in_second);
    }
}

static void add_acts(void)
{
    for (int variant = 0; variant < 4; variant++) {
        for (int act = 0; act < ACTS_OF_MONEY; act++)
            add_everywhere(
                variant & 2 ? "void" : "act",
                (struct scenario){.act = (enum act)act, .other_desk = variant & 1, .cancel = variant & 2},
                false);
    }
}

/* Where a void is asked for: while the card is read whole, in the guard, between two writes, in the proof. */
static const int unissue_cuts[] = {3, 30, 60, 90};

static void add_issues(void)
{
    for (int other = 0; other < 2; other++)
        add_everywhere("issue", (struct scenario){.act = ACT_ISSUE, .other_desk = other}, false);
    add_everywhere("unissue", (struct scenario){.act = ACT_UNISSUE, .other_desk = true}, false);
    for (size_t i = 0; i < sizeof unissue_cuts / sizeof unissue_cuts[0]; i++)
        add("unissue", &(struct scenario){.act = ACT_UNISSUE, .cancel = true, .first.cut = unissue_cuts[i]},
            SERIES_SINGLE, false);
}

/* Late plans are run where something was written: the plan was started. */
static void add_stale(void)
{
    for (int act = 0; act < ACTS_OF_MONEY; act++) {
        for (int variant = 0; variant < 4; variant++) {
            struct scenario scenario = {.act = (enum act)act,
                                        .cancel = variant & 1,
                                        .other_desk = (act + variant / 2) & 1,
                                        .stale = variant & 2 ? STALE_BETWEEN : STALE_AFTER};
            scenario.first.kind = tear_kinds[(act + variant) % (int)TEAR_KINDS];
            add("late", &scenario, SERIES_CUT, false);
            add("late", &scenario, SERIES_TEAR, false);
            scenario.first.kind = tear_kinds[(act + variant + 3) % (int)TEAR_KINDS];
            add("late", &scenario, SERIES_TEAR, false);
            scenario.first = (struct fault){0};
            scenario.frozen = true;
            add("late", &scenario, SERIES_SINGLE, false);
        }
    }
    for (size_t i = 0; i < TEAR_KINDS; i++)
        add("late",
            &(struct scenario){
                .act = ACT_ISSUE, .stale = STALE_AFTER, .other_desk = i & 1, .first.kind = tear_kinds[i]},
            SERIES_TEAR, false);
    add("late", &(struct scenario){.act = ACT_UNISSUE, .stale = STALE_AFTER, .first.kind = "mixed"},
        SERIES_TEAR, false);
}

/* The write that makes the value, by act: torn as "new" it is on the card without anybody knowing (refresh);
 * as "zero" it is not (retry, fence). */
static void add_second(void)
{
    static const int value_write[] = {2, 2, 2, 2, 2, 2, 2};
    for (int act = 0; act < ACTS_OF_MONEY; act++) {
        struct scenario scenario = {.act = (enum act)act, .other_desk = act & 1};
        scenario.first = (struct fault){.tear = value_write[act], .kind = "new"};
        add_everywhere("refresh", scenario, true);
        scenario.first.kind = "zero";
        scenario.cancel = true;
        add_everywhere("fence", scenario, true);
        scenario.cancel = false;
        scenario.other_desk = !scenario.other_desk;
        add_everywhere("retry", scenario, true);
    }
}

/* ---- running them ---- */

static bool is_enough(void)
{
    return atomic_load(&violation_count) >= VIOLATIONS_ENOUGH;
}

static void run_series(struct worker *worker, const struct series *series)
{
    struct scenario scenario = series->scenario;
    struct fault *fault = series->in_second ? &scenario.second : &scenario.first;
    for (int at = 1; at <= SERIES_CASES_MAX && !is_enough(); at++) {
        if (series->kind == SERIES_CUT)
            fault->cut = at;
        else if (series->kind == SERIES_TEAR)
            fault->tear = at;
        atomic_fetch_add(&case_count, 1);
        if (scenario_run(worker, &scenario) == VERDICT_BEYOND || series->kind == SERIES_SINGLE)
            return;
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (;;) {
        int i = atomic_fetch_add(&next_series, 1);
        if (i >= series_count || is_enough())
            return NULL;
        run_series(worker, &all_series[i]);
    }
}

static bool prepare_worker(struct worker *worker, struct rig *rig, int number)
{
    /* Cards of an earlier round are still there. */
    *worker = (struct worker){
        .rig = rig, .number = number, .violations = &violation_count, .card_serial = worker->card_serial};
    for (int i = 0; i < 2; i++)
        worker->desks[i] = rig_desk(rig, 2 * number + i);
    worker->pg = test_pg_connect(rig->servers[0]->pg.owner);
    worker->zombie = zombie_new(rig, number);
    return worker->zombie != NULL;
}

static bool run_all(struct rig *rig, int worker_count)
{
    static struct worker workers[WORKERS_MAX];
    pthread_t threads[WORKERS_MAX];
    int started = 0;
    bool fine = stale_prepare(rig);
    for (int i = 0; fine && i < worker_count; i++)
        fine = prepare_worker(&workers[i], rig, i);
    for (int i = 0; fine && i < worker_count; i++, started++)
        fine = pthread_create(&threads[i], NULL, work, &workers[i]) == 0;
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < worker_count; i++) {
        zombie_free(workers[i].zombie);
        PQfinish(workers[i].pg);
    }
    stale_done();
    return fine;
}

/* Series of this name (NULL: all), and of those every `share`-th. */
static void keep_only(const char *word, int share)
{
    int kept = 0, matching = 0;
    for (int i = 0; i < series_count; i++) {
        if (word && strcmp(all_series[i].name, word) != 0)
            continue;
        if (matching++ % share == 0)
            all_series[kept++] = all_series[i];
    }
    series_count = kept;
}

struct arguments {
    int workers;
    int rounds;
    int share; /* every how many-th series is run */
    const char *only;
};

static bool read_arguments(int count, char **values, struct arguments *ret_arguments)
{
    *ret_arguments = (struct arguments){.workers = WORKERS_MAX, .rounds = 1, .share = 1};
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(values[i], "--workers") == 0)
            ret_arguments->workers = (int)strtol(values[i + 1], NULL, 10);
        else if (strcmp(values[i], "--rounds") == 0)
            ret_arguments->rounds = (int)strtol(values[i + 1], NULL, 10);
        else if (strcmp(values[i], "--share") == 0)
            ret_arguments->share = (int)strtol(values[i + 1], NULL, 10);
        else if (strcmp(values[i], "--only") == 0)
            ret_arguments->only = values[i + 1];
        else
            return false;
    }
    return count % 2 == 1 && ret_arguments->workers >= 1 && ret_arguments->workers <= WORKERS_MAX &&
           ret_arguments->share >= 1;
}

int main(int count, char **values)
{
    struct arguments arguments;
    if (!read_arguments(count, values, &arguments)) {
        fprintf(stderr,
                "usage: tear [--workers N] [--only act|void|issue|unissue|late|refresh|fence|retry] [--share "
                "N] [--rounds N]\n");
        return 2;
    }
    add_issues();
    add_stale();
    add_second();
    add_acts();
    keep_only(arguments.only, arguments.share);
    reader_nfc_prepare();
    struct rig *rig =
        rig_start(&(struct rig_options){.desk_count = 2 * arguments.workers, .wait_ms = WAIT_MS});
    if (!rig)
        return 1;
    bool fine = true;
    for (int round = 0; fine && round < arguments.rounds && !is_enough(); round++) {
        atomic_store(&next_series, 0);
        fine = run_all(rig, arguments.workers);
    }
    int differences = rig_verify(rig);
    fine = rig_stop(rig) && fine && differences == 0;
    int violations = atomic_load(&violation_count) + (differences > 0 ? differences : 0);
    printf("%d cases, %d violations\n", atomic_load(&case_count), violations);
    return fine && violations == 0 ? 0 : 1;
}
