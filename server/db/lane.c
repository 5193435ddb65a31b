#include "db/lane.h"

#include "base/limits.h"

#include <assert.h>

static struct db_lane *lane_of(struct db_link *link)
{
    return link->context;
}

/* Everything after the first failure of a pipeline is skipped by the server until the Sync, and so rolled
 * back. */
static void begin_waiting(struct db_lane *lane, enum db_lane_state state, bool sent)
{
    lane->state = state;
    lane->position = 0;
    lane->waiting = true;
    lane->fault = DB_FAULT_NONE;
    lane->guilty = 0;
    lane->deadline_ms = loop_now_ms(lane->link.loop) + DB_FAST_BATCH_MS_MAX;
    if (!sent || !PQpipelineSync(lane->link.pg))
        db_link_break(&lane->link, "send");
    else
        db_link_flush(&lane->link);
}

/* The session's settings and every statement, as one pipeline with one Sync. */
static void on_up(struct db_link *link)
{
    struct db_session_timeouts timeouts;
    db_session_timeouts(&timeouts, DB_FAST_LOCK_TIMEOUT_MS, DB_FAST_STATEMENT_TIMEOUT_MS);
    const char *values[] = {timeouts.lock, timeouts.statement};
    bool sent = PQenterPipelineMode(link->pg) &&
                PQsendQueryParams(link->pg, db_session_sql, 2, NULL, values, NULL, NULL, 0);
    for (size_t i = 0; sent && i < link->settings->statement_count; i++) {
        const struct db_statement *statement = &link->settings->statements[i];
        sent = PQsendPrepare(link->pg, statement->name, statement->text, 0, NULL);
    }
    begin_waiting(lane_of(link), DB_LANE_PREPARING, sent);
}

static void on_lost(struct db_link *link)
{
    struct db_lane *lane = lane_of(link);
    lane->state = DB_LANE_DOWN;
    lane->waiting = false;
    if (!lane->was_prepared)
        return;
    lane->was_prepared = false;
    lane->owner->lost(lane);
}

static const char *name_at(const struct db_lane *lane, int position)
{
    if (lane->state == DB_LANE_BUSY)
        return position < lane->call_count ? lane->calls[position]->name : "commit";
    return position == 0 ? "session settings" : lane->link.settings->statements[position - 1].name;
}

static void on_synced(struct db_lane *lane)
{
    lane->waiting = false;
    if (lane->state == DB_LANE_BUSY) {
        lane->state = DB_LANE_IDLE;
        lane->owner->finished(lane);
        return;
    }
    if (lane->fault != DB_FAULT_NONE) {
        /* A schema older or newer than the program: nothing works until "cardwrightd migrate" ran. */
        db_link_break(&lane->link, "a statement cannot be prepared: run cardwrightd migrate");
        return;
    }
    lane->state = DB_LANE_IDLE;
    lane->was_prepared = true;
    db_link_settled(&lane->link);
    lane->owner->prepared(lane);
}

static void on_failed(struct db_lane *lane, const PGresult *result)
{
    if (lane->fault != DB_FAULT_NONE)
        return;
    lane->fault = db_fault_of(result);
    lane->guilty = lane->position;
    if (lane->state == DB_LANE_BUSY || !lane->link.quiet)
        db_log_result(lane->state == DB_LANE_BUSY ? "db.statement_failed" : "db.prepare_failed",
                      name_at(lane, lane->position), result);
}

/* Takes over one result. False: the connection is broken, so nothing more will come. */
static bool take(struct db_lane *lane, PGresult *result)
{
    if (!result) {
        lane->position++;
        return PQstatus(lane->link.pg) == CONNECTION_OK || lane->position <= lane->call_count;
    }
    ExecStatusType status = PQresultStatus(result);
    bool keep = lane->state == DB_LANE_BUSY && db_result_good(result) && lane->position < lane->call_count;
    if (keep)
        lane->results[lane->position] = result;
    else if (status == PGRES_FATAL_ERROR && !PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
        PQclear(result);
        return false;
    } else if (status == PGRES_FATAL_ERROR)
        on_failed(lane, result);
    if (!keep)
        PQclear(result);
    if (status == PGRES_PIPELINE_SYNC)
        on_synced(lane);
    return true;
}

static void on_readable(struct db_link *link)
{
    struct db_lane *lane = lane_of(link);
    while (lane->waiting && !PQisBusy(link->pg)) {
        if (!take(lane, PQgetResult(link->pg))) {
            db_link_break(link, "receive");
            return;
        }
    }
}

static const struct db_link_owner link_owner = {.up = on_up, .readable = on_readable, .lost = on_lost};

void db_lane_init(struct db_lane *lane, struct loop *loop, const struct db_settings *settings,
                  const struct db_lane_owner *owner, void *context)
{
    *lane = (struct db_lane){.owner = owner, .context = context};
    db_link_init(&lane->link, loop, settings, &link_owner, lane);
}

int db_lane_turn(struct db_lane *lane)
{
    if (lane->waiting) {
        int64_t left_ms = lane->deadline_ms - loop_now_ms(lane->link.loop);
        if (left_ms > 0)
            return (int)left_ms;
        db_link_break(&lane->link, "no answer");
    }
    return db_link_turn(&lane->link);
}

void db_lane_send(struct db_lane *lane, struct db_call *const *calls, int call_count)
{
    assert(lane->state == DB_LANE_IDLE && lane->call_count == 0);
    assert(call_count > 0 && call_count <= DB_BATCH_REQUESTS_MAX);
    bool sent = true;
    for (int i = 0; i < call_count; i++) {
        struct db_encoded encoded;
        struct db_call *call = calls[i];
        lane->calls[i] = call;
        lane->results[i] = NULL;
        db_encode(&call->params, &encoded);
        sent = sent && PQsendQueryPrepared(lane->link.pg, call->name, call->params.count, encoded.values,
                                           encoded.lengths, encoded.formats, 0);
    }
    lane->call_count = call_count;
    begin_waiting(lane, DB_LANE_BUSY, sent);
}

void db_lane_clear(struct db_lane *lane)
{
    for (int i = 0; i < lane->call_count; i++)
        PQclear(lane->results[i]);
    lane->call_count = 0;
}
