/* The queue of the FAST lane and what becomes of calls whose batch failed. See fast.h for the rules. */
#include "db/fast.h"

#include "base/limits.h"
#include "db/lane.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct call_list {
    struct db_call *first;
    struct db_call **end;
    int count;
};

struct db_fast {
    struct loop *loop;
    struct call_list queue;  /* never sent, in order of arrival */
    struct call_list reruns; /* to be run in a transaction of their own */
    struct call_list ended;  /* outcome decided outside a result; `done` is called at the end of the turn */
    uint64_t next_sequence;
    atomic_uint_fast64_t batches, calls, failed_batches, reruns_sent, errors, unavailable, connects, losses;
    atomic_uint_fast64_t queue_length, connections_up;
    int lane_count;
    struct db_lane lanes[];
};

static void list_init(struct call_list *list)
{
    *list = (struct call_list){.end = &list->first};
}

static void list_append(struct call_list *list, struct db_call *call)
{
    call->next = NULL;
    *list->end = call;
    list->end = &call->next;
    list->count++;
}

static struct db_call *list_take(struct call_list *list)
{
    struct db_call *call = list->first;
    if (!call)
        return NULL;
    list->first = call->next;
    if (!list->first)
        list->end = &list->first;
    list->count--;
    return call;
}

static void add(atomic_uint_fast64_t *counter, uint_fast64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

/* The outcome of a call without a result. `done` comes later in the turn, so that it never runs inside a
 * submit. */
static void end_call(struct db_fast *fast, struct db_call *call, enum err outcome)
{
    add(outcome == ERR_UNAVAILABLE ? &fast->unavailable : &fast->errors, 1);
    call->outcome = outcome;
    list_append(&fast->ended, call);
}

static void end_all(struct db_fast *fast, struct call_list *list)
{
    for (struct db_call *call = list_take(list); call; call = list_take(list))
        end_call(fast, call, ERR_UNAVAILABLE);
}

static void rerun(struct db_fast *fast, struct db_call *call)
{
    call->rerun_until_ms = loop_now_ms(fast->loop) + DB_RERUN_WAIT_MS;
    list_append(&fast->reruns, call);
}

/* Ends the re-runs that would wait for the same lock as one that just waited in vain, or whose time is over.
 */
static void end_hopeless(struct db_fast *fast, uint64_t locked_key, int64_t now_ms)
{
    struct call_list all = fast->reruns;
    if (all.count == 0)
        return;
    list_init(&fast->reruns);
    while (all.count > 0) {
        struct db_call *call = list_take(&all);
        if (now_ms > call->rerun_until_ms || (locked_key && call->order_key == locked_key))
            end_call(fast, call, ERR_UNAVAILABLE);
        else
            list_append(&fast->reruns, call);
    }
}

/* A call that failed in a transaction of its own. */
static void judge_alone(struct db_fast *fast, struct db_lane *lane, struct db_call *call)
{
    enum db_fault fault = lane->fault;
    bool again = (fault == DB_FAULT_RETRY && call->reruns < DB_RETRIES_MAX) ||
                 (fault == DB_FAULT_LOCK && call->reruns < 1) ||
                 (fault == DB_FAULT_STALE && call->losses < 1);
    if (fault == DB_FAULT_STALE) {
        call->losses++;
        db_link_break(&lane->link, "the schema changed: prepare anew");
    }
    if (again) {
        rerun(fast, call);
        return;
    }
    bool ours = fault == DB_FAULT_OTHER || fault == DB_FAULT_STALE;
    end_call(fast, call, ours ? ERR_INTERNAL : ERR_UNAVAILABLE);
    if (fault == DB_FAULT_LOCK)
        end_hopeless(fast, call->order_key, loop_now_ms(fast->loop));
}

/* Nothing of the batch was done. The guilty call goes last: nobody waits for its lock or fault again. */
static void on_failed_batch(struct db_fast *fast, struct db_lane *lane)
{
    struct db_call *calls[DB_BATCH_REQUESTS_MAX];
    int call_count = lane->call_count;
    int guilty = lane->guilty;
    for (int i = 0; i < call_count; i++)
        calls[i] = lane->calls[i];
    add(&fast->failed_batches, 1);
    db_lane_clear(lane);
    if (call_count == 1) {
        judge_alone(fast, lane, calls[0]);
        return;
    }
    for (int i = 0; i < call_count; i++) {
        if (i != guilty)
            rerun(fast, calls[i]);
    }
    if (guilty < call_count)
        rerun(fast, calls[guilty]);
}

static void on_finished(struct db_lane *lane)
{
    struct db_fast *fast = lane->context;
    if (lane->fault != DB_FAULT_NONE) {
        on_failed_batch(fast, lane);
        return;
    }
    for (int i = 0; i < lane->call_count; i++) {
        struct db_rows rows = {.result = lane->results[i]};
        lane->calls[i]->done(lane->calls[i], OK, &rows);
    }
    db_lane_clear(lane);
}

static void on_prepared(struct db_lane *lane)
{
    struct db_fast *fast = lane->context;
    add(&fast->connects, 1);
    add(&fast->connections_up, 1);
}

/* Whether the batch was committed cannot be known, so only what may be done twice is done again. */
static void on_lost(struct db_lane *lane)
{
    struct db_fast *fast = lane->context;
    add(&fast->losses, 1);
    atomic_fetch_sub_explicit(&fast->connections_up, 1, memory_order_relaxed);
    for (int i = 0; i < lane->call_count; i++) {
        struct db_call *call = lane->calls[i];
        if (call->repeatable && call->losses++ < 1)
            rerun(fast, call);
        else
            end_call(fast, call, ERR_UNAVAILABLE);
    }
    db_lane_clear(lane);
}

static int by_order_key(const void *left, const void *right)
{
    const struct db_call *a = *(struct db_call *const *)left;
    const struct db_call *b = *(struct db_call *const *)right;
    if (a->order_key != b->order_key)
        return a->order_key < b->order_key ? -1 : 1;
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

/* How many fresh calls one idle connection takes: all share them, or one core would work while another rests.
 * A few stay together, for they share a commit. */
static int share_of(const struct db_fast *fast)
{
    int idle = 0;
    for (int i = 0; i < fast->lane_count; i++)
        idle += fast->lanes[i].state == DB_LANE_IDLE;
    int share = idle > 1 ? (fast->queue.count + idle - 1) / idle : fast->queue.count;
    share = share < DB_BATCH_REQUESTS_MIN ? DB_BATCH_REQUESTS_MIN : share;
    return share < DB_BATCH_REQUESTS_MAX ? share : DB_BATCH_REQUESTS_MAX;
}

/* Re-runs and fresh batches take turns, so that a troubled batch does not stop everybody else. */
static void feed(struct db_fast *fast, struct db_lane *lane)
{
    struct db_call *calls[DB_BATCH_REQUESTS_MAX];
    int call_count = 0;
    bool rerun_now = fast->reruns.count > 0 && (fast->queue.count == 0 || !lane->served_rerun);
    lane->served_rerun = rerun_now;
    if (rerun_now) {
        calls[call_count] = list_take(&fast->reruns);
        calls[call_count++]->reruns++;
        add(&fast->reruns_sent, 1);
    } else {
        int share = share_of(fast);
        while (fast->queue.count > 0 && call_count < share)
            calls[call_count++] = list_take(&fast->queue);
        /* Desks come in the same order in every batch, so that two batches seldom wait for each other in a
         * circle. They still may: a card is locked before its desk, it can concern a second desk, and some
         * calls do not know their desk beforehand. PostgreSQL then ends one batch, and its calls run alone.
         */
        qsort(calls, (size_t)call_count, sizeof calls[0], by_order_key);
    }
    add(&fast->batches, 1);
    db_lane_send(lane, calls, call_count);
}

static int turn(void *context)
{
    struct db_fast *fast = context;
    int wait_ms = -1;
    end_hopeless(fast, 0, loop_now_ms(fast->loop));
    for (int i = 0; i < fast->lane_count; i++) {
        struct db_lane *lane = &fast->lanes[i];
        while (lane->state == DB_LANE_IDLE && fast->queue.count + fast->reruns.count > 0)
            feed(fast, lane);
        wait_ms = db_sooner_ms(wait_ms, db_lane_turn(lane));
    }
    if (!db_fast_ready(fast))
        end_all(fast, &fast->queue);
    /* Only those of this turn: `done` may submit again, and that waits for the next one. */
    for (int left = fast->ended.count; left > 0; left--) {
        struct db_call *call = list_take(&fast->ended);
        call->done(call, call->outcome, NULL);
    }
    atomic_store_explicit(&fast->queue_length, (uint64_t)(fast->queue.count + fast->reruns.count),
                          memory_order_relaxed);
    if (fast->reruns.count > 0)
        wait_ms = db_sooner_ms(wait_ms, DB_RERUN_WAIT_MS);
    return fast->ended.count > 0 ? 0 : wait_ms;
}

struct db_fast *db_fast_new(struct loop *loop, const struct db_settings *settings, int connection_count)
{
    static const struct db_lane_owner owner = {
        .prepared = on_prepared, .finished = on_finished, .lost = on_lost};
    assert(connection_count >= 1 && connection_count <= DB_FAST_CONNECTIONS_MAX);
    struct db_fast *fast = calloc(1, sizeof *fast + sizeof fast->lanes[0] * (size_t)connection_count);
    if (!fast)
        return NULL;
    fast->loop = loop;
    fast->lane_count = connection_count;
    list_init(&fast->queue);
    list_init(&fast->reruns);
    list_init(&fast->ended);
    for (int i = 0; i < connection_count; i++)
        db_lane_init(&fast->lanes[i], loop, settings, &owner, fast);
    loop_turn_add(loop, turn, fast);
    return fast;
}

void db_fast_free(struct db_fast *fast)
{
    if (!fast)
        return;
    loop_turn_delete(fast->loop, turn, fast);
    for (int i = 0; i < fast->lane_count; i++) {
        struct db_lane *lane = &fast->lanes[i];
        for (int c = 0; c < lane->call_count; c++)
            end_call(fast, lane->calls[c], ERR_UNAVAILABLE);
        db_lane_clear(lane);
        db_link_close(&lane->link);
    }
    end_all(fast, &fast->queue);
    end_all(fast, &fast->reruns);
    for (struct db_call *call = list_take(&fast->ended); call; call = list_take(&fast->ended))
        call->done(call, call->outcome, NULL);
    free(fast);
}

void db_fast_submit(struct db_fast *fast, struct db_call *call)
{
    assert(call->name && call->done);
    add(&fast->calls, 1);
    loop_wake(fast->loop);
    call->sequence = fast->next_sequence++;
    call->reruns = 0;
    call->losses = 0;
    if (fast->queue.count >= DB_FAST_QUEUE_MAX)
        end_call(fast, call, ERR_UNAVAILABLE);
    else
        list_append(&fast->queue, call);
}

bool db_fast_ready(const struct db_fast *fast)
{
    return atomic_load_explicit(&fast->connections_up, memory_order_relaxed) > 0;
}

void db_fast_counters(const struct db_fast *fast, struct db_fast_counters *ret_counters)
{
    *ret_counters = (struct db_fast_counters){
        .batches = atomic_load_explicit(&fast->batches, memory_order_relaxed),
        .calls = atomic_load_explicit(&fast->calls, memory_order_relaxed),
        .failed_batches = atomic_load_explicit(&fast->failed_batches, memory_order_relaxed),
        .reruns = atomic_load_explicit(&fast->reruns_sent, memory_order_relaxed),
        .errors = atomic_load_explicit(&fast->errors, memory_order_relaxed),
        .unavailable = atomic_load_explicit(&fast->unavailable, memory_order_relaxed),
        .connects = atomic_load_explicit(&fast->connects, memory_order_relaxed),
        .connections_lost = atomic_load_explicit(&fast->losses, memory_order_relaxed),
        .queue_length = atomic_load_explicit(&fast->queue_length, memory_order_relaxed),
        .connections_up = atomic_load_explicit(&fast->connections_up, memory_order_relaxed),
    };
}
