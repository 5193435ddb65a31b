/* Un-issue: the card of the first vector, emptied in the ledger, is taken back to a blank one. */
#include "bench.h"

#define DATA_WRITES 15 /* L0..L4, three blocks each; the writes after them are trailers */
#define UNISSUE_WRITES 20
#define UNISSUE_COMMANDS 75 /* guard 20, data 20, trailers 10, proof 25: key B proves nothing there */

static const struct id_fields named = {
    .key_version = 1, .site_id = 7, .card_no = 100217, .issued_days = 9822, .expires_days = 10957};

static struct plan_issue_request unissue_request(struct bench *bench)
{
    return (struct plan_issue_request){
        .leg_id = {{8}}, .id = named, .unissue = true, .image = &bench->image, .keys = &bench->keys};
}

/* A presentation as the server asks for it while a card is being taken back: derived keys, then transport. */
static void present(struct bench *bench)
{
    struct read_request request = {
        .kind = READ_ISSUING, .keys = &bench->keys, .key_count = 1, .start_sector = 1};
    soft_present(&bench->card, &request, &bench->image);
    card_decode(&bench->image, &bench->keys, &bench->decoded);
}

static enum card_verdict judge(struct bench *bench, bool unissuing)
{
    struct card_ledger ledger = {.known = true, .unissuing = unissuing, .id = named};
    return evidence_card_verdict(&bench->image, &bench->decoded, &ledger);
}

static bool is_blank(const struct soft_card *card)
{
    struct soft_card blank;
    soft_card_blank(&blank, &card->uid);
    size_t first = SECTOR_BLOCKS; /* start sector 1 */
    size_t count = (size_t)(SECTOR_TIMES_RECORDS + 1) * SECTOR_BLOCKS;
    return memcmp(blank.blocks[first], card->blocks[first], count * CARD_BLOCK_BYTES) == 0;
}

static void card_on_reader(struct bench *bench)
{
    bench_init(bench);
    present(bench);
}

Test(card_plan_unissue, card_becomes_as_delivered)
{
    struct bench bench;
    struct card_plan plan;

    card_on_reader(&bench);
    cr_assert_eq(judge(&bench, true), CARD_OURS);
    struct plan_issue_request request = unissue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert_eq(plan.command_count, UNISSUE_COMMANDS);
    cr_assert_eq(plan.write_count, UNISSUE_WRITES);
    struct run_result result = soft_run(&bench.card, &plan, &(struct fault){0});
    cr_assert(result.complete, "stopped after %zu", result.commands);
    cr_assert_eq(result.legs, 1);
    cr_assert(is_blank(&bench.card));

    struct card_image expected = bench.image;
    plan_apply(&plan, &bench.keys, &expected);
    present(&bench);
    for (int sector = 0; sector <= SECTOR_TIMES_RECORDS; sector++)
        cr_assert_eq(
            memcmp(&expected.sectors[sector], &bench.image.sectors[sector], sizeof(expected.sectors[0])), 0);
    cr_assert_eq(judge(&bench, true), CARD_BLANK);
}

/* The ID block goes first: whatever still names its row is a whole card. Trailers come last. */
Test(card_plan_unissue, order_identity_first_trailers_last)
{
    static const uint8_t wanted[UNISSUE_WRITES] = {4,  5,  6,  8,  9,  10, 12, 13, 14, 16,
                                                   17, 18, 20, 21, 22, 7,  11, 15, 19, 23};
    struct bench bench;
    struct card_plan plan;
    size_t found = 0;

    card_on_reader(&bench);
    struct plan_issue_request request = unissue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    for (size_t i = 0; i < plan.step_count; i++) {
        if (plan.steps[i].kind == STEP_WRITE)
            cr_assert_eq(plan.steps[i].block, wanted[found++]);
    }
    cr_assert_eq(found, UNISSUE_WRITES);
}

/* After any interruption outside a trailer the card can be read, never looks like a contradiction, and the
 * same un-issue finishes it from another desk. */
static void check_torn(const struct fault *fault)
{
    struct bench bench;
    struct card_plan plan;

    card_on_reader(&bench);
    struct plan_issue_request request = unissue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    struct run_result result = soft_run(&bench.card, &plan, fault);
    cr_assert_not(result.complete);
    cr_assert_eq(result.legs, 0);
    present(&bench);
    enum card_verdict verdict = judge(&bench, true);
    request.continued = true;
    if (verdict == CARD_LOCKED) {
        cr_assert_gt(fault->tear_write, DATA_WRITES, "only a torn trailer locks a sector");
        cr_assert_eq(plan_build_issue(&request, &plan), PLAN_SECTOR_CLOSED);
        return;
    }
    cr_assert(verdict == CARD_OURS || verdict == CARD_HALF_ISSUED || verdict == CARD_BLANK, "%s",
              card_verdict_word(verdict));
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    cr_assert(is_blank(&bench.card));
}

Test(card_plan_unissue, torn_anywhere)
{
    for (size_t command = 1; command <= UNISSUE_COMMANDS; command++)
        check_torn(&(struct fault){.cut_before_command = command});
    for (size_t write = 1; write <= UNISSUE_WRITES; write++) {
        for (enum tear tear = TEAR_OLD; tear < TEAR_KINDS; tear++) {
            /* A half-programmed trailer: transport key A, the old key B and access bits. See below. */
            if (write > DATA_WRITES && tear == TEAR_FRONT)
                continue;
            check_torn(&(struct fault){.tear_write = write, .tear = tear});
        }
    }
}

/* Transport key A opens the sector, but may not write it: the plan stops there, and the card is not blank. */
Test(card_plan_unissue, half_trailer_is_never_called_blank_by_its_plan)
{
    struct bench bench;
    struct card_plan plan;

    card_on_reader(&bench);
    struct plan_issue_request request = unissue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    soft_run(&bench.card, &plan, &(struct fault){.tear_write = DATA_WRITES + 1, .tear = TEAR_FRONT});
    present(&bench);
    request.continued = true;
    if (plan_build_issue(&request, &plan) == PLAN_OK)
        cr_assert_not(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
}

/* R13: a card that reads blank is not known to be so; its last trailer is written once more. */
Test(card_plan_unissue, blank_reading_is_proven_by_one_more_trailer)
{
    struct bench bench;
    struct card_plan plan;

    card_on_reader(&bench);
    struct plan_issue_request request = unissue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert_not(
        soft_run(&bench.card, &plan, &(struct fault){.cut_before_command = UNISSUE_COMMANDS}).complete);
    present(&bench);
    cr_assert_eq(judge(&bench, true), CARD_BLANK);
    request.continued = true;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert_eq(plan.write_count, 1);
    struct run_result result = soft_run(&bench.card, &plan, &(struct fault){0});
    cr_assert(result.complete);
    cr_assert_eq(result.legs, 1);
}

/* R31: a late plan of an un-issue must not wipe the card once it is somebody's again. */
Test(card_plan_unissue, late_plan_leaves_the_next_issue_alone)
{
    struct bench bench;
    struct card_plan first;
    struct card_plan second;
    struct card_plan issue;

    card_on_reader(&bench);
    struct plan_issue_request request = unissue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &first), PLAN_OK);
    soft_run(&bench.card, &first, &(struct fault){.cut_before_command = 45});
    present(&bench);
    request.continued = true;
    cr_assert_eq(plan_build_issue(&request, &second), PLAN_OK);
    cr_assert(soft_run(&bench.card, &second, &(struct fault){0}).complete);
    cr_assert_not(soft_run(&bench.card, &first, &(struct fault){0}).started);

    struct plan_issue_request anew = {
        .leg_id = {{9}}, .id = named, .epoch_no = {6, 3, 3}, .image = &bench.image, .keys = &bench.keys};
    anew.id.card_no++;
    present(&bench);
    cr_assert_eq(plan_build_issue(&anew, &issue), PLAN_OK);
    cr_assert(soft_run(&bench.card, &issue, &(struct fault){0}).complete);
    cr_assert_not(soft_run(&bench.card, &first, &(struct fault){0}).started);
    cr_assert_not(soft_run(&bench.card, &second, &(struct fault){0}).started);
}

/* Without an open un-issue a bad ID block is a contradiction; a sector nobody opens is one for the bin. */
Test(card_plan_unissue, verdicts)
{
    struct bench bench;

    card_on_reader(&bench);
    memset(bench.card.blocks[4], 0, CARD_BLOCK_BYTES);
    present(&bench);
    cr_assert_eq(judge(&bench, false), CARD_IDENTITY_MISMATCH);
    cr_assert_eq(judge(&bench, true), CARD_HALF_ISSUED);

    soft_card_blank(&bench.card, &bench.keys.uid);
    memset(bench.card.blocks[11], 0, CARD_BLOCK_BYTES);
    present(&bench);
    cr_assert_eq(judge(&bench, false), CARD_FOREIGN);
    cr_assert_eq(judge(&bench, true), CARD_LOCKED);
}

/* Content of other keys is taken back too; sectors with authority as well, where the site has them. */
Test(card_plan_unissue, former_keys_and_authority)
{
    static const uint8_t site_key[SITE_KEY_BYTES] = {0x77};
    struct bench bench;
    struct card_plan plan;
    struct site_keys site;

    bench_init(&bench);
    struct card_keys former = bench.keys;
    cr_assert(site_keys_init(&(struct site_key_input){site_key, 2, 7, "2580"}, &site));
    card_keys_derive(&site, &former.uid, &bench.keys);
    struct card_keys both[2] = {bench.keys, former};
    struct read_request read = {
        .kind = READ_ISSUING, .keys = both, .key_count = 2, .start_sector = 1, .authority = true};
    soft_present(&bench.card, &read, &bench.image);

    struct plan_issue_request request = unissue_request(&bench);
    request.authority_sectors = true;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_SECTOR_CLOSED, "the old keys are needed");
    request.former = &former;
    request.former_count = 1;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    cr_assert(is_blank(&bench.card));
}
