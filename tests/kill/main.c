/* Every message of an act, and everything that may happen to it.
 *
 *   kill                        the systematic cases; prints "N cases, M violations"
 *   kill --random [SEED]        one random case after the other until it is stopped or finds something
 *   kill --trial ACT MESSAGE ACTION [SIDE]      one case, words as violations name them
 *
 * Each worker is a process with a site of its own. Those that kill PostgreSQL share a cluster that nobody
 * else uses: $CARDWRIGHT_KILL_PG and $CARDWRIGHT_KILL_DIR name it as tests/lib/pg.h names the other one. */
#include "tests/kill/kill.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES_MAX 120 /* no act has as many */
#define VIOLATIONS_ENOUGH 10
#define WORKERS 4

struct sum {
    int cases;
    int violations;
};

typedef void job_fn(struct sum *sum);

/* ---- one trial ---- */

static void describe(const struct trial *trial, const char *message, const char *problem)
{
    bool kills = trial->fault.action == ACTION_KILL_BEFORE || trial->fault.action == ACTION_KILL_AFTER;
    fprintf(stderr, "VIOLATION: \"%s\" %d \"%s\" %s [%s]: %s\n", kill_act_names[trial->act],
            trial->fault.message, proxy_action_names[trial->fault.action],
            kills ? proxy_side_names[trial->fault.side] : "-", message, problem);
    if (trial->second.action != ACTION_NONE)
        fprintf(stderr, "    and then message %d \"%s\" %s\n", trial->second.message,
                proxy_action_names[trial->second.action], proxy_side_names[trial->second.side]);
}

/* False: the worker cannot go on. */
static bool run(struct worker *worker, const struct trial *trial, struct sum *sum, enum verdict *ret_verdict)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    *ret_verdict = trial_run(worker, trial);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (getenv("KILL_TRACE"))
        fprintf(stderr, "%s %d %s %s [%s]: %d, %ld ms\n", kill_act_names[trial->act], trial->fault.message,
                proxy_action_names[trial->fault.action], proxy_side_names[trial->fault.side],
                proxy_struck_name(worker->proxy), (int)*ret_verdict,
                (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
    sum->cases += *ret_verdict == VERDICT_FINE || *ret_verdict == VERDICT_VIOLATION;
    if (*ret_verdict != VERDICT_VIOLATION)
        return true;
    describe(trial, proxy_struck_name(worker->proxy), worker->problem);
    sum->violations++;
    return sum->violations < VIOLATIONS_ENOUGH && worker_revive(worker) && worker_fill_card(worker);
}

/* The whole site once more, its ledger and its cash. */
static void close_worker(struct worker *worker, struct sum *sum)
{
    if (worker->rig && worker_revive(worker) && rig_verify(worker->rig) != 0) {
        fprintf(stderr, "VIOLATION: the books of the site are wrong at the end\n");
        sum->violations++;
    }
    if (!worker_stop(worker)) {
        fprintf(stderr, "VIOLATION: %s\n", worker->problem);
        sum->violations++;
    }
}

static bool open_worker(struct worker *worker, bool own_cluster, struct sum *sum)
{
    if (worker_start(worker, own_cluster))
        return true;
    fprintf(stderr, "VIOLATION: %s\n", worker->problem);
    sum->violations++;
    return false;
}

/* ---- the systematic cases ---- */

/* One thing done at each message in turn, until the act has no more. */
static bool run_series(struct worker *worker, struct trial trial, struct sum *sum)
{
    for (int message = 1; message <= MESSAGES_MAX; message++) {
        enum verdict verdict;
        trial.fault.message = message;
        if (!run(worker, &trial, sum, &verdict))
            return false;
        if (verdict == VERDICT_BEYOND)
            return true;
    }
    fprintf(stderr, "VIOLATION: \"%s\" does not end\n", kill_act_names[trial.act]);
    sum->violations++;
    return true;
}

/* At each message one of these, by turns; each act begins with another one. */
static bool run_turns(struct worker *worker, enum kill_act act, const struct proxy_fault *faults, int count,
                      struct sum *sum)
{
    for (int message = 1; message <= MESSAGES_MAX; message++) {
        enum verdict verdict = VERDICT_UNFIT;
        for (int other = 0; other < count && verdict == VERDICT_UNFIT; other++) {
            struct trial trial = {.act = act, .fault = faults[(message + (int)act + other) % count]};
            trial.fault.message = message;
            if (!run(worker, &trial, sum, &verdict))
                return false;
        }
        if (verdict == VERDICT_BEYOND)
            return true;
    }
    return true;
}

#define KILL(when, whom)                                                                                     \
    {                                                                                                        \
        .action = ACTION_KILL_##when, .side = SIDE_##whom                                                    \
    }
#define DO(what)                                                                                             \
    {                                                                                                        \
        .action = ACTION_##what                                                                              \
    }
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void run_all(bool own_cluster, const struct proxy_fault *faults, int count, const bool acts[KILL_ACTS],
                    struct sum *sum)
{
    struct worker worker;
    bool going = open_worker(&worker, own_cluster, sum);
    for (int i = 0; i < count && going; i++)
        going = run_series(&worker, (struct trial){.act = KILL_RECHARGE, .fault = faults[i]}, sum);
    for (int act = KILL_RECHARGE + 1; act < KILL_ACTS && going; act++)
        going = !acts[act] || run_turns(&worker, (enum kill_act)act, faults, count, sum);
    close_worker(&worker, sum);
}

static void job_processes(struct sum *sum)
{
    static const struct proxy_fault faults[] = {KILL(BEFORE, AGENT), KILL(AFTER, AGENT), KILL(BEFORE, SERVER),
                                                KILL(AFTER, SERVER)};
    static const bool acts[KILL_ACTS] = {[KILL_WITHDRAW] = true, [KILL_ISSUE] = true};
    run_all(false, faults, COUNT(faults), acts, sum);
}

static void job_messages(struct sum *sum)
{
    static const struct proxy_fault faults[] = {DO(LOSE), DO(DOUBLE), DO(DELAY), DO(REORDER), DO(LATE)};
    static const bool acts[KILL_ACTS] = {[KILL_ISSUE] = true, [KILL_CANCEL] = true};
    run_all(false, faults, COUNT(faults), acts, sum);
}

static void use_cluster(const char *host, const char *directory)
{
    setenv("CARDWRIGHT_TEST_PG", getenv(host), 1);
    setenv("CARDWRIGHT_TEST_DIR", getenv(directory), 1);
}

static void use_cluster_1(void)
{
    use_cluster("CARDWRIGHT_KILL1_PG", "CARDWRIGHT_KILL1_DIR");
}

static void use_cluster_2(void)
{
    use_cluster("CARDWRIGHT_KILL2_PG", "CARDWRIGHT_KILL2_DIR");
}

static void job_backends(struct sum *sum)
{
    static const struct proxy_fault faults[] = {KILL(BEFORE, BACKEND), KILL(AFTER, BACKEND)};
    static const bool acts[KILL_ACTS] = {[KILL_WITHDRAW] = true};
    use_cluster_1();
    run_all(true, faults, COUNT(faults), acts, sum);
    sum->cases += load_run(&sum->violations);
}

static void job_postgres(struct sum *sum)
{
    static const struct proxy_fault faults[] = {KILL(BEFORE, POSTGRES), KILL(AFTER, POSTGRES)};
    static const bool acts[KILL_ACTS] = {0};
    use_cluster_2();
    run_all(true, faults, COUNT(faults), acts, sum);
}

/* ---- random cases ---- */

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static struct proxy_fault random_fault(unsigned *seed, bool own_cluster)
{
    struct proxy_fault fault = {.message = 1 + rand_r(seed) % 30};
    fault.action = (enum proxy_action)(1 + rand_r(seed) % (ACTIONS - 1));
    fault.side = (enum proxy_side)(rand_r(seed) % (own_cluster ? SIDES : SIDE_BACKEND));
    return fault;
}

static struct trial random_trial(unsigned *seed, bool own_cluster)
{
    struct trial trial = {.act = (enum kill_act)(rand_r(seed) % KILL_ACTS)};
    trial.fault = random_fault(seed, own_cluster);
    if (rand_r(seed) % 2)
        trial.second = random_fault(seed, own_cluster);
    return trial;
}

static unsigned random_seed;

static void run_random(unsigned seed, bool own_cluster, struct sum *sum)
{
    struct worker worker;
    signal(SIGTERM, stop);
    bool going = open_worker(&worker, own_cluster, sum);
    while (going && !stopped) {
        struct trial trial = random_trial(&seed, own_cluster);
        enum verdict verdict;
        going = run(&worker, &trial, sum, &verdict);
        if (sum->cases % 100 == 0 && verdict == VERDICT_FINE)
            fprintf(stderr, "%d cases\n", sum->cases);
    }
    close_worker(&worker, sum);
}

static void job_random(struct sum *sum)
{
    run_random(random_seed, false, sum);
}

static void job_random_database_1(struct sum *sum)
{
    use_cluster_1();
    run_random(random_seed + 1, true, sum);
}

static void job_random_database_2(struct sum *sum)
{
    use_cluster_2();
    run_random(random_seed + 2, true, sum);
}

/* ---- processes ---- */

struct child {
    pid_t pid;
    int results;
};

static struct child start(job_fn *job)
{
    int ends[2];
    struct sum sum = {0};
    if (pipe(ends) != 0)
        exit(1);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0) {
        close(ends[1]);
        return (struct child){pid, ends[0]};
    }
    setpgid(0, 0); /* Ctrl-C is not for its servers and agents: it takes them down itself */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        exit(1);
    close(ends[0]);
    job(&sum);
    exit(write(ends[1], &sum, sizeof sum) == (ssize_t)sizeof sum ? 0 : 1);
}

static struct sum finish(const struct child *child)
{
    struct sum sum;
    int status = 0;
    bool told = read(child->results, &sum, sizeof sum) == (ssize_t)sizeof sum;
    waitpid(child->pid, &status, 0);
    if (told && status == 0)
        return sum;
    fprintf(stderr, "VIOLATION: a worker ended with status %d\n", status);
    return (struct sum){.violations = 1};
}

static struct child children[WORKERS];
static int child_count;

/* Random cases go on until somebody wants to see the sum. */
static void stop_children(int number)
{
    (void)number;
    for (int i = 0; i < child_count; i++)
        kill(children[i].pid, SIGTERM);
}

static int run_jobs(job_fn *const jobs[], int count)
{
    struct sum all = {0};
    for (; child_count < count; child_count++)
        children[child_count] = start(jobs[child_count]);
    for (int i = 0; i < count; i++) {
        struct sum one = finish(&children[i]);
        all.cases += one.cases;
        all.violations += one.violations;
    }
    printf("%d cases, %d violations\n", all.cases, all.violations);
    return all.violations == 0 && all.cases > 0 ? 0 : 1;
}

/* ---- one case by hand ---- */

static int word_index(const char *word, const char *const words[], int count)
{
    for (int i = 0; i < count; i++)
        if (word && strcmp(word, words[i]) == 0)
            return i;
    fprintf(stderr, "kill: \"%s\" is unknown\n", word ? word : "");
    exit(2);
}

static struct trial one_trial;

static void job_one(struct sum *sum)
{
    struct worker worker;
    enum verdict verdict;
    bool own_cluster = one_trial.fault.side >= SIDE_BACKEND;
    if (own_cluster)
        use_cluster_1();
    if (open_worker(&worker, own_cluster, sum))
        run(&worker, &one_trial, sum, &verdict);
    close_worker(&worker, sum);
}

static int run_one(char **words)
{
    static job_fn *const jobs[] = {job_one};
    one_trial.act = (enum kill_act)word_index(words[0], kill_act_names, KILL_ACTS);
    one_trial.fault.message = (int)strtol(words[1], NULL, 10);
    one_trial.fault.action = (enum proxy_action)word_index(words[2], proxy_action_names, ACTIONS);
    if (words[3])
        one_trial.fault.side = (enum proxy_side)word_index(words[3], proxy_side_names, SIDES);
    return run_jobs(jobs, 1);
}

int main(int argc, char **argv)
{
    static job_fn *const systematic[] = {job_processes, job_messages, job_backends, job_postgres};
    static job_fn *const random_jobs[] = {job_random, job_random_database_1, job_random_database_2};
    setvbuf(stderr, NULL, _IOLBF, 0);
    if (argc > 4 && strcmp(argv[1], "--trial") == 0)
        return run_one(argv + 2);
    if (argc < 2)
        return run_jobs(systematic, COUNT(systematic));
    if (strcmp(argv[1], "--random") != 0) {
        fprintf(stderr, "usage: kill [--random [SEED] | --trial ACT MESSAGE ACTION [SIDE]]\n");
        return 2;
    }
    random_seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)time(NULL);
    fprintf(stderr, "seed %u; Ctrl-C ends it\n", random_seed);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = stop_children, .sa_flags = SA_RESTART}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop_children, .sa_flags = SA_RESTART}, NULL);
    return run_jobs(random_jobs, COUNT(random_jobs));
}
