/* Signatures of agents and machines on their requests (trust design 5.4; agent/PROTOCOL.md "Signature"). */
#ifndef CARDWRIGHT_CRYPTO_REQUEST_SIGN_H
#define CARDWRIGHT_CRYPTO_REQUEST_SIGN_H

#include "crypto/aead.h"
#include "crypto/hmac.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct signed_request {
    const char *method; /* "POST" */
    const char *target; /* path, and "?query" if there is one */
    int64_t unix_ms;    /* the time the sender claims */
    const void *body;
    size_t body_bytes; /* 0: the hash of nothing */
};

/* HMAC-SHA256(K_agent, "v1\n" method "\n" target "\n" unix_ms "\n" hex(SHA-256(body))). The lines are hashed
 * one after the other, so their length has no limit here. */
void request_sign(const uint8_t agent_key[AGENT_KEY_BYTES], const struct signed_request *request,
                  uint8_t ret_mac[SHA256_BYTES]);

/* Constant time in the MAC. The caller checks the time window. */
bool request_verify(const uint8_t agent_key[AGENT_KEY_BYTES], const struct signed_request *request,
                    const uint8_t mac[SHA256_BYTES]);

/* HMAC-SHA256(K_agent, "v1-time\n" server_unix_ms "\n" request_unix_ms): proves the server's clock to an
 * agent whose own is wrong (401 clock_skew). */
void request_sign_time(const uint8_t agent_key[AGENT_KEY_BYTES], int64_t server_unix_ms,
                       int64_t request_unix_ms, uint8_t ret_mac[SHA256_BYTES]);

#endif
