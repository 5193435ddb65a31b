#include "bench.h"

/* One purse judged: what the card shows, what the ledger knows, what must come out. */
#define EPOCHS_MAX 4

struct judged {
    const char *name;
    int64_t epoch_no; /* shown by the card; 0 = unreadable */
    int32_t value;
    bool equal;
    struct ledger_epoch epochs[EPOCHS_MAX];
    struct proven_level now;
    struct proven_level floor;
    int64_t highest;
    enum purse_verdict verdict;
    enum contradiction contradiction;
    bool provisional;
    bool lower;
};

#define EPOCH(no, t, the_role, the_state)                                                                    \
    {                                                                                                        \
        .terms = {no, t, t}, .role = the_role, .state = the_state                                            \
    }
#define LEG(no, t) EPOCH(no, t, EPOCH_LEG, EPOCH_OPEN)
#define FENCE(no, t) EPOCH(no, t, EPOCH_FENCE, EPOCH_OPEN)
#define REPAIR(no, t) EPOCH(no, t, EPOCH_REPAIR, EPOCH_OPEN)
#define VOID_LEG(no, t) EPOCH(no, t, EPOCH_LEG, EPOCH_VOID)
#define VOID_REPAIR(no, t) EPOCH(no, t, EPOCH_REPAIR, EPOCH_VOID)
#define LOST_LEG(no, t) EPOCH(no, t, EPOCH_LEG, EPOCH_CLOSED_BY_LOSS)
#define ACKNOWLEDGED_LEG(no, t)                                                                              \
    {                                                                                                        \
        .terms = {no, t, t}, .acknowledged = true                                                            \
    }
#define DONE(no, t, low)                                                                                     \
    {                                                                                                        \
        .terms = {no, t, t}, .state = EPOCH_PROVEN, .lowest_minor = low                                      \
    }
#define ROWS(...)                                                                                            \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define LEVEL(...)                                                                                           \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
/* epoch, value and whether both slots show it | rows | ledger now | floor | highest || verdict,
 * contradiction, marks */
#define CASE(case_name, no, v, both, rows, now_level, floor_level, top, the_verdict, against, marks)         \
    {.name = case_name,                                                                                      \
     .epoch_no = no,                                                                                         \
     .value = v,                                                                                             \
     .equal = both,                                                                                          \
     .epochs = rows,                                                                                         \
     .now = now_level,                                                                                       \
     .floor = floor_level,                                                                                   \
     .highest = top,                                                                                         \
     .verdict = PURSE_##the_verdict,                                                                         \
     .contradiction = CONTRADICTION_##against,                                                               \
     .provisional = (marks)&1,                                                                               \
     .lower = (marks)&2},

static const struct judged cases[] = {
#include "evidence_cases.def"
};

static struct decoded_purse shown(const struct judged *one)
{
    struct decoded_purse purse = {.purse = PURSE_CONSUMPTION,
                                  .read = true,
                                  .readable = one->epoch_no != 0,
                                  .epoch = epoch_byte(one->epoch_no),
                                  .value = one->value,
                                  .value_minor = one->value < 0 ? 0 : one->value,
                                  .negative = one->value < 0,
                                  .slots_equal = one->equal,
                                  .other_slot_good = true,
                                  .ceiling = 1000};
    return purse;
}

static struct purse_ledger known(const struct judged *one)
{
    size_t count = 0;
    while (count < EPOCHS_MAX && one->epochs[count].terms.epoch_no != 0)
        count++;
    return (struct purse_ledger){.in_use = true,
                                 .now = one->now,
                                 .floor = one->floor,
                                 .floor_known = true,
                                 .highest_epoch_no = one->highest,
                                 .epochs = one->epochs,
                                 .epoch_count = count};
}

Test(card_evidence, one_purse)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decoded_purse purse = shown(&cases[i]);
        struct purse_ledger ledger = known(&cases[i]);
        struct purse_evidence evidence;
        evidence_merge_purse(&purse, &ledger, &evidence);
        cr_assert_eq(evidence.verdict, cases[i].verdict, "%s: %s", cases[i].name,
                     purse_verdict_word(evidence.verdict));
        cr_assert_eq(evidence.contradiction, cases[i].contradiction, "%s: %s", cases[i].name,
                     contradiction_word(evidence.contradiction));
        cr_assert_eq(evidence.provisional, cases[i].provisional, "%s", cases[i].name);
        cr_assert_eq(evidence.value_is_lower, cases[i].lower, "%s", cases[i].name);
        if (purse.readable)
            cr_assert_eq(evidence.epoch_no, cases[i].epoch_no, "%s", cases[i].name);
    }
}

/* Without a floor the order of the reading is unknown, and nothing old is an alarm. */
Test(card_evidence, unordered_reading_raises_no_alarm)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decoded_purse purse = shown(&cases[i]);
        struct purse_ledger ledger = known(&cases[i]);
        struct purse_evidence evidence;
        if (cases[i].contradiction != CONTRADICTION_VALUE_ROSE && strcmp(cases[i].name, "older epoch") != 0)
            continue;
        ledger.floor_known = false;
        evidence_merge_purse(&purse, &ledger, &evidence);
        cr_assert_eq(evidence.verdict, PURSE_STALE);
    }
}

/* R38: a good record with other terms for an epoch the ledger knows. */
Test(card_evidence, record_conflict)
{
    struct judged one = {.epoch_no = 5,
                         .value = 100,
                         .epochs = {{.terms = {5, 120, 110}, .state = EPOCH_PROVEN, .lowest_minor = 100}},
                         .now = {5, 100, 100},
                         .floor = {5, 100, 100},
                         .highest = 5};
    struct decoded_purse purse = shown(&one);
    struct purse_ledger ledger = known(&one);
    struct purse_evidence evidence;

    purse.named = purse.opening_unique = true;
    purse.opening = 120;
    purse.stored = 110;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.verdict, PURSE_NOTHING_NEW);
    purse.stored = 109;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.contradiction, CONTRADICTION_RECORD_CONFLICT);
    purse.purse = PURSE_WATER;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.verdict, PURSE_NOTHING_NEW, "water has no stored part");
    purse.opening_unique = false;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.contradiction, CONTRADICTION_RECORD_CONFLICT);
}

Test(card_evidence, forged_and_unread)
{
    struct judged one = {
        .epochs = {DONE(5, 120, 100)}, .now = {5, 100, 100}, .floor = {5, 100, 100}, .highest = 5};
    struct decoded_purse purse = shown(&one);
    struct purse_ledger ledger = known(&one);
    struct purse_evidence evidence;

    purse.records_forged = true;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.contradiction, CONTRADICTION_BAD_MAC);
    purse.read = false;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.verdict, PURSE_NOT_READ);
    purse.read = true;
    ledger.in_use = false;
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert_eq(evidence.verdict, PURSE_NOT_READ);
}

/* R38: the retry takes the same epoch only for the same result. */
Test(card_evidence, retry_epoch)
{
    struct judged one = {.epochs = {DONE(5, 120, 100), LEG(6, 150), LEG(7, 140), FENCE(8, 100)},
                         .now = {5, 100, 100},
                         .floor = {5, 100, 100},
                         .highest = 8};
    struct purse_ledger ledger = known(&one);
    struct decoded_purse purse = shown(&one);
    struct purse_evidence evidence;
    cr_assert_eq(evidence_retry_epoch(&ledger, 150, 150), 1);
    cr_assert_eq(evidence_retry_epoch(&ledger, 140, 140), 2);
    cr_assert_eq(evidence_retry_epoch(&ledger, 130, 130), -1);
    cr_assert_eq(evidence_retry_epoch(&ledger, 100, 100), -1, "a fence is no retry");
    evidence_merge_purse(&purse, &ledger, &evidence);
    cr_assert(evidence.retry_forbidden);
}

/* ---- the card ---- */

static struct card_ledger active_ledger(const struct bench *bench)
{
    struct card_ledger ledger = {
        .known = true,
        .id = {
            .key_version = 1, .site_id = 7, .card_no = 100217, .issued_days = 9822, .expires_days = 10957}};
    (void)bench;
    return ledger;
}

static enum card_verdict judge_card(struct bench *bench, const struct card_ledger *ledger)
{
    return evidence_card_verdict(&bench->image, &bench->decoded, ledger);
}

Test(card_evidence, whole_card)
{
    struct bench bench;
    bench_init(&bench);
    struct card_ledger ledger = active_ledger(&bench);

    cr_assert_eq(judge_card(&bench, &ledger), CARD_OURS);
    cr_assert_eq(judge_card(&bench, NULL), CARD_OURS);
    ledger.id.card_no++;
    cr_assert_eq(judge_card(&bench, &ledger), CARD_IDENTITY_MISMATCH);
    ledger.id.card_no--;
    bench.image.sectors[SECTOR_WATER].result = SECTOR_GONE;
    cr_assert_eq(judge_card(&bench, &ledger), CARD_GONE);
    bench.image.sectors[SECTOR_WATER] = (struct image_sector){.result = SECTOR_AUTH};
    cr_assert_eq(judge_card(&bench, &ledger), CARD_LOCKED);
    bench_present(&bench);
    bench.image.sectors[SECTOR_WATER].result = SECTOR_REFUSED;
    cr_assert_eq(judge_card(&bench, &ledger), CARD_LOCKED);
    bench_present(&bench);
    bench.image.sectors[SECTOR_WATER].opened.version = 0;
    cr_assert_eq(judge_card(&bench, &ledger), CARD_HALF_ISSUED);
    bench.decoded.id_good = false;
    bench_present(&bench);
    bench.card.blocks[4][15] ^= 1;
    bench_present(&bench);
    cr_assert_eq(judge_card(&bench, &ledger), CARD_IDENTITY_MISMATCH);
    cr_assert_eq(judge_card(&bench, NULL), CARD_HALF_ISSUED);
    for (int sector = 0; sector < CARD_SECTORS_LOGICAL; sector++)
        bench.image.sectors[sector] = (struct image_sector){.result = SECTOR_AUTH};
    cr_assert_eq(judge_card(&bench, NULL), CARD_FOREIGN);
    cr_assert_eq(judge_card(&bench, &ledger), CARD_FOREIGN);
    bench.image.sectors[SECTOR_WATER] = (struct image_sector){.result = SECTOR_OK, .opened = {KEY_SLOT_A, 0}};
    cr_assert_eq(judge_card(&bench, NULL), CARD_FOREIGN);
}

/* R22: consumption proven says nothing about water, and the purses are judged on a card of ours only. */
Test(card_evidence, each_leg_by_its_own_evidence)
{
    struct bench bench;
    struct ledger_epoch consumption[] = {
        {.terms = {4, 12345, 10000}, .state = EPOCH_PROVEN, .lowest_minor = 12045},
        {.terms = {5, 32345, 30000}},
    };
    struct ledger_epoch water[] = {DONE(2, 5000, 4100), LEG(3, 9100)};
    struct card_evidence evidence;

    bench_init(&bench);
    struct card_ledger ledger = active_ledger(&bench);
    ledger.purses[PURSE_CONSUMPTION] = (struct purse_ledger){.in_use = true,
                                                             .now = {4, 12045, 12345},
                                                             .floor = {4, 12045, 12345},
                                                             .floor_known = true,
                                                             .highest_epoch_no = 5,
                                                             .epochs = consumption,
                                                             .epoch_count = 2};
    ledger.purses[PURSE_WATER] = (struct purse_ledger){.in_use = true,
                                                       .now = {2, 4100, 5000},
                                                       .floor = {2, 4100, 5000},
                                                       .floor_known = true,
                                                       .highest_epoch_no = 3,
                                                       .epochs = water,
                                                       .epoch_count = 2};
    evidence_merge(&bench.image, &bench.decoded, &ledger, &evidence);
    cr_assert_eq(evidence.purses[PURSE_CONSUMPTION].verdict, PURSE_APPLIED);
    cr_assert_eq(evidence.purses[PURSE_CONSUMPTION].epoch_no, 5);
    cr_assert_eq(evidence.purses[PURSE_CONSUMPTION].value_minor, 31845);
    cr_assert(evidence.any_provisional);
    cr_assert_eq(evidence.purses[PURSE_WATER].verdict, PURSE_NOT_APPLIED);
    cr_assert_eq(evidence.purses[PURSE_TIMES].verdict, PURSE_NOT_READ);
    cr_assert_not(evidence.any_case);

    bench.image.sectors[SECTOR_TIMES].result = SECTOR_GONE;
    evidence_merge(&bench.image, &bench.decoded, &ledger, &evidence);
    cr_assert_eq(evidence.verdict, CARD_GONE);
    cr_assert_eq(evidence.purses[PURSE_CONSUMPTION].verdict, PURSE_NOT_READ);
}

/* A torn issue that nobody has a row for, a blank card under an issuing row, a locked sector of an issue. */
Test(card_evidence, cards_between_states)
{
    struct bench bench;
    bench_init(&bench);
    struct card_ledger ledger = active_ledger(&bench);

    ledger.issuing = true;
    cr_assert_eq(judge_card(&bench, &ledger), CARD_HALF_ISSUED, "complete, but not empty");
    bench.image.sectors[SECTOR_WATER] = (struct image_sector){.result = SECTOR_AUTH};
    cr_assert_eq(judge_card(&bench, &ledger), CARD_LOCKED);
    for (int sector = 0; sector < CARD_SECTORS_LOGICAL; sector++)
        bench.image.sectors[sector] = (struct image_sector){.result = SECTOR_OK, .opened = {KEY_SLOT_A, 0}};
    cr_assert_eq(judge_card(&bench, &ledger), CARD_BLANK);
    cr_assert_eq(judge_card(&bench, NULL), CARD_BLANK);
    bench.image.sectors[SECTOR_WATER] = (struct image_sector){.result = SECTOR_AUTH};
    cr_assert_eq(judge_card(&bench, &ledger), CARD_LOCKED);
    bench.image = (struct card_image){0};
    cr_assert_eq(judge_card(&bench, &ledger), CARD_GONE, "nothing was read");
}

Test(card_evidence, case_beside_a_verdict)
{
    struct bench bench;
    struct ledger_epoch water[] = {DONE(2, 5000, 5000)};
    struct card_evidence evidence;
    uint8_t block[CARD_BLOCK_BYTES];

    bench_init(&bench);
    struct card_ledger ledger = active_ledger(&bench);
    ledger.purses[PURSE_WATER] = (struct purse_ledger){
        .in_use = true, .now = {2, 5000, 5000}, .highest_epoch_no = 2, .epochs = water, .epoch_count = 1};
    layout_value_encode(-4, 2, block);
    card_image_set(&bench.image, layout_purses[PURSE_WATER].slots[0], block);
    card_decode(&bench.image, &bench.keys, &bench.decoded);
    evidence_merge(&bench.image, &bench.decoded, &ledger, &evidence);
    cr_assert(evidence.any_case);
    cr_assert_not(evidence.any_provisional);
    cr_assert_eq(evidence.purses[PURSE_WATER].verdict, PURSE_LOWER_VALUE);
    cr_assert_eq(evidence.purses[PURSE_WATER].contradiction, CONTRADICTION_BELOW_ZERO);
    cr_assert_eq(evidence.purses[PURSE_WATER].value_minor, 0);
    ledger.known = false;
    evidence_merge(&bench.image, &bench.decoded, &ledger, &evidence);
    cr_assert_eq(evidence.verdict, CARD_OURS);
    cr_assert_eq(evidence.purses[PURSE_WATER].verdict, PURSE_NOT_READ);
}

Test(card_evidence, words_are_complete)
{
    for (int word = 0; word <= PURSE_CASE; word++)
        cr_assert(purse_verdict_word((enum purse_verdict)word));
    for (int word = 0; word <= CONTRADICTION_RECORD_CONFLICT; word++)
        cr_assert(contradiction_word((enum contradiction)word));
    for (int word = 0; word <= CARD_GONE; word++)
        cr_assert(card_verdict_word((enum card_verdict)word));
    for (int word = 0; word <= PLAN_TOO_LONG; word++)
        cr_assert(plan_outcome_word((enum plan_outcome)word));
}
