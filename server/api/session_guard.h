/* Who is asking, for WORK handlers: installed with work_guard_set(session_guard). FAST routes need no guard:
 * their SQL functions ask fn_session themselves. */
#ifndef CARDWRIGHT_API_SESSION_GUARD_H
#define CARDWRIGHT_API_SESSION_GUARD_H

#include "db/fast.h"
#include "db/work.h"
#include "http/request.h"

struct session_who {
    struct uuid operator_id;
    struct uuid session_id;
    bool has_desk;
    struct uuid desk_id;
};

/* Checks the session and the permission of the route, and notes that the session was used. False: it replied
 * UNAUTHENTICATED, FORBIDDEN or UNAVAILABLE. PERM_PUBLIC passes without a look; PERM_AGENT passes only when
 * agent_auth_then has checked the signature. */
bool session_guard(struct request *rq, struct db_conn *db);

/* The operator of the WORK request that this thread is running. Only for routes above PERM_PUBLIC and beside
 * PERM_AGENT: elsewhere it is NULL. Valid until the handler returns. */
const struct session_who *session_who(void);

/* For FAST requests: notes that the session was used, at most once in SESSION_TOUCH_MS for each token and
 * loop thread, by a call of its own that nobody waits for. Loop thread. Does nothing for other principals. */
void session_touch_fast(struct db_fast *fast, const struct principal *principal);

#endif
