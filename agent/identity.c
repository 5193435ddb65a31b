#include "agent/identity.h"

#include "agent/strict_json.h"
#include "base/bytes.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "agent.json"

struct identity *identity_new(void)
{
    struct identity *identity = sodium_malloc(sizeof *identity);
    if (identity)
        sodium_memzero(identity, sizeof *identity);
    return identity;
}

void identity_free(struct identity *identity)
{
    sodium_free(identity);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* NULL, or why a key must not be kept in this file or folder. */
static const char *why_unsafe(const struct stat *facts, mode_t forbidden)
{
    if (facts->st_uid != geteuid())
        return "belongs to another user";
    return facts->st_mode & forbidden ? "is open to other users" : NULL;
}

/* Opens the folder; the key in it is only as safe as the folder is. -1 with errno ENOENT: there is none. */
static int open_folder(const char *folder, char *error, size_t error_bytes)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0) {
        snprintf(error, error_bytes, "cannot open the folder %s: %s", folder, strerror(errno));
        return fd;
    }
    const char *unsafe = why_unsafe(&facts, S_IWGRP | S_IWOTH);
    if (!unsafe)
        return fd;
    snprintf(error, error_bytes, "the folder %s %s: chown it to the agent's user and run chmod 700 %s",
             folder, unsafe, folder);
    close(fd);
    errno = EPERM;
    return -1;
}

static bool copy_text(const json_t *object, const char *name, char *ret_text, size_t text_bytes)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text || strlen(text) >= text_bytes)
        return false;
    memcpy(ret_text, text, strlen(text) + 1);
    return true;
}

static bool read_id(const json_t *object, const char *name, struct uuid *ret_id)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && uuid_parse(text, ret_id);
}

static bool read_members(const json_t *root, struct identity *ret_identity)
{
    const char *key = json_string_value(json_object_get(root, "key"));
    return key && bytes_from_hex(key, ret_identity->key, sizeof ret_identity->key) &&
           read_id(root, "agent_id", &ret_identity->agent_id) &&
           read_id(root, "desk_id", &ret_identity->desk_id) &&
           copy_text(root, "desk_name", ret_identity->desk_name, sizeof ret_identity->desk_name) &&
           copy_text(root, "server", ret_identity->server, sizeof ret_identity->server);
}

static enum identity_status read_file(int fd, struct identity *ret_identity)
{
    char text[AGENT_STATE_FILE_BYTES_MAX];
    ssize_t count = read(fd, text, sizeof text);
    CLEANUP(strict_json_release)
    json_t *root = strict_json_load(text, count > 0 ? (size_t)count : 0, sizeof text - 1);
    sodium_memzero(text, sizeof text);
    return root && read_members(root, ret_identity) ? IDENTITY_OK : IDENTITY_BAD;
}

enum identity_status identity_load(const char *folder, struct identity *ret_identity, char *error,
                                   size_t error_bytes)
{
    CLEANUP(close_fd) int folder_fd = open_folder(folder, error, error_bytes);
    if (folder_fd < 0)
        return errno == ENOENT ? IDENTITY_NONE : IDENTITY_BAD;
    CLEANUP(close_fd) int fd = openat(folder_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return IDENTITY_NONE;
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0) {
        snprintf(error, error_bytes, "cannot open %s/%s: %s", folder, FILE_NAME, strerror(errno));
        return IDENTITY_BAD;
    }
    const char *unsafe = why_unsafe(&facts, S_IRWXG | S_IRWXO);
    if (unsafe) {
        snprintf(error, error_bytes, "%s/%s %s: it holds the pairing key. Run chmod 600 on it, or pair anew",
                 folder, FILE_NAME, unsafe);
        return IDENTITY_BAD;
    }
    enum identity_status status = read_file(fd, ret_identity);
    if (status == IDENTITY_BAD)
        snprintf(error, error_bytes, "%s/%s is not a pairing of this program: pair anew with --pair CODE",
                 folder, FILE_NAME);
    return status;
}

/* The text of the file, to be freed with strict_json_free_text; NULL: no memory. */
static char *file_text(const struct identity *identity)
{
    char key[2 * AGENT_KEY_BYTES + 1];
    char agent_id[UUID_TEXT_BYTES];
    char desk_id[UUID_TEXT_BYTES];
    bytes_to_hex(identity->key, sizeof identity->key, key);
    uuid_format(&identity->agent_id, agent_id);
    uuid_format(&identity->desk_id, desk_id);
    json_t *root = json_pack("{s:s,s:s,s:s,s:s,s:s}", "server", identity->server, "agent_id", agent_id,
                             "desk_id", desk_id, "desk_name", identity->desk_name, "key", key);
    char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    sodium_memzero(key, sizeof key);
    return text;
}

static bool write_all(int fd, const char *text, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, text, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        count -= (size_t)written;
    }
    return true;
}

/* Beside, synced, renamed, and the folder synced: a power cut leaves one whole file. */
static bool replace_file(int folder_fd, const char *text)
{
    static const char next[] = FILE_NAME ".new";
    if (unlinkat(folder_fd, next, 0) != 0 && errno != ENOENT)
        return false;
    CLEANUP(close_fd) int fd = openat(folder_fd, next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 && write_all(fd, text, strlen(text)) && fsync(fd) == 0 &&
           renameat(folder_fd, next, folder_fd, FILE_NAME) == 0 && fsync(folder_fd) == 0;
}

bool identity_save(const char *folder, const struct identity *identity, char *error, size_t error_bytes)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        snprintf(error, error_bytes, "cannot make the folder %s: %s", folder, strerror(errno));
        return false;
    }
    CLEANUP(close_fd) int folder_fd = open_folder(folder, error, error_bytes);
    if (folder_fd < 0)
        return false;
    char *text = file_text(identity);
    bool saved = text && replace_file(folder_fd, text);
    if (!saved)
        snprintf(error, error_bytes, "cannot write %s/%s: %s", folder, FILE_NAME,
                 text ? strerror(errno) : "out of memory");
    if (text)
        strict_json_free_text(text);
    return saved;
}
