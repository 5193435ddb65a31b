#include "tests/sim/reader/port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

bool port_init(struct port *port, const char *link)
{
    memset(port, 0, sizeof *port);
    port->master = port->slave = -1;
    int length = snprintf(port->link, sizeof port->link, "%s", link);
    return length > 0 && (size_t)length < sizeof port->link;
}

/* Puts the link in place in one step, so that nobody ever finds a half-made one. */
static bool make_link(const struct port *port)
{
    char next[PORT_PATH_BYTES + 8];
    struct stat status;
    if (lstat(port->link, &status) == 0 && !S_ISLNK(status.st_mode)) {
        errno = EEXIST;
        return false;
    }
    snprintf(next, sizeof next, "%s.next", port->link);
    unlink(next);
    return symlink(port->device, next) == 0 && rename(next, port->link) == 0;
}

static void remove_link(const struct port *port)
{
    char target[PORT_PATH_BYTES];
    ssize_t length = readlink(port->link, target, sizeof target - 1);
    if (length < 0)
        return;
    target[length] = '\0';
    if (strcmp(target, port->device) == 0) /* another reader may have taken the name over */
        unlink(port->link);
}

static bool open_pair(struct port *port)
{
    struct termios settings;
    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (port->master < 0 || grantpt(port->master) != 0 || unlockpt(port->master) != 0)
        return false;
    if (ptsname_r(port->master, port->device, sizeof port->device) != 0)
        return false;
    port->slave = open(port->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (port->slave < 0 || tcgetattr(port->slave, &settings) != 0)
        return false;
    cfmakeraw(&settings); /* no echo and no line editing before the host sets its own mode */
    return tcsetattr(port->slave, TCSANOW, &settings) == 0 && fcntl(port->master, F_SETFL, O_NONBLOCK) == 0;
}

static void close_pair(struct port *port)
{
    if (port->master >= 0)
        close(port->master);
    if (port->slave >= 0)
        close(port->slave);
    port->master = port->slave = -1;
}

bool port_plug(struct port *port)
{
    if (port_plugged(port))
        return true;
    if (open_pair(port) && make_link(port))
        return true;
    int reason = errno;
    close_pair(port);
    errno = reason;
    return false;
}

void port_unplug(struct port *port)
{
    if (!port_plugged(port))
        return;
    remove_link(port);
    close_pair(port);
}

size_t port_read(struct port *port, uint8_t *bytes, size_t capacity)
{
    ssize_t count = port_plugged(port) ? read(port->master, bytes, capacity) : 0;
    return count > 0 ? (size_t)count : 0;
}

void port_write(struct port *port, const uint8_t *bytes, size_t count)
{
    if (port_plugged(port) && write(port->master, bytes, count) < 0 && errno != EAGAIN)
        port_unplug(port);
}
