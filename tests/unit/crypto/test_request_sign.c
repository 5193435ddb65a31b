/* Signatures; the expected values come from Python's hmac and hashlib. */
#include "base/bytes.h"
#include "crypto/random.h"
#include "crypto/request_sign.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

static uint8_t key[AGENT_KEY_BYTES];

static void make_key(void)
{
    for (uint8_t i = 0; i < AGENT_KEY_BYTES; i++)
        key[i] = i;
}

static const char body[] = "{\"run\":\"00\"}";
static const struct signed_request request = {.method = "POST",
                                              .target = "/agent/v1/poll?x=1",
                                              .unix_ms = 1700000000123,
                                              .body = body,
                                              .body_bytes = 12};

static void assert_mac(const uint8_t mac[SHA256_BYTES], const char *hex)
{
    char text[2 * SHA256_BYTES + 1];
    bytes_to_hex(mac, SHA256_BYTES, text);
    cr_assert_str_eq(text, hex);
}

Test(crypto_request_sign, vectors)
{
    uint8_t mac[SHA256_BYTES];
    make_key();
    request_sign(key, &request, mac);
    assert_mac(mac, "67ab8d124c1db23d7cf703f0c08ec1ee18bb6f375f51704dae3112264d8206f8");
    cr_assert(request_verify(key, &request, mac));
    request_sign_time(key, 1700000000999, 1700000000123, mac);
    assert_mac(mac, "42017befec860599d28da094940d0e178a9f39b1027a9b7bbd690667ba5efa81");
    request_sign(key, &(struct signed_request){.method = "GET", .target = "/agent/v1/x", .unix_ms = -5}, mac);
    assert_mac(mac, "b0b4d0ef1b0aa0f2a312862490739651e9bb95e5e60323321deea0894b258010");
}

Test(crypto_request_sign, every_part_is_signed)
{
    struct signed_request others[5] = {request, request, request, request, request};
    uint8_t mac[SHA256_BYTES];

    others[0].method = "PUT";
    others[1].target = "/agent/v1/poll?x=2";
    others[2].unix_ms++;
    others[3].body_bytes--;
    others[4].body = "{\"run\":\"01\"}";
    make_key();
    request_sign(key, &request, mac);
    for (size_t i = 0; i < 5; i++)
        cr_assert_not(request_verify(key, &others[i], mac), "part %zu", i);
    key[0] ^= 1;
    cr_assert_not(request_verify(key, &request, mac));
}

Test(crypto_request_sign, random_is_not_constant)
{
    uint8_t first[32];
    uint8_t second[32];
    cr_assert_geq(sodium_init(), 0);
    random_bytes(first, sizeof(first));
    random_bytes(second, sizeof(second));
    cr_assert_neq(memcmp(first, second, sizeof(first)), 0);
    for (int i = 0; i < 1000; i++)
        cr_assert_lt(random_below(7), 7);
    cr_assert_eq(random_below(1), 0);
}
