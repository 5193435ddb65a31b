/* The grant of a second password, as a request carries it: header Step-Up, the token of POST
 * /api/v1/session/step-up. It is no part of the body, so that a repeat with the same Idempotency-Key has the
 * same body. */
#ifndef CARDWRIGHT_API_STEP_UP_H
#define CARDWRIGHT_API_STEP_UP_H

#include "crypto/token.h"
#include "http/request.h"

/* The hash for fn_step_up_valid and fn_step_up_use, in the memory of the request; NULL: the header is absent.
 */
static inline const uint8_t *step_up_sha256(struct request *rq)
{
    const char *text = request_header(rq, "step-up");
    if (!text)
        return NULL;
    uint8_t *sha256_bytes = request_alloc(rq, SHA256_BYTES);
    token_hash(text, sha256_bytes);
    return sha256_bytes;
}

#endif
