#include "crypto/aead.h"

#include "crypto/hkdf.h"
#include "crypto/hmac.h"

#include <sodium.h>
#include <string.h>

#define ADDITIONAL_BYTES (2 * UUID_BYTES)

static void additional_data(const struct seal_context *context, uint8_t ret_data[ADDITIONAL_BYTES])
{
    memcpy(ret_data, context->id.bytes, UUID_BYTES);
    memcpy(ret_data + UUID_BYTES, context->agent_id.bytes, UUID_BYTES);
}

/* First 24 bytes of HMAC(nonce key, additional data | text). */
static void make_nonce(const struct seal_context *context, const void *text, size_t text_bytes,
                       uint8_t ret_nonce[SEAL_NONCE_BYTES])
{
    uint8_t key[SHA256_BYTES];
    uint8_t additional[ADDITIONAL_BYTES];
    uint8_t mac[SHA256_BYTES];
    crypto_auth_hmacsha256_state state;

    hkdf_expand_text(context->agent_key, "ocs1|nonce", key, sizeof(key));
    additional_data(context, additional);
    crypto_auth_hmacsha256_init(&state, key, sizeof(key));
    crypto_auth_hmacsha256_update(&state, additional, sizeof(additional));
    crypto_auth_hmacsha256_update(&state, text, text_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(ret_nonce, mac, SEAL_NONCE_BYTES);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(&state, sizeof(state));
}

void agent_seal(const struct seal_context *context, const void *text, size_t text_bytes, uint8_t *ret_sealed)
{
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t additional[ADDITIONAL_BYTES];

    hkdf_expand_text(context->agent_key, "ocs1|seal", key, sizeof(key));
    additional_data(context, additional);
    make_nonce(context, text, text_bytes, ret_sealed);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_sealed + SEAL_NONCE_BYTES, NULL, text, text_bytes,
                                               additional, sizeof(additional), NULL, ret_sealed, key);
    sodium_memzero(key, sizeof(key));
}

ssize_t agent_open(const struct seal_context *context, const uint8_t *sealed, size_t sealed_bytes,
                   void *ret_text)
{
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t additional[ADDITIONAL_BYTES];
    uint8_t nonce[SEAL_NONCE_BYTES];

    if (sealed_bytes < SEAL_OVERHEAD_BYTES)
        return -1;
    size_t text_bytes = sealed_bytes - SEAL_OVERHEAD_BYTES;
    hkdf_expand_text(context->agent_key, "ocs1|seal", key, sizeof(key));
    additional_data(context, additional);
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(ret_text, NULL, NULL, sealed + SEAL_NONCE_BYTES,
                                                         sealed_bytes - SEAL_NONCE_BYTES, additional,
                                                         sizeof(additional), sealed, key);
    sodium_memzero(key, sizeof(key));
    if (bad)
        return -1;
    make_nonce(context, ret_text, text_bytes, nonce);
    if (!bytes_equal_constant_time(nonce, sealed, sizeof(nonce))) {
        sodium_memzero(ret_text, text_bytes);
        return -1;
    }
    return (ssize_t)text_bytes;
}
