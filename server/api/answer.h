/* What most WORK handlers end with: run one statement, answer its row. */
#ifndef CARDWRIGHT_API_ANSWER_H
#define CARDWRIGHT_API_ANSWER_H

#include "db/work.h"
#include "http/request.h"

/* Runs the statement and answers its row (outcome, body, extra, version), or the error. `created_path`: a new
 * object is found under it ("/api/v1/people/…"), or NULL. */
void answer_run(struct request *rq, struct db_conn *db, const char *statement, const struct db_params *params,
                const char *created_path);

/* The same for a row (outcome, items, extra, next_key) of a list. */
void answer_run_page(struct request *rq, struct db_conn *db, const char *statement,
                     const struct db_params *params);
void answer_page(struct request *rq, const struct db_rows *rows);

/* Binds the version of If-Match, NULL without the header. False: it was malformed, and that was replied. */
bool answer_bind_version(struct request *rq, struct db_params *params);

/* Binds the token hash of the session: functions that write check it themselves and note who it was. */
void answer_bind_token(struct request *rq, struct db_params *params);

/* The same, then the id that stands in the path as `name`; it lives as long as the request. NULL: it is no
 * id, and that was replied. */
const struct uuid *answer_bind_target(struct request *rq, struct db_params *params, const char *name);

/* Replies BAD_FIELD and false when a change has no member. */
bool answer_some(struct request *rq, bool some);

#endif
