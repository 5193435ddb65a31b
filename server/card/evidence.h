/* What a presentation proves about the ledger's open questions (card design 7). Pure: a decoded card and the
 * ledger's view of it go in, one verdict per purse and one for the card come out. Nothing is booked here.
 *
 * How the flow uses it
 * 1. BEFORE the read plan is handed out, note per purse (struct proven_level) as the "floor": what
 * had been proven when the reading began. An image may travel slowly while another desk commits; it is
 * measured against the floor for "older than known" and never raises a false alarm for being late.
 * 2. When the presentation arrives: lock the card row, load the CURRENT view, call evidence_merge, apply the
 * verdicts.
 * 3. Applying is monotone and idempotent: a proven epoch commits its leg once, L = min(L, value). */
#ifndef CARDWRIGHT_CARD_EVIDENCE_H
#define CARDWRIGHT_CARD_EVIDENCE_H

#include "card/epoch.h"
#include "card/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- input: the ledger's view of one purse of this UID ---- */
enum epoch_role {
    EPOCH_LEG,    /* an epoch of an operation's leg: recharge, withdraw, retire, ... */
    EPOCH_FENCE,  /* proves that older legs can never apply */
    EPOCH_REPAIR, /* counts only when both slots carry it */
};

enum epoch_state {
    EPOCH_OPEN,           /* P: allocated, nothing proven */
    EPOCH_PROVEN,         /* C */
    EPOCH_VOID,           /* X by burn receipts, by a fence, or overtaken */
    EPOCH_CLOSED_BY_LOSS, /* X because the card was closed as lost: seeing it is no contradiction */
};

struct ledger_epoch {
    struct epoch_terms terms; /* epoch_no, T, S */
    enum epoch_role role;
    enum epoch_state state;
    bool acknowledged;    /* its write, or a refresh of it, was reported `written` by the plan's run: then a
                           * reading of it is sure even if the slots differ (R13) */
    int64_t lowest_minor; /* EPOCH_PROVEN: its L. Looked at for epochs below the committed one */
};

struct proven_level {
    int64_t epoch_no;             /* highest committed epoch */
    int64_t lowest_minor;         /* L: lowest value proven in it by any evidence */
    int64_t lowest_ordered_minor; /* lowest proven by `written` reports and sure machine records alone; T if
                                   * none. A plain read may come from a marginal slot, these cannot */
};

struct purse_ledger {
    bool in_use; /* false: this card has no such purse (temporary card, times off): nothing is judged */
    struct proven_level now;   /* committed epoch c and its L, as of this transaction */
    struct proven_level floor; /* the same as of the moment the read plan was handed out */
    bool floor_known; /* false: order of the reading unknown; older content is then `stale`, never an alarm */
    int64_t highest_epoch_no; /* highest allocated number (>= now.epoch_no) */
    /* Rows of every allocated epoch above now.epoch_no, the row of now.epoch_no itself, and, if at hand,
     * older ones of the last 155. Any order. */
    const struct ledger_epoch *epochs;
    size_t epoch_count;
};

/* ---- output per purse ---- */
enum purse_verdict {
    /* blocks missing: no evidence */
    PURSE_NOT_READ,
    /* epoch c, value L, nothing open */
    PURSE_NOTHING_NEW,
    /* epoch c, value below L, nothing open: book the drop to uncollected, L = value */
    PURSE_LOWER_VALUE,
    /* a leg or fence is open and the card still shows epoch c, value <= L: retry, or void by a fence.
     * `value_is_lower` says whether a drop is to be booked too */
    PURSE_NOT_APPLIED,
    /* shows the epoch of an open leg. `provisional`: refresh first, then C; else C now */
    PURSE_APPLIED,
    /* shows the epoch of an open fence: fence C, every older open leg of this purse X. `provisional`: refresh
     * first */
    PURSE_FENCE_PROVEN,
    /* both slots carry the epoch of an open repair */
    PURSE_REPAIR_PROVEN,
    /* a repair was decided and is not, or only half, on the card, or a superseded one is: not usable until it
     * is repaired again (R39) */
    PURSE_REPAIR_AGAIN,
    /* no slot counts: collect records, then repair */
    PURSE_UNREADABLE,
    /* older than what is known now but not than at the floor: a late image, no evidence */
    PURSE_STALE,
    /* epoch of a leg closed by loss: evidence for settlement only */
    PURSE_AFTER_LOSS,
    /* contradicts the ledger: see `contradiction`; block the card, keep the evidence */
    PURSE_CASE,
};

enum contradiction {
    CONTRADICTION_NONE,
    CONTRADICTION_ROLLBACK,      /* older epoch, or value above an L of ordered evidence: rollback or clone */
    CONTRADICTION_VALUE_ROSE,    /* value above an L that only plain reads gave */
    CONTRADICTION_LEDGER_BEHIND, /* good MAC, epoch never allocated: a restored database */
    CONTRADICTION_VOIDED_ON_CARD,  /* epoch of a leg or fence that is X */
    CONTRADICTION_CEILING,         /* value above T of its epoch */
    CONTRADICTION_BELOW_ZERO,      /* negative value; merged as 0, and the case is made beside the verdict */
    CONTRADICTION_BAD_MAC,         /* both records well formed, both MACs bad: forged, not torn */
    CONTRADICTION_RECORD_CONFLICT, /* a good record gives this epoch another T or S than the ledger (R38) */
};

/* Everything from `epoch_no` on is about a readable purse, and zero otherwise; `epoch_index` is -1 then. */
struct purse_evidence {
    enum purse_verdict verdict;
    /* BELOW_ZERO may stand beside any verdict, the others only with PURSE_CASE */
    enum contradiction contradiction;
    bool retry_forbidden; /* a fence or repair is open: nothing is retried before it is settled */
    int64_t epoch_no;     /* the epoch seen, as a number */
    int64_t value_minor;  /* value seen, never negative */
    bool value_is_lower;  /* epoch c and value < L: book the drop, whatever the verdict */
    bool provisional;     /* read once, slots differ, no acknowledge: no C, no X, no refund (R13, R40) */
    bool other_slot_bad;  /* the spare slot is torn: repair may be offered */
    bool cancelled;       /* the purse says it is cancelled */
    int epoch_index;      /* the row seen in purse_ledger.epochs, -1 if none */
};

/* ---- output for the card ---- */
enum card_verdict {
    /* every sector read opened with derived keys, good ID block that names the row; for an unknown UID: a
     * good ID block of ours without a row (a restored database) */
    CARD_OURS,
    /* every sector opens with the transport key */
    CARD_BLANK,
    /* a torn issue or un-issue: some sectors derived, some transport, or content incomplete */
    CARD_HALF_ISSUED,
    /* some sector of ours opens with no key, or refuses to be read: scrap or replace */
    CARD_LOCKED,
    /* none of our keys opens it and it is not blank */
    CARD_FOREIGN,
    /* of another card_no or site, or a bad ID block on a card that must be complete */
    CARD_IDENTITY_MISMATCH,
    /* left the field before all was read: no evidence about anything */
    CARD_GONE,
};

struct card_ledger {
    bool known;     /* a card row exists for this UID (states issuing, active, damaged, lost, ...) */
    bool issuing;   /* that row is in state issuing */
    bool unissuing; /* an un-issue of that row is open: the card may be anything between whole and blank */
    struct id_fields id;    /* what the row says its ID block holds */
    bool authority_sectors; /* L5 and L6 belong to the format of this site */
    struct purse_ledger purses[PURSES];
};

struct card_evidence {
    enum card_verdict verdict;
    /* R34: issuing -> active. All sectors derived and readable, content valid and empty in the epochs of
     * ledger.purses[].now, ID block equal to ledger.id */
    bool issue_complete;
    bool any_case; /* some purse has a contradiction */
    bool any_provisional;
    struct purse_evidence purses[PURSES];
};

/* Judges one presentation. The purses are judged only on a CARD_OURS with a row that is not issuing;
 * otherwise they are PURSE_NOT_READ. */
void evidence_merge(const struct card_image *image, const struct card_decoded *decoded,
                    const struct card_ledger *ledger, struct card_evidence *ret_evidence);

/* One purse alone, for a machine-independent check or a test. */
void evidence_merge_purse(const struct decoded_purse *purse, const struct purse_ledger *ledger,
                          struct purse_evidence *ret_evidence);

/* Judges a card by its sectors only: for an unknown UID (no ledger), `ledger` may be NULL. */
enum card_verdict evidence_card_verdict(const struct card_image *image, const struct card_decoded *decoded,
                                        const struct card_ledger *ledger);

/* The retry rule: the epoch row of `ledger` among the open ones of role LEG with exactly these terms, newest
 * first, or -1: another result takes another epoch (R38). */
int evidence_retry_epoch(const struct purse_ledger *ledger, int64_t opening_minor, int64_t stored_minor);

/* Stable words for events, rows and logs: "applied", "rollback", "ours". */
const char *purse_verdict_word(enum purse_verdict verdict);
const char *contradiction_word(enum contradiction contradiction);
const char *card_verdict_word(enum card_verdict verdict);

#endif
