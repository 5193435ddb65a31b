/* What shows that a rule of the card design is needed. */
#ifndef CARDWRIGHT_TESTS_TEAR_RULES_H
#define CARDWRIGHT_TESTS_TEAR_RULES_H

#include "tests/tear/tear.h"

/* True: everything is as it must be. False: something is wrong, and worker->problem says what. */
typedef bool rule_case(struct worker *worker);

enum rule_place { RULE_IN_SQL, RULE_IN_CODE };

struct rule {
    const char *name;
    enum rule_place
        place;      /* taken out by tests/tear/rules/<name>.sql, or in a build that can switch it off */
    rule_case *run; /* fine with the rule, wrong without it */
    const char *about;
};

extern const struct rule rules[];
extern const int rule_count;

#endif
