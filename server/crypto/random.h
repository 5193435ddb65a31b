/* Random bytes from the kernel's generator. sodium_init() must have run. */
#ifndef CARDWRIGHT_CRYPTO_RANDOM_H
#define CARDWRIGHT_CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t count);

/* A number in 0 .. bound - 1, every one equally likely. */
uint32_t random_below(uint32_t bound);

#endif
