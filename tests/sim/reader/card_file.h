/* Cards as files: NAME is the raw dump (1024 or 4096 bytes, keys included, as nfc-mfclassic writes it),
 * NAME.info a small text file that is only needed for what a dump cannot say. README.md has the format. */
#ifndef CARDWRIGHT_SIM_CARD_FILE_H
#define CARDWRIGHT_SIM_CARD_FILE_H

#include "tests/sim/reader/card.h"

#define CARD_FILE_ERROR_BYTES 160

/* Is this a plain file name inside the card folder: letters, digits, '.', '_' and '-', not starting with a
 * dot? */
bool card_file_name_ok(const char *name);

/* Creates NAME for a blank card; an existing file is refused. On failure `error` (CARD_FILE_ERROR_BYTES) says
 * why. */
bool card_file_create(const char *directory, const char *name, const struct card *card, char *error);

/* Opens NAME for writing and locks it: one card cannot lie on two readers. The file stays open until
 * card_file_close; every block the card writes is in the file before the card answers. */
bool card_file_open(const char *directory, const char *name, struct card *card, char *error);

/* Reads NAME without locking or binding it. */
bool card_file_peek(const char *directory, const char *name, struct card *card, char *error);

void card_file_close(struct card *card);

#endif
