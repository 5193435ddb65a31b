/* SHA-256 and HMAC-SHA256. Nothing here can fail. */
#ifndef CARDWRIGHT_CRYPTO_HMAC_H
#define CARDWRIGHT_CRYPTO_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void sha256(const void *data, size_t data_bytes, uint8_t ret_hash[SHA256_BYTES]);

/* Key of any length (0 bytes too). */
void hmac_sha256(const uint8_t *key, size_t key_bytes, const void *data, size_t data_bytes,
                 uint8_t ret_mac[SHA256_BYTES]);

/* Compares in a time that depends on `count` only. */
bool bytes_equal_constant_time(const void *left, const void *right, size_t count);

#endif
