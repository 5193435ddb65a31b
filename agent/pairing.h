/* Pairing: an 8-character code from the server becomes a key that only this agent and the server know. */
#ifndef CARDWRIGHT_AGENT_PAIRING_H
#define CARDWRIGHT_AGENT_PAIRING_H

#include "agent/link.h"

#define PAIRING_CODE_CHARACTERS 8

/* Brings a typed code into the form of the wire: upper case, hyphens and blanks taken out. False: not 8
 * characters of 23456789ABCDEFGHJKMNPQRSTUVWXYZ. */
bool pairing_code_read(const char *typed, char ret_code[PAIRING_CODE_CHARACTERS + 1]);

struct pairing_request {
    const char *code;
    const char *server; /* kept in the identity */
    bool simulated;
};

/* Pairs with the server. False: `error` says in a sentence what to do; `ret_identity` is untouched. Blocks
 * for at most AGENT_CALL_TIMEOUT_MS. */
bool pairing_run(struct link_line *line, const struct pairing_request *request, struct identity *ret_identity,
                 char *error, size_t error_bytes);

#endif
