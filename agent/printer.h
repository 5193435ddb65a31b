/* The receipt printer of a desk: a thread of its own, because a printer may take seconds or stall, and
 * neither the card nor the poll waits for it. */
#ifndef CARDWRIGHT_AGENT_PRINTER_H
#define CARDWRIGHT_AGENT_PRINTER_H

#include "agent/messages.h"
#include "agent/outbox.h"

struct printer_setup {
    const char *address; /* printer_address_good; borrowed */
    const struct identity *identity;
    const struct speaker *speaker;
    struct outbox *outbox; /* where "printed" goes */
};

struct printer;

/* Starts the thread. NULL: no memory or no thread. */
struct printer *printer_new(const struct printer_setup *setup);

/* Takes a "print" task: sealed as plans are, in hex. One that came before is left alone, so nothing is
 * printed twice; when too many wait, the oldest is answered "stalled" soon enough. False: it was known. */
bool printer_push(struct printer *printer, const struct uuid *id, const char *sealed_hex);

/* Finishes the receipt that is being sent, forgets the others, ends the thread. */
void printer_free(struct printer *printer);

#endif
