/* Cards that are cut or torn in the middle of an act, and agents that come too late. */
#ifndef CARDWRIGHT_TESTS_TEAR_TEAR_H
#define CARDWRIGHT_TESTS_TEAR_TEAR_H

#include "tests/lib/rig.h"

#include <stdatomic.h>
#include <stdint.h>

enum act {
    ACT_RECHARGE,       /* consumption */
    ACT_RECHARGE_WATER, /* the other money purse */
    ACT_RECHARGE_BOTH,  /* three writes */
    ACT_WITHDRAW,
    ACT_WITHDRAW_BOTH, /* four writes */
    ACT_TIMES,
    ACT_TIMES_BACK,
    ACTS_OF_MONEY, /* how many of the above */
    ACT_ISSUE = ACTS_OF_MONEY,
    ACT_UNISSUE, /* of an empty card; afterwards it is issued again */
};
extern const char *const act_names[];

/* What happens to the card at a command or write counted from the moment the fault is armed. */
struct fault {
    int cut;          /* leaves before this card command; 0: no cut */
    int tear;         /* this write is torn; 0: none */
    const char *kind; /* of the tear */
};

/* What a program that should long be dead does with the first plan. */
enum stale {
    STALE_NONE,
    STALE_AFTER,   /* runs it when all is settled, and once more after the next act */
    STALE_BETWEEN, /* runs it while the operation is in doubt, and then as STALE_AFTER */
};

/* One case: an act is begun with the first fault, perhaps a void is asked for, the card is put on a reader
 * again with the second fault, and at last on one without; then everything must be settled. */
struct scenario {
    enum act act;
    struct fault first;
    struct fault second;
    bool cancel;
    bool other_desk; /* the card comes back on another desk */
    enum stale stale;
    bool frozen; /* no fault: the first desk's program hangs with the plan in hand */
};

enum verdict {
    VERDICT_FINE,
    VERDICT_BEYOND, /* the fault armed did not strike: the series is at its end */
    VERDICT_VIOLATION,
};

struct zombie;

/* One thread: two desks, a reader for late programs, and the card it works on. */
struct worker {
    struct rig *rig;
    struct rig_desk *desks[2];
    struct zombie *zombie;
    PGconn *pg; /* as owner */
    int number;
    int card_serial;
    int case_count;
    char file[32]; /* the card of the money acts; "": none yet */
    char uid[32];
    char person_id[RIG_ID_BYTES];
    int64_t value[3]; /* what each purse holds if everything is right */
    char operation_id[RIG_ID_BYTES];
    char plan_id[RIG_ID_BYTES]; /* the first plan of it; "": none was handed out */
    atomic_int *violations;
    char problem[RIG_PROBLEM_BYTES];
};

/* Runs one case. What went wrong goes to stderr with the case in front. */
enum verdict scenario_run(struct worker *worker, const struct scenario *scenario);

/* Gives the worker a new person with a new card, issued and filled. */
bool worker_new_card(struct worker *worker);
/* The file name and UID of a card nobody has used, with the card behind it. */
bool worker_blank_card(struct worker *worker);

/* Always false; puts a sentence into worker->problem. */
bool worker_problem(struct worker *worker, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- scenario_issue.c ---- */
enum verdict issue_run(struct worker *worker, const struct scenario *scenario);
enum verdict unissue_run(struct worker *worker, const struct scenario *scenario);

/* ---- stale.c: late programs ---- */

/* Loads the site keys of the rig's server into this process, to build plans again from their rows. */
bool stale_prepare(struct rig *rig);
void stale_done(void);

struct zombie *zombie_new(struct rig *rig, int number);
void zombie_free(struct zombie *zombie);

/* What a late program remembers of the plan. */
enum plan_past {
    PAST_STARTED, /* it began to write: it never calls the plan burnt */
    PAST_BURNT,   /* it burnt it: it never starts it */
};

/* Puts the worker's card on the zombie's reader, runs the plan once more as the process that was given it,
 * sends its report, and takes the card away. */
bool zombie_run(struct worker *worker, const char *plan_id, enum plan_past past);

/* Reports a plan without touching a card: written with all its legs, or burnt. `run_hex` NULL: as the plan's
 * own run. False: the server had no proper answer. */
bool zombie_say(struct worker *worker, const char *plan_id, bool written, const char *run_hex);

/* ---- scenario.c: the steps of a case ---- */

/* The card lies on `desk`, read, and nowhere else. */
bool scenario_bring(struct worker *worker, struct rig_desk *desk);
/* Asks for the act, as a screen does: when the card was read again since, with the newer reading. */
bool scenario_ask(struct worker *worker, struct rig_desk *desk, enum act act, char ret_id[RIG_ID_BYTES]);
/* Asks for the act, and stops the program of the desk with the plan in its hand. */
bool scenario_hang_with_plan(struct worker *worker, struct rig_desk *home, const struct scenario *scenario);
/* Until the fault has struck and the card is known to be gone (1), or the operation is over without it (0);
 * -1: neither came. */
int scenario_wait_strike(struct worker *worker, struct rig_desk *desk, const struct fault *fault);
/* The operation ends with the card on this desk, which may never have heard of it: it may be over already. */
bool scenario_settle(struct worker *worker, struct rig_desk *desk);
/* The operation's outcome goes into what should be there. Without a cancel every leg must be on the card. */
bool scenario_take_outcome(struct worker *worker, struct rig_desk *desk, const struct scenario *scenario);
/* Card, books and what should be there agree. */
bool scenario_check(struct worker *worker, const char *when);
/* Notes the first plan of the operation, unless it is burnt, once its report has come in. True also if there
 * is none. */
bool scenario_note_plan(struct worker *worker, bool wait_for_report);
/* Takes the sentence over that a desk has left. Always false. */
bool worker_desk_problem(struct worker *worker, const struct rig_desk *desk, const char *what);

#endif
