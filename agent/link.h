/* The way to the server: signed calls over HTTP(S), each bounded in time and size (PROTOCOL.md "Signature").
 *
 * A link knows the server, this agent's identity and the offset to the server's clock. Each thread that calls
 * has a line of its own: one connection, kept open between calls. */
#ifndef CARDWRIGHT_AGENT_LINK_H
#define CARDWRIGHT_AGENT_LINK_H

#include "agent/identity.h"

#include <jansson.h>

enum link_result {
    LINK_OK,          /* 2xx; `body` is the answer */
    LINK_REFUSED,     /* the server says no to this message: `code` says why, a repeat would be refused too */
    LINK_BUSY,        /* it cannot answer now, or something in between answered for it */
    LINK_UNREACHABLE, /* no connection, or none that is trusted */
    LINK_NOT_PAIRED,  /* it does not know this agent (401) */
    LINK_TOO_OLD,     /* it wants a newer agent (426) */
    LINK_INTERRUPTED, /* link_line_interrupt was called */
};

struct link_answer {
    enum link_result result;
    long status;            /* HTTP status, 0 without an answer */
    char code[48];          /* machine word of a problem answer, or what the connection failed with */
    char detail[256];       /* for people */
    int64_t retry_after_ms; /* 0: the server did not say */
    json_t *body;           /* owned; NULL unless LINK_OK */
};
void link_answer_free(struct link_answer *answer); /* also for CLEANUP */

struct link_options {
    const char *server;  /* scheme://host[:port], no path */
    const char *ca_file; /* certificates to trust instead of the system's; NULL: the system's */
    bool allow_plain_http;
};

struct link;
struct link_line;

/* NULL: `error` says in a sentence what is wrong with the options. The texts are copied. */
struct link *link_new(const struct link_options *options, char *error, size_t error_bytes);
void link_free(struct link *link);

/* Who signs from now on. Borrowed until link_free; set before the first signed call. */
void link_set_identity(struct link *link, const struct identity *identity);

/* NULL: no memory. A line belongs to one thread. */
struct link_line *link_line_new(struct link *link);
void link_line_free(struct link_line *line);

/* POST /agent/v1/<name>. Signed, unless name is "pair". A clock that is off is put right and the call
 * repeated. Fills `ret_answer` in any case. */
void link_call(struct link_line *line, const char *name, const char *body, int64_t timeout_ms,
               struct link_answer *ret_answer);

/* From any thread: the call under way on this line, or the next one, ends with LINK_INTERRUPTED. */
void link_line_interrupt(struct link_line *line);

/* The server's clock as far as known: unix ms. */
int64_t link_server_time_ms(struct link *link);

#endif
