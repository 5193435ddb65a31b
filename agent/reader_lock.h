/* One program per reader. libnfc's own mark on a used port does not work (the C library masks the bit), so a
 * second process would break the session of the first; a lock file named after the reader keeps it out. */
#ifndef CARDWRIGHT_AGENT_READER_LOCK_H
#define CARDWRIGHT_AGENT_READER_LOCK_H

#include <limits.h>
#include <stdbool.h>

/* The path in "driver:PATH[:speed]"; false: this reader is not named by a path (pcsc, acr122_usb). */
bool reader_port_path(const char *connstring, char ret_path[PATH_MAX]);

/* Locks the reader of this libnfc connection string. Links in the path are followed first, so that two names
 * of one port give one lock. Returns a descriptor to close later (the kernel drops the lock with the
 * process), or -1 with errno; EWOULDBLOCK: another program has it. The file itself stays. */
int reader_lock_take(const char *connstring);

#endif
