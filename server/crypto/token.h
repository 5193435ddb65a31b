/* Secrets that travel as text: session cookies, one-time links, grants of a second password. Only their hash
 * is ever stored. */
#ifndef CARDWRIGHT_CRYPTO_TOKEN_H
#define CARDWRIGHT_CRYPTO_TOKEN_H

#include "crypto/hmac.h"

#define TOKEN_TEXT_BYTES 44 /* 32 random bytes in base64url without padding, and a NUL */

struct token {
    char text[TOKEN_TEXT_BYTES];
    uint8_t sha256[SHA256_BYTES]; /* of the text as sent: what the database knows */
};

/* A new token from the system's random source; the caller wipes it with sodium_memzero when it was sent. */
void token_make(struct token *ret_token);

/* The hash under which a token got from outside is looked up; any text will do, the database decides. */
void token_hash(const char *text, uint8_t ret_sha256[SHA256_BYTES]);

#endif
