/* Whether the program of a desk is as new as this server wants. It may be older: the protocol is what counts
 * for letting it in, the version for what it can do. */
#ifndef CARDWRIGHT_API_AGENT_AGE_H
#define CARDWRIGHT_API_AGENT_AGE_H

#include <stdbool.h>
#include <stdint.h>

#define AGENT_VERSION_MIN "1.0.0"    /* the first that speaks AGENT_PROTOCOL_MIN */
#define AGENT_VERSION_WANTED "1.1.0" /* the first that prints receipts */

struct agent_age {
    const char *update; /* "required": too old to be let in; "advised"; NULL: new enough */
    const char *needs;  /* version to update to; NULL: none */
};

struct agent_age agent_age(int64_t protocol, const char *version);

/* Numbers parted by points, compared one after the other; a missing one counts as 0, and what follows the
 * numbers
 * ("1.2.0-rc1") not at all. */
bool agent_version_older(const char *version, const char *than);

#endif
