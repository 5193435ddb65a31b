/* The FAST lane: a request as at most three database stages in the loop thread. The only file beside work.c
 * that knows both http and db.
 *
 *     static const struct fast_stage card_read = {.statement = "card_read", .bind = card_bind, .next =
 * card_next}; void cards_card_get(struct request *rq) { fast_run(rq, &card_read, NULL); }
 */
#ifndef CARDWRIGHT_API_FAST_H
#define CARDWRIGHT_API_FAST_H

#include "db/fast.h"
#include "http/request.h"

enum fast_next { FAST_REPLIED, FAST_STAGE, FAST_PARKED, FAST_THEN };

struct fast_stage {
    const char *statement; /* file base name in server/sql */

    /* Fills call->params, param_count and order_key; memory from request_alloc. False: it replied instead. */
    bool (*bind)(struct request *rq, void *state, struct db_call *call);

    /* Looks at the rows: replies (FAST_REPLIED), names another stage (FAST_STAGE; at most FAST_STAGES_MAX a
     * run), has parked the request (FAST_PARKED), or ends the run and goes on with `then` (FAST_THEN).
     * NULL: fast_reply_outcome. */
    enum fast_next (*next)(struct request *rq, void *state, const struct db_rows *rows,
                           const struct fast_stage **ret_next);
    /* After FAST_THEN, the run being over: replies, parks, or starts a run of its own. The rows are gone. */
    void (*then)(struct request *rq, void *state);
    bool repeatable; /* safe to run again when the connection was lost: reads, and writes bound to a key */
};

/* Starts the stages. Errors of the database are answered here (UNAVAILABLE, INTERNAL). May be called again
 * for the same request after it was parked or, on a stream, whenever no run of it is under way. */
void fast_run(struct request *rq, const struct fast_stage *stage, void *state);

/* True while a run of this request is under way. */
bool fast_is_running(const struct request *rq);

/* The state of its newest run: what a parked request goes on with. */
void *fast_state(const struct request *rq);

/* For streams and other things that are woken at any time: runs now, or once more as soon as the run under
 * way has ended (however often it was asked for meanwhile). */
void fast_run_again(struct request *rq, const struct fast_stage *stage, void *state);

/* The common answer of one row. Column 0 is the outcome, column 1 the body as json text; columns called
 * status, version and extra may follow in any order. done      `status` or 200; 204 without a body created
 * 201      empty 204 replayed  as done, and Idempotent-Replayed: true any other word is an error of err.def,
 * with the members of `extra` merged in `version` becomes the ETag. No row: NOT_FOUND. */
void fast_reply_outcome(struct request *rq, const struct db_rows *rows);

/* Further parameters beside db_bind_*: the token hash of a session (else NULL), the agent's id (else NULL),
 * the Idempotency-Key and the hash it is bound to. */
void fast_bind_token(struct request *rq, struct db_params *params);
void fast_bind_agent(struct request *rq, struct db_params *params);
void fast_bind_key(struct request *rq, struct db_params *params);
void fast_bind_body_sha256(struct request *rq, struct db_params *params);

/* Sets the order_key of a call that locks this desk, or the card on it and then the desk. */
void fast_order_by_desk(struct db_call *call, const struct uuid *desk_id);

/* A `bind` for what takes the token and an id: `state` is the struct uuid. */
bool fast_bind_target(struct request *rq, void *state, struct db_call *call);

#endif
