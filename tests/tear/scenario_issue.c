/* Issues and un-issues that are interrupted. Each case takes a new person and a blank card. */
#include "tests/tear/tear.h"

#include <stdio.h>
#include <string.h>

/* Of L0..L4; the writes after them are trailers. */
#define DATA_WRITES 11
#define DATA_WRITES_UNISSUE 15

static bool is_over(const struct rig_desk *desk, const char *operation_id)
{
    const char *state = rig_operation_state(desk, operation_id);
    return strcmp(state, "completed") == 0 || strcmp(state, "aborted") == 0;
}

static bool arm(struct rig_desk *desk, const struct fault *fault)
{
    if (fault->cut)
        return rig_cut(desk, fault->cut);
    return !fault->tear || rig_tear(desk, fault->tear, fault->kind);
}

/* 1: the fault struck and the card is known to be gone; 0: it did not; -1: nothing came. */
static int wait_strike(struct worker *worker, struct rig_desk *desk, const struct fault *fault)
{
    for (int waited_ms = 0; waited_ms < worker->rig->options.wait_ms; waited_ms += 5) {
        if (fault->cut ? rig_cut_done(desk) : rig_torn(desk))
            return rig_wait_gone(desk) ? 1 : -1;
        if (is_over(desk, worker->operation_id)) {
            rig_disarm(desk);
            return 0;
        }
        rig_listen(desk, 5);
    }
    worker_desk_problem(worker, desk, "neither the fault nor an end came");
    return -1;
}

/* The card with its first money on it agrees with the books, also after a late plan. */
static bool prove_usable(struct worker *worker, struct rig_desk *desk, bool late_plan)
{
    char id[RIG_ID_BYTES];
    if (rig_verify_card(worker->rig, worker->pg, worker->file) != 0)
        return worker_problem(worker, "the issued card and the books differ");
    if (!rig_place(desk, worker->file) ||
        !rig_operation(desk, "recharge", "{'consumption_minor': 4000, 'water_minor': 1000}", id) ||
        !rig_wait_operation(desk, id, "completed"))
        return worker_desk_problem(worker, desk, "the first recharge");
    if (late_plan && *worker->plan_id) {
        if (!rig_remove(desk) || !zombie_run(worker, worker->plan_id, PAST_STARTED) ||
            !rig_place(desk, worker->file))
            return worker_desk_problem(worker, desk, "the late plan");
    }
    if (rig_verify_card(worker->rig, worker->pg, worker->file) != 0)
        return worker_problem(worker, "the card with money and the books differ");
    return true;
}

/* A card that cannot be finished is given up for ever, and its person gets another one. */
static bool scrap(struct worker *worker, struct rig_desk *desk)
{
    char id[RIG_ID_BYTES], person_id[RIG_ID_BYTES];
    if (!rig_cancel(desk, worker->operation_id, true) ||
        !rig_wait_operation(desk, worker->operation_id, "aborted"))
        return worker_desk_problem(worker, desk, "scrapping");
    if (!rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "looking at the scrapped card");
    if (rig_issue(desk, worker->person_id, id))
        return worker_problem(worker, "a scrapped card was issued again (R32)");
    if (strncmp(desk->problem, "scrapped", 8) != 0)
        return worker_desk_problem(worker, desk, "not refused as scrapped");
    snprintf(person_id, sizeof person_id, "%s", worker->person_id);
    if (!worker_blank_card(worker))
        return false;
    return (rig_place(desk, worker->file) && rig_issue(desk, person_id, id) &&
            rig_wait_operation(desk, id, "completed")) ||
           worker_desk_problem(worker, desk, "another card for the person");
}

/* Whether only a torn trailer can have made the card what it is now. */
static bool may_be_locked(const struct scenario *scenario)
{
    return scenario->first.tear > (scenario->act == ACT_ISSUE ? DATA_WRITES : DATA_WRITES_UNISSUE);
}

static bool looks_unusable(const struct rig_desk *desk)
{
    const char *seen = rig_card_text(desk, "read_state");
    return strcmp(seen, "locked") == 0 || strcmp(seen, "foreign") == 0 || strcmp(seen, "unreadable") == 0;
}

static bool settle(struct worker *worker, struct rig_desk *desk, const struct scenario *scenario)
{
    if (!rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "presenting");
    for (int waited_ms = 0; waited_ms < worker->rig->options.wait_ms; waited_ms += 20) {
        if (is_over(desk, worker->operation_id))
            return prove_usable(worker, desk, scenario->stale != STALE_NONE);
        if (looks_unusable(desk) && may_be_locked(scenario))
            return scrap(worker, desk);
        rig_listen(desk, 20);
    }
    if (may_be_locked(scenario))
        return scrap(worker, desk);
    rig_wait_operation(desk, worker->operation_id, "completed");
    return worker_desk_problem(worker, desk, "one presentation did not finish it");
}

/* Cancelled while nothing can be on the card: void at once, the card is still blank, the person free. */
static bool settle_cancelled(struct worker *worker, struct rig_desk *desk, bool *ret_done)
{
    *ret_done = strcmp(rig_operation_state(desk, worker->operation_id), "aborted") == 0;
    if (!*ret_done)
        return true;
    char id[RIG_ID_BYTES];
    return (rig_place(desk, worker->file) && rig_issue(desk, worker->person_id, id) &&
            rig_wait_operation(desk, id, "completed")) ||
           worker_desk_problem(worker, desk, "issuing after a void");
}

/* Cancelled when something may be on the card: it is whole, and then it was too late, or it is given up. */
static bool settle_void(struct worker *worker, struct rig_desk *desk)
{
    if (!rig_operation_read(desk, worker->operation_id) || !rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "presenting after a cancel");
    rig_operation_read(desk, worker->operation_id);
    if (strcmp(rig_operation_state(desk, worker->operation_id), "completed") == 0)
        return prove_usable(worker, desk, false);
    return scrap(worker, desk);
}

static void note_plan(struct worker *worker)
{
    const char *parameter = worker->operation_id;
    PGresult *rows =
        PQexecParams(worker->pg,
                     "SELECT id FROM plan WHERE operation_id = $1 AND result IS DISTINCT FROM 'burnt' "
                     "ORDER BY attempt LIMIT 1",
                     1, NULL, &parameter, NULL, NULL, 0);
    snprintf(worker->plan_id, sizeof worker->plan_id, "%s",
             PQntuples(rows) == 1 ? PQgetvalue(rows, 0, 0) : "");
    PQclear(rows);
}

enum verdict issue_run(struct worker *worker, const struct scenario *scenario)
{
    struct rig_desk *home = worker->desks[worker->case_count++ % 2];
    struct rig_desk *target = scenario->other_desk ? worker->desks[home == worker->desks[0]] : home;
    bool voided = false;
    for (int i = 0; i < 2; i++) {
        if (!rig_remove(worker->desks[i]))
            return worker_desk_problem(worker, worker->desks[i], "clearing"), VERDICT_VIOLATION;
    }
    if (!worker_blank_card(worker))
        return VERDICT_VIOLATION;
    if (!rig_place(home, worker->file) || !arm(home, &scenario->first) ||
        !rig_issue(home, worker->person_id, worker->operation_id))
        return worker_desk_problem(worker, home, "the issue"), VERDICT_VIOLATION;
    int struck = wait_strike(worker, home, &scenario->first);
    if (struck < 0)
        return VERDICT_VIOLATION;
    if (struck == 0)
        return prove_usable(worker, home, false) ? VERDICT_BEYOND : VERDICT_VIOLATION;
    if (scenario->cancel &&
        (!rig_cancel(home, worker->operation_id, false) || !settle_cancelled(worker, home, &voided)))
        return worker_desk_problem(worker, home, "cancel"), VERDICT_VIOLATION;
    if (scenario->stale != STALE_NONE)
        note_plan(worker);
    if (!voided && scenario->cancel)
        return settle_void(worker, target) ? VERDICT_FINE : VERDICT_VIOLATION;
    return voided || settle(worker, target, scenario) ? VERDICT_FINE : VERDICT_VIOLATION;
}

/* ---- un-issue ---- */

/* The card is as it was delivered, and serves its person again at once. */
static bool prove_free(struct worker *worker, struct rig_desk *desk, bool late_plan)
{
    char id[RIG_ID_BYTES];
    if (rig_verify_card(worker->rig, worker->pg, worker->file) != 0)
        return worker_problem(worker, "the card that was taken back is not blank");
    if (!rig_place(desk, worker->file) || !rig_issue(desk, worker->person_id, id) ||
        !rig_wait_operation(desk, id, "completed"))
        return worker_desk_problem(worker, desk, "issuing it again");
    return prove_usable(worker, desk, late_plan);
}

static bool settle_unissue(struct worker *worker, struct rig_desk *desk, const struct scenario *scenario)
{
    if (!rig_operation_read(desk, worker->operation_id) || !rig_place(desk, worker->file))
        return worker_desk_problem(worker, desk, "presenting");
    for (int waited_ms = 0; waited_ms < worker->rig->options.wait_ms; waited_ms += 20) {
        if (is_over(desk, worker->operation_id))
            return prove_free(worker, desk, scenario->stale != STALE_NONE);
        if (looks_unusable(desk) && may_be_locked(scenario))
            return scrap(worker, desk);
        rig_listen(desk, 20);
    }
    if (may_be_locked(scenario))
        return scrap(worker, desk);
    return worker_desk_problem(worker, desk, "one presentation did not finish it");
}

/* Asked for a void: at once as long as nothing is out, and the card stays its holder's; else it is finished.
 */
static bool settle_unissue_void(struct worker *worker, struct rig_desk *home, struct rig_desk *desk,
                                const struct scenario *scenario)
{
    if (!rig_cancel(home, worker->operation_id, false))
        return worker_desk_problem(worker, home, "cancel");
    rig_operation_read(home, worker->operation_id);
    if (strcmp(rig_operation_state(home, worker->operation_id), "aborted") == 0)
        return prove_usable(worker, desk, false);
    return settle_unissue(worker, desk, scenario);
}

static bool begin_unissue(struct worker *worker, struct rig_desk *home, const struct scenario *scenario)
{
    char id[RIG_ID_BYTES];
    for (int i = 0; i < 2; i++) {
        if (!rig_remove(worker->desks[i]))
            return worker_desk_problem(worker, worker->desks[i], "clearing");
    }
    if (!worker_blank_card(worker))
        return false;
    return (rig_place(home, worker->file) && rig_issue(home, worker->person_id, id) &&
            rig_wait_operation(home, id, "completed") && rig_place(home, worker->file) &&
            arm(home, &scenario->first) && rig_unissue(home, worker->pg, worker->operation_id)) ||
           worker_desk_problem(worker, home, "the un-issue");
}

enum verdict unissue_run(struct worker *worker, const struct scenario *scenario)
{
    struct rig_desk *home = worker->desks[worker->case_count++ % 2];
    struct rig_desk *target = scenario->other_desk ? worker->desks[home == worker->desks[0]] : home;
    if (!begin_unissue(worker, home, scenario))
        return VERDICT_VIOLATION;
    int struck = wait_strike(worker, home, &scenario->first);
    if (struck < 0)
        return VERDICT_VIOLATION;
    if (struck == 0)
        return prove_free(worker, home, false) ? VERDICT_BEYOND : VERDICT_VIOLATION;
    if (scenario->stale != STALE_NONE)
        note_plan(worker);
    bool fine = scenario->cancel ? settle_unissue_void(worker, home, target, scenario)
                                 : settle_unissue(worker, target, scenario);
    return fine ? VERDICT_FINE : VERDICT_VIOLATION;
}
