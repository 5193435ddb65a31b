/* A row (outcome, body, …) as an answer, the same for both lanes: see fast_reply_outcome. */
#ifndef CARDWRIGHT_API_OUTCOME_H
#define CARDWRIGHT_API_OUTCOME_H

#include "db/rows.h"
#include "http/request.h"

void outcome_reply(struct request *rq, const struct db_rows *rows);

#endif
