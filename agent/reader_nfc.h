/* Readers that libnfc drives: pn532_uart, acr122_usb, pcsc and the rest. */
#ifndef CARDWRIGHT_AGENT_READER_NFC_H
#define CARDWRIGHT_AGENT_READER_NFC_H

#include "agent/reader.h"

/* Keeps libnfc from probing serial ports and from writing to the terminal. Touches the environment, so it is
 * called once, before there are threads. */
void reader_nfc_prepare(void);

/* A closed reader for this libnfc connection string; NULL: the string is too long, or no memory is left. */
struct reader *reader_nfc_new(const char *connstring);
void reader_nfc_free(struct reader *reader);

#endif
