#include "crypto/cmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static EVP_MAC *cmac_algorithm;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

/* Fetching costs more than a MAC, so it is done once and kept for the life of the process. */
static void fetch(void)
{
    cmac_algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
}

void cmac_aes128(const uint8_t key[CMAC_BYTES], const void *data, size_t data_bytes,
                 uint8_t ret_mac[CMAC_BYTES])
{
    char cipher[] = "AES-128-CBC";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t mac_bytes = 0;

    pthread_once(&fetch_once, fetch);
    EVP_MAC_CTX *context = cmac_algorithm ? EVP_MAC_CTX_new(cmac_algorithm) : NULL;
    int good = context && EVP_MAC_init(context, key, CMAC_BYTES, params) &&
               EVP_MAC_update(context, data, data_bytes) &&
               EVP_MAC_final(context, ret_mac, &mac_bytes, CMAC_BYTES) && mac_bytes == CMAC_BYTES;
    EVP_MAC_CTX_free(context);
    if (!good) {
        fputs("the crypto library cannot compute AES-128-CMAC (out of memory, or AES is disabled)\n", stderr);
        abort();
    }
}
