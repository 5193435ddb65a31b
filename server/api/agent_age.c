#include "api/agent_age.h"

#include "base/limits.h"

#include <stddef.h>
#include <stdlib.h>

#define VERSION_PARTS 3
#define PART_MAX 1000000

/* Takes the next number and the point behind it off `*at`. */
static long next_part(const char **at)
{
    char *end;
    if (**at < '0' || **at > '9')
        return 0;
    long part = strtol(*at, &end, 10);
    *at = *end == '.' ? end + 1 : end;
    return part > PART_MAX ? PART_MAX : part;
}

bool agent_version_older(const char *version, const char *than)
{
    for (int i = 0; i < VERSION_PARTS; i++) {
        long ours = next_part(&version);
        long wanted = next_part(&than);
        if (ours != wanted)
            return ours < wanted;
    }
    return false;
}

struct agent_age agent_age(int64_t protocol, const char *version)
{
    if (protocol < AGENT_PROTOCOL_MIN)
        return (struct agent_age){"required", AGENT_VERSION_MIN};
    if (agent_version_older(version, AGENT_VERSION_WANTED))
        return (struct agent_age){"advised", AGENT_VERSION_WANTED};
    return (struct agent_age){NULL, NULL};
}
