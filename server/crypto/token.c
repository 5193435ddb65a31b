#include "crypto/token.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

void token_make(struct token *ret_token)
{
    uint8_t secret[32];
    static_assert(sizeof(ret_token->text) ==
                      sodium_base64_ENCODED_LEN(sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                  "32 bytes fill the text of a token");

    randombytes_buf(secret, sizeof(secret));
    sodium_bin2base64(ret_token->text, sizeof(ret_token->text), secret, sizeof(secret),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(secret, sizeof(secret));
    token_hash(ret_token->text, ret_token->sha256);
}

void token_hash(const char *text, uint8_t ret_sha256[SHA256_BYTES])
{
    sha256(text, strlen(text), ret_sha256);
}
