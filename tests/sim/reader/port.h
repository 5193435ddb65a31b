/* The serial line: a pty whose slave stands under a stable name, as a USB reader does under
 * /dev/serial/by-id. */
#ifndef CARDWRIGHT_SIM_PORT_H
#define CARDWRIGHT_SIM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PORT_PATH_BYTES 256

struct port {
    int master; /* -1: unplugged */
    int slave;  /* kept open, so that the line outlives the programs that use it */
    char link[PORT_PATH_BYTES];
    char device[PORT_PATH_BYTES];
};

/* Sets up an unplugged port. False: the path is too long. */
bool port_init(struct port *port, const char *link);

/* Opens a new pty and puts the link in place; a stale link is replaced, anything else refused. False: errno
 * says why. */
bool port_plug(struct port *port);

/* Hangs up: whoever has the device open gets an input/output error, and the link is gone. */
void port_unplug(struct port *port);

static inline bool port_plugged(const struct port *port)
{
    return port->master >= 0;
}

/* Bytes from the host, without waiting: count, 0 if there are none. */
size_t port_read(struct port *port, uint8_t *bytes, size_t capacity);

/* Bytes to the host. A line without flow control drops what nobody takes, so does this. */
void port_write(struct port *port, const uint8_t *bytes, size_t count);

#endif
