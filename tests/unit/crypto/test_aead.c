/* Sealed plans; the vector comes from a separate implementation of ChaCha20 and Poly1305. */
#include "base/bytes.h"
#include "crypto/aead.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

static const char text[] = "{\"plan\":\"x\",\"steps\":[[\"begin\"]]}";
#define TEXT_BYTES (sizeof(text) - 1)
#define SEALED_BYTES (TEXT_BYTES + SEAL_OVERHEAD_BYTES)

static const char vector[] =
    "fa59b974c4b272a450c975a8061bb5cbe48963777403e4bbefeb73230256151e3070f89fb83ab5bc"
    "7dd9b7f9c36f89c50518e5f6c6641cd0b433e8eb4b3dcab716d20c46f8564ece";

static uint8_t agent_key[AGENT_KEY_BYTES];

static struct seal_context context(void)
{
    struct seal_context made = {.agent_key = agent_key};
    for (uint8_t i = 0; i < AGENT_KEY_BYTES; i++)
        agent_key[i] = i;
    for (uint8_t i = 0; i < UUID_BYTES; i++) {
        made.id.bytes[i] = (uint8_t)(0x10 + i);
        made.agent_id.bytes[i] = (uint8_t)(0x20 + i);
    }
    return made;
}

Test(crypto_aead, vector)
{
    struct seal_context seal = context();
    uint8_t sealed[SEALED_BYTES];
    char hex[2 * SEALED_BYTES + 1];
    char opened[TEXT_BYTES];
    cr_assert_geq(sodium_init(), 0);
    agent_seal(&seal, text, TEXT_BYTES, sealed);
    bytes_to_hex(sealed, sizeof(sealed), hex);
    cr_assert_str_eq(hex, vector);
    cr_assert_eq(agent_open(&seal, sealed, sizeof(sealed), opened), (ssize_t)TEXT_BYTES);
    cr_assert_eq(memcmp(opened, text, TEXT_BYTES), 0);
}

Test(crypto_aead, every_changed_bit_is_refused)
{
    struct seal_context seal = context();
    uint8_t sealed[SEALED_BYTES];
    char opened[TEXT_BYTES];
    agent_seal(&seal, text, TEXT_BYTES, sealed);
    for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_eq(agent_open(&seal, sealed, sizeof(sealed), opened), -1);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t count = 0; count < sizeof(sealed); count++)
        cr_assert_eq(agent_open(&seal, sealed, count, opened), -1);
}

Test(crypto_aead, bound_to_id_agent_and_key)
{
    struct seal_context seal = context();
    uint8_t sealed[SEALED_BYTES];
    char opened[TEXT_BYTES];
    agent_seal(&seal, text, TEXT_BYTES, sealed);
    seal.id.bytes[0] ^= 1;
    cr_assert_eq(agent_open(&seal, sealed, sizeof(sealed), opened), -1);
    seal = context();
    seal.agent_id.bytes[15] ^= 1;
    cr_assert_eq(agent_open(&seal, sealed, sizeof(sealed), opened), -1);
    seal = context();
    agent_key[31] ^= 1;
    cr_assert_eq(agent_open(&seal, sealed, sizeof(sealed), opened), -1);
}

/* Same plan, same bytes; another text, id or agent: another nonce. */
Test(crypto_aead, nonce_follows_the_content)
{
    struct seal_context seal = context();
    uint8_t first[SEALED_BYTES];
    uint8_t second[SEALED_BYTES];
    agent_seal(&seal, text, TEXT_BYTES, first);
    agent_seal(&seal, text, TEXT_BYTES, second);
    cr_assert_eq(memcmp(first, second, sizeof(first)), 0);
    agent_seal(&seal, text, TEXT_BYTES - 1, second);
    cr_assert_neq(memcmp(first, second, SEAL_NONCE_BYTES), 0);
    seal.id.bytes[3] ^= 1;
    agent_seal(&seal, text, TEXT_BYTES, second);
    cr_assert_neq(memcmp(first, second, SEAL_NONCE_BYTES), 0);
}
