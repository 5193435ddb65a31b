/* The JSON of every message to the server (PROTOCOL.md). Names of readers, printers and computers go as plain
 * text. Each function answers a text to be freed with strict_json_free_text, or NULL without memory. */
#ifndef CARDWRIGHT_AGENT_MESSAGES_H
#define CARDWRIGHT_AGENT_MESSAGES_H

#include "agent/reading.h"
#include "agent/runner.h"

#include <jansson.h>

#define RUN_TEXT_BYTES (2 * RUN_BYTES + 1)

/* Who speaks: in every message but pair. */
struct speaker {
    uint8_t run[RUN_BYTES];
    char run_text[RUN_TEXT_BYTES];
    bool simulated;
    const char *printer; /* address of the receipt printer; NULL: none */
};

struct reader_facts {
    enum reader_state state;
    char name[AGENT_READER_NAME_BYTES_MAX]; /* as its driver says, perhaps cut; any bytes */
};

char *message_pair(const char *code, const uint8_t *public_key, bool simulated, const char *host);
char *message_hello(const struct speaker *speaker, const struct reader_facts *reader);
char *message_poll(const struct speaker *speaker, const struct reader_facts *reader, int64_t at);
char *message_presence(const struct speaker *speaker, const struct uuid *presence,
                       const struct reader_card *card);
char *message_presentation(const struct speaker *speaker, const struct uuid *presence,
                           const struct uuid *presentation, const struct reading *reading);
char *message_removed(const struct speaker *speaker, const struct uuid *presence);

/* `presentation` counts with a written plan only. */
char *message_report(const struct speaker *speaker, const struct uuid *plan, const struct uuid *presentation,
                     const struct run_result *result);

/* `problem` NULL: the receipt is printed. */
char *message_printed(const struct speaker *speaker, const struct uuid *print, const char *problem);

/* `cards` is a list or NULL; a reference is taken. */
char *message_training(const struct speaker *speaker, const char *id, bool ok, const char *text,
                       json_t *cards);

#endif
