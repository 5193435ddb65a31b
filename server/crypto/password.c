#include "crypto/password.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "the text form of libsodium fits");

/* ---- places for hashing ---- */

static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t places_freed = PTHREAD_COND_INITIALIZER;
static int places_taken;

static bool place_take(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PASSWORD_WAIT_MS / 1000;

    pthread_mutex_lock(&places_lock);
    int result = 0;
    while (places_taken >= PASSWORD_HASHES_MAX && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&places_freed, &places_lock, &until);
    bool taken = places_taken < PASSWORD_HASHES_MAX;
    places_taken += taken;
    pthread_mutex_unlock(&places_lock);
    return taken;
}

static void place_free(void)
{
    pthread_mutex_lock(&places_lock);
    places_taken--;
    pthread_cond_signal(&places_freed);
    pthread_mutex_unlock(&places_lock);
}

/* ---- hashing ---- */

enum err password_hash(const char *password, char ret_hash[PASSWORD_HASH_BYTES])
{
    if (!place_take())
        return ERR_UNAVAILABLE;
    int failed = crypto_pwhash_str_alg(ret_hash, password, strlen(password), PASSWORD_PASSES,
                                       PASSWORD_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    place_free();
    return failed ? ERR_UNAVAILABLE : OK;
}

enum err password_check(const char *hash, const char *password, bool *ret_outdated)
{
    /* libsodium reads exactly this many bytes, whatever stands in the database. */
    char padded[PASSWORD_HASH_BYTES] = {0};
    size_t hash_bytes = strnlen(hash, sizeof(padded));
    if (hash_bytes >= sizeof(padded))
        return ERR_LOGIN_FAILED;
    memcpy(padded, hash, hash_bytes);

    if (!place_take())
        return ERR_UNAVAILABLE;
    errno = 0;
    int failed = crypto_pwhash_str_verify(padded, password, strlen(password));
    bool no_memory = failed && errno == ENOMEM;
    place_free();
    if (failed)
        return no_memory ? ERR_UNAVAILABLE : ERR_LOGIN_FAILED;
    if (ret_outdated)
        *ret_outdated = crypto_pwhash_str_needs_rehash(padded, PASSWORD_PASSES, PASSWORD_MEMORY_BYTES) != 0;
    return OK;
}

enum err password_check_nobody(const char *password)
{
    char hash[PASSWORD_HASH_BYTES];
    enum err err = password_hash(password, hash);
    sodium_memzero(hash, sizeof(hash));
    return err ? err : ERR_LOGIN_FAILED;
}

/* ---- rules ---- */

static const char *const common[] = {
#define COMMON(word) word,
#include "crypto/password_common.def"
#undef COMMON
};

/* Folded for comparison; NULL: not UTF-8 or no memory. The caller frees it. */
static char *fold(const char *text)
{
    size_t bytes = 0;
    uint8_t *folded = u8_casefold((const uint8_t *)text, strlen(text) + 1, NULL, UNINORM_NFC, NULL, &bytes);
    return (char *)folded;
}

/* Wipes before freeing: what was folded is a password. */
static void folded_free(char **at)
{
    if (*at)
        sodium_memzero(*at, strlen(*at));
    free(*at);
}

static bool is_filler(unsigned char byte)
{
    return byte < 0x80 && !(byte >= 'a' && byte <= 'z');
}

static bool is_common_core(const char *core, size_t bytes)
{
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        size_t word_bytes = strlen(common[i]);
        bool once = bytes == word_bytes && memcmp(core, common[i], bytes) == 0;
        bool twice = bytes == 2 * word_bytes && memcmp(core, common[i], word_bytes) == 0 &&
                     memcmp(core + word_bytes, common[i], word_bytes) == 0;
        if (once || twice)
            return true;
    }
    return false;
}

/* The whole, or what is left without digits and signs at both ends, is a common one. */
static bool is_common(const char *folded)
{
    size_t start = 0, end = strlen(folded);
    if (is_common_core(folded, end))
        return true;
    while (start < end && is_filler((unsigned char)folded[start]))
        start++;
    while (end > start && is_filler((unsigned char)folded[end - 1]))
        end--;
    return is_common_core(folded, end) || is_common_core(folded + start, end - start);
}

/* Fewer than 5 different bytes ("aaaaaaaaaaaa", "121212121212"), or only digits that run up or down. */
static bool is_monotonous(const char *folded)
{
    bool seen[256] = {false};
    int different = 0;
    bool up = true, down = true;
    for (const unsigned char *at = (const unsigned char *)folded; *at; at++) {
        different += !seen[*at];
        seen[*at] = true;
        if (at[1]) {
            up = up && (at[1] == at[0] + 1 || (at[0] == '9' && at[1] == '0'));
            down = down && (at[1] == at[0] - 1 || (at[0] == '0' && at[1] == '9'));
        }
    }
    return different < 5 || up || down;
}

static bool contains_word_of(const char *folded, const char *name)
{
    static const char between[] = " .,-_@'";
    CLEANUP(folded_free) char *words = fold(name);
    char *word = words;
    while (word && *(word += strspn(word, between))) {
        size_t word_bytes = strcspn(word, between);
        /* A Chinese name of two signs (six bytes) says as much as three letters. */
        bool long_enough = word_bytes >= 6 || u8_mbsnlen((const uint8_t *)word, word_bytes) >= 3;
        if (long_enough && memmem(folded, strlen(folded), word, word_bytes))
            return true;
        word += word_bytes;
    }
    return false;
}

const char *password_problem(const char *password, const char *const names[])
{
    if (u8_mbsnlen((const uint8_t *)password, strlen(password)) < PASSWORD_CHARACTERS_MIN)
        return "It has fewer than 12 characters.";
    CLEANUP(folded_free) char *folded = fold(password);
    if (!folded)
        return "It is not text in UTF-8.";
    if (is_common(folded))
        return "It is one of the passwords everybody tries first.";
    if (is_monotonous(folded))
        return "It repeats or counts a few characters.";
    for (size_t i = 0; names && names[i]; i++)
        if (contains_word_of(folded, names[i]))
            return "It contains the operator's name.";
    return NULL;
}
