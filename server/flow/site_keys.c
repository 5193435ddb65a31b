/* Site keys: the key file at start, then read-only in locked memory. */
#include "flow/site_keys.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "crypto/hkdf.h"
#include "flow/site_key_file.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expanded {
    bool used;
    int version;
    uint16_t site_id;
    uint8_t password_sealed[SITE_PASSWORD_SEALED_BYTES];
    struct site_keys keys;
};

/* Written only by load and unload, read-only between them (also for the memory protection). */
struct ring {
    struct site_key_file file;
    uint8_t agent_seal[SITE_KEY_VERSIONS_MAX][32];
};

static struct ring *ring;
static struct expanded *expanded; /* SITE_KEY_EXPANDED_MAX; guarded by expanded_lock */
static int expanded_next;
static pthread_mutex_t expanded_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- load ---- */

struct load {
    const char *path;
    struct site_key_file *file;
    int registered; /* versions the database did not know before */
    bool made;
    char *problem;
    size_t problem_bytes;
};

static enum err refuse(struct load *load, const char *sentence)
{
    snprintf(load->problem, load->problem_bytes, sentence, load->path);
    return ERR_INTERNAL;
}

static enum err fingerprints_compare(struct load *load, const struct db_rows *known)
{
    for (int row = 0; row < db_rows_count(known); row++) {
        int version = (int)db_int64(known, row, 0);
        uint8_t expected[32];
        uint8_t found[32];
        if (version < 1 || version > load->file->count)
            return refuse(load,
                          "The key file %s lacks a version of the site key that cards of this database use: "
                          "copy the key file from the first server.");
        site_key_fingerprint(load->file->keys[version - 1], found);
        if (db_bytes(known, row, 1, expected, sizeof expected) != (int)sizeof expected ||
            sodium_memcmp(expected, found, sizeof found) != 0)
            return refuse(
                load, "The key file %s holds another site key than the one this database was set up with: "
                      "copy the key file from the first server.");
    }
    return OK;
}

static enum err fingerprints_register(struct db_conn *db, struct load *load, int known)
{
    for (int version = known + 1; version <= load->file->count; version++) {
        uint8_t fingerprint[32];
        site_key_fingerprint(load->file->keys[version - 1], fingerprint);
        struct db_params params = {0};
        db_bind_int64(&params, version);
        db_bind_bytes(&params, fingerprint, sizeof fingerprint);
        enum err err = db_query(db, "site_key_register", &params, NULL);
        if (err != OK)
            return err;
        load->registered++;
    }
    return OK;
}

/* Holds a lock in the database, so of two servers that start at once only one makes the key. */
static enum err load_transaction(struct db_conn *db, void *context)
{
    struct load *load = context;
    CLEANUP(db_rows_release) struct db_rows *known = NULL;
    load->registered = 0;
    load->problem[0] = '\0';
    enum err err = db_query(db, "site_key_lock", NULL, NULL);
    if (err == OK)
        err = db_query(db, "site_key_list", NULL, &known);
    if (err != OK)
        return err;
    int known_count = db_rows_count(known);
    enum site_key_file_result result =
        site_key_file_read(load->path, load->file, load->problem, load->problem_bytes);
    if (result == SITE_KEY_FILE_ABSENT) {
        if (known_count > 0)
            return refuse(
                load, "There is no key file %s, but this database was set up with a site key: copy the key "
                      "file from the first server. Without it every card and pairing is lost.");
        result = site_key_file_make(load->path, load->file, load->problem, load->problem_bytes);
        load->made = result == SITE_KEY_FILE_OK;
    }
    if (result != SITE_KEY_FILE_OK)
        return ERR_INTERNAL;
    err = fingerprints_compare(load, known);
    return err == OK ? fingerprints_register(db, load, known_count) : err;
}

static void load_report(const struct load *load)
{
    if (load->made)
        log_warn(
            "site_key.made", LOG_TEXT("file", load->path),
            LOG_TEXT("do",
                     "BACK THIS FILE UP NOW, apart from the database backups, and copy it to every further "
                     "server; whoever loses it loses every card"));
    else if (load->registered > 0)
        log_warn("site_key.registered", LOG_TEXT("file", load->path), LOG_INT("versions", load->registered),
                 LOG_TEXT("do", "back this file up, and copy it to every further server"));
}

static void agent_seal_key(const uint8_t key[SITE_KEY_BYTES], uint8_t ret_key[32])
{
    uint8_t prk[HKDF_PRK_BYTES];
    hkdf_extract(NULL, 0, key, SITE_KEY_BYTES, prk);
    hkdf_expand_text(prk, "ocs1|agent", ret_key, 32);
    sodium_memzero(prk, sizeof prk);
}

bool site_keys_load(struct db_conn *db, const char *path, char *ret_problem, size_t capacity)
{
    ret_problem[0] = '\0';
    site_keys_unload();
    struct ring *made = sodium_malloc(sizeof *made);
    struct expanded *cache = sodium_allocarray(SITE_KEY_EXPANDED_MAX, sizeof *cache);
    if (!made || !cache) {
        snprintf(ret_problem, capacity,
                 "There is no locked memory left for the site keys: raise the memlock limit.");
        sodium_free(made);
        sodium_free(cache);
        return false;
    }
    memset(made, 0, sizeof *made);
    memset(cache, 0, SITE_KEY_EXPANDED_MAX * sizeof *cache);
    struct load load = {.path = path, .file = &made->file, .problem = ret_problem, .problem_bytes = capacity};
    enum err err = db_run(db, "load site keys", load_transaction, &load);
    if (err != OK) {
        if (!ret_problem[0])
            snprintf(ret_problem, capacity,
                     "The fingerprint of the site key cannot be read from the database: %s",
                     err == ERR_UNAVAILABLE ? "it is not reachable." : "run cardwrightd migrate first.");
        sodium_free(made);
        sodium_free(cache);
        return false;
    }
    for (int i = 0; i < made->file.count; i++)
        agent_seal_key(made->file.keys[i], made->agent_seal[i]);
    sodium_mprotect_readonly(made);
    ring = made;
    expanded = cache;
    load_report(&load);
    return true;
}

void site_keys_unload(void)
{
    sodium_free(ring); /* wipes */
    sodium_free(expanded);
    ring = NULL;
    expanded = NULL;
    expanded_next = 0;
}

int site_keys_newest(void)
{
    return ring ? ring->file.count : 0;
}

const uint8_t *site_keys_get(int version)
{
    return ring && version >= 1 && version <= ring->file.count ? ring->file.keys[version - 1] : NULL;
}

bool site_keys_path(const char *configured, char *ret_path, size_t capacity)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (credentials && *credentials) {
        int length = snprintf(ret_path, capacity, "%s/site.key", credentials);
        if (length < 0 || (size_t)length >= capacity)
            return false;
        if (site_key_file_exists(ret_path))
            return true;
    }
    int length = snprintf(ret_path, capacity, "%s", configured);
    return length > 0 && (size_t)length < capacity;
}

/* ---- sealing: secretbox, nonce | box ---- */

static void seal(const uint8_t key[32], const uint8_t *text, size_t text_bytes, uint8_t *ret_sealed)
{
    randombytes_buf(ret_sealed, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(ret_sealed + crypto_secretbox_NONCEBYTES, text, text_bytes, ret_sealed, key);
}

static bool unseal(const uint8_t key[32], const uint8_t *sealed, size_t text_bytes, uint8_t *ret_text)
{
    return crypto_secretbox_open_easy(ret_text, sealed + crypto_secretbox_NONCEBYTES,
                                      text_bytes + crypto_secretbox_MACBYTES, sealed, key) == 0;
}

static_assert(SITE_SEAL_OVERHEAD_BYTES == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES,
              "overhead of a secretbox with its nonce");

void site_keys_seal_digits(const char digits[SITE_DIGITS], uint8_t ret_sealed[SITE_PASSWORD_SEALED_BYTES])
{
    uint8_t key[32];
    site_key_password_seal_key(site_keys_get(site_keys_newest()), key);
    seal(key, (const uint8_t *)digits, SITE_DIGITS, ret_sealed);
    sodium_memzero(key, sizeof key);
}

/* The newest key first: that is the one in use; older ones sealed what was not sealed anew since. */
bool site_keys_open_digits(const uint8_t *sealed, size_t sealed_bytes, char ret_digits[SITE_DIGITS])
{
    if (sealed_bytes != SITE_PASSWORD_SEALED_BYTES)
        return false;
    bool opened = false;
    uint8_t key[32];
    for (int version = site_keys_newest(); version >= 1 && !opened; version--) {
        site_key_password_seal_key(site_keys_get(version), key);
        opened = unseal(key, sealed, SITE_DIGITS, (uint8_t *)ret_digits);
    }
    sodium_memzero(key, sizeof key);
    return opened;
}

void site_keys_seal_agent(const uint8_t key[AGENT_KEY_BYTES], uint8_t ret_sealed[AGENT_KEY_SEALED_BYTES])
{
    seal(ring->agent_seal[ring->file.count - 1], key, AGENT_KEY_BYTES, ret_sealed);
}

bool site_keys_open_agent(const uint8_t *sealed, size_t sealed_bytes, uint8_t ret_key[AGENT_KEY_BYTES])
{
    if (sealed_bytes != AGENT_KEY_SEALED_BYTES)
        return false;
    for (int version = site_keys_newest(); version >= 1; version--) {
        if (unseal(ring->agent_seal[version - 1], sealed, AGENT_KEY_BYTES, ret_key))
            return true;
    }
    return false;
}

/* ---- expanded key trees ---- */

static bool expanded_matches(const struct expanded *entry, const struct site_seal *seal)
{
    return entry->used && entry->version == seal->version && entry->site_id == seal->site_id &&
           memcmp(entry->password_sealed, seal->password_sealed, SITE_PASSWORD_SEALED_BYTES) == 0;
}

static bool expand(const struct site_seal *seal, struct site_keys *ret_keys)
{
    char digits[SITE_DIGITS];
    if (!site_keys_open_digits(seal->password_sealed, seal->password_sealed_bytes, digits))
        return false;
    struct site_key_input input = {.key = site_keys_get(seal->version),
                                   .version = (uint8_t)seal->version,
                                   .site_id = seal->site_id,
                                   .digits = digits};
    bool made = site_keys_init(&input, ret_keys);
    sodium_memzero(digits, sizeof digits);
    return made;
}

bool site_keys_expand(const struct site_seal *seal, struct site_keys *ret_keys)
{
    if (!site_keys_get(seal->version) || seal->password_sealed_bytes != SITE_PASSWORD_SEALED_BYTES)
        return false;
    bool found = false;
    pthread_mutex_lock(&expanded_lock);
    for (int i = 0; i < SITE_KEY_EXPANDED_MAX && !found; i++) {
        if (!expanded_matches(&expanded[i], seal))
            continue;
        *ret_keys = expanded[i].keys;
        found = true;
    }
    if (!found && expand(seal, ret_keys)) {
        struct expanded *entry = &expanded[expanded_next];
        expanded_next = (expanded_next + 1) % SITE_KEY_EXPANDED_MAX;
        *entry = (struct expanded){
            .used = true, .version = seal->version, .site_id = seal->site_id, .keys = *ret_keys};
        memcpy(entry->password_sealed, seal->password_sealed, SITE_PASSWORD_SEALED_BYTES);
        found = true;
    }
    pthread_mutex_unlock(&expanded_lock);
    return found;
}
