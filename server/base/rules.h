/* Switches for the protocol rules R1..R42 of the card design (section 14).
 *
 * In every normal build rule_on("R4") is the constant true and costs nothing. A test build (make RULES_OFF=1,
 * which defines CARDWRIGHT_RULES_OFF) reads the environment variable CARDWRIGHT_RULE_OFF once, at the first
 * question: a list of rule names parted by commas. A rule named there answers false, so that a test can show
 * what breaks without it. */
#ifndef CARDWRIGHT_BASE_RULES_H
#define CARDWRIGHT_BASE_RULES_H

#include <stdbool.h>

#ifdef CARDWRIGHT_RULES_OFF
bool rule_on(const char *name);

/* Replaces the list read from the environment; for tests that switch several rules in one process. */
void rules_switch_off(const char *names);
#else
#define rule_on(name) true
#endif

#endif
