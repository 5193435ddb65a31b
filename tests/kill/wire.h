/* Where one message of a byte stream ends, for the streams that the proxy of the kill tests stands in. */
#ifndef CARDWRIGHT_TESTS_KILL_WIRE_H
#define CARDWRIGHT_TESTS_KILL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WIRE_NAME_BYTES 48

struct wire_bytes {
    const uint8_t *bytes;
    size_t count;
};

/* What was found at the head of a stream. */
struct wire_message {
    size_t count;               /* bytes of it; 0: it has not arrived whole */
    char name[WIRE_NAME_BYTES]; /* path of a request, status of an answer, first statement of a batch */
    bool counts;                /* it belongs to an operation: not housekeeping, not a connection's start */
    bool ends_batch;            /* PostgreSQL: the answer is owed from here on, or has been given */
    pid_t backend;              /* PostgreSQL: who answers, when the message says so; else 0 */
};

/* An HTTP/1.1 request or answer whose length its Content-Length says (none: no body). */
struct wire_message wire_http(struct wire_bytes stream);

/* What a frontend sends, up to a Sync or a simple query. `first`: the start packet of the connection. */
struct wire_message wire_frontend(struct wire_bytes stream, bool first);

/* What a backend answers: whole messages, at most up to the end of one batch. `whole_batch`: nothing before
 * that end has arrived. */
struct wire_message wire_backend(struct wire_bytes stream, bool whole_batch);

#endif
