/* Checks on a sacrificial card what the card format assumes about MIFARE Classic (card design 1.1). */
#ifndef CARDWRIGHT_AGENT_PROBE_H
#define CARDWRIGHT_AGENT_PROBE_H

#include <stdbool.h>

/* Asks before it writes (unless `yes`), prints a verdict for each fact and one for the card. Exit status: 0
 * fit, 1 the probe could not be made, 3 not fit. */
int probe_card(const char *connstring, bool yes);

#endif
