/* The id of this process: plans are made for it, and no other process starts or burns them. */
#ifndef CARDWRIGHT_AGENT_RUN_ID_H
#define CARDWRIGHT_AGENT_RUN_ID_H

#include "agent/plan.h"

/* A new random id, kept in memory only: what a disk says about plans may be an old copy of the truth (R20).
 * `folder` is used by test builds without that rule. */
void run_id_make(const char *folder, uint8_t ret_run[RUN_BYTES]);

#endif
