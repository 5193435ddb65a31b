#include "crypto/pairing.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

Test(crypto_pairing, key_travels_sealed)
{
    static const uint8_t agent_key[AGENT_KEY_BYTES] = {1, 2, 3};
    uint8_t public_key[PAIRING_PUBLIC_BYTES];
    uint8_t secret_key[PAIRING_SECRET_BYTES];
    uint8_t sealed[PAIRING_SEALED_BYTES];
    uint8_t again[PAIRING_SEALED_BYTES];
    uint8_t opened[AGENT_KEY_BYTES];

    cr_assert_geq(sodium_init(), 0);
    pairing_keypair(public_key, secret_key);
    cr_assert(pairing_seal(agent_key, public_key, sealed));
    cr_assert(pairing_seal(agent_key, public_key, again));
    cr_assert_neq(memcmp(sealed, again, sizeof(sealed)), 0, "every box has its own key");
    cr_assert(pairing_open(sealed, public_key, secret_key, opened));
    cr_assert_eq(memcmp(opened, agent_key, sizeof(opened)), 0);

    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 0x10;
        cr_assert_not(pairing_open(sealed, public_key, secret_key, opened), "byte %zu", i);
        sealed[i] ^= 0x10;
    }
    secret_key[5] ^= 4;
    cr_assert_not(pairing_open(sealed, public_key, secret_key, opened));
}

Test(crypto_pairing, unusable_public_key)
{
    static const uint8_t agent_key[AGENT_KEY_BYTES] = {1};
    static const uint8_t nothing[PAIRING_PUBLIC_BYTES];
    uint8_t sealed[PAIRING_SEALED_BYTES];
    cr_assert_not(pairing_seal(agent_key, nothing, sealed));
}
