/* Names that others made - a reader's maker, a computer's owner - as the server takes them. */
#ifndef CARDWRIGHT_AGENT_PLAIN_TEXT_H
#define CARDWRIGHT_AGENT_PLAIN_TEXT_H

#include <stddef.h>

/* Copies `text` as UTF-8 without control characters and direction marks, each of which becomes a question
 * mark, as does a byte that is no UTF-8. Cut between characters to fit `text_bytes`, the final NUL included.
 */
void plain_text(const char *text, char *ret_text, size_t text_bytes);

#endif
