#include "crypto/hmac.h"

#include <sodium.h>

void sha256(const void *data, size_t data_bytes, uint8_t ret_hash[SHA256_BYTES])
{
    crypto_hash_sha256(ret_hash, data, data_bytes);
}

void hmac_sha256(const uint8_t *key, size_t key_bytes, const void *data, size_t data_bytes,
                 uint8_t ret_mac[SHA256_BYTES])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_bytes);
    crypto_auth_hmacsha256_update(&state, data, data_bytes);
    crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof(state));
}

bool bytes_equal_constant_time(const void *left, const void *right, size_t count)
{
    return sodium_memcmp(left, right, count) == 0;
}
