/* HMAC, HKDF and CMAC against the vectors of their RFCs. */
#include "base/bytes.h"
#include "crypto/cmac.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

#include <criterion/criterion.h>
#include <string.h>

static void assert_hex(const uint8_t *bytes, size_t count, const char *hex)
{
    char text[2 * 128 + 1];
    cr_assert(count <= 128);
    bytes_to_hex(bytes, count, text);
    cr_assert_str_eq(text, hex);
}

Test(crypto_hashes, sha256)
{
    uint8_t hash[SHA256_BYTES];
    sha256("abc", 3, hash);
    assert_hex(hash, sizeof(hash), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256("", 0, hash);
    assert_hex(hash, sizeof(hash), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, cases 1, 2 and 6 (key longer than a block). */
Test(crypto_hashes, hmac)
{
    uint8_t key[131];
    uint8_t mac[SHA256_BYTES];

    memset(key, 0x0b, 20);
    hmac_sha256(key, 20, "Hi There", 8, mac);
    assert_hex(mac, sizeof(mac), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, mac);
    assert_hex(mac, sizeof(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    hmac_sha256(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
    assert_hex(mac, sizeof(mac), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, appendix A.1 and A.3 (no salt, no info). */
Test(crypto_hashes, hkdf)
{
    uint8_t key[22];
    uint8_t salt[13];
    uint8_t info[10];
    uint8_t prk[HKDF_PRK_BYTES];
    uint8_t out[42];

    memset(key, 0x0b, sizeof(key));
    cr_assert(bytes_from_hex("000102030405060708090a0b0c", salt, sizeof(salt)));
    cr_assert(bytes_from_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof(info)));
    hkdf_extract(salt, sizeof(salt), key, sizeof(key), prk);
    assert_hex(prk, sizeof(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    hkdf_expand(&(struct hkdf_info){prk, info, sizeof(info)}, out, sizeof(out));
    assert_hex(out, sizeof(out),
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    hkdf_extract(NULL, 0, key, sizeof(key), prk);
    assert_hex(prk, sizeof(prk), "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
    hkdf_expand_text(prk, "", out, sizeof(out));
    assert_hex(out, sizeof(out),
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

Test(crypto_hashes, hkdf_refuses_what_is_out_of_range)
{
    static const uint8_t prk[HKDF_PRK_BYTES] = {1};
    static const uint8_t info[HKDF_INFO_BYTES_MAX + 1] = {2};
    uint8_t out[4] = {9, 9, 9, 9};
    static const uint8_t zero[4];
    hkdf_expand(&(struct hkdf_info){prk, info, sizeof(info)}, out, sizeof(out));
    cr_assert_eq(memcmp(out, zero, sizeof(out)), 0);
}

/* RFC 4493, examples 1 to 4. */
Test(crypto_hashes, cmac)
{
    static const struct {
        size_t count;
        const char *mac;
    } cases[] = {
        {0, "bb1d6929e95937287fa37d129b756746"},
        {16, "070a16b46b4d4144f79bdd9dd04a287c"},
        {40, "dfa66747de9ae63030ca32611497c827"},
        {64, "51f0bebf7e3b9d92fc49741779363cfe"},
    };
    uint8_t key[CMAC_BYTES];
    uint8_t message[64];
    uint8_t mac[CMAC_BYTES];
    cr_assert(bytes_from_hex("2b7e151628aed2a6abf7158809cf4f3c", key, sizeof(key)));
    cr_assert(bytes_from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                             "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
                             message, sizeof(message)));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cmac_aes128(key, message, cases[i].count, mac);
        assert_hex(mac, sizeof(mac), cases[i].mac);
    }
}

Test(crypto_hashes, constant_time_compare)
{
    cr_assert(bytes_equal_constant_time("same", "same", 4));
    cr_assert_not(bytes_equal_constant_time("same", "sama", 4));
    cr_assert(bytes_equal_constant_time("x", "y", 0));
}
