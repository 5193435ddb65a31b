/* The WORK lane: a handler as plain blocking code on a pool thread with its own connection. */
#ifndef CARDWRIGHT_API_WORK_H
#define CARDWRIGHT_API_WORK_H

#include "db/work.h"
#include "http/request.h"

typedef void work_handler_fn(struct request *rq, struct db_conn *db);

/* Checks session and permission of the route before a WORK handler runs. False: it replied. Without a guard
 * every route above PERM_PUBLIC is refused. */
typedef bool work_guard_fn(struct request *rq, struct db_conn *db);
void work_guard_set(work_guard_fn *guard);

/* Hands the request to the pool; UNAVAILABLE if its queue is full. Loop thread. */
void work_dispatch(struct request *rq, work_handler_fn *handler);

/* As fast_reply_outcome, for rows read by a WORK handler. */
void work_reply_outcome(struct request *rq, const struct db_rows *rows);

#endif
