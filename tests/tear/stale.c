/* A program that was given a plan, hung, and goes on when nobody expects it any more. It is made of the
 * agent's own runner, reader and link, with a reader of its own. */
#include "tests/tear/tear.h"

#include "agent/identity.h"
#include "agent/link.h"
#include "agent/messages.h"
#include "agent/reader_nfc.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "db/work.h"
#include "flow/plan_task.h"
#include "flow/site_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_PLANS 8
#define REPORT_TIMEOUT_MS 10000

struct zombie {
    struct sim_reader simulator;
    struct reader *reader;
};

/* ---- keys ---- */

bool stale_prepare(struct rig *rig)
{
    char problem[512] = "";
    struct db_settings settings = {.conninfo = rig->servers[0]->pg.app, .application_name = "stale-plans"};
    settings.statements = db_statements_all(&settings.statement_count);
    struct db_conn *db = db_conn_new(&settings);
    bool loaded = db && site_keys_load(db, rig->servers[0]->site_key_path, problem, sizeof problem);
    if (!loaded)
        fprintf(stderr, "site keys: %s\n", problem);
    db_conn_free(db);
    return loaded;
}

void stale_done(void)
{
    site_keys_unload();
}

/* ---- life ---- */

struct zombie *zombie_new(struct rig *rig, int number)
{
    char name[24];
    struct zombie *zombie = calloc(1, sizeof *zombie);
    struct sim_reader_options options = {
        .program = getenv("SIM_READER"), .directory = rig->directory, .cards = rig->cards, .name = name};
    snprintf(name, sizeof name, "late%d", number);
    if (!zombie || !options.program || !sim_reader_start(&zombie->simulator, &options)) {
        free(zombie);
        return NULL;
    }
    zombie->reader = reader_nfc_new(zombie->simulator.connstring);
    if (zombie->reader && reader_open(zombie->reader) == READER_STATE_OK)
        return zombie;
    zombie_free(zombie);
    return NULL;
}

void zombie_free(struct zombie *zombie)
{
    if (!zombie)
        return;
    if (zombie->reader) {
        reader_close(zombie->reader);
        reader_nfc_free(zombie->reader);
    }
    sim_reader_stop(&zombie->simulator);
    free(zombie);
}

/* ---- one plan ---- */

/* What the server built from this row, built once more. */
static bool rebuild(struct worker *worker, const char *plan_id, struct plan *ret_plan)
{
    static const char sql[] =
        "SELECT jsonb_build_object('plan', v.id, 'run', encode(v.run, 'hex'), 'uid', encode(v.uid, 'hex'), "
        "'kind', "
        "v.kind, 'request', v.request, 'blocks', p.blocks, 'sectors', p.sectors, 'password_sealed', "
        "encode(s.system_password_sealed, 'hex')) FROM plan v JOIN presentation p ON p.id = "
        "v.presentation_id, site s "
        "WHERE v.id = $1";
    static const uint8_t any_key[AGENT_KEY_BYTES];
    PGresult *rows = PQexecParams(worker->pg, sql, 1, NULL, &plan_id, NULL, NULL, 0);
    json_t *body = PQntuples(rows) == 1 ? json_loads(PQgetvalue(rows, 0, 0), 0, NULL) : NULL;
    struct seal_context context = {.agent_key = any_key};
    const char *problem = "no such plan";
    uuid_parse(plan_id, &context.id);
    char *hex = body ? plan_task_seal(body, &context, &problem) : NULL;
    PQclear(rows);
    json_decref(body);
    size_t count = hex ? strlen(hex) / 2 : 0;
    uint8_t *sealed = malloc(count + 1);
    char *text = malloc(count + 1);
    struct plan_problem wrong = {"it cannot be opened"};
    ssize_t length =
        hex && bytes_from_hex(hex, sealed, count) ? agent_open(&context, sealed, count, text) : -1;
    bool built = length >= 0 && plan_parse(text, (size_t)length, ret_plan, &wrong);
    if (!built)
        worker_problem(worker, "plan %s: %s", plan_id, hex ? wrong.text : problem);
    free(hex);
    free(sealed);
    free(text);
    return built;
}

static bool run_on_card(struct worker *worker, const struct plan *plan, enum plan_past past,
                        struct run_result *ret_result)
{
    struct zombie *zombie = worker->zombie;
    struct plan_memory *memory = plan_memory_new(MEMORY_PLANS);
    struct runner runner = {.reader = zombie->reader, .memory = memory, .run = plan->run};
    bool placed = memory && sim_reader_command(&zombie->simulator, "place %s", worker->file);
    if (placed && past == PAST_BURNT)
        plan_memory_burn(memory, &plan->id);
    if (placed && !reader_is_sound(zombie->reader)) {
        reader_close(zombie->reader);
        reader_open(zombie->reader);
    }
    if (placed)
        runner_run(&runner, plan, clock_monotonic_ms(), ret_result);
    else
        worker_problem(worker, "the late program's reader: %s", zombie->simulator.reply);
    sim_reader_command(&zombie->simulator, "remove");
    plan_memory_free(memory);
    return placed;
}

/* Which of the worker's desks the plan was made for. */
static struct rig_desk *desk_of_plan(struct worker *worker, const char *plan_id)
{
    PGresult *rows =
        PQexecParams(worker->pg, "SELECT desk_id FROM plan WHERE id = $1", 1, NULL, &plan_id, NULL, NULL, 0);
    struct rig_desk *desk = NULL;
    for (int i = 0; i < 2 && PQntuples(rows) == 1; i++) {
        if (strcmp(worker->desks[i]->id, PQgetvalue(rows, 0, 0)) == 0)
            desk = worker->desks[i];
    }
    PQclear(rows);
    return desk;
}

/* Sends the report as the agent would. Whatever the server answers is fine, as long as it answers. */
static bool send_report(struct worker *worker, const struct plan *plan, const struct run_result *result,
                        const struct rig_desk *desk)
{
    char error[256] = "";
    struct link_options options = {.server = desk->server->url};
    struct identity *identity = identity_new();
    struct link *link = link_new(&options, error, sizeof error);
    struct link_line *line = NULL;
    struct link_answer answer = {.result = LINK_UNREACHABLE};
    struct speaker speaker = {0};
    struct uuid presentation = uuid_make_v7();
    memcpy(speaker.run, plan->run, RUN_BYTES);
    bytes_to_hex(plan->run, RUN_BYTES, speaker.run_text);
    char *text = message_report(&speaker, &plan->id, &presentation, result);
    if (identity && link &&
        identity_load(desk->state_directory, identity, error, sizeof error) == IDENTITY_OK) {
        link_set_identity(link, identity);
        line = link_line_new(link);
        link_call(line, "report", text, REPORT_TIMEOUT_MS, &answer);
    }
    bool answered = answer.result == LINK_OK || answer.result == LINK_REFUSED;
    if (!answered)
        worker_problem(worker, "late report: %s %ld %s %s", error, answer.status, answer.code, answer.detail);
    link_answer_free(&answer);
    link_line_free(line);
    link_free(link);
    identity_free(identity);
    free(text);
    return answered;
}

bool zombie_run(struct worker *worker, const char *plan_id, enum plan_past past)
{
    struct plan *plan = calloc(1, sizeof *plan);
    struct run_result *result = calloc(1, sizeof *result);
    struct rig_desk *desk = desk_of_plan(worker, plan_id);
    bool fine =
        plan && result && desk && rebuild(worker, plan_id, plan) && run_on_card(worker, plan, past, result);
    if (fine && past == PAST_STARTED && result->outcome == RUN_BURNT)
        result->outcome = RUN_UNKNOWN; /* what it did the first time is in its memory: never burnt */
    if (fine && result->outcome != RUN_NOTHING)
        fine = send_report(worker, plan, result, desk);
    if (plan)
        plan_wipe(plan);
    free(plan);
    free(result);
    return fine;
}

bool zombie_say(struct worker *worker, const char *plan_id, bool written, const char *run_hex)
{
    struct plan *plan = calloc(1, sizeof *plan);
    struct run_result *result = calloc(1, sizeof *result);
    struct rig_desk *desk = desk_of_plan(worker, plan_id);
    bool fine = plan && result && desk && rebuild(worker, plan_id, plan);
    if (fine) {
        result->outcome = written ? RUN_WRITTEN : RUN_BURNT;
        result->reason = written ? "done" : "cancelled";
        for (size_t i = 0; written && i < plan->step_count; i++) {
            if (plan->steps[i].kind == STEP_LEG)
                result->legs[result->leg_count++] =
                    (struct run_leg){.id = plan->steps[i].leg_id, .epoch_no = plan->steps[i].epoch_no};
        }
        fine = (!run_hex || bytes_from_hex(run_hex, plan->run, RUN_BYTES)) &&
               send_report(worker, plan, result, desk);
    }
    if (plan)
        plan_wipe(plan);
    free(plan);
    free(result);
    return fine;
}
