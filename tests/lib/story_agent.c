#include "tests/lib/story_agent.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void story_agent_keys_make(struct story_agent_keys *ret_keys)
{
    crypto_box_keypair(ret_keys->public_key, ret_keys->secret_key);
    sodium_bin2hex(ret_keys->public_hex, sizeof ret_keys->public_hex, ret_keys->public_key,
                   sizeof ret_keys->public_key);
}

bool story_agent_unseal(const struct story_agent_keys *keys, const char *sealed_hex, uint8_t ret_key[32])
{
    uint8_t sealed[32 + crypto_box_SEALBYTES];
    size_t count = 0;
    return sodium_hex2bin(sealed, sizeof sealed, sealed_hex, strlen(sealed_hex), NULL, &count, NULL) == 0 &&
           count == sizeof sealed &&
           crypto_box_seal_open(ret_key, sealed, sizeof sealed, keys->public_key, keys->secret_key) == 0;
}

static char *sign(void *context, const char *method, const char *path, const char *body, size_t body_bytes)
{
    struct story_agent *agent = context;
    uint8_t digest[crypto_hash_sha256_BYTES];
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char digest_hex[2 * sizeof digest + 1];
    char mac_hex[2 * sizeof mac + 1];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + agent->skew_ms;
    crypto_hash_sha256(digest, (const uint8_t *)(body ? body : ""), body_bytes);
    sodium_bin2hex(digest_hex, sizeof digest_hex, digest, sizeof digest);
    char *said = NULL;
    cr_assert(asprintf(&said, "v1\n%s\n%s\n%" PRId64 "\n%s", method, path, unix_ms, digest_hex) > 0);
    crypto_auth_hmacsha256(mac, (const uint8_t *)said, strlen(said), agent->key);
    free(said);
    if (agent->break_mac)
        mac[0] ^= 1;
    sodium_bin2hex(mac_hex, sizeof mac_hex, mac, sizeof mac);
    char *header = NULL;
    cr_assert(asprintf(&header, "Authorization: Cardwright agent=%s, time=%" PRId64 ", mac=%s", agent->id,
                       unix_ms, mac_hex) > 0);
    free(agent->authorization);
    agent->authorization = strdup(header);
    return header;
}

struct story_agent *story_agent_pair(struct story *story, const char *as, const char *desk_id, bool simulated)
{
    char path[128];
    char body[512];
    struct story_agent_keys keys;
    uint8_t run[16];
    struct story_agent *agent = calloc(1, sizeof *agent);
    cr_assert(agent && sodium_init() >= 0);
    story_agent_keys_make(&keys);
    snprintf(path, sizeof path, "/api/v1/desks/%s/pairings", desk_id);
    const struct step code = {.label = "pairing_code", POST(path), .want = 201};
    story_step(story, &code);
    snprintf(body, sizeof body,
             "{'code': '%s', 'public_key': '%s', 'version': '0.1.0', 'protocol': 1, 'simulated': %s, 'host': "
             "'till'}",
             story_value(story, "pairing_code", "code"), keys.public_hex, simulated ? "true" : "false");
    const struct step pair = {
        .label = "paired", POST("/agent/v1/pair"), .as = "nobody", .body = body, .want = 201};
    story_step(story, &pair);
    cr_assert(story_agent_unseal(&keys, story_value(story, "paired", "sealed_key"), agent->key));
    snprintf(agent->id, sizeof agent->id, "%s", story_value(story, "paired", "agent_id"));
    snprintf(agent->desk_id, sizeof agent->desk_id, "%s", story_value(story, "paired", "desk_id"));
    snprintf(agent->as, sizeof agent->as, "%s", as);
    randombytes_buf(run, sizeof run);
    sodium_bin2hex(agent->run, sizeof agent->run, run, sizeof run);
    story_client_sign(story, as, sign, agent);
    return agent;
}

void story_agent_free(struct story_agent *agent)
{
    free(agent->authorization);
    free(agent);
}

void story_agent_hello(struct story *story, struct story_agent *agent, const char *reader_state)
{
    char body[256];
    snprintf(body, sizeof body,
             "{'run': '%s', 'protocol': 1, 'version': '0.1.0', 'simulated': true, 'reader': {'state': '%s', "
             "'name': "
             "'pn532'}}",
             agent->run, reader_state);
    const struct step hello = {
        .label = "hello", POST("/agent/v1/hello"), .as = agent->as, .body = body, .want = 200};
    story_step(story, &hello);
}
