/* Handing the pairing key to a new agent: a sealed box to the key pair it makes for this one pairing. */
#ifndef CARDWRIGHT_CRYPTO_PAIRING_H
#define CARDWRIGHT_CRYPTO_PAIRING_H

#include "crypto/aead.h"

#include <stdbool.h>
#include <stdint.h>

#define PAIRING_PUBLIC_BYTES 32
#define PAIRING_SECRET_BYTES 32
#define PAIRING_SEALED_BYTES (AGENT_KEY_BYTES + 48) /* ephemeral key and tag */

/* The agent's side; the caller wipes the secret key after pairing_open. */
void pairing_keypair(uint8_t ret_public[PAIRING_PUBLIC_BYTES], uint8_t ret_secret[PAIRING_SECRET_BYTES]);

/* The server's side. False: `public_key` is no usable X25519 point. */
bool pairing_seal(const uint8_t agent_key[AGENT_KEY_BYTES], const uint8_t public_key[PAIRING_PUBLIC_BYTES],
                  uint8_t ret_sealed[PAIRING_SEALED_BYTES]);

/* False: not sealed for this key pair, or changed on the way. */
bool pairing_open(const uint8_t sealed[PAIRING_SEALED_BYTES], const uint8_t public_key[PAIRING_PUBLIC_BYTES],
                  const uint8_t secret_key[PAIRING_SECRET_BYTES], uint8_t ret_agent_key[AGENT_KEY_BYTES]);

#endif
