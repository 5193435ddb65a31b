/* Evidence merge (card design 7), one purse and the whole card. The order of the questions matters: what no
 * honest history can show is named first, so that it is never mistaken for progress. */
#include "card/evidence.h"

#include "base/rules.h"

static int find_epoch(const struct purse_ledger *ledger, int64_t epoch_no)
{
    for (size_t i = 0; i < ledger->epoch_count; i++) {
        if (ledger->epochs[i].terms.epoch_no == epoch_no)
            return (int)i;
    }
    return -1;
}

static bool has_open(const struct purse_ledger *ledger, enum epoch_role role)
{
    for (size_t i = 0; i < ledger->epoch_count; i++) {
        if (ledger->epochs[i].state == EPOCH_OPEN && ledger->epochs[i].role == role)
            return true;
    }
    return false;
}

/* The open leg epoch allocated last, or -1. */
static int newest_open_leg(const struct purse_ledger *ledger)
{
    int newest = -1;
    for (size_t i = 0; i < ledger->epoch_count; i++) {
        const struct ledger_epoch *row = &ledger->epochs[i];
        if (row->state != EPOCH_OPEN || row->role != EPOCH_LEG)
            continue;
        if (newest < 0 || row->terms.epoch_no > ledger->epochs[newest].terms.epoch_no)
            newest = (int)i;
    }
    return newest;
}

static void contradict(struct purse_evidence *evidence, enum contradiction contradiction)
{
    evidence->verdict = PURSE_CASE;
    evidence->contradiction = contradiction;
}

/* R38: one epoch has one (T, S) for ever. A good record that says otherwise comes from another lap of the
 * byte, or from somebody who holds the MAC key. */
static bool record_conflicts(const struct decoded_purse *purse, const struct ledger_epoch *row)
{
    if (!row || !purse->named || !rule_on("R38"))
        return false;
    if (!purse->opening_unique || purse->opening != row->terms.opening_minor)
        return true;
    return purse->purse == PURSE_CONSUMPTION && purse->stored != row->terms.stored_minor;
}

/* Contradictions and closed epochs that decide the verdict before anything is compared with c. */
static bool judge_row(const struct decoded_purse *purse, const struct purse_ledger *ledger,
                      const struct ledger_epoch *row, struct purse_evidence *evidence)
{
    int64_t ceiling = row ? row->terms.opening_minor : (int64_t)purse->ceiling;

    if (evidence->epoch_no > ledger->highest_epoch_no ||
        (!row && evidence->epoch_no > ledger->now.epoch_no)) {
        contradict(evidence, CONTRADICTION_LEDGER_BEHIND);
        return true;
    }
    if (row && row->state == EPOCH_CLOSED_BY_LOSS) {
        evidence->verdict = PURSE_AFTER_LOSS;
        return true;
    }
    if (row && row->state == EPOCH_VOID && row->role != EPOCH_REPAIR) {
        contradict(evidence, CONTRADICTION_VOIDED_ON_CARD);
        return true;
    }
    if (record_conflicts(purse, row)) {
        contradict(evidence, CONTRADICTION_RECORD_CONFLICT);
        return true;
    }
    if (evidence->value_minor > ceiling) {
        contradict(evidence, CONTRADICTION_CEILING);
        return true;
    }
    return false;
}

/* Card older than the ledger: a late image, or an old content put back. An open repair explains both. */
static void judge_older(const struct purse_ledger *ledger, const struct ledger_epoch *row,
                        struct purse_evidence *evidence)
{
    bool below_floor = ledger->floor_known && evidence->epoch_no < ledger->floor.epoch_no;
    bool spent_after_close = row && row->state == EPOCH_PROVEN && evidence->value_minor < row->lowest_minor;

    if (has_open(ledger, EPOCH_REPAIR))
        evidence->verdict = PURSE_REPAIR_AGAIN;
    else if (below_floor || spent_after_close)
        contradict(evidence, CONTRADICTION_ROLLBACK);
    else
        evidence->verdict = PURSE_STALE;
}

/* Epoch c with a value above L. */
static void judge_higher(const struct purse_ledger *ledger, struct purse_evidence *evidence)
{
    bool ordered = ledger->floor_known && ledger->floor.epoch_no == evidence->epoch_no;

    if (has_open(ledger, EPOCH_REPAIR))
        evidence->verdict = PURSE_REPAIR_AGAIN;
    else if (ordered && evidence->value_minor > ledger->floor.lowest_ordered_minor)
        contradict(evidence, CONTRADICTION_ROLLBACK);
    else if (ordered && evidence->value_minor > ledger->floor.lowest_minor)
        contradict(evidence, CONTRADICTION_VALUE_ROSE);
    else
        evidence->verdict = PURSE_STALE;
}

/* The card shows the committed epoch. */
static void judge_committed(const struct purse_ledger *ledger, struct purse_evidence *evidence)
{
    if (evidence->value_minor > ledger->now.lowest_minor) {
        judge_higher(ledger, evidence);
        return;
    }
    evidence->value_is_lower = evidence->value_minor < ledger->now.lowest_minor;
    if (has_open(ledger, EPOCH_REPAIR))
        evidence->verdict = PURSE_REPAIR_AGAIN;
    else if (has_open(ledger, EPOCH_LEG) || has_open(ledger, EPOCH_FENCE))
        evidence->verdict = PURSE_NOT_APPLIED; /* so far: a plan may still be on its way */
    else
        evidence->verdict = evidence->value_is_lower ? PURSE_LOWER_VALUE : PURSE_NOTHING_NEW;
}

/* The card shows an allocated epoch that is not committed. */
static void judge_newer(const struct decoded_purse *purse, const struct ledger_epoch *row,
                        struct purse_evidence *evidence)
{
    /* R13: a slot that reads well once may be marginal; two equal slots cannot both be. */
    bool sure = purse->slots_equal || row->acknowledged || !rule_on("R13");

    switch (row->role) {
    case EPOCH_LEG:
        evidence->verdict = PURSE_APPLIED;
        break;
    case EPOCH_FENCE:
        evidence->verdict = PURSE_FENCE_PROVEN;
        break;
    case EPOCH_REPAIR:
        /* R39: a repair counts when both slots carry it, and never after a later commit overtook it. */
        evidence->verdict = row->state == EPOCH_OPEN && (purse->slots_equal || !rule_on("R39"))
                                ? PURSE_REPAIR_PROVEN
                                : PURSE_REPAIR_AGAIN;
        sure = true;
        break;
    }
    evidence->provisional = !sure;
}

/* R7 switched off: doubt decided by comparing balances, as a test shows to be wrong. */
static void judge_by_balance(const struct purse_ledger *ledger, int leg, struct purse_evidence *evidence)
{
    const struct epoch_terms *terms = &ledger->epochs[leg].terms;
    bool reached = evidence->value_minor == terms->opening_minor;
    evidence->verdict = reached ? PURSE_APPLIED : PURSE_NOT_APPLIED;
    evidence->epoch_no = reached ? terms->epoch_no : ledger->now.epoch_no;
    evidence->epoch_index = reached ? leg : -1;
}

static void judge_readable(const struct decoded_purse *purse, const struct purse_ledger *ledger,
                           struct purse_evidence *evidence)
{
    evidence->epoch_no = epoch_from_image(purse->epoch, ledger->now.epoch_no);
    evidence->value_minor = purse->value_minor;
    evidence->other_slot_bad = !purse->other_slot_good;
    evidence->cancelled = purse->cancelled;
    evidence->epoch_index = find_epoch(ledger, evidence->epoch_no);
    const struct ledger_epoch *row =
        evidence->epoch_index >= 0 ? &ledger->epochs[evidence->epoch_index] : NULL;

    if (purse->negative)
        evidence->contradiction = CONTRADICTION_BELOW_ZERO;
    if (!rule_on("R7") && newest_open_leg(ledger) >= 0) {
        judge_by_balance(ledger, newest_open_leg(ledger), evidence);
        return;
    }
    if (judge_row(purse, ledger, row, evidence))
        return;
    if (evidence->epoch_no < ledger->now.epoch_no)
        judge_older(ledger, row, evidence);
    else if (evidence->epoch_no == ledger->now.epoch_no)
        judge_committed(ledger, evidence);
    else
        judge_newer(purse, row, evidence);
}

void evidence_merge_purse(const struct decoded_purse *purse, const struct purse_ledger *ledger,
                          struct purse_evidence *ret_evidence)
{
    *ret_evidence = (struct purse_evidence){.verdict = PURSE_NOT_READ, .epoch_index = -1};
    if (!ledger->in_use || !purse->read)
        return;
    ret_evidence->retry_forbidden = has_open(ledger, EPOCH_FENCE) || has_open(ledger, EPOCH_REPAIR);
    if (purse->readable)
        judge_readable(purse, ledger, ret_evidence);
    else if (purse->records_forged)
        contradict(ret_evidence, CONTRADICTION_BAD_MAC);
    else
        ret_evidence->verdict = PURSE_UNREADABLE;
}

int evidence_retry_epoch(const struct purse_ledger *ledger, int64_t opening_minor, int64_t stored_minor)
{
    int found = -1;
    for (size_t i = 0; i < ledger->epoch_count; i++) {
        const struct ledger_epoch *row = &ledger->epochs[i];
        bool same = row->terms.opening_minor == opening_minor && row->terms.stored_minor == stored_minor;
        if (row->state != EPOCH_OPEN || row->role != EPOCH_LEG || (!same && rule_on("R38")))
            continue;
        if (found < 0 || row->terms.epoch_no > ledger->epochs[found].terms.epoch_no)
            found = (int)i;
    }
    return found;
}

/* ---- the card ---- */

struct sector_tally {
    int read;
    int derived;
    int transport;
    int closed;  /* no key opens it */
    int refused; /* opened, but not readable */
    int gone;
};

static struct sector_tally tally_sectors(const struct card_image *image)
{
    struct sector_tally tally = {0};
    for (int i = 0; i < CARD_SECTORS_LOGICAL; i++) {
        const struct image_sector *sector = &image->sectors[i];
        if (sector->result == SECTOR_NOT_READ)
            continue;
        tally.read++;
        tally.gone += sector->result == SECTOR_GONE;
        tally.closed += sector->result == SECTOR_AUTH;
        tally.refused += sector->result == SECTOR_REFUSED;
        tally.derived += sector->opened.slot != 0 && sector->opened.version != 0;
        tally.transport += sector->opened.slot != 0 && sector->opened.version == 0;
    }
    return tally;
}

static bool names_row(const struct card_decoded *decoded, const struct card_ledger *ledger)
{
    return decoded->id_good && decoded->id.card_no == ledger->id.card_no &&
           decoded->id.site_id == ledger->id.site_id;
}

static bool id_equals(const struct id_fields *left, const struct id_fields *right)
{
    return left->key_version == right->key_version && left->site_id == right->site_id &&
           left->card_no == right->card_no && left->issued_days == right->issued_days &&
           left->expires_days == right->expires_days;
}

/* An issue leaves both slots and both records equal, with nothing in the purse. */
static bool purse_is_fresh(const struct card_decoded *decoded, const struct card_ledger *ledger,
                           enum card_purse purse)
{
    const struct decoded_purse *state = &decoded->purses[purse];
    const struct decoded_record *records = purse == PURSE_TIMES ? decoded->times : decoded->issuer;
    uint8_t epoch = epoch_byte(ledger->purses[purse].now.epoch_no);
    return state->readable && state->slots_equal && state->value == 0 && state->epoch == epoch &&
           records[0].verdict.counts && records[1].verdict.counts && state->opening_unique &&
           state->opening == 0;
}

/* R34: every sector of the format open with the new keys, content valid, and the ID block names this row. */
static bool is_issue_complete(const struct card_image *image, const struct card_decoded *decoded,
                              const struct card_ledger *ledger)
{
    int last = ledger->authority_sectors ? SECTOR_AUTHORITY_1 : SECTOR_TIMES_RECORDS;

    if (!rule_on("R34"))
        return names_row(decoded, ledger);
    if (!decoded->id_good || !id_equals(&decoded->id, &ledger->id))
        return false;
    for (int i = 0; i <= last; i++) {
        const struct image_sector *sector = &image->sectors[i];
        if (sector->result != SECTOR_OK || sector->opened.version != ledger->id.key_version)
            return false;
    }
    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_TIMES; purse++) {
        if (!purse_is_fresh(decoded, ledger, purse))
            return false;
    }
    return true;
}

enum card_verdict evidence_card_verdict(const struct card_image *image, const struct card_decoded *decoded,
                                        const struct card_ledger *ledger)
{
    struct sector_tally tally = tally_sectors(image);
    bool known = ledger && ledger->known;
    bool issuing = known && ledger->issuing;
    bool unissuing = known && ledger->unissuing;

    if (tally.gone > 0 || tally.read == 0)
        return CARD_GONE;
    if (issuing && is_issue_complete(image, decoded, ledger))
        return CARD_OURS;
    if (tally.closed == tally.read)
        return CARD_FOREIGN;
    if (tally.closed > 0)
        return tally.derived > 0 || issuing || unissuing ? CARD_LOCKED : CARD_FOREIGN;
    if (tally.refused > 0)
        return CARD_LOCKED;
    if (tally.transport == tally.read)
        return CARD_BLANK;
    if (tally.transport > 0 || issuing)
        return CARD_HALF_ISSUED;
    if (!known)
        return decoded->id_good ? CARD_OURS : CARD_HALF_ISSUED;
    if (names_row(decoded, ledger))
        return CARD_OURS;
    return unissuing ? CARD_HALF_ISSUED : CARD_IDENTITY_MISMATCH; /* an un-issue wipes the ID block first */
}

/* R22 switched off: one proven leg takes the other with it, as a test shows to be wrong. */
static void confirm_both_by_one(const struct card_ledger *ledger, struct card_evidence *evidence)
{
    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_WATER; purse++) {
        struct purse_evidence *other = &evidence->purses[PURSE_WATER - purse];
        int leg = newest_open_leg(&ledger->purses[PURSE_WATER - purse]);
        if (evidence->purses[purse].verdict != PURSE_APPLIED || other->verdict != PURSE_NOT_APPLIED ||
            leg < 0)
            continue;
        const struct epoch_terms *terms = &ledger->purses[PURSE_WATER - purse].epochs[leg].terms;
        *other = (struct purse_evidence){.verdict = PURSE_APPLIED,
                                         .epoch_no = terms->epoch_no,
                                         .value_minor = terms->opening_minor,
                                         .epoch_index = leg};
        return;
    }
}

void evidence_merge(const struct card_image *image, const struct card_decoded *decoded,
                    const struct card_ledger *ledger, struct card_evidence *ret_evidence)
{
    *ret_evidence = (struct card_evidence){.verdict = evidence_card_verdict(image, decoded, ledger)};
    bool issuing = ledger->known && ledger->issuing;
    ret_evidence->issue_complete = issuing && ret_evidence->verdict == CARD_OURS;
    bool judged = ledger->known && !issuing && ret_evidence->verdict == CARD_OURS;

    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_TIMES; purse++) {
        struct purse_evidence *evidence = &ret_evidence->purses[purse];
        *evidence = (struct purse_evidence){.verdict = PURSE_NOT_READ, .epoch_index = -1};
        if (judged)
            evidence_merge_purse(&decoded->purses[purse], &ledger->purses[purse], evidence);
    }
    if (judged && !rule_on("R22"))
        confirm_both_by_one(ledger, ret_evidence);
    for (enum card_purse purse = PURSE_CONSUMPTION; purse <= PURSE_TIMES; purse++) {
        const struct purse_evidence *evidence = &ret_evidence->purses[purse];
        ret_evidence->any_case = ret_evidence->any_case || evidence->contradiction != CONTRADICTION_NONE;
        ret_evidence->any_provisional = ret_evidence->any_provisional || evidence->provisional;
    }
}

const char *purse_verdict_word(enum purse_verdict verdict)
{
    static const char *const words[] = {
        [PURSE_NOT_READ] = "not_read",
        [PURSE_NOTHING_NEW] = "nothing_new",
        [PURSE_LOWER_VALUE] = "lower_value",
        [PURSE_NOT_APPLIED] = "not_applied",
        [PURSE_APPLIED] = "applied",
        [PURSE_FENCE_PROVEN] = "fence_proven",
        [PURSE_REPAIR_PROVEN] = "repair_proven",
        [PURSE_REPAIR_AGAIN] = "repair_again",
        [PURSE_UNREADABLE] = "unreadable",
        [PURSE_STALE] = "stale",
        [PURSE_AFTER_LOSS] = "after_loss",
        [PURSE_CASE] = "case",
    };
    return words[verdict];
}

const char *contradiction_word(enum contradiction contradiction)
{
    static const char *const words[] = {
        [CONTRADICTION_NONE] = "none",
        [CONTRADICTION_ROLLBACK] = "rollback",
        [CONTRADICTION_VALUE_ROSE] = "value_rose",
        [CONTRADICTION_LEDGER_BEHIND] = "ledger_behind",
        [CONTRADICTION_VOIDED_ON_CARD] = "voided_on_card",
        [CONTRADICTION_CEILING] = "ceiling",
        [CONTRADICTION_BELOW_ZERO] = "below_zero",
        [CONTRADICTION_BAD_MAC] = "bad_mac",
        [CONTRADICTION_RECORD_CONFLICT] = "record_conflict",
    };
    return words[contradiction];
}

const char *card_verdict_word(enum card_verdict verdict)
{
    static const char *const words[] = {
        [CARD_OURS] = "ours",     [CARD_BLANK] = "blank",     [CARD_HALF_ISSUED] = "half_issued",
        [CARD_LOCKED] = "locked", [CARD_FOREIGN] = "foreign", [CARD_IDENTITY_MISMATCH] = "identity_mismatch",
        [CARD_GONE] = "gone",
    };
    return words[verdict];
}
