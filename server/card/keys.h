/* The key tree of the card format (card design 2.2): from one site key to every key and MAC key of one card.
 *
 *   K_site, site_id, digits -> PRK -> branches A_L, B_L, mac, auth(area) -> with the UID: sector keys, K_mac,
 * K_auth
 *
 * Everything here is secret. The owner of a struct wipes it with the clear function as soon as it is not
 * needed. */
#ifndef CARDWRIGHT_CARD_KEYS_H
#define CARDWRIGHT_CARD_KEYS_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SITE_KEY_BYTES 32
#define BRANCH_BYTES 32
#define BRANCHES_MAX 15 /* logical sectors 0..14 have a branch; layout 1 uses 0..6 */
#define CARD_MAC_KEY_BYTES 16
#define CARD_SECTORS_LOGICAL 7 /* L0..L6 of layout 1 */
#define SITE_DIGITS 4

struct card_uid {
    uint8_t length; /* 4, 7 or 10 */
    uint8_t bytes[CARD_UID_BYTES_MAX];
};

enum key_slot { KEY_SLOT_A = 'A', KEY_SLOT_B = 'B' };

/* One version of the site key, expanded. Kept by the server for its whole life, in memory that it wipes. */
struct site_keys {
    uint8_t version;  /* v of K_site[v], 1..255 */
    uint16_t site_id; /* 1..65535 */
    uint8_t prk[BRANCH_BYTES];
    uint8_t branch_a[BRANCHES_MAX][BRANCH_BYTES];
    uint8_t branch_b[BRANCHES_MAX][BRANCH_BYTES];
    uint8_t branch_mac[BRANCH_BYTES];
};

/* The keys of one card under one version of the site key. Lives for one request. */
struct card_keys {
    uint8_t version;
    uint16_t site_id;
    struct card_uid uid;
    uint8_t key_a[CARD_SECTORS_LOGICAL][CARD_KEY_BYTES];
    uint8_t key_b[CARD_SECTORS_LOGICAL][CARD_KEY_BYTES];
    uint8_t mac[CARD_MAC_KEY_BYTES]; /* K_mac: ID block, issuer records, times records */
};

/* What site_keys_init needs; the digits are the system password, four ASCII digits (no NUL needed). */
struct site_key_input {
    const uint8_t *key; /* K_site[v], SITE_KEY_BYTES */
    uint8_t version;
    uint16_t site_id;
    const char *digits;
};

/* Expands one site key. False: version 0, site_id 0 or digits that are not four ASCII digits; nothing is left
 * in `ret_keys` then. */
bool site_keys_init(const struct site_key_input *input, struct site_keys *ret_keys);
void site_keys_clear(struct site_keys *keys);

/* HMAC-SHA256(K_site, "fp"): what the database keeps to recognise the key file. 32 bytes. */
void site_key_fingerprint(const uint8_t key[SITE_KEY_BYTES], uint8_t ret_fingerprint[32]);

/* The secretbox key under which the system password is stored. 32 bytes; the caller wipes it. */
void site_key_password_seal_key(const uint8_t key[SITE_KEY_BYTES], uint8_t ret_key[32]);

/* True for the UID lengths that exist: 4, 7, 10. */
bool card_uid_valid(const struct card_uid *uid);
bool card_uid_equal(const struct card_uid *left, const struct card_uid *right);

/* UID as hex text of 8, 14 or 20 digits. False: another length or not hex. */
bool card_uid_parse(const char *text, struct card_uid *ret_uid);
void card_uid_format(const struct card_uid *uid, char text[2 * CARD_UID_BYTES_MAX + 1]);

/* All sector keys and K_mac of one card. `uid` must be valid. The caller clears `ret_keys`. */
void card_keys_derive(const struct site_keys *site, const struct card_uid *uid, struct card_keys *ret_keys);
void card_keys_clear(struct card_keys *keys);

/* K_auth of one door area for one card (16 bytes; the caller wipes it). */
void card_auth_key_derive(const struct site_keys *site, uint16_t area, const struct card_uid *uid,
                          uint8_t ret_key[CARD_MAC_KEY_BYTES]);

/* MAC4 = first four bytes of AES-128-CMAC(key, uidlen | UID | tag | body). Aborts only if the crypto library
 * cannot allocate. `body` is at most 48 bytes. */
struct card_mac_input {
    const uint8_t *key; /* CARD_MAC_KEY_BYTES */
    const struct card_uid *uid;
    char tag; /* 'D' ID, 'I' issuer record, 'N' times record, 'A' authority */
    const uint8_t *body;
    size_t body_bytes;
};
void card_mac4(const struct card_mac_input *input, uint8_t ret_mac[4]);

#endif
