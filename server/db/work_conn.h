/* What the thread pool knows about a connection beyond work.h. Private to this folder. */
#ifndef CARDWRIGHT_DB_WORK_CONN_H
#define CARDWRIGHT_DB_WORK_CONN_H

#include "db/work.h"

#include <stdatomic.h>

/* Counts of all connections of a pool. */
struct db_tally {
    atomic_uint_fast64_t transactions;
    atomic_uint_fast64_t retries;
};

/* From now on the connection counts into `tally`, which must outlive it. */
void db_conn_tally(struct db_conn *conn, struct db_tally *tally);

/* From now on it answers ERR_UNAVAILABLE to everything. In the thread that uses it. */
void db_conn_shut(struct db_conn *conn);

#endif
