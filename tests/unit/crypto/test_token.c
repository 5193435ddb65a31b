#include "crypto/token.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

Test(crypto_token, tokens_are_url_safe_and_differ)
{
    cr_assert(sodium_init() >= 0);
    struct token first, second;
    token_make(&first);
    token_make(&second);
    cr_assert_eq(strlen(first.text), 43);
    cr_assert_eq(strspn(first.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    cr_assert_str_neq(first.text, second.text);
}

Test(crypto_token, the_hash_is_sha256_of_the_text)
{
    cr_assert(sodium_init() >= 0);
    struct token token;
    token_make(&token);
    uint8_t hash[SHA256_BYTES];
    token_hash(token.text, hash);
    cr_assert_arr_eq(hash, token.sha256, sizeof(hash));

    char hex[2 * SHA256_BYTES + 1];
    token_hash("abc", hash);
    bytes_to_hex(hash, sizeof(hash), hex);
    cr_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
