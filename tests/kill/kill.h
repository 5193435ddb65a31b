/* Acts during which processes die and messages are lost, doubled and late. README.md of this folder. */
#ifndef CARDWRIGHT_TESTS_KILL_KILL_H
#define CARDWRIGHT_TESTS_KILL_KILL_H

#include "tests/kill/proxy.h"
#include "tests/lib/rig.h"

#include <stdatomic.h>

enum kill_act {
    KILL_RECHARGE, /* both purses */
    KILL_WITHDRAW, /* both purses */
    KILL_ISSUE,
    KILL_CANCEL, /* of a recharge whose card left in the middle: void by a fence */
    KILL_ACTS,
};
extern const char *const kill_act_names[];

struct trial {
    enum kill_act act;
    struct proxy_fault fault;
    struct proxy_fault second; /* while the first one is being healed */
};

enum verdict {
    VERDICT_FINE,
    VERDICT_UNFIT,  /* this cannot be done to that message */
    VERDICT_BEYOND, /* the act has fewer messages */
    VERDICT_VIOLATION,
};

/* One site with a proxy in it, and the card it works on. One thread. */
struct worker {
    struct rig *rig;
    struct rig_desk *desk;
    struct proxy *proxy;
    PGconn *pg; /* as owner; NULL: connected when needed */
    struct test_cluster cluster;
    bool owns_cluster;         /* PostgreSQL may be killed */
    atomic_bool killed[SIDES]; /* by the proxy, and not started again */
    char directory[64];        /* of the proxy's socket */
    void *http;                /* the operator's connection (CURL) */
    int serial;                /* of cards and people */
    char file[32];             /* the card of the money acts */
    char issued_file[32];      /* the card of the issue under way; "": none */
    int64_t value[2];          /* consumption and water, if everything is right */
    bool rough;                /* anything may fail at any time: no message is waited for */
    char problem[RIG_PROBLEM_BYTES];
};

/* Always false; puts a sentence into worker->problem. */
bool worker_problem(struct worker *worker, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- site.c ---- */

/* A site of one desk with a filled card on its reader. `own_cluster`: PostgreSQL may be killed. */
bool worker_start(struct worker *worker, bool own_cluster);
/* True: everything ended as it should. */
bool worker_stop(struct worker *worker);
/* Starts again what was killed, and waits until all of it works. */
bool worker_revive(struct worker *worker);
/* Revives, takes the card away, puts it on the reader again, and waits until it was read. */
bool worker_put_back(struct worker *worker);
/* A person with a blank card on the reader: worker->issued_file. */
bool worker_blank_card(struct worker *worker, char ret_person_id[RIG_ID_BYTES]);
/* Issues and fills the card of the money acts. */
bool worker_fill_card(struct worker *worker);
/* The owner's connection, made anew after PostgreSQL was away; NULL: said in worker->problem. */
PGconn *worker_pg(struct worker *worker);

/* ---- operator.c ---- */

struct answer {
    int status;
    bool replayed; /* Idempotent-Replayed: true */
    char *text;    /* freed by answer_free */
};
void answer_free(struct answer *answer);

struct question {
    const char *path;
    const char *body;
    const char *key; /* NULL: none */
};

/* Sends a POST through the proxy, again and again until it is answered with anything but 503, and revives
 * what died meanwhile. False: there was no answer in time. */
bool operator_ask(struct worker *worker, const struct question *question, struct answer *ret_answer);
/* The same without the proxy. */
bool operator_ask_directly(struct worker *worker, const struct question *question, struct answer *ret_answer);

/* ---- trial.c ---- */

/* Runs one act with one fault and looks whether all is well afterwards. */
enum verdict trial_run(struct worker *worker, const struct trial *trial);

/* Whether card, books, and what the worker expects say the same. */
bool trial_compare(struct worker *worker);

/* ---- load.c ---- */

/* Several desks work while PostgreSQL is restarted in all ways. Returns the number of restarts; what went
 * wrong is added to *violations. */
int load_run(int *violations);

#endif
