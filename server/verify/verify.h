/* cardwrightd verify-ledger: recomputes the books from their rows and names everything that cannot be. Its
 * SQL (sql/NAME.sql, one invariant a file) is its own; it shares no code with the money functions, changes
 * nothing, and sees one moment of the database.
 *
 * A file of sql/ is one SELECT with the columns row_ (which row is wrong) and explanation; no rows: it holds.
 */
#ifndef CARDWRIGHT_VERIFY_VERIFY_H
#define CARDWRIGHT_VERIFY_VERIFY_H

#include <stdio.h>

struct verify_settings {
    const char *conninfo; /* of a role that may read the ledger, cardwright_ro */
    FILE *output;         /* a line a violation, "invariant: row: explanation", then the summary */
    FILE *problems;       /* why it could not run */
};

/* Exit status: every invariant holds, at least one is violated, or not all of them could be asked. */
enum verify_status { VERIFY_SOUND = 0, VERIFY_VIOLATED = 1, VERIFY_NOT_RUN = 2 };

enum verify_status verify_ledger(const struct verify_settings *settings);

#endif
