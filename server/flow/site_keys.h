/* The site keys K_site[1..n] of this server and what is sealed under them: the system password and the
 * pairing keys of agents (card design 2.1). Loaded once at start from the key file; the same for all threads
 * until site_keys_unload. The database holds only fingerprints (table site_key). */
#ifndef CARDWRIGHT_FLOW_SITE_KEYS_H
#define CARDWRIGHT_FLOW_SITE_KEYS_H

#include "card/keys.h"
#include "crypto/aead.h"
#include "db/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SITE_SEAL_OVERHEAD_BYTES 40 /* secretbox: nonce 24, tag 16 */
#define SITE_PASSWORD_SEALED_BYTES (SITE_DIGITS + SITE_SEAL_OVERHEAD_BYTES)
#define AGENT_KEY_SEALED_BYTES (AGENT_KEY_BYTES + SITE_SEAL_OVERHEAD_BYTES)

/* Where the key file is: $CREDENTIALS_DIRECTORY/site.key if systemd gives one, else `configured`
 * (keys.site_key_file). False: the path does not fit. */
bool site_keys_path(const char *configured, char *ret_path, size_t capacity);

/* Reads the key file and compares it with the fingerprints in the database. For a database without one, and
 * only then, a missing file is made (mode 0400) and its key registered, with a warning in the log to back it
 * up. False: the server must not start; `ret_problem` is a sentence that says what to do. Loads nothing then.
 */
bool site_keys_load(struct db_conn *db, const char *path, char *ret_problem, size_t capacity);
/* Wipes everything. No other thread may use this module any more. */
void site_keys_unload(void);

/* Newest version, 0 while nothing is loaded; versions are 1..newest without gaps. */
int site_keys_newest(void);
/* K_site[version], in locked memory, borrowed until unload; NULL: not loaded. */
const uint8_t *site_keys_get(int version);

/* Seals four ASCII digits under the newest key; what goes into site.system_password_sealed. */
void site_keys_seal_digits(const char digits[SITE_DIGITS], uint8_t ret_sealed[SITE_PASSWORD_SEALED_BYTES]);
/* False: not sealed under a key of this server. The caller wipes the digits. No NUL is written. */
bool site_keys_open_digits(const uint8_t *sealed, size_t sealed_bytes, char ret_digits[SITE_DIGITS]);

/* The same for the pairing key of an agent (agent.key_sealed). */
void site_keys_seal_agent(const uint8_t key[AGENT_KEY_BYTES], uint8_t ret_sealed[AGENT_KEY_SEALED_BYTES]);
bool site_keys_open_agent(const uint8_t *sealed, size_t sealed_bytes, uint8_t ret_key[AGENT_KEY_BYTES]);

/* What cards are made with at one site: columns of `site` and a key version. */
struct site_seal {
    int version; /* of the site key */
    uint16_t site_id;
    const uint8_t *password_sealed; /* site.system_password_sealed */
    size_t password_sealed_bytes;
};

/* The expanded key tree for these, from a small cache in locked memory, else computed. False: no such
 * version, or the password does not open. The caller clears `ret_keys` (site_keys_clear). From any thread. */
bool site_keys_expand(const struct site_seal *seal, struct site_keys *ret_keys);

#endif
