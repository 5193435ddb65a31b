/* Signed requests of desk agents (agent/PROTOCOL.md, Signature), in the FAST lane.
 *
 *     static void agent_poll(struct request *rq, const struct agent_identity *agent) { ... fast_run(rq, ...);
 * } void agent_poll_post(struct request *rq) { agent_auth_then(rq, agent_poll); }
 */
#ifndef CARDWRIGHT_API_AGENT_AUTH_H
#define CARDWRIGHT_API_AGENT_AUTH_H

#include "base/ids.h"
#include "flow/site_keys.h"
#include "http/request.h"

/* A paired agent whose signature was right. Lives in the memory of its request, so it is still there after
 * waits and stages. The pairing key stays sealed in it: nothing secret lies in request memory. */
struct agent_identity {
    struct uuid agent_id;
    struct uuid desk_id;
    bool simulated;
    uint8_t key_sealed[AGENT_KEY_SEALED_BYTES];
};

typedef void agent_handler_fn(struct request *rq, const struct agent_identity *agent);

/* Checks the signature and calls `next` with the principal set to the agent, or replies: AGENT_UNKNOWN (no,
 * wrong or revoked agent, wrong signature), CLOCK_SKEW with server_time_ms and time_mac (right signature,
 * time more than AGENT_TIME_WINDOW_MS away), UNAVAILABLE. Known agents are kept for AGENT_CACHE_MS, then
 * `next` runs before this returns; otherwise after one stage. `next` replies, starts stages or parks. Loop
 * thread; the body was read. */
void agent_auth_then(struct request *rq, agent_handler_fn *next);

/* K_agent, for sealing plans; the caller wipes it. False: it cannot be opened (never for a checked identity).
 */
bool agent_auth_key(const struct agent_identity *agent, uint8_t ret_key[AGENT_KEY_BYTES]);

/* The agent was revoked or replaced: this process asks the database again at once (others within
 * AGENT_CACHE_MS). From any thread. */
void agent_auth_forget(const struct uuid *agent_id);

#endif
