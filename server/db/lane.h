/* One pipeline connection of the FAST lane: prepares every statement when it comes up, then carries one batch
 * at a time as one implicit transaction. Decides nothing about failures; that is fast.c. Private to this
 * folder. */
#ifndef CARDWRIGHT_DB_LANE_H
#define CARDWRIGHT_DB_LANE_H

#include "db/fast.h"
#include "db/link.h"

enum db_lane_state { DB_LANE_DOWN, DB_LANE_PREPARING, DB_LANE_IDLE, DB_LANE_BUSY };

struct db_lane;

struct db_lane_owner {
    void (*prepared)(struct db_lane *lane); /* connected, every statement prepared */
    void (*finished)(
        struct db_lane *lane);          /* the Sync result of the batch is there: committed, or rolled back */
    void (*lost)(struct db_lane *lane); /* was prepared; `call_count` calls of unknown outcome, or 0 */
};

struct db_lane {
    struct db_link link;
    enum db_lane_state state;
    const struct db_lane_owner *owner;
    void *context;
    bool was_prepared;
    int64_t deadline_ms; /* of what is in flight */
    int position;        /* whose result comes next */
    bool waiting;        /* for the Sync result */
    /* the batch; readable in finished and lost */
    struct db_call *calls[DB_BATCH_REQUESTS_MAX];
    PGresult *results[DB_BATCH_REQUESTS_MAX];
    int call_count;
    enum db_fault fault; /* NONE: committed */
    int guilty;          /* whose statement raised; call_count when the commit itself did */
    bool served_rerun;   /* fast.c's: the last batch was a single re-run */
};

void db_lane_init(struct db_lane *lane, struct loop *loop, const struct db_settings *settings,
                  const struct db_lane_owner *owner, void *context);

/* Once a turn; returns the ms until the lane wants the next one, -1 for none. */
int db_lane_turn(struct db_lane *lane);

/* Sends `call_count` calls (1 to DB_BATCH_REQUESTS_MAX) in their order over an idle lane. */
void db_lane_send(struct db_lane *lane, struct db_call *const *calls, int call_count);

/* Frees the results and forgets the batch. */
void db_lane_clear(struct db_lane *lane);

#endif
