/* Who this agent is: its id and its pairing key. The file of it is the only thing the agent keeps on a disk.
 */
#ifndef CARDWRIGHT_AGENT_IDENTITY_H
#define CARDWRIGHT_AGENT_IDENTITY_H

#include "base/ids.h"
#include "base/limits.h"
#include "crypto/aead.h"

#include <stdbool.h>

#define DESK_NAME_BYTES_MAX 256

struct identity {
    struct uuid agent_id;
    struct uuid desk_id;
    char desk_name[DESK_NAME_BYTES_MAX];
    char server[AGENT_URL_BYTES_MAX]; /* the pairing is with this server */
    uint8_t key[AGENT_KEY_BYTES];
};

/* In guarded memory that is not swapped and not dumped; NULL: none left. */
struct identity *identity_new(void);
void identity_free(struct identity *identity); /* wipes */

enum identity_status { IDENTITY_OK, IDENTITY_NONE, IDENTITY_BAD };

/* Reads <folder>/agent.json. IDENTITY_NONE: there is none yet. IDENTITY_BAD: `error` says in a sentence what
 * is wrong with it and what to do; a file that others than the owner may touch is refused. */
enum identity_status identity_load(const char *folder, struct identity *ret_identity, char *error,
                                   size_t error_bytes);

/* Writes the file (0600) so that after a power cut there is the old one or the new one. Makes the folder
 * (0700) if it is missing. False: `error` says why. */
bool identity_save(const char *folder, const struct identity *identity, char *error, size_t error_bytes);

#endif
