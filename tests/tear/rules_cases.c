/* One case for each rule: everything is right with the rule, and something is wrong without it. */
#include "tests/tear/rules.h"

#include "base/ids.h"
#include "card/layout.h"
#include "tests/lib/rig_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READING_COMMANDS 16   /* of a card whose times are in use */
#define WEAK_TRIES 10         /* a weak slot reads as the new content now and then */
#define BOTH_COMMANDS 20      /* more than an act on both purses has */
#define VALUE_WRITE_COMMAND 9 /* of a recharge: guard 6, record 1, open, value */
#define NOTHING_MS 2500       /* longer than the second look of the server: no command may come */

static bool fine(struct worker *worker, const struct scenario *scenario)
{
    return scenario_run(worker, scenario) != VERDICT_VIOLATION;
}

static long long sql_text(struct worker *worker, const char *sql, const char *parameter, char *ret_text,
                          size_t capacity)
{
    PGresult *rows = PQexecParams(worker->pg, sql, 1, NULL, &parameter, NULL, NULL, 0);
    int count = PQntuples(rows);
    snprintf(ret_text, capacity, "%s", count > 0 ? PQgetvalue(rows, 0, 0) : "");
    PQclear(rows);
    return count;
}

/* The card is on the first desk, which asked for the act; the fault has struck. */
static bool begin_torn(struct worker *worker, enum act act, const struct fault *fault)
{
    struct rig_desk *home = worker->desks[0];
    if (!scenario_bring(worker, home))
        return false;
    bool armed = fault->cut ? rig_cut(home, fault->cut) : rig_tear(home, fault->tear, fault->kind);
    return armed && scenario_ask(worker, home, act, worker->operation_id) &&
           scenario_wait_strike(worker, home, fault) == 1;
}

/* The operation is over on `desk`; what it says and what is on the card agree. */
static bool end_on(struct worker *worker, struct rig_desk *desk, enum act act, bool cancelled)
{
    return scenario_settle(worker, desk) &&
           scenario_take_outcome(worker, desk, &(struct scenario){.act = act, .cancel = cancelled}) &&
           scenario_check(worker, "at the end");
}

/* ---- cases that are scenarios ---- */

static bool torn_value(struct worker *worker)
{
    return fine(worker, &(struct scenario){.first = {.tear = 2, .kind = "zero"}});
}

static bool written_unnoticed(struct worker *worker)
{
    return fine(worker, &(struct scenario){.first = {.tear = 2, .kind = "new"}, .cancel = true});
}

static bool cut_between_purses(struct worker *worker)
{
    for (int cut = 1; cut <= BOTH_COMMANDS; cut++) {
        if (!fine(worker, &(struct scenario){.act = ACT_RECHARGE_BOTH, .first.cut = cut}))
            return false;
    }
    return true;
}

static bool late_plan(struct worker *worker)
{
    return fine(worker, &(struct scenario){.first = {.tear = 2, .kind = "zero"}, .stale = STALE_AFTER});
}

static bool late_plan_after_fence(struct worker *worker)
{
    return fine(worker, &(struct scenario){
                            .first = {.tear = 1, .kind = "old"}, .cancel = true, .stale = STALE_AFTER});
}

static bool weak_value(struct worker *worker)
{
    for (int i = 0; i < WEAK_TRIES; i++) {
        struct scenario scenario = {.first = {.tear = 2, .kind = "marginal"}, .cancel = i % 2 == 1};
        worker->file[0] = 0; /* a card with two weak slots has to be replaced (R42) */
        if (!fine(worker, &scenario))
            return false;
    }
    return true;
}

/* The first trailer is torn: the card cannot be finished any more. */
static bool given_up(struct worker *worker)
{
    return fine(worker, &(struct scenario){.act = ACT_ISSUE, .first = {.tear = 12, .kind = "zero"}});
}

/* Two of five trailers are written. */
static bool issue_half_way(struct worker *worker)
{
    return fine(worker, &(struct scenario){.act = ACT_ISSUE, .first.cut = 42});
}

/* All content is written, the ID block too, and no trailer. */
static bool issue_looks_whole(struct worker *worker)
{
    return fine(worker, &(struct scenario){.act = ACT_ISSUE, .first.cut = 37, .cancel = true});
}

/* ---- reports and keys ---- */

static bool report_twice(struct worker *worker)
{
    struct rig_desk *home = worker->desks[0];
    char plan_id[RIG_ID_BYTES];
    if (!scenario_bring(worker, home) || !scenario_ask(worker, home, ACT_RECHARGE, worker->operation_id))
        return false;
    if (!rig_wait_operation(home, worker->operation_id, "completed"))
        return worker_desk_problem(worker, home, "recharge");
    sql_text(worker, "SELECT id FROM plan WHERE operation_id = $1", worker->operation_id, plan_id,
             sizeof plan_id);
    if (!scenario_take_outcome(worker, home, &(struct scenario){.act = ACT_RECHARGE}))
        return false;
    return zombie_say(worker, plan_id, true, NULL) && zombie_say(worker, plan_id, true, NULL) &&
           scenario_check(worker, "after a repeated report");
}

/* One POST of a recharge with this key; its status, and the id and code of the answer. */
static int post(struct rig_desk *desk, const char *key, int amount_minor, char ret_word[RIG_ID_BYTES])
{
    char path[96], body[256];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/api/v1/desks/%s/operations", desk->id);
    snprintf(body, sizeof body, "{'kind': 'recharge', 'presentation_id': '%s', 'consumption_minor': %d}",
             rig_card_text(desk, "presentation_id"), amount_minor);
    struct rig_request request = {"POST", path, body, key, desk->cookie, NULL};
    int status = rig_send(desk, &request, &answer);
    const char *word = json_string_value(json_object_get(answer, status == 201 ? "id" : "code"));
    snprintf(ret_word, RIG_ID_BYTES, "%s", word ? word : "");
    json_decref(answer);
    return status;
}

static bool one_key_one_operation(struct worker *worker)
{
    struct rig_desk *home = worker->desks[0];
    struct uuid key = uuid_make_v7(), other = uuid_make_v7();
    char key_text[RIG_ID_BYTES], other_text[RIG_ID_BYTES], word[RIG_ID_BYTES];
    uuid_format(&key, key_text);
    uuid_format(&other, other_text);
    if (!scenario_bring(worker, home))
        return false;
    snprintf(worker->operation_id, sizeof worker->operation_id, "%s", key_text);
    rig_agent_freeze(home); /* or the operation is over before the second click */
    bool once = post(home, key_text, 100, word) == 201 && strcmp(word, key_text) == 0;
    bool again = post(home, key_text, 100, word) == 201 && strcmp(word, key_text) == 0;
    bool reused = post(home, key_text, 101, word) / 100 == 4 && strcmp(word, "key_reused") == 0;
    bool open = post(home, other_text, 100, word) == 409 && strcmp(word, "operation_open") == 0;
    rig_agent_thaw(home);
    if (!once || !again || !reused || !open)
        return worker_problem(worker, "key: once %d, again %d, reused %d, second operation refused %d", once,
                              again, reused, open);
    if (!rig_wait_operation(home, key_text, "completed"))
        return worker_desk_problem(worker, home, "recharge");
    return scenario_take_outcome(worker, home, &(struct scenario){.act = ACT_RECHARGE}) &&
           scenario_check(worker, "after a double click");
}

/* ---- receipts ---- */

/* The first plan was started and wrote nothing, the second was burnt; the first goes on. */
static bool one_of_two_burnt(struct worker *worker)
{
    struct rig_desk *other = worker->desks[1];
    const struct fault first = {.tear = 1, .kind = "old"}, second = {.cut = READING_COMMANDS + 2};
    if (!begin_torn(worker, ACT_RECHARGE, &first) || !scenario_note_plan(worker, true))
        return false;
    if (!rig_operation_read(other, worker->operation_id) || !rig_cut(other, second.cut) ||
        !rig_put(other, worker->file) || scenario_wait_strike(worker, other, &second) != 1)
        return worker_desk_problem(worker, other, "the second plan");
    if (!rig_cancel(worker->desks[0], worker->operation_id, false))
        return worker_desk_problem(worker, worker->desks[0], "cancel");
    return zombie_run(worker, worker->plan_id, PAST_STARTED) && end_on(worker, other, ACT_RECHARGE, true);
}

/* A new process of the agent speaks for a plan of the one before, which goes on. */
static bool receipt_of_another_run(struct worker *worker)
{
    struct rig_desk *home = worker->desks[0];
    char run[33];
    if (!scenario_hang_with_plan(worker, home, &(struct scenario){.act = ACT_RECHARGE}) ||
        !scenario_note_plan(worker, false))
        return worker_desk_problem(worker, home, "the plan of the first process");
    rig_agent_kill(home);
    sim_reader_command(&home->reader, "remove");
    if (!rig_agent_start(home) || !rig_wait_gone(home) || !rig_cancel(home, worker->operation_id, false))
        return worker_desk_problem(worker, home, "the second process");
    sql_text(worker, "SELECT encode(run, 'hex') FROM desk_live WHERE desk_id = $1", home->id, run,
             sizeof run);
    return zombie_say(worker, worker->plan_id, false, run) &&
           zombie_run(worker, worker->plan_id, PAST_STARTED) &&
           end_on(worker, worker->desks[1], ACT_RECHARGE, true);
}

static bool burnt_plan_comes_back(struct worker *worker)
{
    char plan_id[RIG_ID_BYTES];
    if (!begin_torn(worker, ACT_RECHARGE, &(struct fault){.cut = 3}) || !scenario_note_plan(worker, true) ||
        !rig_cancel(worker->desks[0], worker->operation_id, false))
        return false;
    sql_text(worker, "SELECT id FROM plan WHERE operation_id = $1", worker->operation_id, plan_id,
             sizeof plan_id);
    return zombie_run(worker, plan_id, PAST_BURNT) && end_on(worker, worker->desks[0], ACT_RECHARGE, true);
}

static bool presented_after_void(struct worker *worker)
{
    struct rig_desk *home = worker->desks[0];
    if (!begin_torn(worker, ACT_RECHARGE, &(struct fault){.cut = 3}) || !scenario_note_plan(worker, true) ||
        !rig_cancel(home, worker->operation_id, false) || !end_on(worker, home, ACT_RECHARGE, true))
        return false;
    sim_reader_command(&home->reader, "count");
    long long commands = sim_reader_number(&home->reader, "commands");
    if (sim_reader_command(&home->reader, "wait commands %lld %d", commands + 1, NOTHING_MS))
        return worker_problem(worker, "a plan came after the void");
    return scenario_check(worker, "some time after the void");
}

/* The agent dies with the value written and nothing said; its successor must not speak for it. */
static bool crash_and_restart(struct worker *worker)
{
    struct rig_desk *home = worker->desks[0];
    if (!scenario_bring(worker, home) || !sim_reader_command(&home->reader, "count"))
        return false;
    long long before = sim_reader_number(&home->reader, "commands");
    if (!sim_reader_command(&home->reader, "stall 1000 %d line", VALUE_WRITE_COMMAND) ||
        !scenario_ask(worker, home, ACT_RECHARGE, worker->operation_id) ||
        !sim_reader_command(&home->reader, "wait commands %lld 5000", before + VALUE_WRITE_COMMAND))
        return worker_problem(worker, "the stalled write: %s", home->reader.reply);
    rig_agent_kill(home);
    if (!rig_cancel(home, worker->operation_id, false) || !rig_agent_start(home) ||
        !rig_wait_operation(home, worker->operation_id, "completed|aborted"))
        return worker_desk_problem(worker, home, "after the crash");
    return scenario_take_outcome(worker, home, &(struct scenario){.act = ACT_RECHARGE, .cancel = true}) &&
           scenario_check(worker, "after the crash");
}

/* ---- half-issued cards ---- */

static bool next_person_wants_it(struct worker *worker)
{
    struct rig_desk *home = worker->desks[0];
    struct rig_desk *other = worker->desks[1];
    char next_person[RIG_ID_BYTES], id[RIG_ID_BYTES];
    const struct fault fault = {.cut = 42};
    if (!worker_blank_card(worker) || !rig_person(home, "Next Person", next_person))
        return false;
    if (!rig_place(home, worker->file) || !rig_cut(home, fault.cut) ||
        !rig_issue(home, worker->person_id, worker->operation_id) ||
        scenario_wait_strike(worker, home, &fault) != 1 || !rig_cancel(home, worker->operation_id, false) ||
        !rig_place(other, worker->file))
        return worker_desk_problem(worker, home, "half an issue");
    if (rig_issue(other, next_person, id))
        return worker_problem(worker, "a half-issued card was given to the next person");
    return strncmp(other->problem, "operation_open", 14) == 0 ||
           worker_desk_problem(worker, other, "the refusal");
}

/* ---- spending off line ---- */

/* What a machine does: the value goes, with its epoch, into the other slot. The card lies nowhere. */
static bool debit(struct worker *worker, int amount_minor)
{
    static const long slots[2] = {8L * CARD_BLOCK_BYTES, 9L * CARD_BLOCK_BYTES};
    char path[200];
    uint8_t blocks[2][CARD_BLOCK_BYTES];
    int32_t value[2];
    uint8_t epoch[2];
    bool good[2];
    snprintf(path, sizeof path, "%s/%s", worker->rig->cards, worker->file);
    FILE *file = fopen(path, "r+e");
    for (int i = 0; file && i < 2; i++)
        good[i] = fseek(file, slots[i], SEEK_SET) == 0 && fread(blocks[i], CARD_BLOCK_BYTES, 1, file) == 1 &&
                  layout_value_decode(blocks[i], &value[i], &epoch[i]);
    int now = file && good[0] && (!good[1] || (uint8_t)(epoch[0] - epoch[1]) < 128) ? 0 : 1;
    bool done = file && good[now];
    if (done) {
        layout_value_encode(value[now] - amount_minor, epoch[now], blocks[1 - now]);
        done = fseek(file, slots[1 - now], SEEK_SET) == 0 &&
               fwrite(blocks[1 - now], CARD_BLOCK_BYTES, 1, file) == 1;
    }
    if (file)
        done = fclose(file) == 0 && done;
    worker->value[0] -= amount_minor;
    return done || worker_problem(worker, "the debit failed");
}

/* In doubt, then something is bought: the retry has another result. */
static bool spent_in_doubt(struct worker *worker)
{
    return begin_torn(worker, ACT_RECHARGE, &(struct fault){.tear = 2, .kind = "zero"}) &&
           debit(worker, 30) && end_on(worker, worker->desks[1], ACT_RECHARGE, false);
}

/* A withdrawal of 0.70 in doubt, then 0.70 is spent: the balance alone looks as if it had worked. */
static bool spent_the_same_amount(struct worker *worker)
{
    return begin_torn(worker, ACT_WITHDRAW, &(struct fault){.tear = 2, .kind = "zero"}) &&
           debit(worker, 70) && end_on(worker, worker->desks[1], ACT_WITHDRAW, false);
}

/* ---- the list ---- */

const struct rule rules[] = {
    {"R1", RULE_IN_SQL, torn_value, "money waits in in_transit"},
    {"R2", RULE_IN_SQL, written_unnoticed, "the plan row comes first"},
    {"R3", RULE_IN_CODE, torn_value, "the slot in use is not written"},
    {"R4", RULE_IN_CODE, late_plan, "the guard is compared"},
    {"R5", RULE_IN_SQL, written_unnoticed, "no void without fence or receipts"},
    {"R6", RULE_IN_SQL, written_unnoticed, "a failure report proves nothing"},
    {"R7", RULE_IN_CODE, spent_the_same_amount, "doubt is decided by epoch"},
    {"R8", RULE_IN_SQL, report_twice, "proof is set once"},
    {"R9", RULE_IN_SQL, one_key_one_operation, "one key, one operation"},
    {"R13", RULE_IN_CODE, weak_value, "one plain read proves nothing"},
    {"R14", RULE_IN_SQL, one_of_two_burnt, "all plans burnt, not one"},
    {"R15", RULE_IN_CODE, written_unnoticed, "started is never burnt"},
    {"R17", RULE_IN_SQL, receipt_of_another_run, "burnt only by its run"},
    {"R18", RULE_IN_CODE, burnt_plan_comes_back, "burnt stays burnt"},
    {"R19", RULE_IN_SQL, presented_after_void, "no plan after the void"},
    {"R20", RULE_IN_CODE, crash_and_restart, "no memory from a disk"},
    {"R21", RULE_IN_CODE, cut_between_purses, "the second water epoch"},
    {"R22", RULE_IN_SQL, cut_between_purses, "one leg, one evidence (reports)"},
    {"R22", RULE_IN_CODE, cut_between_purses, "one leg, one evidence (readings)"},
    {"R32", RULE_IN_SQL, given_up, "given up is blocked for ever"},
    {"R33", RULE_IN_CODE, issue_half_way, "derived keys, then transport"},
    {"R34", RULE_IN_CODE, issue_looks_whole, "active only when all is proven"},
    {"R35", RULE_IN_SQL, next_person_wants_it, "half-issued stays its person's"},
    {"R37", RULE_IN_CODE, late_plan_after_fence, "the guard has both slots and records"},
    {"R38", RULE_IN_SQL, spent_in_doubt, "one epoch, one result"},
    {"R40", RULE_IN_SQL, weak_value, "nothing on a provisional read"},
};
const int rule_count = sizeof rules / sizeof rules[0];
