/* Proving a password: shared by the login, the grant of a second password, and the change of one's own. */
#ifndef CARDWRIGHT_API_LOGIN_H
#define CARDWRIGHT_API_LOGIN_H

#include "crypto/password.h"
#include "crypto/token.h"
#include "db/work.h"
#include "http/request.h"

/* What was proven. Texts live as long as the request. */
struct login_proof {
    struct uuid operator_id;
    const char *name;
    const char *full_name;
    const char *hash; /* as stored when it was checked */
    bool outdated;    /* the hash should be made anew */
};

/* Who is to be proven: by `name`, or, when it is NULL, the operator `operator_id`. */
struct login_claim {
    const char *name;
    const struct uuid *operator_id;
    const char *password;
    const char *refused_action; /* audit word for a wrong password, such as "session.login_failed" */
};

/* Counts the try, waits for a place, checks the password, and takes the count back when it is right. False:
 * it replied LOGIN_LOCKED with Retry-After, LOGIN_FAILED or UNAVAILABLE. WORK lane. */
bool login_prove(struct request *rq, struct db_conn *db, const struct login_claim *claim,
                 struct login_proof *ret_proof);

/* Replies PASSWORD_WEAK with `pointer` as the wrong field and false when `password` may not be chosen by the
 * operator of these names; else true. */
bool login_password_ok(struct request *rq, const char *pointer, const char *password,
                       const char *const names[]);

/* The session a login is about to open: new ids and what is known of the browser. */
struct login_session {
    struct uuid id;
    struct token token;
    const char *user_agent; /* UTF-8 or NULL */
};
void login_session_make(struct request *rq, struct login_session *ret_session);

/* Sets the cookie, replies rows (outcome, body) of a statement that opened or renewed the session, wipes the
 * token. */
void login_session_reply(struct request *rq, struct login_session *session, const struct db_rows *rows);

#endif
