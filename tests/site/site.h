/* Stories of a whole site: several desks, two servers, real agents. README.md of this folder. */
#ifndef CARDWRIGHT_TESTS_SITE_SITE_H
#define CARDWRIGHT_TESTS_SITE_SITE_H

#include "tests/lib/rig.h"

#include <stdint.h>

/* What the stories of one rig share. */
struct site {
    struct rig *rig;
    PGconn *pg; /* as owner of the schema */
    int serial; /* of cards and people */
};

struct site_story {
    const char *name;
    bool (*play)(struct site *site);
};

/* Stories that are played one after the other on one rig. */
struct site_group {
    const char *name;
    struct rig_options options;
    const struct site_story *stories;
    int story_count;
};
#define SITE_STORIES(array) array, (int)(sizeof(array) / sizeof((array)[0]))

extern const struct site_group races_group, streams_group, streams_without_hints_group, agents_group,
    refusals_group;

/* Says on stderr what is wrong. Always false. */
bool site_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define SITE_CHECK(condition, ...)                                                                           \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return site_fail(__VA_ARGS__);                                                                   \
    } while (0)

struct site_card {
    char file[24];
    char uid[16];
    char person_id[RIG_ID_BYTES];
};

/* A person with a card of 500.00 and 500.00 on the desk's reader. */
bool site_card_new(struct site *site, struct rig_desk *desk, struct site_card *ret_card);
/* What the ledger has proven of a purse; -1: no such card. */
long long site_value(struct site *site, const struct site_card *card, const char *purse);
/* Waits for a number that SQL must give, at most RIG_WAIT_MS. */
bool site_wait_number(struct site *site, const char *sql, long long wanted);
/* Starts or restarts server `number` after a kill, and opens the streams of its desks anew. */
bool site_server_back(struct site *site, int number);

/* ---- burst.c: requests at the same instant ---- */

struct shot {
    const struct rig_desk *desk; /* whose operator asks, of whose server */
    const char *method;          /* NULL: POST */
    char path[128];
    char body[320]; /* "": none */
    char key[RIG_ID_BYTES];
    int status; /* 0: no answer */
    bool replayed;
    bool retry_after;
    char *text; /* of the answer; lives until the story is over */
};

/* Sends all of them, each on its own connection, and waits for the answers. */
void shots_fire(struct shot *shots, int count);
/* Frees the texts of all answers. */
void shots_forget(void);
/* An act on the card that lies there, with a new key. */
void shot_act(struct shot *ret_shot, const struct rig_desk *desk, const char *kind, int consumption_minor);
/* Whether it was refused only because reader or card were disturbed just then; waits until it may be asked
 * anew. That happens at most SHOTS_DISTURBED_MAX times a story. */
bool shot_was_disturbed(struct rig_desk *desk, const struct shot *shot);
/* shot_act and shots_fire, until the act is not refused for that reason. */
void shot_ask(struct shot *ret_shot, struct rig_desk *desk, const char *kind, int consumption_minor);
/* "code" of an error answer is this. */
bool shot_says(const struct shot *shot, const char *code);

/* ---- recorder.c: a browser's event stream, every event kept ---- */

struct recorder;

/* Opens the stream of a desk at a server; `last` below 0: no Last-Event-ID. NULL: it did not open. */
struct recorder *recorder_open(const struct rig_desk *desk, const struct test_server *server, long long last);
/* Takes in what comes for at most `timeout_ms`; false: the stream has ended. */
bool recorder_listen(struct recorder *recorder, int timeout_ms);
/* Events so far, without the snapshot at the beginning: numbers and kinds. */
int recorder_count(const struct recorder *recorder);
long long recorder_number(const struct recorder *recorder, int at);
const char *recorder_kind(const struct recorder *recorder, int at);
/* Number of the newest event, the snapshot included; -1: none. */
long long recorder_last(const struct recorder *recorder);
bool recorder_had_snapshot(const struct recorder *recorder);
void recorder_close(struct recorder *recorder);

#endif
