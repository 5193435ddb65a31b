/* Sealing of plans for one agent (card design 6.2): XChaCha20-Poly1305 (IETF) under a key drawn from the
 * pairing key, with a nonce computed from what is sealed. The same plan sealed twice for the same agent gives
 * the same bytes; two different texts never share a nonce except by a collision of a 192-bit hash. */
#ifndef CARDWRIGHT_CRYPTO_AEAD_H
#define CARDWRIGHT_CRYPTO_AEAD_H

#include "base/ids.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define AGENT_KEY_BYTES 32
#define SEAL_NONCE_BYTES 24
#define SEAL_OVERHEAD_BYTES (SEAL_NONCE_BYTES + 16)

/* Who seals what for whom: bound to the text as additional data. */
struct seal_context {
    const uint8_t *agent_key; /* K_agent, AGENT_KEY_BYTES */
    struct uuid id;           /* plan id, or read id of a read plan */
    struct uuid agent_id;
};

/* Writes nonce | box, text_bytes + SEAL_OVERHEAD_BYTES in all, to `ret_sealed`. */
void agent_seal(const struct seal_context *context, const void *text, size_t text_bytes, uint8_t *ret_sealed);

/* Opens into `ret_text` (sealed_bytes - SEAL_OVERHEAD_BYTES); returns its length, or -1 if it is too short,
 * not for this agent, id and key, or was changed. The nonce is recomputed and compared, so no sealed text has
 * two forms. */
ssize_t agent_open(const struct seal_context *context, const uint8_t *sealed, size_t sealed_bytes,
                   void *ret_text);

#endif
