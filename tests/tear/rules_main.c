/* Shows for each rule what goes wrong without it.
 *
 *   rules list              number of each rule, number of the first one with the same case, name, words
 *   rules with NUMBER       its case with all rules on: nothing may be wrong
 *   rules without NUMBER    the same with that rule alone off: something must be wrong
 *
 * Ends with 0 when it is as it must be. A build with CARDWRIGHT_RULES_OFF is needed for rules in the code. */
#include "tests/tear/rules.h"

#include "agent/reader_nfc.h"
#include "base/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WITHOUT_WAIT_MS 4000 /* what goes wrong without a rule may well be that nothing comes any more */
#define SQL_BYTES_MAX 16384

static bool run_file(PGconn *pg, const char *name)
{
    char path[128];
    static char text[SQL_BYTES_MAX];
    snprintf(path, sizeof path, "tests/tear/rules/%s.sql", name);
    FILE *file = fopen(path, "re");
    size_t count = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[count] = 0;
    PGresult *result = count ? PQexec(pg, text) : NULL;
    ExecStatusType status = result ? PQresultStatus(result) : PGRES_FATAL_ERROR;
    bool fine = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!fine)
        fprintf(stderr, "%s: %s\n", path, result ? PQerrorMessage(pg) : "not there");
    PQclear(result);
    return fine;
}

/* Takes the rule out of the database, if that is where it is. */
static bool take_out(const struct rule *rule, PGconn *pg)
{
    return rule->place != RULE_IN_SQL || (run_file(pg, "mutate") && run_file(pg, rule->name));
}

/* Whether the case came out right; *ret_ran: it could be tried at all. */
static bool is_right(const struct rule *rule, struct rig *rig, bool with, bool *ret_ran)
{
    static atomic_int violations;
    static struct worker worker;
    worker = (struct worker){.rig = rig, .violations = &violations};
    worker.desks[0] = rig_desk(rig, 0);
    worker.desks[1] = rig_desk(rig, 1);
    worker.pg = test_pg_connect(rig->servers[0]->pg.owner);
    worker.zombie = zombie_new(rig, 0);
    *ret_ran = worker.zombie && stale_prepare(rig) && worker_new_card(&worker) &&
               (with || take_out(rule, worker.pg));
    if (!with)
        rig->options.wait_ms = WITHOUT_WAIT_MS;
    if (!*ret_ran)
        fprintf(stderr, "%s\n", worker.problem);
    bool right = *ret_ran && rule->run(&worker);
    if (*ret_ran && !right)
        fprintf(stderr, "%s: %s\n", rule->name, worker.problem);
    int differences = *ret_ran && with ? rig_verify(rig) : 0;
    zombie_free(worker.zombie);
    PQfinish(worker.pg);
    stale_done();
    return right && differences == 0;
}

static int run_rule(const struct rule *rule, bool with)
{
    char environment[64] = "", *off = rule->place == RULE_IN_CODE && !with ? environment : NULL;
    bool ran = false;
    if (off)
        snprintf(environment, sizeof environment, "CARDWRIGHT_RULE_OFF=%s", rule->name);
#ifdef CARDWRIGHT_RULES_OFF
    if (off)
        rules_switch_off(rule->name);
#else
    if (off) {
        fprintf(stderr, "this build cannot switch rules off: make RULES_OFF=1\n");
        return 2;
    }
#endif
    reader_nfc_prepare();
    struct rig *rig = rig_start(&(struct rig_options){
        .desk_count = 2, .wait_ms = RIG_WAIT_MS, .environment = off, .agent_environment = off});
    if (!rig)
        return 2;
    bool right = is_right(rule, rig, with, &ran);
    rig_stop(rig);
    if (!ran)
        return 2;
    return right == with ? 0 : 1;
}

static int first_with_case(int number)
{
    int first = 0;
    while (rules[first].run != rules[number].run)
        first++;
    return first;
}

int main(int count, char **values)
{
    if (count == 2 && strcmp(values[1], "list") == 0) {
        for (int i = 0; i < rule_count; i++)
            printf("%d %d %s %s\n", i, first_with_case(i), rules[i].name, rules[i].about);
        return 0;
    }
    long number = count == 3 ? strtol(values[2], NULL, 10) : -1;
    bool with = count == 3 && strcmp(values[1], "with") == 0;
    if (number < 0 || number >= rule_count || (!with && strcmp(values[1], "without") != 0)) {
        fprintf(stderr, "usage: rules list | with NUMBER | without NUMBER\n");
        return 2;
    }
    return run_rule(&rules[number], with);
}
