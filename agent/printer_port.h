/* The way to a receipt printer: a device file (usually /dev/usb/lp0 or a serial port), or tcp:host:port
 * (usually 9100). It is opened for each receipt, so that a printer may be switched off and on, or shared. */
#ifndef CARDWRIGHT_AGENT_PRINTER_PORT_H
#define CARDWRIGHT_AGENT_PRINTER_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum print_result {
    PRINT_DONE,    /* the printer took all of it */
    PRINT_ABSENT,  /* not there: off, unplugged, no such file, or not ours to open */
    PRINT_PAPER,   /* it says that it has no paper; nothing was sent */
    PRINT_COVER,   /* it says that its cover is open or that it has a fault; nothing was sent */
    PRINT_STALLED, /* it stopped taking data: part of the receipt may be on paper */
};

/* Whether `address` can be one at all. */
bool printer_address_good(const char *address);

/* Sends `bytes`, all of it within AGENT_PRINT_MS_MAX. A printer that can say so is asked first whether it can
 * print; one that does not answer is taken to be ready. `ret_detail` gets the system's words for what failed,
 * or "". */
enum print_result printer_send(const char *address, const void *bytes, size_t count, const char **ret_detail);

#endif
