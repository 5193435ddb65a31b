/* cardwrightd errors: the registry of err.def for documentation and screens. */
#ifndef CARDWRIGHT_API_ERRORS_H
#define CARDWRIGHT_API_ERRORS_H

#include <stdbool.h>

/* Prints code, status, blame, title, cause and next of every error, tab-separated or as JSON. Returns the
 * exit status. */
int errors_print(bool as_json);

#endif
