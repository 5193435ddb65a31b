/* The file of site keys: one line "version 64-hex-digits" for each version 1, 2, …; "#" begins a comment.
 * Whoever has it and the system password can make every card of the site, so nobody but the server may read
 * it. */
#ifndef CARDWRIGHT_FLOW_SITE_KEY_FILE_H
#define CARDWRIGHT_FLOW_SITE_KEY_FILE_H

#include "base/limits.h"
#include "card/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_key_file {
    int count; /* versions 1..count */
    uint8_t keys[SITE_KEY_VERSIONS_MAX][SITE_KEY_BYTES];
};

enum site_key_file_result { SITE_KEY_FILE_OK, SITE_KEY_FILE_ABSENT, SITE_KEY_FILE_REFUSED };

/* REFUSED: unreadable, malformed, not ours, or anybody but its owner may read it or anybody may write it (any
 * mode looser than 0400); `ret_problem` says which and what to do. `ret_file` is wiped then. */
enum site_key_file_result site_key_file_read(const char *path, struct site_key_file *ret_file,
                                             char *ret_problem, size_t capacity);

/* Makes a new key as version 1, writes it to a new file (mode 0400, on disk before this returns) and gives it
 * back. Never overwrites: an existing file is REFUSED. */
enum site_key_file_result site_key_file_make(const char *path, struct site_key_file *ret_file,
                                             char *ret_problem, size_t capacity);

bool site_key_file_exists(const char *path);

#endif
