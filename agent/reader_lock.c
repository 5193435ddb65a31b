#include "agent/reader_lock.h"

#include "base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME_BYTES_MAX 200

bool reader_port_path(const char *connstring, char ret_path[PATH_MAX])
{
    const char *port = strchr(connstring, ':');
    if (!port || (port[1] != '/' && port[1] != '.'))
        return false;
    snprintf(ret_path, PATH_MAX, "%s", port + 1);
    char *speed = strchr(ret_path, ':');
    if (speed)
        *speed = '\0';
    return true;
}

/* What the lock is named after: the port with links followed, or the connection string of a reader without a
 * path. */
static void port_of(const char *connstring, char port[PATH_MAX])
{
    char path[PATH_MAX];
    if (!reader_port_path(connstring, path))
        snprintf(port, PATH_MAX, "-%s", connstring);
    else if (!realpath(path, port))
        snprintf(port, PATH_MAX, "%s", path);
}

/* All users of a machine must come to the same folder, or they would not see each other's locks. */
static const char *lock_folder(void)
{
    return access("/run/lock", W_OK | X_OK) == 0 ? "/run/lock" : "/tmp";
}

int reader_lock_take(const char *connstring)
{
    char port[PATH_MAX];
    port_of(connstring, port);
    char name[LOCK_NAME_BYTES_MAX];
    size_t skip =
        strlen(port) >= sizeof name ? strlen(port) - sizeof name + 1 : 0; /* the end tells them apart */
    snprintf(name, sizeof name, "%s", port + skip);
    for (char *at = name; *at; at++) {
        if (!isalnum((unsigned char)*at) && *at != '.')
            *at = '-';
    }
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/cardwright-reader%s.lock", lock_folder(), name);
    /* Opened for reading first: in a sticky folder the kernel refuses O_CREAT on a file of another user. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);
        if (fd >= 0 && fchmod(fd, 0444) != 0) { /* whatever the umask: others must be able to lock it too */
            close(fd);
            fd = -1;
        }
    }
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}
