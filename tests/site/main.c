/* Plays the stories of whole sites: site [WORD]. Prints "N passed, M failed". Groups run beside each other,
 * each in a process with a rig of its own. */
#include "tests/lib/rig_internal.h"
#include "tests/site/site.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define VALUE_MINOR 50000
#define STEP_MS 10

bool site_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("    ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}

/* ---- what stories need ---- */

bool site_card_new(struct site *site, struct rig_desk *desk, struct site_card *ret_card)
{
    char name[32], members[96], id[RIG_ID_BYTES];
    site->serial++;
    snprintf(name, sizeof name, "Site %d", site->serial);
    snprintf(ret_card->file, sizeof ret_card->file, "site%d.mfd", site->serial);
    snprintf(ret_card->uid, sizeof ret_card->uid, "6d%06x", site->serial);
    snprintf(members, sizeof members, "{'consumption_minor': %d, 'water_minor': %d}", VALUE_MINOR,
             VALUE_MINOR);
    bool fine = rig_person(desk, name, ret_card->person_id) &&
                rig_card_new(desk, ret_card->file, "1k", ret_card->uid) && rig_place(desk, ret_card->file) &&
                rig_issue(desk, ret_card->person_id, id) && rig_wait_operation(desk, id, "completed") &&
                rig_place(desk, ret_card->file) && rig_ask(desk, "recharge", members, id) &&
                rig_wait_operation(desk, id, "completed") && rig_place(desk, ret_card->file);
    return fine || site_fail("a new card: %s", desk->problem);
}

long long site_value(struct site *site, const struct site_card *card, const char *purse)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT coalesce(max(lowest_minor), -1) FROM card_purse WHERE uid = '\\x%s' AND purse = '%s'",
             card->uid, purse);
    return test_pg_number(site->pg, sql);
}

bool site_wait_number(struct site *site, const char *sql, long long wanted)
{
    long long found = 0;
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        found = test_pg_number(site->pg, sql);
        if (found == wanted)
            return true;
    }
    return site_fail("%s: %lld instead of %lld", sql, found, wanted);
}

bool site_server_back(struct site *site, int number)
{
    struct test_server *server = site->rig->servers[number];
    if (!server_restart(server))
        return site_fail("server %d does not start again", number + 1);
    for (int i = 0; i < site->rig->desk_count; i++) {
        struct rig_desk *desk = rig_desk(site->rig, i);
        if (desk->server == server && !rig_reconnect(desk))
            return site_fail("the stream of desk %d: %s", i + 1, desk->problem);
    }
    return true;
}

/* ---- playing ---- */

struct result {
    int passed;
    int failed;
};

static void play(const struct site_group *group, const char *word, struct result *result)
{
    struct site site = {0};
    for (int i = 0; i < group->story_count; i++) {
        if (word && !strstr(group->stories[i].name, word) && !strstr(group->name, word))
            continue;
        if (!site.rig) {
            site.rig = rig_start(&group->options);
            site.pg = site.rig ? test_pg_connect(site.rig->servers[0]->pg.owner) : NULL;
        }
        bool fine = site.rig && group->stories[i].play(&site);
        shots_forget();
        fprintf(stderr, "%s: %s: %s\n", fine ? "ok" : "FAILED", group->name, group->stories[i].name);
        result->passed += fine;
        result->failed += !fine;
    }
    if (!site.rig)
        return;
    PQfinish(site.pg);
    if (rig_verify(site.rig) != 0 || !rig_stop(site.rig)) {
        fprintf(stderr, "FAILED: %s: the books, or the end\n", group->name);
        result->failed++;
    }
}

static pid_t start(const struct site_group *group, const char *word, int *ret_results)
{
    int ends[2];
    struct result result = {0};
    if (pipe(ends) != 0)
        exit(1);
    pid_t parent = getpid();
    pid_t pid = fork();
    *ret_results = ends[0];
    if (pid != 0) {
        close(ends[1]);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        exit(1);
    close(ends[0]);
    play(group, word, &result);
    exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
}

int main(int argc, char **argv)
{
    static const struct site_group *const groups[] = {
        &races_group, &streams_group, &streams_without_hints_group, &agents_group, &refusals_group};
    enum { GROUPS = sizeof groups / sizeof groups[0] };
    struct result all = {0}, one;
    int results[GROUPS];
    pid_t pids[GROUPS];
    setvbuf(stderr, NULL, _IOLBF, 0);
    for (int i = 0; i < GROUPS; i++)
        pids[i] = start(groups[i], argc > 1 ? argv[1] : NULL, &results[i]);
    for (int i = 0; i < GROUPS; i++) {
        int status = 0;
        bool told = read(results[i], &one, sizeof one) == (ssize_t)sizeof one;
        waitpid(pids[i], &status, 0);
        if (!told || status != 0) {
            fprintf(stderr, "FAILED: %s ended with status %d\n", groups[i]->name, status);
            one = (struct result){.failed = 1};
        }
        all.passed += one.passed;
        all.failed += one.failed;
    }
    printf("%d passed, %d failed\n", all.passed, all.failed);
    return all.failed == 0 && all.passed > 0 ? 0 : 1;
}
