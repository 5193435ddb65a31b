#include "crypto/random.h"

#include <sodium.h>

void random_bytes(void *out, size_t count)
{
    randombytes_buf(out, count);
}

uint32_t random_below(uint32_t bound)
{
    return randombytes_uniform(bound);
}
