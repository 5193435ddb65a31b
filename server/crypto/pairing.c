#include "crypto/pairing.h"

#include <sodium.h>

_Static_assert(PAIRING_PUBLIC_BYTES == crypto_box_PUBLICKEYBYTES, "X25519 public key");
_Static_assert(PAIRING_SECRET_BYTES == crypto_box_SECRETKEYBYTES, "X25519 secret key");
_Static_assert(PAIRING_SEALED_BYTES == AGENT_KEY_BYTES + crypto_box_SEALBYTES, "sealed box");

void pairing_keypair(uint8_t ret_public[PAIRING_PUBLIC_BYTES], uint8_t ret_secret[PAIRING_SECRET_BYTES])
{
    crypto_box_keypair(ret_public, ret_secret);
}

bool pairing_seal(const uint8_t agent_key[AGENT_KEY_BYTES], const uint8_t public_key[PAIRING_PUBLIC_BYTES],
                  uint8_t ret_sealed[PAIRING_SEALED_BYTES])
{
    return crypto_box_seal(ret_sealed, agent_key, AGENT_KEY_BYTES, public_key) == 0;
}

bool pairing_open(const uint8_t sealed[PAIRING_SEALED_BYTES], const uint8_t public_key[PAIRING_PUBLIC_BYTES],
                  const uint8_t secret_key[PAIRING_SECRET_BYTES], uint8_t ret_agent_key[AGENT_KEY_BYTES])
{
    return crypto_box_seal_open(ret_agent_key, sealed, PAIRING_SEALED_BYTES, public_key, secret_key) == 0;
}
