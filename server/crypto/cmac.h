/* AES-128-CMAC (RFC 4493). */
#ifndef CARDWRIGHT_CRYPTO_CMAC_H
#define CARDWRIGHT_CRYPTO_CMAC_H

#include <stddef.h>
#include <stdint.h>

#define CMAC_BYTES 16

/* The MAC of `data` under a 16-byte key. Ends the process if the crypto library has no memory or no AES: a
 * MAC that is not one must never be written to a card or accepted from it. */
void cmac_aes128(const uint8_t key[CMAC_BYTES], const void *data, size_t data_bytes,
                 uint8_t ret_mac[CMAC_BYTES]);

#endif
