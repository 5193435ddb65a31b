/* A whole site for tests: a database, one or two real "cardwrightd serve", and desks, each with a simulated
 * reader, a real cardwright-agent that was paired through the API, and an operator who sits there.
 *
 *     struct rig *rig = rig_start(&(struct rig_options){.desk_count = 2});
 *     struct rig_desk *desk = rig_desk(rig, 0);
 *     rig_person(desk, "Ann Bell", person);
 *     rig_card_new(desk, "ann.mfd", "1k", "9c3ad15e");
 *     rig_place(desk, "ann.mfd") && rig_issue(desk, person, id) && rig_wait_operation(desk, id, "completed");
 *     rig_operation(desk, "recharge", "{'consumption_minor': 20000}", id);
 *
 * One thread a desk; different desks may be used from different threads at once. rig_start and rig_stop
 * belong to one thread that lives as long as the rig, because the processes end with it. Functions that
 * return bool put a sentence into desk->problem when they return false. Every wait has an end; a wait listens
 * to the desk's event stream and does not poll.
 *
 * Programs: $CARDWRIGHTD, $CARDWRIGHT_AGENT, $SIM_READER; databases as for tests/lib/pg.h. */
#ifndef CARDWRIGHT_TESTS_LIB_RIG_H
#define CARDWRIGHT_TESTS_LIB_RIG_H

#include "tests/lib/server.h"
#include "tests/sim/reader_client.h"

#include <jansson.h>

#define RIG_DESKS_MAX 18 /* a server lets one address pair 20 agents a minute */
#define RIG_SERVERS_MAX 2
#define RIG_ID_BYTES 37
#define RIG_PROBLEM_BYTES 2048
#define RIG_WAIT_MS 15000 /* what a test waits for something that must come */
#define RIG_DIGITS "2580" /* the system password of every rig */

struct rig;

/* Zero is the ordinary thing everywhere. */
struct rig_options {
    int desk_count;                /* 0: one */
    int server_count;              /* 0: one; desk i belongs to server i mod server_count */
    int wait_ms;                   /* how long waits last; 0: RIG_WAIT_MS */
    bool pacing;                   /* readers at line speed */
    bool safe_commits;             /* commits wait for the disk; else only a power cut could lose one */
    const char *environment;       /* of the servers, "NAME=value" lines parted by \n */
    const char *agent_environment; /* the same for the agents */
    const char *agent_url;         /* agents speak to this URL instead (a proxy before the server) */
    const char *database_host;     /* servers reach the database through this folder (a proxy again) */
    bool (*servers_up)(struct rig *rig, void *context); /* called before the first agent starts */
    void *context;
};

struct rig_stream;

struct rig_desk {
    struct rig *rig;
    struct test_server *server;
    struct sim_reader reader;
    char id[RIG_ID_BYTES];
    char operator_id[RIG_ID_BYTES];
    char cookie[160];
    char state_directory[160]; /* of the agent */
    char agent_log[176];
    pid_t agent; /* 0: not running */
    void *http;  /* its connection for requests (CURL) */
    struct rig_stream *stream;
    json_t *card;       /* newest news of the card on the reader; NULL: none lies there */
    json_t *operations; /* newest news of every operation heard of, by id */
    long long event_no; /* number of the newest event taken in */
    char problem[RIG_PROBLEM_BYTES];
};

struct rig {
    struct rig_options options;
    struct test_server *servers[RIG_SERVERS_MAX];
    int server_count;
    struct rig_desk desks[RIG_DESKS_MAX];
    int desk_count;
    char directory[96]; /* sockets, agents' state, logs, and cards/ */
    char cards[128];
    char admin_cookie[160];
};

/* NULL: something did not start; the reason and the logs are on stderr, and nothing is left running. */
struct rig *rig_start(const struct rig_options *options);
/* Ends everything and removes the files. True: servers, agents and readers ended by themselves with success
 * and reported nothing to a sanitizer. */
bool rig_stop(struct rig *rig);
struct rig_desk *rig_desk(struct rig *rig, int number);

/* ---- API ---- */

/* Sends a request with the cookie of the desk's operator. `body` is JSON with single quotes for strings, or
 * NULL. Returns the status, 0 when no answer came (desk->problem);
 * *ret_answer (may be NULL) is the caller's, NULL if the answer was no JSON. */
int rig_call(struct rig_desk *desk, const char *method, const char *path, const char *body,
             json_t **ret_answer) __attribute__((nonnull(1, 2, 3)));
/* The same as administrator. */
int rig_admin_call(struct rig_desk *desk, const char *method, const char *path, const char *body,
                   json_t **ret_answer);
bool rig_person(struct rig_desk *desk, const char *name, char ret_id[RIG_ID_BYTES]);

/* Asks for an act on the card that lies there. `members`: of the request body, such as
 * "{'consumption_minor': 20000}". The id is made here; on refusal desk->problem begins with its code. */
bool rig_operation(struct rig_desk *desk, const char *kind, const char *members, char ret_id[RIG_ID_BYTES]);
/* The same as a patient operator: a card that was read again, or a reader that failed for a moment, is waited
 * for and the act asked for anew, as long as waits last. */
bool rig_ask(struct rig_desk *desk, const char *kind, const char *members, char ret_id[RIG_ID_BYTES]);
/* Whether a refusal says only that; then waits until the reader is in order and the card is read. */
bool rig_was_disturbed(struct rig_desk *desk, const char *code);
/* As patient as rig_ask. */
bool rig_issue(struct rig_desk *desk, const char *person_id, char ret_id[RIG_ID_BYTES]);
/* Takes the empty card that lies there back; the operator's second password is put into the database through
 * `pg`, a connection of the owner. */
bool rig_unissue(struct rig_desk *desk, PGconn *pg, char ret_id[RIG_ID_BYTES]);
/* Undoes a completed operation with the card that lies there. */
bool rig_reverse(struct rig_desk *desk, const char *operation_id, char ret_id[RIG_ID_BYTES]);
/* Asks for a void; `scrap` gives a half-issued card up. */
bool rig_cancel(struct rig_desk *desk, const char *operation_id, bool scrap);
/* Reads an operation anew. Borrowed until the next news of it. NULL: desk->problem. */
json_t *rig_operation_read(struct rig_desk *desk, const char *operation_id);
/* Last known state ("prepared", …); "" if the desk never heard of it. */
const char *rig_operation_state(const struct rig_desk *desk, const char *operation_id);
/* State of its leg on a purse: 'P', 'C', 'X'; 0: no such leg. `purse` NULL: the leg of an issue. */
char rig_leg_state(const struct rig_desk *desk, const char *operation_id, const char *purse);

/* ---- waiting, for at most options.wait_ms ---- */

/* Until the operation is in one of the states, parted by '|': "completed|aborted". The operation must concern
 * this desk: be its own, or of the card that lies there. */
bool rig_wait_operation(struct rig_desk *desk, const char *operation_id, const char *states);
/* Until the card on the reader was read, if it was not since rig_place. desk->card says what it is. */
bool rig_wait_card(struct rig_desk *desk);
bool rig_wait_no_card(struct rig_desk *desk);
/* Until the server knows that the reader is empty, whether or not the card was ever read, and this desk has
 * heard all that happened before. */
bool rig_wait_gone(struct rig_desk *desk);
/* Until the agent is connected and its reader in order. */
bool rig_wait_agent(struct rig_desk *desk);
/* Takes in what has come and waits up to `timeout_ms` for more. True: something came. */
bool rig_listen(struct rig_desk *desk, int timeout_ms);
/* A member of desk->card by path ("card.state", "presentation_id") as text; "" if absent. */
const char *rig_card_text(const struct rig_desk *desk, const char *path);
/* Whether the stream has ended, because the server did; looks without waiting. */
bool rig_stream_is_closed(struct rig_desk *desk);
/* Opens the desk's event stream anew (after the server was restarted), from the last event on. */
bool rig_reconnect(struct rig_desk *desk);

/* ---- the reader ---- */

bool rig_card_new(struct rig_desk *desk, const char *file, const char *chip, const char *uid_hex);
/* Takes away what lies there, waits until that is known, puts the card there and waits until it was read. */
bool rig_place(struct rig_desk *desk, const char *file);
bool rig_remove(struct rig_desk *desk); /* and waits until that is known */
/* Puts the card on the reader without waiting for anything. */
bool rig_put(struct rig_desk *desk, const char *file);
bool rig_cut(struct rig_desk *desk, int command);
bool rig_tear(struct rig_desk *desk, int write, const char *kind);
bool rig_disarm(struct rig_desk *desk);
/* Whether the cut, or the tear, that was armed last has struck. */
bool rig_cut_done(struct rig_desk *desk);
bool rig_torn(struct rig_desk *desk);

/* ---- the agent ---- */

bool rig_agent_start(struct rig_desk *desk);  /* and waits until it is connected */
void rig_agent_kill(struct rig_desk *desk);   /* kill -9 */
bool rig_agent_halt(struct rig_desk *desk);   /* SIGTERM; true: it ended by itself with success */
void rig_agent_freeze(struct rig_desk *desk); /* SIGSTOP: it hangs */
void rig_agent_thaw(struct rig_desk *desk);

/* ---- the books ---- */

/* Compares the bytes of every simulated card with the books, purse by purse (committed epoch, value, T and S
 * where an open operation does not leave two possibilities), the person's accounts with their split, and the
 * cash of all drawers with the sum of everything; then runs "cardwrightd verify-ledger". Returns how many
 * differences there are and says them on stderr; -1: the check itself could not be made. */
int rig_verify(struct rig *rig);
/* The same for one card, without verify-ledger, as cheap as possible; `pg` is a connection of the owner. */
int rig_verify_card(struct rig *rig, PGconn *pg, const char *file);

#endif
