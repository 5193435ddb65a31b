/* Signed requests of desk agents: the key from a small cache or one stage, then signature, then clock. */
#include "api/agent_auth.h"

#include "api/fast.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/request_sign.h"
#include "http/reply.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

/* ---- the cache: AGENT_CACHE_SETS sets of AGENT_CACHE_WAYS, keys sealed as in the database ---- */

struct cached {
    struct agent_identity agent;
    int64_t until_ms; /* monotonic; 0: empty */
};

static_assert((AGENT_CACHE_SETS & (AGENT_CACHE_SETS - 1)) == 0, "a set is chosen by a mask");

static struct cached cache[AGENT_CACHE_SETS][AGENT_CACHE_WAYS];
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

/* The last bytes of a UUIDv7 are random. */
static struct cached *set_of(const struct uuid *agent_id)
{
    return cache[bytes_get_u16(agent_id->bytes + UUID_BYTES - 2) & (AGENT_CACHE_SETS - 1)];
}

static bool cache_find(const struct uuid *agent_id, struct agent_identity *ret_agent)
{
    bool found = false;
    int64_t now_ms = clock_monotonic_ms();
    struct cached *set = set_of(agent_id);
    pthread_mutex_lock(&cache_lock);
    for (int i = 0; i < AGENT_CACHE_WAYS && !found; i++) {
        found = set[i].until_ms > now_ms && uuid_equal(&set[i].agent.agent_id, agent_id);
        if (found)
            *ret_agent = set[i].agent;
    }
    pthread_mutex_unlock(&cache_lock);
    return found;
}

/* Takes the place of the same agent, else of the entry that ends first. */
static void cache_put(const struct agent_identity *agent)
{
    struct cached *set = set_of(&agent->agent_id);
    pthread_mutex_lock(&cache_lock);
    struct cached *place = &set[0];
    for (int i = 0; i < AGENT_CACHE_WAYS; i++) {
        if (uuid_equal(&set[i].agent.agent_id, &agent->agent_id)) {
            place = &set[i];
            break;
        }
        if (set[i].until_ms < place->until_ms)
            place = &set[i];
    }
    place->agent = *agent;
    place->until_ms = clock_monotonic_ms() + AGENT_CACHE_MS;
    pthread_mutex_unlock(&cache_lock);
}

void agent_auth_forget(const struct uuid *agent_id)
{
    struct cached *set = set_of(agent_id);
    pthread_mutex_lock(&cache_lock);
    for (int i = 0; i < AGENT_CACHE_WAYS; i++)
        if (uuid_equal(&set[i].agent.agent_id, agent_id))
            set[i].until_ms = 0;
    pthread_mutex_unlock(&cache_lock);
}

/* ---- the check ---- */

struct checking {
    struct agent_claim claim;
    struct agent_identity agent;
    agent_handler_fn *next;
};

bool agent_auth_key(const struct agent_identity *agent, uint8_t ret_key[AGENT_KEY_BYTES])
{
    return site_keys_open_agent(agent->key_sealed, sizeof agent->key_sealed, ret_key);
}

static void refuse_clock(struct request *rq, const struct agent_claim *claim,
                         const uint8_t key[AGENT_KEY_BYTES])
{
    uint8_t mac[SHA256_BYTES];
    char mac_hex[2 * SHA256_BYTES + 1];
    int64_t now_ms = clock_unix_ms();
    request_sign_time(key, now_ms, claim->unix_ms, mac);
    bytes_to_hex(mac, sizeof mac, mac_hex);
    json_t *extra = json_pack("{s:I, s:s}", "server_time_ms", (json_int_t)now_ms, "time_mac", mac_hex);
    reply_error_extra(rq, ERR_CLOCK_SKEW, extra);
    json_decref(extra);
}

/* Signature first: only who knows the key is told about clocks. True: both are right. */
static bool verify(struct request *rq, const struct checking *checking)
{
    uint8_t key[AGENT_KEY_BYTES];
    struct signed_request said = {
        .method = request_method(rq), .target = request_target(rq), .unix_ms = checking->claim.unix_ms};
    said.body = request_body(rq, &said.body_bytes);
    if (!agent_auth_key(&checking->agent, key) || !request_verify(key, &said, checking->claim.mac)) {
        sodium_memzero(key, sizeof key);
        reply_error(rq, ERR_AGENT_UNKNOWN, NULL);
        return false;
    }
    int64_t now_ms = clock_unix_ms();
    bool in_time =
        said.unix_ms >= now_ms - AGENT_TIME_WINDOW_MS && said.unix_ms <= now_ms + AGENT_TIME_WINDOW_MS;
    if (!in_time)
        refuse_clock(rq, &checking->claim, key);
    sodium_memzero(key, sizeof key);
    return in_time;
}

static void proceed(struct request *rq, struct checking *checking)
{
    if (!verify(rq, checking))
        return;
    request_agent_set(rq, &checking->agent.agent_id);
    checking->next(rq, &checking->agent);
}

static bool key_bind(struct request *rq, void *state, struct db_call *call)
{
    (void)rq;
    struct checking *checking = state;
    db_bind_uuid(&call->params, checking->claim.agent_id.bytes);
    return true;
}

static enum fast_next key_next(struct request *rq, void *state, const struct db_rows *rows,
                               const struct fast_stage **ret_next)
{
    (void)ret_next;
    struct checking *checking = state;
    struct agent_identity *agent = &checking->agent;
    agent->agent_id = checking->claim.agent_id;
    if (db_rows_count(rows) == 0 || !db_uuid(rows, 0, 0, agent->desk_id.bytes) ||
        db_bytes(rows, 0, 2, agent->key_sealed, sizeof agent->key_sealed) != (int)sizeof agent->key_sealed) {
        reply_error(rq, ERR_AGENT_UNKNOWN, NULL);
        return FAST_REPLIED;
    }
    agent->simulated = db_bool(rows, 0, 1);
    cache_put(agent);
    return FAST_THEN;
}

static void key_then(struct request *rq, void *state)
{
    proceed(rq, state);
}

void agent_auth_then(struct request *rq, agent_handler_fn *next)
{
    static const struct fast_stage read_key = {
        .statement = "agent_key", .bind = key_bind, .next = key_next, .then = key_then, .repeatable = true};
    struct checking *checking = request_alloc(rq, sizeof *checking);
    checking->next = next;
    if (!request_agent_claim(rq, &checking->claim))
        reply_error(rq, ERR_AGENT_UNKNOWN, NULL);
    else if (cache_find(&checking->claim.agent_id, &checking->agent))
        proceed(rq, checking);
    else
        fast_run(rq, &read_key, checking);
}
