/* The facts that probe-card proves, one function each. */
#ifndef CARDWRIGHT_AGENT_PROBE_FACTS_H
#define CARDWRIGHT_AGENT_PROBE_FACTS_H

#include "agent/reader.h"

/* The sector used: 1, the first behind the one of the maker. */
enum { PROBE_BLOCK_0 = 4, PROBE_BLOCK_1 = 5, PROBE_BLOCK_2 = 6, PROBE_TRAILER = 7 };

struct probe {
    struct reader *reader;
    struct reader_card card;
    const char *note; /* set by a fact that has more to say than yes or no */
};

enum fact_level {
    FACT_NEEDED, /* without it money is not safe on this card */
    FACT_RISK,   /* without it a stolen machine key can do more; limits and the ledger must catch it */
    FACT_NOTE,   /* either way is fine; good to know */
};

struct probe_fact {
    enum fact_level level;
    const char *text;
    bool (*holds)(struct probe *probe);
};

extern const struct probe_fact probe_facts[]; /* in this order; ends with text NULL */

/* Puts the sector into transport configuration, whatever an earlier probe left. False: its keys are neither
 * the transport keys nor those of a probe. */
bool probe_reset_sector(struct probe *probe);

#endif
