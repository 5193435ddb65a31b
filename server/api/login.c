#include "api/login.h"

#include "api/work.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "http/reply.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* Whoever holds one IPv6 address usually holds its whole /64, so that is what tries are counted by. */
static const char *address_of(struct request *rq)
{
    const char *ip = request_client_ip(rq);
    struct in6_addr address;
    if (inet_pton(AF_INET6, ip, &address) == 1 && !IN6_IS_ADDR_V4MAPPED(&address)) {
        memset(address.s6_addr + 8, 0, 8);
        char *network = request_alloc(rq, INET6_ADDRSTRLEN);
        return inet_ntop(AF_INET6, &address, network, INET6_ADDRSTRLEN);
    }
    return *ip ? request_printf(rq, "%.64s", ip) : "unknown";
}

static bool locked(struct request *rq, int64_t wait_s)
{
    reply_retry_after(rq, (int)wait_s);
    reply_error(rq, ERR_LOGIN_LOCKED, "The next try is looked at in %lld seconds.", (long long)wait_s);
    return false;
}

static bool refused(struct request *rq, struct db_conn *db, const struct login_claim *claim,
                    const struct uuid *operator_id)
{
    struct db_params params = {0};
    db_bind_uuid(&params, operator_id ? operator_id->bytes : NULL);
    db_bind_text(&params, request_client_ip(rq));
    db_bind_text(&params, claim->refused_action);
    db_bind_text(&params, request_id(rq));
    enum err err = db_query(db, "login_refused", &params, NULL);
    reply_error(rq, err ? err : ERR_LOGIN_FAILED, NULL);
    return false;
}

static bool failed(struct request *rq, enum err err)
{
    reply_error(rq, err, NULL);
    return false;
}

bool login_prove(struct request *rq, struct db_conn *db, const struct login_claim *claim,
                 struct login_proof *ret_proof)
{
    const char *address = address_of(rq);
    struct db_params params = {0};
    db_bind_text(&params, claim->name);
    db_bind_uuid(&params, claim->operator_id ? claim->operator_id->bytes : NULL);
    db_bind_text(&params, address);
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "login_begin", &params, &rows);
    if (err)
        return failed(rq, err);
    if (strcmp(db_text(rows, 0, 0), "done") != 0)
        return locked(rq, db_int64(rows, 0, 1));

    struct login_proof proof = {0};
    bool known = db_uuid(rows, 0, 2, proof.operator_id.bytes);
    bool has_hash = known && !db_is_null(rows, 0, 3);
    if (has_hash)
        proof.hash = request_copy(rq, db_text(rows, 0, 3));
    err = has_hash ? password_check(proof.hash, claim->password, &proof.outdated)
                   : password_check_nobody(claim->password);
    if (err == ERR_LOGIN_FAILED)
        return refused(rq, db, claim, known ? &proof.operator_id : NULL);
    if (err)
        return failed(rq, err);

    struct db_params clear = {0};
    db_bind_uuid(&clear, proof.operator_id.bytes);
    db_bind_text(&clear, address);
    err = db_query(db, "login_clear", &clear, NULL);
    if (err)
        return failed(rq, err);
    proof.name = request_copy(rq, db_text(rows, 0, 4));
    proof.full_name = request_copy(rq, db_text(rows, 0, 5));
    *ret_proof = proof;
    return true;
}

bool login_password_ok(struct request *rq, const char *pointer, const char *password,
                       const char *const names[])
{
    const char *problem = password_problem(password, names);
    if (!problem)
        return true;
    field_error_add(rq, pointer, "password_weak", problem);
    reply_error(rq, ERR_PASSWORD_WEAK, NULL);
    return false;
}

void login_session_make(struct request *rq, struct login_session *ret_session)
{
    ret_session->id = uuid_make_v7();
    token_make(&ret_session->token);
    const char *user_agent = request_header(rq, "user-agent");
    bool is_text = user_agent && !u8_check((const uint8_t *)user_agent, strlen(user_agent));
    ret_session->user_agent = is_text ? user_agent : NULL;
}

void login_session_reply(struct request *rq, struct login_session *session, const struct db_rows *rows)
{
    const char *outcome = db_text(rows, 0, 0);
    if (strcmp(outcome, "created") == 0 || strcmp(outcome, "done") == 0)
        reply_session_cookie(rq, session->token.text, SESSION_COOKIE_MAX_AGE_S);
    sodium_memzero(&session->token, sizeof(session->token));
    work_reply_outcome(rq, rows);
}
