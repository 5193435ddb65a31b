#include "crypto/request_sign.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void add_text(crypto_auth_hmacsha256_state *state, const char *text)
{
    crypto_auth_hmacsha256_update(state, (const unsigned char *)text, strlen(text));
}

void request_sign(const uint8_t agent_key[AGENT_KEY_BYTES], const struct signed_request *request,
                  uint8_t ret_mac[SHA256_BYTES])
{
    crypto_auth_hmacsha256_state state;
    uint8_t hash[SHA256_BYTES];
    char hash_text[2 * SHA256_BYTES + 1];
    char time_text[32];

    sha256(request->body, request->body_bytes, hash);
    bytes_to_hex(hash, sizeof(hash), hash_text);
    snprintf(time_text, sizeof(time_text), "\n%" PRId64 "\n", request->unix_ms);

    crypto_auth_hmacsha256_init(&state, agent_key, AGENT_KEY_BYTES);
    add_text(&state, "v1\n");
    add_text(&state, request->method);
    add_text(&state, "\n");
    add_text(&state, request->target);
    add_text(&state, time_text);
    add_text(&state, hash_text);
    crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof(state));
}

bool request_verify(const uint8_t agent_key[AGENT_KEY_BYTES], const struct signed_request *request,
                    const uint8_t mac[SHA256_BYTES])
{
    uint8_t good_mac[SHA256_BYTES];
    request_sign(agent_key, request, good_mac);
    bool equal = bytes_equal_constant_time(good_mac, mac, sizeof(good_mac));
    sodium_memzero(good_mac, sizeof(good_mac));
    return equal;
}

void request_sign_time(const uint8_t agent_key[AGENT_KEY_BYTES], int64_t server_unix_ms,
                       int64_t request_unix_ms, uint8_t ret_mac[SHA256_BYTES])
{
    char text[64];
    int length =
        snprintf(text, sizeof(text), "v1-time\n%" PRId64 "\n%" PRId64, server_unix_ms, request_unix_ms);
    hmac_sha256(agent_key, AGENT_KEY_BYTES, text, (size_t)length, ret_mac);
}
