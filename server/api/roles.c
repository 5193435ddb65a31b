/* The roles and what they may do. */
#include "api/routes.h"
#include "api/work.h"
#include "base/cleanup.h"
#include "http/reply.h"

void roles_get(struct request *rq, struct db_conn *db)
{
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "role_list", NULL, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else
        work_reply_outcome(rq, rows);
}
