/* What this process did with every plan it ever heard of. It lives in memory only and dies with the process:
 * a list read back from a disk could be an old copy, so nobody would believe it (card design 6.5, R20).
 *
 *     (unknown) --arrive--> WAITING --start--> STARTED --end--> ENDED    a started plan is never burnt (R15)
 *         \--------burn-------\----burn--> BURNT                         a burnt plan is never started (R18)
 *
 * Bounded, and still never forgets in a way that would let a plan run twice: plan ids are UUIDv7, so when
 * memory is full the oldest quarter is dropped and from then on every id not younger than the youngest
 * dropped one, unless it is still listed, is FORGOTTEN: neither started nor burnt. Safe to use from several
 * threads. */
#ifndef CARDWRIGHT_AGENT_PLAN_MEMORY_H
#define CARDWRIGHT_AGENT_PLAN_MEMORY_H

#include "base/ids.h"

#include <stdbool.h>

enum plan_mark { PLAN_UNKNOWN, PLAN_WAITING, PLAN_STARTED, PLAN_ENDED, PLAN_BURNT, PLAN_FORGOTTEN };

struct plan_memory;

/* NULL: no memory. `capacity` is at least 4. */
struct plan_memory *plan_memory_new(size_t capacity);
void plan_memory_free(struct plan_memory *memory);

/* What is known about the plan; a plan not heard of before is WAITING from now on, and PLAN_UNKNOWN is
 * answered. */
enum plan_mark plan_memory_arrive(struct plan_memory *memory, const struct uuid *id);

enum plan_mark plan_memory_look(struct plan_memory *memory, const struct uuid *id);

/* Directly before the first writing command. False: it was started, burnt or forgotten before; write nothing.
 */
bool plan_memory_start(struct plan_memory *memory, const struct uuid *id);

/* A started plan is over, and its report is written or never will be: from here on it may be reported again
 * as unknown, which a plan that still runs must not be. Changes no other plan. */
void plan_memory_end(struct plan_memory *memory, const struct uuid *id);

/* True: the plan was never started and never will be (also if it was burnt before, or never arrived). */
bool plan_memory_burn(struct plan_memory *memory, const struct uuid *id);

#endif
