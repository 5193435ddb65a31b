/* An agent becomes known (pair) and begins to speak (hello): agent/PROTOCOL.md. */
#include "api/agent_age.h"
#include "api/agent_auth.h"
#include "api/answer.h"
#include "api/desk_wake.h"
#include "api/fast.h"
#include "api/ops.h"
#include "api/outcome.h"
#include "api/pairing_code.h"
#include "api/rate.h"
#include "api/routes.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include "crypto/pairing.h"
#include "crypto/random.h"
#include "http/in.h"
#include "http/reply.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- POST /agent/v1/pair ---- */

struct pairing_request {
    const char *code;
    struct in_bytes public_key;
    const char *version;
    int64_t protocol;
    bool simulated;
    const char *host;
};

static bool pair_read(struct request *rq, struct pairing_request *in)
{
    const struct in_field spec[] = {
        IN_SECRET("code", &in->code, 1, PAIRING_CODE_TYPED_MAX),
        IN_HEX("public_key", &in->public_key, PAIRING_PUBLIC_BYTES, PAIRING_PUBLIC_BYTES),
        IN_TEXT("version", &in->version, 1, AGENT_VERSION_CHARACTERS_MAX),
        IN_INT("protocol", &in->protocol, 0, AGENT_PROTOCOL_NUMBER_MAX),
        IN_BOOL("simulated", &in->simulated),
        IN_TEXT("host", &in->host, 0, AGENT_HOST_CHARACTERS_MAX),
        IN_END,
    };
    if (!in_read(rq, spec))
        return false;
    if (in->protocol < AGENT_PROTOCOL_MIN) {
        reply_error(rq, ERR_AGENT_TOO_OLD, NULL);
        return false;
    }
    return true;
}

/* As typed: letter case, hyphens and blanks do not matter. False: it cannot be a code. */
static bool code_hash(const char *typed, uint8_t ret_sha256[SHA256_BYTES])
{
    char code[PAIRING_CODE_LETTERS];
    int count = 0;
    for (; *typed; typed++) {
        char letter = *typed >= 'a' && *typed <= 'z' ? (char)(*typed - 'a' + 'A') : *typed;
        if (letter == '-' || letter == ' ')
            continue;
        if (count == PAIRING_CODE_LETTERS || !strchr(PAIRING_ALPHABET, letter))
            return false;
        code[count++] = letter;
    }
    sha256(code, PAIRING_CODE_LETTERS, ret_sha256);
    sodium_memzero(code, sizeof code);
    return count == PAIRING_CODE_LETTERS;
}

/* The row's body with the key for the agent's eyes only. */
static void reply_paired(struct request *rq, const struct db_rows *rows,
                         const uint8_t sealed[PAIRING_SEALED_BYTES])
{
    char sealed_hex[2 * PAIRING_SEALED_BYTES + 1];
    bytes_to_hex(sealed, PAIRING_SEALED_BYTES, sealed_hex);
    json_t *body = json_loads(db_text(rows, 0, 1), 0, NULL);
    json_object_set_new(body, "sealed_key", json_string(sealed_hex));
    reply_json_t(rq, 201, body);
    json_decref(body);
}

/* The key exists in the clear only in this call: sealed for the database by the site key, for the agent by
 * its public key. False: `public_key` is no key, and that was replied. */
static bool key_make(struct request *rq, const struct in_bytes *public_key,
                     uint8_t ret_stored[AGENT_KEY_SEALED_BYTES], uint8_t ret_sealed[PAIRING_SEALED_BYTES])
{
    uint8_t key[AGENT_KEY_BYTES];
    random_bytes(key, sizeof key);
    site_keys_seal_agent(key, ret_stored);
    bool sealed = pairing_seal(key, public_key->bytes, ret_sealed);
    sodium_memzero(key, sizeof key);
    if (!sealed)
        reply_field_error(rq, "/public_key", "public_key", "This is not an X25519 public key.");
    return sealed;
}

static bool pair_may_try(struct request *rq)
{
    static struct rate tries = {.per_minute = PAIR_TRIES_PER_MINUTE, .lock = PTHREAD_MUTEX_INITIALIZER};
    int wait_s = 0;
    if (rate_take(&tries, request_client_ip(rq), &wait_s))
        return true;
    reply_retry_after(rq, wait_s);
    reply_error(rq, ERR_RATE_LIMITED, NULL);
    return false;
}

void agent_pair_post(struct request *rq, struct db_conn *db)
{
    struct pairing_request in = {0};
    uint8_t code_sha256[SHA256_BYTES];
    uint8_t stored[AGENT_KEY_SEALED_BYTES];
    uint8_t sealed[PAIRING_SEALED_BYTES];
    if (!pair_may_try(rq) || !pair_read(rq, &in) || !key_make(rq, &in.public_key, stored, sealed))
        return;
    if (!code_hash(in.code, code_sha256)) {
        reply_error(rq, ERR_PAIRING_CODE_INVALID, NULL);
        return;
    }
    struct uuid agent_id = uuid_make_v7();
    struct uuid replaced_id;
    struct db_params params = {0};
    db_bind_bytes(&params, code_sha256, sizeof code_sha256);
    db_bind_uuid(&params, agent_id.bytes);
    db_bind_bytes(&params, stored, sizeof stored);
    db_bind_bool(&params, in.simulated);
    db_bind_text(&params, in.host);
    db_bind_text(&params, request_id(rq));
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "agent_pair", &params, &rows);
    if (err) {
        reply_error(rq, err, NULL);
        return;
    }
    if (db_uuid(rows, 0, db_rows_column(rows, "agent_id"), replaced_id.bytes))
        agent_auth_forget(&replaced_id);
    if (strcmp(db_text(rows, 0, 0), "created") == 0)
        reply_paired(rq, rows, sealed);
    else
        outcome_reply(rq, rows);
}

/* ---- POST /agent/v1/hello ---- */

static const char *const reader_states[] = {"ok", "absent", "silent", NULL};

struct hello {
    struct in_bytes run;
    const char *facts; /* what fn_agent_hello takes, as text */
};

static bool hello_read(struct request *rq, struct hello *in)
{
    json_t *reader = NULL;
    json_t *printer = NULL;
    int64_t protocol;
    const char *version;
    bool simulated;
    int reader_state;
    const char *reader_name;
    const char *printer_name = NULL;
    const struct in_field spec[] = {
        IN_HEX("run", &in->run, AGENT_RUN_BYTES, AGENT_RUN_BYTES),
        IN_INT("protocol", &protocol, 0, AGENT_PROTOCOL_NUMBER_MAX),
        IN_TEXT("version", &version, 1, AGENT_VERSION_CHARACTERS_MAX),
        IN_BOOL("simulated", &simulated),
        IN_OBJECT("reader", &reader),
        IN_OBJECT_OPT("printer", &printer, NULL),
        IN_END,
    };
    const struct in_field reader_spec[] = {IN_ENUM("state", &reader_state, reader_states),
                                           IN_TEXT("name", &reader_name, 0, READER_NAME_CHARACTERS_MAX),
                                           IN_END};
    const struct in_field printer_spec[] = {IN_TEXT("name", &printer_name, 1, PRINTER_NAME_CHARACTERS_MAX),
                                            IN_END};
    if (!in_read(rq, spec))
        return false;
    in_object(rq, "/reader", reader, reader_spec);
    if (printer)
        in_object(rq, "/printer", printer, printer_spec);
    if (!in_done(rq))
        return false;
    struct agent_age age = agent_age(protocol, version);
    json_t *facts = json_pack("{s:s, s:b, s:s, s:s, s:s*, s:s*, s:s*}", "version", version, "simulated",
                              simulated, "reader_state", reader_states[reader_state], "reader_name",
                              reader_name, "update", age.update, "needs", age.needs, "printer", printer_name);
    char *text = json_dumps(facts, JSON_COMPACT);
    in->facts = request_copy(rq, text ? text : "{}");
    free(text);
    json_decref(facts);
    return true;
}

static bool hello_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct hello *in = state;
    fast_bind_agent(rq, &call->params);
    db_bind_bytes(&call->params, in->run.bytes, in->run.count);
    db_bind_text(&call->params, in->facts);
    return true;
}

static enum fast_next hello_next(struct request *rq, void *state, const struct db_rows *rows,
                                 const struct fast_stage **ret_next)
{
    (void)state;
    (void)ret_next;
    if (strcmp(db_text(rows, 0, 0), "done") != 0) {
        outcome_reply(rq, rows);
        desk_wake_rows(rows, "wake"); /* a desk whose program is too old is told too */
        return FAST_REPLIED;
    }
    json_t *body = json_loads(db_text(rows, 0, 1), 0, NULL);
    json_object_set_new(body, "server_version", json_string(OPS_VERSION));
    json_object_set_new(body, "poll_wait_ms", json_integer(AGENT_POLL_WAIT_MS));
    reply_json_t(rq, 200, body);
    json_decref(body);
    desk_wake_rows(rows, "wake");
    return FAST_REPLIED;
}

static void hello_run(struct request *rq, const struct agent_identity *agent)
{
    static const struct fast_stage say_hello = {
        .statement = "agent_hello", .bind = hello_bind, .next = hello_next, .repeatable = true};
    (void)agent;
    struct hello *in = request_alloc(rq, sizeof *in);
    if (hello_read(rq, in))
        fast_run(rq, &say_hello, in);
}

void agent_hello_post(struct request *rq)
{
    agent_auth_then(rq, hello_run);
}
