/* What time changes: every RE_READ_MS operations without a report become doubtful on the screen, silent
 * agents go off line, and every stream reads what hints may have missed. */
#ifndef CARDWRIGHT_API_SWEEP_H
#define CARDWRIGHT_API_SWEEP_H

#include "api/port.h"

/* Registers with the loop of the operator port, before it runs. */
void sweep_start(struct api_port *port);

#endif
