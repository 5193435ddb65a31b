/* Training mode: starts the simulated reader and works its control socket for the server. */
#ifndef CARDWRIGHT_AGENT_SIMULATE_H
#define CARDWRIGHT_AGENT_SIMULATE_H

#include "agent/reader.h"

#include <jansson.h>

struct simulator;

/* Starts sim-reader with its line, control socket and card folder inside `folder` (made if missing) and waits
 * until it answers. `program` NULL: sim-reader beside this program. NULL: `error` says why. Call it from the
 * thread that lives as long as the process: the simulator ends with it. */
struct simulator *simulator_start(const char *folder, const char *program, char *error, size_t error_bytes);
void simulator_stop(struct simulator *simulator);

/* Where libnfc finds the reader. */
const char *simulator_connstring(const struct simulator *simulator);

/* To be called about every second by the thread that started it: starts it again when it died. */
void simulator_watch(struct simulator *simulator);

/* Carries out one training task. True: done. `message` is what to say; *ret_cards a new list of the cards
 * there are, or NULL. */
bool simulator_do(struct simulator *simulator, const json_t *task, char *message, size_t message_bytes,
                  json_t **ret_cards);

#endif
