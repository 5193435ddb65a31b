#include "tests/sim/reader/card_file.h"

#include "base/bytes.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BYTES_1K 1024
#define BYTES_4K 4096
#define INFO_LINE_BYTES 160
#define INFO_SUFFIX ".info"

__attribute__((format(printf, 2, 3))) static bool fail(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, CARD_FILE_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

bool card_file_name_ok(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > SIM_FILE_NAME_BYTES_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    }
    return true;
}

static bool path_of(char path[PATH_MAX], const char *directory, const char *name, const char *suffix)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s", directory, name, suffix);
    return length > 0 && length < PATH_MAX;
}

/* Writes NAME.info whole beside the old one and moves it into place, so a kill never leaves half of it. */
static bool write_info(const char *directory, const char *name, const struct card *card)
{
    char path[PATH_MAX], next[PATH_MAX];
    if (!path_of(path, directory, name, INFO_SUFFIX) || !path_of(next, directory, name, INFO_SUFFIX ".next"))
        return false;
    FILE *file = fopen(next, "we");
    if (!file)
        return false;
    const struct card_identity *identity = &card->identity;
    char text[2 * CARD_BLOCK_BYTES + 1], after[2 * CARD_BLOCK_BYTES + 1];
    bytes_to_hex(identity->uid, identity->uid_bytes, text);
    fprintf(file, "uid %s\natqa %02x%02x\nsak %02x\n", text, identity->atqa[0], identity->atqa[1],
            identity->sak);
    for (unsigned block = 0; block < card->block_count; block++) {
        const struct tear_marginal *marginal = &card->marginal[block];
        if (!marginal->marked)
            continue;
        bytes_to_hex(marginal->before, CARD_BLOCK_BYTES, text);
        bytes_to_hex(marginal->after, CARD_BLOCK_BYTES, after);
        fprintf(file, "marginal %u %s %s\n", block, text, after);
    }
    bool ok = !ferror(file);
    ok = fclose(file) == 0 && ok;
    return ok && rename(next, path) == 0;
}

/* The dump alone tells the kind, and the UID length by the check byte of a four-byte UID. A seven-byte UID
 * has it by chance now and then; the ATQA the maker wrote behind it then says so. */
static void identity_from_dump(struct card *card, size_t bytes)
{
    const uint8_t *maker = card->memory;
    card->kind = bytes == BYTES_4K ? CARD_KIND_4K : CARD_KIND_1K;
    card->block_count = (unsigned)(bytes / CARD_BLOCK_BYTES);
    bool long_atqa = (maker[8] == 0x44 || maker[8] == 0x42) && maker[9] == 0x00;
    bool short_uid = (uint8_t)(maker[0] ^ maker[1] ^ maker[2] ^ maker[3]) == maker[4] && !long_atqa;
    card->identity.uid_bytes = short_uid ? 4 : CARD_UID_BYTES_LONG;
    memcpy(card->identity.uid, maker, card->identity.uid_bytes);
    card_default_identity(card);
}

static bool info_marginal(struct card *card, const char *value)
{
    unsigned block;
    char before[2 * CARD_BLOCK_BYTES + 1], after[2 * CARD_BLOCK_BYTES + 1];
    if (sscanf(value, "%3u %32[0-9a-fA-F] %32[0-9a-fA-F]", &block, before, after) != 3)
        return false;
    if (block >= card->block_count)
        return false;
    struct tear_marginal *marginal = &card->marginal[block];
    marginal->marked = true;
    return bytes_from_hex(before, marginal->before, CARD_BLOCK_BYTES) &&
           bytes_from_hex(after, marginal->after, CARD_BLOCK_BYTES);
}

static bool info_line(struct card *card, const char *line)
{
    char key[16], value[INFO_LINE_BYTES];
    if (sscanf(line, "%15s %159[^\n]", key, value) != 2)
        return line[strspn(line, " \n")] == '\0';
    if (strcmp(key, "uid") == 0) {
        int bytes = bytes_from_hex_any(value, card->identity.uid, CARD_UID_BYTES_LONG);
        card->identity.uid_bytes = bytes > 0 ? (size_t)bytes : 0;
        return bytes == 4 || bytes == CARD_UID_BYTES_LONG;
    }
    if (strcmp(key, "atqa") == 0)
        return bytes_from_hex(value, card->identity.atqa, 2);
    if (strcmp(key, "sak") == 0)
        return bytes_from_hex(value, &card->identity.sak, 1);
    if (strcmp(key, "marginal") == 0)
        return info_marginal(card, value);
    return false;
}

static bool read_info(const char *directory, const char *name, struct card *card, char *error)
{
    char path[PATH_MAX], line[INFO_LINE_BYTES];
    if (!path_of(path, directory, name, INFO_SUFFIX))
        return fail(error, "%s: path too long", name);
    CLEANUP(cleanup_file) FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || fail(error, "%s" INFO_SUFFIX ": %s", name, strerror(errno));
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        if (!info_line(card, line))
            return fail(error, "%s" INFO_SUFFIX " line %u: not understood", name, number);
    }
    return true;
}

static bool read_dump(int fd, const char *directory, const char *name, struct card *card, char *error)
{
    memset(card, 0, sizeof *card);
    card->fd = -1;
    ssize_t bytes = pread(fd, card->memory, sizeof card->memory, 0);
    off_t size = lseek(fd, 0, SEEK_END);
    if (bytes != size || (bytes != BYTES_1K && bytes != BYTES_4K))
        return fail(error, "%s: a card file has 1024 or 4096 bytes", name);
    identity_from_dump(card, (size_t)bytes);
    return read_info(directory, name, card, error);
}

static int open_dump(const char *directory, const char *name, int flags, char *error)
{
    char path[PATH_MAX];
    if (!card_file_name_ok(name)) {
        fail(error, "file name: letters, digits, '.', '_' and '-' only, at most %d", SIM_FILE_NAME_BYTES_MAX);
        return -1;
    }
    if (!path_of(path, directory, name, "")) {
        fail(error, "%s: path too long", name);
        return -1;
    }
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        fail(error, "%s: %s", name, strerror(errno));
    return fd;
}

/* Block first, marks second: the card answers only after both, so a kill in between is just another torn
 * write. */
static bool keep(const struct card *card, unsigned block_index, bool marks_changed)
{
    size_t at = (size_t)block_index * CARD_BLOCK_BYTES;
    if (pwrite(card->fd, card->memory + at, CARD_BLOCK_BYTES, (off_t)at) != CARD_BLOCK_BYTES)
        return false;
    return !marks_changed || write_info(card->directory, card->file_name, card);
}

bool card_file_create(const char *directory, const char *name, const struct card *card, char *error)
{
    int fd = open_dump(directory, name, O_WRONLY | O_CREAT | O_EXCL, error);
    if (fd < 0)
        return false;
    size_t bytes = (size_t)card->block_count * CARD_BLOCK_BYTES;
    bool ok = write(fd, card->memory, bytes) == (ssize_t)bytes;
    ok = close(fd) == 0 && ok;
    if (ok && write_info(directory, name, card))
        return true;
    return fail(error, "%s: cannot be written", name);
}

bool card_file_open(const char *directory, const char *name, struct card *card, char *error)
{
    int fd = open_dump(directory, name, O_RDWR, error);
    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return fail(error, "%s: lies on a reader already", name);
    }
    if (!read_dump(fd, directory, name, card, error)) {
        close(fd);
        return false;
    }
    card->fd = fd;
    card->store = keep;
    snprintf(card->file_name, sizeof card->file_name, "%s", name);
    snprintf(card->directory, sizeof card->directory, "%s", directory);
    return true;
}

bool card_file_peek(const char *directory, const char *name, struct card *card, char *error)
{
    int fd = open_dump(directory, name, O_RDONLY, error);
    if (fd < 0)
        return false;
    bool ok = read_dump(fd, directory, name, card, error);
    close(fd);
    return ok;
}

void card_file_close(struct card *card)
{
    if (card->fd >= 0)
        close(card->fd);
    card->fd = -1;
}
