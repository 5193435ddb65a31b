/* One case on a card that is in use: recharge, withdraw, times. */
#include "tests/tear/tear.h"

#include "tests/lib/rig_internal.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPORT_WAIT_MS 5000
#define STEP_MS 5

const char *const act_names[] = {"recharge", "recharge water", "recharge both", "withdraw", "withdraw both",
                                 "times",    "times back",     "issue",         "un-issue"};

static const struct {
    const char *kind;
    const char *members;
    int64_t change[3];
} acts[ACTS_OF_MONEY] = {
    [ACT_RECHARGE] = {"recharge", "{'consumption_minor': 100}", {100, 0, 0}},
    [ACT_RECHARGE_WATER] = {"recharge", "{'water_minor': 30}", {0, 30, 0}},
    [ACT_RECHARGE_BOTH] = {"recharge", "{'consumption_minor': 100, 'water_minor': 30}", {100, 30, 0}},
    [ACT_WITHDRAW] = {"withdraw", "{'consumption_minor': 70}", {-70, 0, 0}},
    [ACT_WITHDRAW_BOTH] = {"withdraw", "{'consumption_minor': 60, 'water_minor': 40}", {-60, -40, 0}},
    [ACT_TIMES] = {"recharge", "{'times': 3}", {0, 0, 3}},
    [ACT_TIMES_BACK] = {"withdraw", "{'times': 2}", {0, 0, -2}},
};
static const char *const purses[3] = {"consumption", "water", "times"};

bool worker_problem(struct worker *worker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(worker->problem, sizeof worker->problem, format, arguments);
    va_end(arguments);
    return false;
}

/* Takes the sentence over that a desk has left. Always false. */
bool worker_desk_problem(struct worker *worker, const struct rig_desk *desk, const char *what)
{
    return worker_problem(worker, "%s, desk %d: %.1900s", what, desk == worker->desks[1], desk->problem);
}

/* ---- cards ---- */

bool worker_blank_card(struct worker *worker)
{
    struct rig_desk *desk = worker->desks[0];
    char name[40];
    unsigned serial = (unsigned)worker->card_serial++;
    bool is_long = serial % 2 == 1;
    if (is_long)
        snprintf(worker->uid, sizeof worker->uid, "04%02x%06xa1b2", 0x20u + (unsigned)worker->number, serial);
    else
        snprintf(worker->uid, sizeof worker->uid, "%02x%06x", 0x20u + (unsigned)worker->number, serial);
    snprintf(worker->file, sizeof worker->file, "w%dc%u.mfd", worker->number, serial);
    snprintf(name, sizeof name, "Person %d %u", worker->number, serial);
    return (rig_person(desk, name, worker->person_id) &&
            rig_card_new(desk, worker->file, serial % 4 < 2 ? "1k" : "4k", worker->uid)) ||
           worker_desk_problem(worker, desk, "new card");
}

static bool fill(struct worker *worker, struct rig_desk *desk, const char *members)
{
    char id[RIG_ID_BYTES];
    return (rig_ask(desk, "recharge", members, id) && rig_wait_operation(desk, id, "completed")) ||
           worker_desk_problem(worker, desk, "filling");
}

bool worker_new_card(struct worker *worker)
{
    struct rig_desk *desk = worker->desks[0];
    char id[RIG_ID_BYTES];
    if (!rig_remove(worker->desks[1]))
        return worker_desk_problem(worker, worker->desks[1], "clearing");
    if (!worker_blank_card(worker))
        return false;
    if (!rig_place(desk, worker->file) || !rig_issue(desk, worker->person_id, id) ||
        !rig_wait_operation(desk, id, "completed") || !rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "issuing");
    worker->value[0] = 500000;
    worker->value[1] = 50000;
    worker->value[2] = 5000;
    return fill(worker, desk, "{'consumption_minor': 500000, 'water_minor': 50000}") &&
           fill(worker, desk, "{'times': 5000}");
}

/* ---- checks ---- */

static long long number(struct worker *worker, const char *sql, const char *parameter)
{
    PGresult *rows = PQexecParams(worker->pg, sql, 1, NULL, &parameter, NULL, NULL, 0);
    bool found = PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) == 1 && !PQgetisnull(rows, 0, 0);
    long long value = found ? strtoll(PQgetvalue(rows, 0, 0), NULL, 10) : -1;
    PQclear(rows);
    return value;
}

/* Cards, books and what should be there agree. */
bool scenario_check(struct worker *worker, const char *when)
{
    static const char sql[] =
        "SELECT lowest_minor FROM card_purse WHERE uid = decode($1, 'hex') AND purse = ";
    for (int i = 0; i < 3; i++) {
        char query[160];
        snprintf(query, sizeof query, "%s'%s'", sql, purses[i]);
        long long proven = number(worker, query, worker->uid);
        if (proven != worker->value[i])
            return worker_problem(worker, "%s: %s should be %lld, proven is %lld", when, purses[i],
                                  (long long)worker->value[i], proven);
    }
    int differences = rig_verify_card(worker->rig, worker->pg, worker->file);
    return differences == 0 || worker_problem(worker, "%s: card and books differ", when);
}

/* The operation's outcome goes into what should be there. Without a cancel every leg must be on the card. */
bool scenario_take_outcome(struct worker *worker, struct rig_desk *desk, const struct scenario *scenario)
{
    for (int i = 0; i < 3; i++) {
        int64_t change = acts[scenario->act].change[i];
        char state = change ? rig_leg_state(desk, worker->operation_id, purses[i]) : 'C';
        if (state == 'C')
            worker->value[i] += change;
        else if (state != 'X' || !scenario->cancel)
            return worker_problem(worker, "the leg on %s ended as %c", purses[i], state ? state : '?');
    }
    return true;
}

/* ---- steps ---- */

static bool arm(struct rig_desk *desk, const struct fault *fault)
{
    if (fault->cut)
        return rig_cut(desk, fault->cut);
    return !fault->tear || rig_tear(desk, fault->tear, fault->kind);
}

static bool has_struck(struct rig_desk *desk, const struct fault *fault)
{
    return fault->cut ? rig_cut_done(desk) : fault->tear && rig_torn(desk);
}

static bool is_over(const struct rig_desk *desk, const char *operation_id)
{
    const char *state = rig_operation_state(desk, operation_id);
    return strcmp(state, "completed") == 0 || strcmp(state, "aborted") == 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the fault has struck and the card is known to be gone (1), or the operation is over without it (0);
 * -1: neither came. */
int scenario_wait_strike(struct worker *worker, struct rig_desk *desk, const struct fault *fault)
{
    for (int64_t until_ms = now_ms() + worker->rig->options.wait_ms; now_ms() < until_ms;) {
        if (has_struck(desk, fault)) {
            if (rig_wait_gone(desk))
                return 1;
            worker_desk_problem(worker, desk, "after the fault");
            return -1;
        }
        if (is_over(desk, worker->operation_id)) {
            rig_disarm(desk);
            return 0;
        }
        rig_listen(desk, STEP_MS);
    }
    rig_disarm(desk);
    worker_problem(worker, "neither the fault nor an end came; the operation is %s, the card %s",
                   rig_operation_state(desk, worker->operation_id), rig_card_text(desk, "state"));
    return -1;
}

/* The card lies on `desk`, read, and nowhere else. */
bool scenario_bring(struct worker *worker, struct rig_desk *desk)
{
    struct rig_desk *other = worker->desks[desk == worker->desks[0]];
    if (other->card && !rig_remove(other))
        return worker_desk_problem(worker, other, "taking the card away");
    rig_listen(desk, 0);
    if (desk->card && strcmp(rig_card_text(desk, "uid"), worker->uid) == 0 &&
        *rig_card_text(desk, "presentation_id"))
        return true;
    return rig_place(desk, worker->file) || worker_desk_problem(worker, desk, "bringing the card");
}

/* Asks for the act, as a screen does: when the card was read again since, with the newer reading. */
bool scenario_ask(struct worker *worker, struct rig_desk *desk, enum act act, char ret_id[RIG_ID_BYTES])
{
    return rig_ask(desk, acts[act].kind, acts[act].members, ret_id) ||
           worker_desk_problem(worker, desk, "the act");
}

/* The operation ends with the card on this desk, which may never have heard of it: it may be over already. */
bool scenario_settle(struct worker *worker, struct rig_desk *desk)
{
    if (!rig_operation_read(desk, worker->operation_id) || !rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "presenting");
    if (rig_wait_operation(desk, worker->operation_id, "completed|aborted"))
        return true;
    return worker_desk_problem(worker, desk, "one presentation did not settle it");
}

/* Notes the first plan of the operation once its report has come in. True also if there is none. */
bool scenario_note_plan(struct worker *worker, bool wait_for_report)
{
    static const char sql[] =
        "SELECT id, coalesce(result, '') FROM plan WHERE operation_id = $1 ORDER BY attempt LIMIT 1";
    const char *parameter = worker->operation_id;
    worker->plan_id[0] = 0;
    for (int64_t until_ms = now_ms() + REPORT_WAIT_MS; now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        PGresult *rows = PQexecParams(worker->pg, sql, 1, NULL, &parameter, NULL, NULL, 0);
        bool found = PQntuples(rows) == 1;
        bool reported = found && *PQgetvalue(rows, 0, 1);
        bool burnt = reported && strcmp(PQgetvalue(rows, 0, 1), "burnt") == 0;
        if (found && !burnt)
            snprintf(worker->plan_id, sizeof worker->plan_id, "%s", PQgetvalue(rows, 0, 0));
        PQclear(rows);
        if (!found || reported || !wait_for_report)
            return true;
    }
    return worker_problem(worker, "the report of plan %s did not come", worker->plan_id);
}

/* The late program runs the first plan once more: the books must not move. */
static bool replay_settled(struct worker *worker, struct rig_desk *desk, const char *when)
{
    if (!rig_remove(worker->desks[0]) || !rig_remove(worker->desks[1]))
        return worker_problem(worker, "clearing the readers");
    if (!zombie_run(worker, worker->plan_id, PAST_STARTED))
        return false;
    if (!rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "after the late plan");
    return scenario_check(worker, when);
}

/* Two acts later both slots and both records are others. */
static bool replay_after(struct worker *worker, struct rig_desk *desk)
{
    char id[RIG_ID_BYTES];
    if (!replay_settled(worker, desk, "after a late plan"))
        return false;
    for (int acts_later = 1; acts_later <= 2; acts_later++) {
        if (!scenario_ask(worker, desk, ACT_RECHARGE, id))
            return false;
        if (!rig_wait_operation(desk, id, "completed"))
            return worker_desk_problem(worker, desk, "an act after a late plan");
        worker->value[0] += acts[ACT_RECHARGE].change[0];
    }
    return replay_settled(worker, desk, "after a plan that was late by two acts");
}

/* ---- the case ---- */

static enum verdict finish(struct worker *worker, struct rig_desk *desk, const struct scenario *scenario)
{
    if (!scenario_take_outcome(worker, desk, scenario) || !scenario_check(worker, "at the end"))
        return VERDICT_VIOLATION;
    if (scenario->stale == STALE_NONE || !*worker->plan_id)
        return VERDICT_FINE;
    return replay_after(worker, desk) ? VERDICT_FINE : VERDICT_VIOLATION;
}

static bool begin(struct worker *worker, struct rig_desk *home, const struct scenario *scenario)
{
    if (!scenario_bring(worker, home))
        return false;
    if (!arm(home, &scenario->first))
        return worker_desk_problem(worker, home, "arming");
    return scenario_ask(worker, home, scenario->act, worker->operation_id);
}

/* With the operation open and the card in hand: a void is asked for, a late program comes first. */
static bool between(struct worker *worker, struct rig_desk *home, const struct scenario *scenario)
{
    if (rig_verify_card(worker->rig, worker->pg, worker->file) != 0)
        return worker_problem(worker, "in doubt, and card and books differ");
    if (scenario->cancel && !rig_cancel(home, worker->operation_id, false))
        return worker_desk_problem(worker, home, "cancel");
    if (scenario->stale == STALE_NONE)
        return true;
    if (!scenario_note_plan(worker, true))
        return false;
    return scenario->stale != STALE_BETWEEN || !*worker->plan_id ||
           zombie_run(worker, worker->plan_id, PAST_STARTED);
}

static enum verdict run_faults(struct worker *worker, const struct scenario *scenario)
{
    struct rig_desk *home = worker->desks[worker->case_count++ % 2];
    struct rig_desk *target = scenario->other_desk ? worker->desks[home == worker->desks[0]] : home;
    if (!begin(worker, home, scenario))
        return VERDICT_VIOLATION;
    int struck = scenario_wait_strike(worker, home, &scenario->first);
    if (struck < 0)
        return VERDICT_VIOLATION;
    if (struck == 0) {
        if (!scenario_take_outcome(worker, home, scenario) || !scenario_check(worker, "without a fault"))
            return VERDICT_VIOLATION;
        return VERDICT_BEYOND;
    }
    if (!between(worker, home, scenario))
        return VERDICT_VIOLATION;
    if (scenario->second.cut || scenario->second.tear) {
        if (!arm(target, &scenario->second) || !rig_put(target, worker->file))
            return worker_desk_problem(worker, target, "arming again"), VERDICT_VIOLATION;
        struck = scenario_wait_strike(worker, target, &scenario->second);
        if (struck < 0)
            return VERDICT_VIOLATION;
    }
    if (struck != 0 && !scenario_settle(worker, target))
        return VERDICT_VIOLATION;
    enum verdict verdict = finish(worker, target, scenario);
    return verdict == VERDICT_FINE && struck == 0 ? VERDICT_BEYOND : verdict;
}

#define HAND_OVER_MS 3000
#define FREEZES_MAX 5

static bool wait_handed(struct worker *worker, struct rig_desk *home)
{
    for (int64_t until_ms = rig_now_ms() + HAND_OVER_MS; rig_now_ms() < until_ms; rig_listen(home, 20)) {
        if (strcmp(rig_operation_state(home, worker->operation_id), "writing") == 0)
            return true;
    }
    return false;
}

/* One that is caught between two polls gets none: then it goes on, the act goes its way, and the next one is
 * asked for. */
bool scenario_hang_with_plan(struct worker *worker, struct rig_desk *home, const struct scenario *scenario)
{
    for (int i = 0; i < FREEZES_MAX; i++) {
        if (!scenario_bring(worker, home))
            return false;
        rig_agent_freeze(home);
        bool asked = scenario_ask(worker, home, scenario->act, worker->operation_id);
        if (asked && wait_handed(worker, home))
            return true;
        rig_agent_thaw(home);
        if (asked && (!rig_wait_operation(home, worker->operation_id, "completed|aborted") ||
                      !scenario_take_outcome(worker, home, scenario)))
            break;
    }
    return worker_desk_problem(worker, home, "the act before a hanging program");
}

/* The first desk's program hangs with the plan in hand, and goes on before or after everything was settled
 * without it. */
static enum verdict run_frozen(struct worker *worker, const struct scenario *scenario)
{
    struct rig_desk *home = worker->desks[0];
    struct rig_desk *target = worker->desks[1];
    if (!scenario_hang_with_plan(worker, home, scenario))
        return VERDICT_VIOLATION;
    bool fine = !scenario->cancel || rig_cancel(home, worker->operation_id, false) ||
                worker_desk_problem(worker, home, "cancelling beside a hanging program");
    if (fine && scenario->stale == STALE_AFTER) {
        fine = sim_reader_command(&home->reader, "remove") && scenario_settle(worker, target) &&
               scenario_take_outcome(worker, target, scenario) &&
               scenario_check(worker, "beside a hanging program") &&
               (rig_remove(target) || worker_desk_problem(worker, target, "clearing")) &&
               sim_reader_command(&home->reader, "place %s", worker->file);
    }
    long long event_no = home->event_no;
    rig_agent_thaw(home);
    if (!fine)
        return VERDICT_VIOLATION;
    if (scenario->stale == STALE_AFTER) {
        while (home->event_no == event_no && rig_listen(home, worker->rig->options.wait_ms))
            ;
        return rig_place(home, worker->file) && scenario_check(worker, "after the hanging program went on")
                   ? VERDICT_FINE
                   : VERDICT_VIOLATION;
    }
    if (!rig_wait_operation(home, worker->operation_id, "completed|aborted"))
        return worker_desk_problem(worker, home, "the program that hung"), VERDICT_VIOLATION;
    return scenario_take_outcome(worker, home, scenario) && scenario_check(worker, "after hanging")
               ? VERDICT_FINE
               : VERDICT_VIOLATION;
}

static void describe(const struct scenario *scenario, char *ret_text, size_t capacity)
{
    static const char *const stale_words[] = {"", ", late plan after", ", late plan between"};
    char faults[2][40] = {"", ""};
    const struct fault *all[2] = {&scenario->first, &scenario->second};
    for (int i = 0; i < 2; i++) {
        if (all[i]->cut)
            snprintf(faults[i], sizeof faults[i], "%s cut %d", i ? ", then" : ",", all[i]->cut);
        else if (all[i]->tear)
            snprintf(faults[i], sizeof faults[i], "%s tear %d %s", i ? ", then" : ",", all[i]->tear,
                     all[i]->kind);
    }
    snprintf(ret_text, capacity, "%s%s%s%s%s%s%s", act_names[scenario->act], faults[0],
             scenario->cancel ? ", cancel" : "", scenario->other_desk ? ", other desk" : "", faults[1],
             stale_words[scenario->stale], scenario->frozen ? ", hanging" : "");
}

static void clear_readers(struct worker *worker)
{
    for (int i = 0; i < 2; i++) {
        rig_disarm(worker->desks[i]);
        sim_reader_command(&worker->desks[i]->reader, "remove");
        rig_wait_gone(worker->desks[i]);
    }
}

/* Issues and un-issues work on cards of their own; afterwards the worker goes on with the one it had. */
static enum verdict run_issue(struct worker *worker, const struct scenario *scenario)
{
    struct worker before = *worker;
    enum verdict verdict =
        scenario->act == ACT_ISSUE ? issue_run(worker, scenario) : unissue_run(worker, scenario);
    if (verdict == VERDICT_VIOLATION)
        return verdict;
    memcpy(worker->file, before.file, sizeof worker->file);
    memcpy(worker->uid, before.uid, sizeof worker->uid);
    memcpy(worker->person_id, before.person_id, sizeof worker->person_id);
    return verdict;
}

enum verdict scenario_run(struct worker *worker, const struct scenario *scenario)
{
    char text[200];
    enum verdict verdict = VERDICT_VIOLATION;
    worker->plan_id[0] = worker->operation_id[0] = 0;
    snprintf(worker->problem, sizeof worker->problem, "no reason was given");
    if (scenario->act >= ACT_ISSUE)
        verdict = run_issue(worker, scenario);
    else if (!*worker->file && !worker_new_card(worker))
        verdict = VERDICT_VIOLATION;
    else
        verdict = scenario->frozen ? run_frozen(worker, scenario) : run_faults(worker, scenario);
    if (verdict != VERDICT_VIOLATION)
        return verdict;
    describe(scenario, text, sizeof text);
    fprintf(stderr, "violation: %s: card %s, operation %s: %.1500s\n", text, worker->file,
            worker->operation_id, worker->problem);
    atomic_fetch_add(worker->violations, 1);
    clear_readers(worker);
    worker->file[0] = 0; /* the next case begins with a new card */
    return verdict;
}
