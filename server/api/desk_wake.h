/* Who waits for news of a desk: its agent's long poll and the streams of browsers. News made by this process
 * wakes them directly; other servers get a hint, and read again every RE_READ_MS in case it is lost. */
#ifndef CARDWRIGHT_API_DESK_WAKE_H
#define CARDWRIGHT_API_DESK_WAKE_H

#include "api/port.h"
#include "base/ids.h"

/* Once at start, before the loop of the operator port runs, and once after it has ended. */
void desk_wake_start(struct api_port *port);
void desk_wake_stop(void);

/* Loop thread: wakes the waiters of this process and sends the hint. */
void desk_wake(const struct uuid *desk_id);

/* Grows with every wake of this desk (and, rarely, of another). Asked before news is read from the database
 * and again before waiting: if it grew, the news may be newer than what was read, so read again instead of
 * waiting. */
uint64_t desk_wake_count(const struct uuid *desk_id);

/* The same for every desk in a uuid[] column of the first row; NULL and no row are nothing. */
void desk_wake_rows(const struct db_rows *rows, const char *column);

/* From any thread (WORK handlers). */
void desk_wake_post(const struct uuid *desk_id);

/* The db_hint_fn of db_listen_new: "desk <uuid>" from another server; NULL: look at everything. */
void desk_wake_hint(void *context, const char *hint);

#endif
