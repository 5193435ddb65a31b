#include "crypto/hkdf.h"

#include "crypto/hmac.h"

#include <sodium.h>
#include <string.h>

void hkdf_extract(const uint8_t *salt, size_t salt_bytes, const uint8_t *key, size_t key_bytes,
                  uint8_t ret_prk[HKDF_PRK_BYTES])
{
    static const uint8_t zero_salt[SHA256_BYTES] = {0};
    if (salt_bytes == 0)
        hmac_sha256(zero_salt, sizeof(zero_salt), key, key_bytes, ret_prk);
    else
        hmac_sha256(salt, salt_bytes, key, key_bytes, ret_prk);
}

void hkdf_expand(const struct hkdf_info *info, uint8_t *out, size_t out_bytes)
{
    uint8_t block[SHA256_BYTES];
    uint8_t message[SHA256_BYTES + HKDF_INFO_BYTES_MAX + 1];
    size_t chain_bytes = 0; /* T(0) is empty */
    size_t done = 0;

    if (info->info_bytes > HKDF_INFO_BYTES_MAX || out_bytes > HKDF_OUT_BYTES_MAX) {
        memset(out, 0, out_bytes);
        return;
    }
    for (uint8_t counter = 1; done < out_bytes; counter++) {
        memcpy(message, block, chain_bytes);
        memcpy(message + chain_bytes, info->info, info->info_bytes);
        message[chain_bytes + info->info_bytes] = counter;
        hmac_sha256(info->prk, HKDF_PRK_BYTES, message, chain_bytes + info->info_bytes + 1, block);
        size_t take = out_bytes - done < sizeof(block) ? out_bytes - done : sizeof(block);
        memcpy(out + done, block, take);
        done += take;
        chain_bytes = sizeof(block);
    }
    sodium_memzero(block, sizeof(block));
    sodium_memzero(message, sizeof(message));
}

void hkdf_expand_text(const uint8_t prk[HKDF_PRK_BYTES], const char *info, uint8_t *out, size_t out_bytes)
{
    hkdf_expand(&(struct hkdf_info){.prk = prk, .info = info, .info_bytes = strlen(info)}, out, out_bytes);
}
