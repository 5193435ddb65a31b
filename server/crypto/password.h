/* Passwords of operators: argon2id through libsodium, and what counts as too easy. Call sodium_init first. */
#ifndef CARDWRIGHT_CRYPTO_PASSWORD_H
#define CARDWRIGHT_CRYPTO_PASSWORD_H

#include "base/err.h"

#include <stdbool.h>

#define PASSWORD_HASH_BYTES 128 /* crypto_pwhash_STRBYTES: the text form with its NUL */

/* One hash takes PASSWORD_MEMORY_BYTES and a good part of a second, so at most PASSWORD_HASHES_MAX run at
 * once in a process; a caller waits for a place at most PASSWORD_WAIT_MS. Errors of all three:
 * ERR_UNAVAILABLE (no place in time, or no memory). */

/* Hashes `password` with the present cost and a new salt. */
enum err password_hash(const char *password, char ret_hash[PASSWORD_HASH_BYTES]);

/* Whether `password` belongs to `hash`. `ret_outdated` (may be NULL): it does, but the hash was made at
 * another cost and should be made anew. ERR_LOGIN_FAILED: it does not. */
enum err password_check(const char *hash, const char *password, bool *ret_outdated);

/* Spends the time of password_check for an operator who does not exist, so that the clock does not tell which
 * names do. ERR_LOGIN_FAILED, or ERR_UNAVAILABLE. */
enum err password_check_nobody(const char *password);

/* Why `password` may not be chosen, as a sentence for its owner; NULL: it may. `names` are what belongs to
 * the operator (login name, full name), NULL-terminated; a password must not contain any of their words of 3
 * letters and more. No rules on kinds of characters: length and surprise are what counts. */
const char *password_problem(const char *password, const char *const names[]);

#endif
