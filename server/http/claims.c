/* Headers with a grammar of their own. */
#include "base/bytes.h"
#include "http/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* W/"7" or "7": the version number of the object. */
bool request_if_match(struct request *rq, int64_t *ret_version)
{
    const char *text = request_header(rq, "If-Match");
    *ret_version = -1;
    if (!text)
        return true;
    if (strncmp(text, "W/", 2) == 0)
        text += 2;
    size_t digits = *text == '"' ? strspn(text + 1, "0123456789") : 0;
    if (digits == 0 || digits > 18 || strcmp(text + 1 + digits, "\"") != 0) {
        reply_field_error(rq, "/headers/if-match", "malformed",
                          "If-Match must be one ETag as this server gave it.");
        return false;
    }
    *ret_version = strtoll(text + 1, NULL, 10);
    return true;
}

/* Finds name=value in "agent=…, time=…, mac=…" and copies the value; false: absent, or too long. */
static bool take_member(const char *text, const char *name, char *value, size_t capacity)
{
    size_t name_bytes = strlen(name);
    while (*text) {
        text += strspn(text, ", ");
        size_t bytes = strcspn(text, ",");
        if (bytes > name_bytes && strncmp(text, name, name_bytes) == 0 && text[name_bytes] == '=') {
            size_t value_bytes = bytes - name_bytes - 1;
            while (value_bytes > 0 && text[name_bytes + value_bytes] == ' ')
                value_bytes--;
            if (value_bytes >= capacity)
                return false;
            memcpy(value, text + name_bytes + 1, value_bytes);
            value[value_bytes] = '\0';
            return true;
        }
        text += bytes;
    }
    return false;
}

bool agent_claim_parse(const char *text, struct agent_claim *ret_claim)
{
    static const char scheme[] = "Cardwright ";
    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return false;
    text += sizeof scheme - 1;
    char id[UUID_TEXT_BYTES];
    char time[16];
    char mac[2 * SHA256_BYTES + 1];
    struct agent_claim claim;
    if (!take_member(text, "agent", id, sizeof id) || !uuid_parse(id, &claim.agent_id) ||
        !take_member(text, "time", time, sizeof time) || !*time ||
        strspn(time, "0123456789") != strlen(time) || !take_member(text, "mac", mac, sizeof mac) ||
        !bytes_from_hex(mac, claim.mac, sizeof claim.mac))
        return false;
    claim.unix_ms = strtoll(time, NULL, 10);
    *ret_claim = claim;
    return true;
}

bool request_agent_claim(const struct request *rq, struct agent_claim *ret_claim)
{
    const char *text = request_header(rq, "Authorization");
    return text && agent_claim_parse(text, ret_claim);
}
