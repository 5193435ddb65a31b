/* A receipt as the bytes of an ESC/POS printer (Epson's command set, which nearly every receipt printer
 * understands). Pure. */
#ifndef CARDWRIGHT_AGENT_RECEIPT_H
#define CARDWRIGHT_AGENT_RECEIPT_H

#include "base/buf.h"
#include "base/ids.h"

#include <jansson.h>

/* `receipt`: {print, paper_mm 58|80, language en|zh-CN, lines}, see PROTOCOL.md "Receipts". Fills `out` (made
 * by the caller with its bound) from initialising to cutting. `zh-CN` is printed in Chinese mode in GB18030;
 * otherwise code page 437, and a text that it lacks (a Chinese name) in Chinese mode. Control characters
 * never reach the printer. NULL, or what is wrong. */
const char *receipt_render(const json_t *receipt, const struct uuid *id, struct buf *out);

#endif
