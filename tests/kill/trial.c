/* One act, one fault, and the look at everything afterwards. */
#include "tests/kill/kill.h"
#include "tests/lib/rig_internal.h"

#include "base/ids.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONSUMPTION_MINOR 300
#define WATER_MINOR 70
#define CUT_COMMAND 12     /* of a recharge of both purses: the record is written, no value is */
#define TRIES_MAX 5        /* an act that was refused because something is away is asked for anew */
#define ROUNDS_MAX 5       /* how often the card is put back until the act is finished */
#define AFTER_FAULT_MS 600 /* what the system gets to heal by itself before the card is put back */
#define QUIET_MS 40        /* without a message: the act is over */
#define SLICE_MS 10

const char *const kill_act_names[] = {"recharge", "withdraw", "issue", "cancel"};

/* The act under way. */
struct act {
    const struct trial *trial;
    char id[RIG_ID_BYTES];
    char path[96];
    char body[256];
    char *first_answer; /* text of the first 201; NULL: none */
};

static bool is_finished(const struct worker *worker, const struct act *act)
{
    const char *state = rig_operation_state(worker->desk, act->id);
    return strcmp(state, "completed") == 0 || strcmp(state, "aborted") == 0;
}

/* Nothing has been done to the act so far, so it must go its way without help. */
static bool is_untouched(struct worker *worker)
{
    return !worker->rough && proxy_state(worker->proxy) != PROXY_STRUCK;
}

/* ---- asking ---- */

static void describe(struct worker *worker, struct act *act, const char *person_id)
{
    struct uuid key = uuid_make_v7();
    char more[120];
    uuid_format(&key, act->id);
    snprintf(act->path, sizeof act->path, "/api/v1/desks/%s/operations", worker->desk->id);
    if (act->trial->act == KILL_ISSUE)
        snprintf(more, sizeof more, "\"issue\", \"person_id\": \"%s\"", person_id);
    else
        snprintf(more, sizeof more, "\"%s\", \"consumption_minor\": %d, \"water_minor\": %d",
                 act->trial->act == KILL_WITHDRAW ? "withdraw" : "recharge", CONSUMPTION_MINOR, WATER_MINOR);
    snprintf(act->body, sizeof act->body, "{\"kind\": %s, \"presentation_id\": \"%s\"}", more,
             rig_card_text(worker->desk, "presentation_id"));
}

/* A refusal must have left nothing behind. */
static bool is_unknown(struct worker *worker, const struct act *act)
{
    char path[96];
    int status = 0;
    snprintf(path, sizeof path, "/api/v1/operations/%s", act->id);
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms; poll(NULL, 0, SLICE_MS)) {
        status = rig_call(worker->desk, "GET", path, NULL, NULL);
        if (status != 0 && status != 503)
            break;
    }
    return status == 404 || worker_problem(worker, "refused, but the operation answers %d", status);
}

/* Asks until the act is begun. A refusal is right only where something has died or got lost. */
static bool begin(struct worker *worker, struct act *act, const char *person_id)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        struct answer answer;
        describe(worker, act, person_id);
        if (!operator_ask(worker, &(struct question){act->path, act->body, act->id}, &answer))
            return false;
        if (answer.status == 201) {
            act->first_answer = answer.text;
            return true;
        }
        worker_problem(worker, "refused: %.600s", answer.text ? answer.text : "");
        /* The card may have been read once more since it was put back. */
        bool was_read = answer.text && strstr(answer.text, "\"card_changed\"") != NULL;
        bool broken = (is_untouched(worker) && !was_read) || answer.status >= 500 || answer.status == 422;
        answer_free(&answer);
        if (broken || !worker_put_back(worker) || !is_unknown(worker, act))
            return false;
    }
    return worker_problem(worker, "refused again and again: %.1000s", worker->problem);
}

/* ---- waiting ---- */

/* Takes in news until the act is finished, the fault has struck (if that is to end it), or the time is over.
 */
static bool wait_finished(struct worker *worker, const struct act *act, int wait_ms, bool until_struck)
{
    for (int64_t until_ms = rig_now_ms() + wait_ms; rig_now_ms() < until_ms;) {
        if (is_finished(worker, act))
            return true;
        if (until_struck && !is_untouched(worker))
            return false;
        if (!rig_listen(worker->desk, SLICE_MS) && rig_stream_is_closed(worker->desk)) {
            if (!worker_revive(worker))
                return false;
        }
    }
    return is_finished(worker, act);
}

/* Until no message of the act is under way any more, or the fault has struck one of the last. */
static void wait_quiet(struct worker *worker)
{
    int count = -1;
    while (proxy_state(worker->proxy) == PROXY_WAITING && proxy_count(worker->proxy) != count) {
        count = proxy_count(worker->proxy);
        for (int64_t until_ms = rig_now_ms() + QUIET_MS; rig_now_ms() < until_ms;)
            rig_listen(worker->desk, SLICE_MS);
    }
}

/* What an operator does: looks; starts what has died; puts the card back. */
static bool finish(struct worker *worker, const struct act *act)
{
    if (wait_finished(worker, act, RIG_WAIT_MS, true)) {
        if (worker->proxy)
            wait_quiet(worker);
        return true;
    }
    if (is_untouched(worker))
        return worker_problem(worker, "nothing happened to it, and it does not end: %s",
                              rig_operation_state(worker->desk, act->id));
    for (int i = 0; i < ROUNDS_MAX; i++) {
        if (!worker_revive(worker))
            return false;
        if (i == 0 && act->trial->second.action != ACTION_NONE)
            proxy_arm(worker->proxy, &act->trial->second);
        if (wait_finished(worker, act, i == 0 ? AFTER_FAULT_MS : RIG_WAIT_MS / ROUNDS_MAX, false))
            return true;
        if (!worker_put_back(worker))
            return false;
        rig_operation_read(worker->desk,
                           act->id); /* news of it may have gone by while another desk's was read */
    }
    return wait_finished(worker, act, RIG_WAIT_MS / ROUNDS_MAX, false) ||
           worker_problem(worker, "the card was put back, and the act is still %s",
                          rig_operation_state(worker->desk, act->id));
}

/* ---- cancelling ---- */

/* Until the card has left in the middle of the act, or something else has happened to it. A card that was
 * read once more meanwhile leaves earlier, and the act waits for it as if it had never begun. */
static bool wait_doubt(struct worker *worker, const struct act *act)
{
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms;) {
        const char *state = rig_operation_state(worker->desk, act->id);
        bool waits = strcmp(state, "prepared") == 0 && rig_cut_done(worker->desk) && !worker->desk->card;
        if (strcmp(state, "in_doubt") == 0 || waits || is_finished(worker, act) || !is_untouched(worker))
            return true;
        rig_listen(worker->desk, SLICE_MS);
    }
    return worker_problem(worker, "the card left, and the act is %s",
                          rig_operation_state(worker->desk, act->id));
}

static bool cancel(struct worker *worker, const struct act *act)
{
    char path[96];
    struct answer answer;
    if (!wait_doubt(worker, act))
        return false;
    snprintf(path, sizeof path, "/api/v1/operations/%s/cancel", act->id);
    if (!operator_ask(worker, &(struct question){path, "{}", NULL}, &answer))
        return false;
    bool fine = answer.status == 200 || answer.status == 409 || /* too late: it is completed */
                worker_problem(worker, "cancel: %.600s", answer.text ? answer.text : "");
    answer_free(&answer);
    return fine && worker_put_back(worker);
}

/* ---- looking ---- */

static bool compare_value(struct worker *worker, PGconn *pg, const char *purse, int64_t wanted)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT coalesce(max(p.lowest_minor), -1) FROM card_purse p JOIN card c ON c.uid = p.uid WHERE "
             "p.purse = '%s' AND c.uid = decode('5c%06x', 'hex')",
             purse, (unsigned)strtoul(worker->file + strlen("card"), NULL, 10));
    int64_t found = test_pg_number(pg, sql);
    return found == wanted || worker_problem(worker, "%s holds %lld instead of %lld", purse, (long long)found,
                                             (long long)wanted);
}

static bool read_anew(struct worker *worker, const struct act *act)
{
    json_t *read = rig_operation_read(worker->desk, act->id);
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; !read && worker->rough && rig_now_ms() < until_ms;) {
        poll(NULL, 0, SLICE_MS);
        read = rig_operation_read(worker->desk, act->id);
    }
    if (!read)
        return worker_problem(worker, "reading the operation: %.600s", worker->desk->problem);
    return is_finished(worker, act) || worker_problem(worker, "after all it is %s", rig_text(read, "state"));
}

bool trial_compare(struct worker *worker)
{
    PGconn *pg = worker_pg(worker);
    if (!pg)
        return false;
    const char *file = *worker->issued_file ? worker->issued_file : worker->file;
    if (rig_verify_card(worker->rig, pg, file) != 0)
        return worker_problem(worker, "card and books differ");
    return compare_value(worker, pg, "consumption", worker->value[0]) &&
           compare_value(worker, pg, "water", worker->value[1]);
}

/* The same key with the same body gives the same answer for ever. */
static bool replay(struct worker *worker, const struct act *act)
{
    struct answer answer;
    if (!operator_ask_directly(worker, &(struct question){act->path, act->body, act->id}, &answer))
        return false;
    bool same =
        answer.status == 201 && answer.replayed && answer.text && strcmp(answer.text, act->first_answer) == 0;
    if (!same)
        worker_problem(worker, "the same key gave first %.700s and then %d%s %.700s", act->first_answer,
                       answer.status, answer.replayed ? " (replayed)" : "", answer.text ? answer.text : "");
    answer_free(&answer);
    return same;
}

/* What the act has to have done by now, leg by leg: only a void may undo one, and where the card left decides
 * whether it finds both unwritten, or one, or none. */
static bool expect(struct worker *worker, const struct act *act)
{
    static const char *const purses[] = {"consumption", "water"};
    static const int64_t amounts_minor[] = {CONSUMPTION_MINOR, WATER_MINOR};
    bool completed = strcmp(rig_operation_state(worker->desk, act->id), "completed") == 0;
    int sign = act->trial->act == KILL_WITHDRAW ? -1 : 1;
    int done = 0;
    if (!completed && act->trial->act != KILL_CANCEL)
        return worker_problem(worker, "nobody cancelled it, and it is aborted");
    for (int i = 0; i < 2 && act->trial->act != KILL_ISSUE; i++) {
        char state = rig_leg_state(worker->desk, act->id, purses[i]);
        if (state != 'C' && (state != 'X' || act->trial->act != KILL_CANCEL))
            return worker_problem(worker, "its leg on %s is '%c'", purses[i], state);
        worker->value[i] += state == 'C' ? sign * amounts_minor[i] : 0;
        done += state == 'C';
    }
    return act->trial->act == KILL_ISSUE || completed == (done > 0) ||
           worker_problem(worker, "%d of its legs are done, and it is %s", done,
                          rig_operation_state(worker->desk, act->id));
}

static bool look(struct worker *worker, const struct act *act)
{
    return worker_put_back(worker) && read_anew(worker, act) && expect(worker, act) &&
           (worker->rough || trial_compare(worker)) && replay(worker, act);
}

/* A request that everybody has forgotten comes after all. Whatever it is answered, nothing may change. */
static bool send_late(struct worker *worker, const struct act *act)
{
    int status = proxy_send_late(worker->proxy);
    if (status == 0)
        return true;
    if (status < 0 || status == 500)
        return worker_problem(worker, "the late request was answered %d", status);
    return worker_put_back(worker) && read_anew(worker, act) && trial_compare(worker);
}

/* ---- the trial ---- */

static bool perform(struct worker *worker, struct act *act)
{
    char person_id[RIG_ID_BYTES] = "";
    if (act->trial->act == KILL_ISSUE && !worker_blank_card(worker, person_id))
        return false;
    if (act->trial->act == KILL_CANCEL && !rig_cut(worker->desk, CUT_COMMAND))
        return worker_problem(worker, "%s", worker->desk->problem);
    if (!worker_pg(worker)) /* open before the fault: it sees a crash of PostgreSQL */
        return false;
    if (worker->proxy)
        proxy_arm(worker->proxy, &act->trial->fault);
    if (!begin(worker, act, person_id) || (act->trial->act == KILL_CANCEL && !cancel(worker, act)))
        return false;
    return finish(worker, act);
}

enum verdict trial_run(struct worker *worker, const struct trial *trial)
{
    struct act act = {.trial = trial};
    bool fine = perform(worker, &act);
    enum proxy_state state = worker->proxy ? proxy_state(worker->proxy) : PROXY_STRUCK;
    if (state == PROXY_WAITING)
        proxy_disarm(worker->proxy); /* what follows is no message of the act */
    fine = fine && look(worker, &act) && (!worker->proxy || send_late(worker, &act));
    if (worker->proxy)
        proxy_disarm(worker->proxy);
    free(act.first_answer);
    bool issued = *worker->issued_file;
    worker->issued_file[0] = '\0';
    if (fine && issued)
        fine = worker_put_back(worker);
    if (!fine)
        return VERDICT_VIOLATION;
    return state == PROXY_WAITING ? VERDICT_BEYOND : state == PROXY_UNFIT ? VERDICT_UNFIT : VERDICT_FINE;
}
