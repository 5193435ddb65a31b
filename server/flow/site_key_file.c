/* Reading and making the file of site keys. */
#include "flow/site_key_file.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_HEX_DIGITS ((size_t)2 * SITE_KEY_BYTES)

struct problem {
    char *text;
    size_t capacity;
};

__attribute__((format(printf, 2, 3))) static enum site_key_file_result refuse(const struct problem *problem,
                                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, problem->capacity, format, arguments);
    va_end(arguments);
    return SITE_KEY_FILE_REFUSED;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

bool site_key_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum site_key_file_result mode_check(int fd, const char *path, const struct problem *problem)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return refuse(problem, "The key file %s is not a regular file.", path);
    if (facts.st_uid != geteuid() && facts.st_uid != 0)
        return refuse(problem, "The key file %s belongs to another user: chown it to the user of the server.",
                      path);
    if (facts.st_mode & 07377)
        return refuse(problem, "The key file %s has mode %04o, and only its owner may read it: chmod 0400 %s",
                      path, (unsigned)(facts.st_mode & 07777), path);
    if (facts.st_size > SITE_KEY_FILE_BYTES_MAX)
        return refuse(problem, "The key file %s is too long to be one.", path);
    return SITE_KEY_FILE_OK;
}

/* One line without its newline. False: neither blank, comment nor the next version. */
static bool line_read(char *line, struct site_key_file *file)
{
    line += strspn(line, " \t\r");
    if (*line == '\0' || *line == '#')
        return true;
    char *end = NULL;
    long version = strtol(line, &end, 10);
    if (end == line || (*end != ' ' && *end != '\t') || version != file->count + 1 ||
        version > SITE_KEY_VERSIONS_MAX)
        return false;
    char *hex = end + strspn(end, " \t");
    size_t length = strcspn(hex, " \t\r");
    if (length != KEY_HEX_DIGITS || hex[length + strspn(hex + length, " \t\r")] != '\0')
        return false;
    hex[length] = '\0';
    if (!bytes_from_hex(hex, file->keys[file->count], SITE_KEY_BYTES))
        return false;
    file->count++;
    return true;
}

static enum site_key_file_result text_read(char *text, const char *path, struct site_key_file *file,
                                           const struct problem *problem)
{
    int line_no = 0;
    while (text) {
        char *line = text;
        text = strchr(text, '\n');
        if (text)
            *text++ = '\0';
        line_no++;
        if (!line_read(line, file))
            return refuse(
                problem,
                "Line %d of the key file %s is not \"version key\" with the versions 1, 2, … in order and "
                "keys of 64 hex digits: copy the key file from the first server or from its backup.",
                line_no, path);
    }
    if (file->count == 0)
        return refuse(
            problem, "The key file %s holds no key: copy it from the first server or from its backup.", path);
    return SITE_KEY_FILE_OK;
}

enum site_key_file_result site_key_file_read(const char *path, struct site_key_file *ret_file,
                                             char *ret_problem, size_t capacity)
{
    const struct problem problem = {ret_problem, capacity};
    sodium_memzero(ret_file, sizeof *ret_file);
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return SITE_KEY_FILE_ABSENT;
    if (fd < 0)
        return refuse(&problem, "The key file %s cannot be opened: %s.", path, strerror(errno));
    enum site_key_file_result result = mode_check(fd, path, &problem);
    if (result != SITE_KEY_FILE_OK)
        return result;
    char *text = sodium_malloc(SITE_KEY_FILE_BYTES_MAX + 1);
    if (!text)
        return refuse(&problem, "There is no locked memory left to read the key file %s.", path);
    size_t count = 0;
    ssize_t got = 0;
    while (count < SITE_KEY_FILE_BYTES_MAX &&
           (got = read(fd, text + count, SITE_KEY_FILE_BYTES_MAX - count)) > 0)
        count += (size_t)got;
    text[count] = '\0';
    if (got < 0)
        result = refuse(&problem, "The key file %s cannot be read: %s.", path, strerror(errno));
    else if (strlen(text) != count)
        result = refuse(&problem, "The key file %s is not a text file.", path);
    else
        result = text_read(text, path, ret_file, &problem);
    sodium_free(text);
    if (result != SITE_KEY_FILE_OK)
        sodium_memzero(ret_file, sizeof *ret_file);
    return result;
}

static bool text_write(int fd, const uint8_t key[SITE_KEY_BYTES])
{
    static const char head[] =
        "# Cardwright site key. Back this file up apart from the database, and copy it to every\n"
        "# further server of the site. Whoever loses it loses every card; whoever has it can\n"
        "# make cards. Never change a line; a new version is a further line.\n1 ";
    char text[sizeof head + KEY_HEX_DIGITS + 1];
    size_t count = sizeof head - 1;
    memcpy(text, head, count);
    bytes_to_hex(key, SITE_KEY_BYTES, text + count);
    count += KEY_HEX_DIGITS;
    text[count++] = '\n';
    bool written = write(fd, text, count) == (ssize_t)count && fsync(fd) == 0;
    sodium_memzero(text, sizeof text);
    return written;
}

/* The name is on disk only when its folder is. */
static bool folder_sync(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    CLEANUP(close_fd) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

/* Written under another name first and then linked: the file is whole or not there, and never replaced. */
enum site_key_file_result site_key_file_make(const char *path, struct site_key_file *ret_file,
                                             char *ret_problem, size_t capacity)
{
    const struct problem problem = {ret_problem, capacity};
    char fresh[PATH_MAX];
    int length = snprintf(fresh, sizeof fresh, "%s.%ld.new", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof fresh)
        return refuse(&problem, "The path of the key file is too long.");
    unlink(fresh);
    CLEANUP(close_fd) int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0)
        return refuse(&problem, "The key file %s cannot be made: %s. Its folder must exist and be writable.",
                      path, strerror(errno));
    sodium_memzero(ret_file, sizeof *ret_file);
    ret_file->count = 1;
    random_bytes(ret_file->keys[0], SITE_KEY_BYTES);
    bool made = fchmod(fd, 0400) == 0 && text_write(fd, ret_file->keys[0]) && link(fresh, path) == 0;
    int cause = errno;
    unlink(fresh);
    if (made && folder_sync(path))
        return SITE_KEY_FILE_OK;
    sodium_memzero(ret_file, sizeof *ret_file);
    return refuse(&problem, "The key file %s cannot be written: %s.", path, strerror(made ? errno : cause));
}
