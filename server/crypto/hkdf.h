/* HKDF with SHA-256 (RFC 5869). The outputs are keys: the caller wipes them. */
#ifndef CARDWRIGHT_CRYPTO_HKDF_H
#define CARDWRIGHT_CRYPTO_HKDF_H

#include <stddef.h>
#include <stdint.h>

#define HKDF_PRK_BYTES 32
#define HKDF_INFO_BYTES_MAX 64
#define HKDF_OUT_BYTES_MAX 255 * 32 /* the limit of the RFC */

/* An empty salt (salt_bytes 0) means 32 zero bytes, as the RFC says. */
void hkdf_extract(const uint8_t *salt, size_t salt_bytes, const uint8_t *key, size_t key_bytes,
                  uint8_t ret_prk[HKDF_PRK_BYTES]);

/* What one expansion is for. */
struct hkdf_info {
    const uint8_t *prk; /* HKDF_PRK_BYTES */
    const void *info;
    size_t info_bytes; /* <= HKDF_INFO_BYTES_MAX */
};
/* Writes `out_bytes` (1..HKDF_OUT_BYTES_MAX) of key material. A length out of range is a fault of the caller
 * and gives zero bytes of no use to anyone, never a read or write out of bounds. */
void hkdf_expand(const struct hkdf_info *info, uint8_t *out, size_t out_bytes);

/* hkdf_expand for a text without its NUL. */
void hkdf_expand_text(const uint8_t prk[HKDF_PRK_BYTES], const char *info, uint8_t *out, size_t out_bytes);

#endif
