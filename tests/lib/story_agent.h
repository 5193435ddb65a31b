/* A desk agent in a story: pairs with a code, then signs what its client sends (agent/PROTOCOL.md). The wire
 * form is written out here once more, apart from server and agent, so that both are measured against the page
 * and not against each other. */
#ifndef CARDWRIGHT_TESTS_LIB_STORY_AGENT_H
#define CARDWRIGHT_TESTS_LIB_STORY_AGENT_H

#include "tests/lib/story.h"

#include <stdint.h>

struct story_agent {
    char id[40];
    char desk_id[40];
    char as[20];         /* client that signs */
    uint8_t key[32];     /* K_agent */
    char run[33];        /* hex */
    int64_t skew_ms;     /* added to the time it claims */
    bool break_mac;      /* signs wrongly */
    char *authorization; /* of the last request; freed with the agent */
};

/* Makes a code as admin and pairs with it. Fails the test when that does not work. Free with
 * story_agent_free. */
struct story_agent *story_agent_pair(struct story *story, const char *as, const char *desk_id,
                                     bool simulated);
void story_agent_free(struct story_agent *agent);

/* Unseals what pair answered under `label`; for stories that send pair themselves. False: it does not open.
 */
struct story_agent_keys {
    uint8_t public_key[32];
    uint8_t secret_key[32];
    char public_hex[65];
};
void story_agent_keys_make(struct story_agent_keys *ret_keys);
bool story_agent_unseal(const struct story_agent_keys *keys, const char *sealed_hex, uint8_t ret_key[32]);

/* Sends hello with the agent's run and this reader state ("ok"). The answer is known under the label "hello".
 */
void story_agent_hello(struct story *story, struct story_agent *agent, const char *reader_state);

#endif
