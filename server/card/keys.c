#include "card/keys.h"

#include "base/bytes.h"
#include "crypto/cmac.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"

#include <sodium.h>
#include <string.h>

#define BRANCH_LABEL_BYTES 7 /* "ocs1|A|" */
#define MAC_BODY_BYTES_MAX 48

static bool digits_good(const char *digits)
{
    for (int i = 0; i < SITE_DIGITS; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
    }
    return true;
}

static void expand_branch(const uint8_t prk[BRANCH_BYTES], const char *label, uint8_t sector,
                          uint8_t ret_branch[BRANCH_BYTES])
{
    uint8_t info[BRANCH_LABEL_BYTES + 1];
    memcpy(info, label, BRANCH_LABEL_BYTES);
    info[BRANCH_LABEL_BYTES] = sector;
    hkdf_expand(&(struct hkdf_info){.prk = prk, .info = info, .info_bytes = sizeof(info)}, ret_branch,
                BRANCH_BYTES);
}

bool site_keys_init(const struct site_key_input *input, struct site_keys *ret_keys)
{
    uint8_t salt[2 + SITE_DIGITS];

    memset(ret_keys, 0, sizeof(*ret_keys));
    if (input->version == 0 || input->site_id == 0 || !digits_good(input->digits))
        return false;
    ret_keys->version = input->version;
    ret_keys->site_id = input->site_id;
    bytes_put_u16(salt, input->site_id);
    memcpy(salt + 2, input->digits, SITE_DIGITS);
    hkdf_extract(salt, sizeof(salt), input->key, SITE_KEY_BYTES, ret_keys->prk);
    for (uint8_t sector = 0; sector < BRANCHES_MAX; sector++) {
        expand_branch(ret_keys->prk, "ocs1|A|", sector, ret_keys->branch_a[sector]);
        expand_branch(ret_keys->prk, "ocs1|B|", sector, ret_keys->branch_b[sector]);
    }
    hkdf_expand_text(ret_keys->prk, "ocs1|mac", ret_keys->branch_mac, BRANCH_BYTES);
    sodium_memzero(salt, sizeof(salt));
    return true;
}

void site_keys_clear(struct site_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}

void site_key_fingerprint(const uint8_t key[SITE_KEY_BYTES], uint8_t ret_fingerprint[32])
{
    hmac_sha256(key, SITE_KEY_BYTES, "fp", 2, ret_fingerprint);
}

void site_key_password_seal_key(const uint8_t key[SITE_KEY_BYTES], uint8_t ret_key[32])
{
    uint8_t prk[HKDF_PRK_BYTES];
    hkdf_extract(NULL, 0, key, SITE_KEY_BYTES, prk);
    hkdf_expand_text(prk, "ocs1|pw", ret_key, 32);
    sodium_memzero(prk, sizeof(prk));
}

bool card_uid_valid(const struct card_uid *uid)
{
    return uid->length == 4 || uid->length == 7 || uid->length == 10;
}

bool card_uid_equal(const struct card_uid *left, const struct card_uid *right)
{
    return left->length == right->length && left->length <= CARD_UID_BYTES_MAX &&
           memcmp(left->bytes, right->bytes, left->length) == 0;
}

bool card_uid_parse(const char *text, struct card_uid *ret_uid)
{
    struct card_uid uid = {0};
    int count = bytes_from_hex_any(text, uid.bytes, sizeof(uid.bytes));
    if (count < 0)
        return false;
    uid.length = (uint8_t)count;
    if (!card_uid_valid(&uid))
        return false;
    *ret_uid = uid;
    return true;
}

void card_uid_format(const struct card_uid *uid, char text[2 * CARD_UID_BYTES_MAX + 1])
{
    bytes_to_hex(uid->bytes, uid->length <= CARD_UID_BYTES_MAX ? uid->length : 0, text);
}

/* Keys that every attacker tries first; the derivation steps over them. */
static bool is_well_known(const uint8_t key[CARD_KEY_BYTES])
{
    static const uint8_t well_known[][CARD_KEY_BYTES] = {
        {0x00, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
        {0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5}, /* the public read key of application directories */
    };
    for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
        if (memcmp(key, well_known[i], CARD_KEY_BYTES) == 0)
            return true;
    }
    return false;
}

/* uidlen | UID, the part that makes a key the card's own. Returns its length. */
static size_t uid_info(const struct card_uid *uid, uint8_t info[1 + CARD_UID_BYTES_MAX])
{
    info[0] = uid->length;
    memcpy(info + 1, uid->bytes, uid->length);
    return (size_t)uid->length + 1;
}

static void derive_sector_key(const uint8_t branch[BRANCH_BYTES], const struct card_uid *uid,
                              uint8_t ret_key[CARD_KEY_BYTES])
{
    uint8_t info[1 + CARD_UID_BYTES_MAX + 1];
    size_t count = uid_info(uid, info);
    info[count] = 0;
    do {
        hkdf_expand(&(struct hkdf_info){.prk = branch, .info = info, .info_bytes = count + 1}, ret_key,
                    CARD_KEY_BYTES);
        info[count]++;
    } while (is_well_known(ret_key) && info[count] != 0);
}

void card_keys_derive(const struct site_keys *site, const struct card_uid *uid, struct card_keys *ret_keys)
{
    uint8_t info[1 + CARD_UID_BYTES_MAX];

    memset(ret_keys, 0, sizeof(*ret_keys));
    ret_keys->version = site->version;
    ret_keys->site_id = site->site_id;
    ret_keys->uid = *uid;
    for (int sector = 0; sector < CARD_SECTORS_LOGICAL; sector++) {
        derive_sector_key(site->branch_a[sector], uid, ret_keys->key_a[sector]);
        derive_sector_key(site->branch_b[sector], uid, ret_keys->key_b[sector]);
    }
    struct hkdf_info mac = {.prk = site->branch_mac, .info = info, .info_bytes = uid_info(uid, info)};
    hkdf_expand(&mac, ret_keys->mac, CARD_MAC_KEY_BYTES);
}

void card_keys_clear(struct card_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}

void card_auth_key_derive(const struct site_keys *site, uint16_t area, const struct card_uid *uid,
                          uint8_t ret_key[CARD_MAC_KEY_BYTES])
{
    static const char label[] = "ocs1|auth|";
    uint8_t area_info[sizeof(label) - 1 + 2];
    uint8_t branch[BRANCH_BYTES];
    uint8_t info[1 + CARD_UID_BYTES_MAX];

    memcpy(area_info, label, sizeof(label) - 1);
    bytes_put_u16(area_info + sizeof(label) - 1, area);
    hkdf_expand(&(struct hkdf_info){.prk = site->prk, .info = area_info, .info_bytes = sizeof(area_info)},
                branch, sizeof(branch));
    struct hkdf_info card = {.prk = branch, .info = info, .info_bytes = uid_info(uid, info)};
    hkdf_expand(&card, ret_key, CARD_MAC_KEY_BYTES);
    sodium_memzero(branch, sizeof(branch));
}

void card_mac4(const struct card_mac_input *input, uint8_t ret_mac[4])
{
    uint8_t message[1 + CARD_UID_BYTES_MAX + 1 + MAC_BODY_BYTES_MAX];
    uint8_t mac[CMAC_BYTES];
    size_t count = uid_info(input->uid, message);
    size_t body_bytes = input->body_bytes <= MAC_BODY_BYTES_MAX ? input->body_bytes : MAC_BODY_BYTES_MAX;

    message[count++] = (uint8_t)input->tag;
    memcpy(message + count, input->body, body_bytes);
    cmac_aes128(input->key, message, count + body_bytes, mac);
    memcpy(ret_mac, mac, 4);
}
