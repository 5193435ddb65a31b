#include "bench.h"

#define DATA_COMMANDS 16
#define ISSUE_COMMANDS 72
#define ISSUE_WRITES 16

static const struct id_fields new_id = {
    .key_version = 1, .site_id = 7, .card_no = 100300, .issued_days = 9900, .expires_days = EXPIRES_NEVER};

static struct plan_issue_request issue_request(struct bench *bench)
{
    struct plan_issue_request request = {
        .leg_id = {{9}}, .id = new_id, .epoch_no = {1, 1, 1}, .image = &bench->image, .keys = &bench->keys};
    return request;
}

/* A presentation as the server asks for it while a card is being issued. */
static void present(struct bench *bench, enum read_kind kind)
{
    struct read_request request = {.kind = kind,
                                   .keys = &bench->keys,
                                   .key_count = 1,
                                   .start_sector = 1,
                                   .all_blocks = true,
                                   .authority = true};
    soft_present(&bench->card, &request, &bench->image);
    card_decode(&bench->image, &bench->keys, &bench->decoded);
}

static void blank_on_reader(struct bench *bench)
{
    bench_init(bench);
    soft_card_blank(&bench->card, &bench->keys.uid);
    present(bench, READ_UNKNOWN);
}

static struct card_ledger issuing_ledger(void)
{
    struct card_ledger ledger = {.known = true, .issuing = true, .id = new_id};
    for (int purse = 0; purse < PURSES; purse++)
        ledger.purses[purse] =
            (struct purse_ledger){.in_use = true, .now = {.epoch_no = 1}, .highest_epoch_no = 1};
    return ledger;
}

static struct card_evidence judge(struct bench *bench)
{
    struct card_ledger ledger = issuing_ledger();
    struct card_evidence evidence;
    evidence_merge(&bench->image, &bench->decoded, &ledger, &evidence);
    return evidence;
}

Test(card_plan_issue, blank_card)
{
    struct bench bench;
    struct card_plan plan;

    blank_on_reader(&bench);
    cr_assert_eq(judge(&bench).verdict, CARD_BLANK);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert_eq(plan.command_count, ISSUE_COMMANDS);
    cr_assert_eq(plan.write_count, ISSUE_WRITES);
    struct run_result result = soft_run(&bench.card, &plan, &(struct fault){0});
    cr_assert(result.complete, "stopped after %zu", result.commands);
    cr_assert_eq(result.legs, 1);

    struct card_image expected = bench.image;
    plan_apply(&plan, &bench.keys, &expected);
    present(&bench, READ_ISSUING);
    for (int sector = 0; sector <= SECTOR_TIMES_RECORDS; sector++)
        cr_assert_eq(
            memcmp(&expected.sectors[sector], &bench.image.sectors[sector], sizeof(expected.sectors[0])), 0);
    cr_assert(judge(&bench).issue_complete);
    cr_assert_eq(judge(&bench).verdict, CARD_OURS);
}

/* The issued image of the second vector, byte by byte. */
Test(card_plan_issue, content_is_the_empty_vector)
{
    struct bench bench;
    struct card_plan plan;
    json_t *file = vectors_load();
    const json_t *vector = json_array_get(json_object_get(file, "vectors"), 1);

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    request.id = (struct id_fields){
        .key_version = 1, .site_id = 7, .card_no = 100217, .issued_days = 9822, .expires_days = 10957};
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    struct card_image wanted = image_of(vector, &bench.keys);
    present(&bench, READ_ISSUING);
    for (uint8_t sector = 0; sector <= SECTOR_TIMES_RECORDS; sector++)
        cr_assert_eq(
            memcmp(wanted.sectors[sector].blocks, bench.image.sectors[sector].blocks, 3 * CARD_BLOCK_BYTES),
            0, "sector %u", sector);
    json_decref(file);
}

Test(card_plan_issue, order_data_then_trailers_identity_last)
{
    static const uint8_t wanted[ISSUE_WRITES] = {8, 9, 12, 13, 16, 17, 20, 21, 5, 6, 4, 11, 15, 19, 23, 7};
    struct bench bench;
    struct card_plan plan;
    size_t found = 0;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    for (size_t i = 0; i < plan.step_count; i++) {
        if (plan.steps[i].kind == STEP_WRITE)
            cr_assert_eq(plan.steps[i].block, wanted[found++]);
    }
    cr_assert_eq(found, ISSUE_WRITES);
}

/* R33, R34: after any interruption outside a trailer the card is not active, can be read, and the same issue
 * finishes it from another desk. */
static void check_torn_issue(const struct fault *fault)
{
    struct bench bench;
    struct card_plan plan;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    struct run_result result = soft_run(&bench.card, &plan, fault);
    cr_assert_not(result.complete);
    cr_assert_eq(result.legs, 0);
    present(&bench, READ_ISSUING);
    struct card_evidence evidence = judge(&bench);
    if (evidence.verdict == CARD_LOCKED) {
        cr_assert_gt(fault->tear_write, 11, "only a torn trailer locks a sector");
        cr_assert_eq(plan_build_issue(&request, &plan), PLAN_SECTOR_CLOSED);
        return;
    }
    /* every write done, only the proof was cut: complete by what the card shows */
    if (evidence.issue_complete) {
        cr_assert(fault->cut_before_command > 46 || fault->tear_write >= ISSUE_WRITES);
    } else {
        cr_assert(evidence.verdict == CARD_HALF_ISSUED || evidence.verdict == CARD_BLANK);
    }
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    present(&bench, READ_ISSUING);
    cr_assert(judge(&bench).issue_complete);
}

Test(card_plan_issue, torn_anywhere)
{
    for (size_t command = 1; command <= ISSUE_COMMANDS; command++)
        check_torn_issue(&(struct fault){.cut_before_command = command});
    for (size_t write = 1; write <= ISSUE_WRITES; write++) {
        for (enum tear tear = TEAR_OLD; tear < TEAR_KINDS; tear++) {
            /* A half-programmed trailer keeps the old key A bytes or access bits that contradict: locked, or
             * a sector that opens by key A alone; the latter is met below. */
            if (write > 11 && tear == TEAR_FRONT)
                continue;
            check_torn_issue(&(struct fault){.tear_write = write, .tear = tear});
        }
    }
}

/* Key A is new, access bits and key B are old: the card reads well, but the plan finds that B does not open.
 */
Test(card_plan_issue, half_trailer_never_becomes_active_by_its_plan)
{
    struct bench bench;
    struct card_plan plan;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    soft_run(&bench.card, &plan, &(struct fault){.tear_write = 12, .tear = TEAR_FRONT});
    present(&bench, READ_ISSUING);
    cr_assert_not(judge(&bench).issue_complete);
    if (plan_build_issue(&request, &plan) == PLAN_OK)
        cr_assert_not(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
}

/* R31: a late plan of the same issue, or of another one, must not wipe a card that is in use. */
Test(card_plan_issue, stale_plan_stops_before_it_starts)
{
    struct bench bench;
    struct card_plan first;
    struct card_plan second;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &first), PLAN_OK);
    soft_run(&bench.card, &first, &(struct fault){.cut_before_command = 30});
    present(&bench, READ_ISSUING);
    cr_assert_eq(plan_build_issue(&request, &second), PLAN_OK);
    cr_assert_neq(memcmp(first.guard_hash, second.guard_hash, GUARD_HASH_BYTES), 0);
    cr_assert(soft_run(&bench.card, &second, &(struct fault){0}).complete);
    cr_assert_not(soft_run(&bench.card, &first, &(struct fault){0}).started);
    cr_assert_not(soft_run(&bench.card, &second, &(struct fault){0}).started);

    /* recharged meanwhile: the purse's blocks differ although every key is the same */
    present(&bench, READ_ISSUING);
    cr_assert_eq(plan_build_issue(&request, &second), PLAN_OK);
    cr_assert_eq(second.write_count, 0);
    bench.card.blocks[8][0] ^= 1;
    cr_assert_not(soft_run(&bench.card, &second, &(struct fault){0}).started);
}

/* R31 once more: equal blocks, other key. The key that opened a sector is part of the guard. */
Test(card_plan_issue, guard_names_the_key)
{
    struct bench bench;
    uint8_t by_transport[GUARD_HASH_BYTES];
    uint8_t by_derived[GUARD_HASH_BYTES];

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_issue_guard_hash(&request, by_transport), PLAN_OK);
    bench.image.sectors[SECTOR_WATER].opened.version = 1;
    cr_assert_eq(plan_issue_guard_hash(&request, by_derived), PLAN_OK);
    cr_assert_neq(memcmp(by_transport, by_derived, GUARD_HASH_BYTES), 0);
}

/* A sector that is right already is compared and proven, but not written. */
Test(card_plan_issue, right_sectors_are_skipped)
{
    struct bench bench;
    struct card_plan plan;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    /* stopped after the trailer of the first purse sector */
    soft_run(&bench.card, &plan, &(struct fault){.cut_before_command = 20 + DATA_COMMANDS + 3});
    present(&bench, READ_ISSUING);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert_eq(plan.write_count, ISSUE_WRITES - 3);
    cr_assert_eq(plan.command_count, ISSUE_COMMANDS - 3 - 2);
}

/* A used medium: new number, next epochs, other key version; old content must not count any more. */
Test(card_plan_issue, used_medium_with_older_keys)
{
    static const uint8_t site_key[SITE_KEY_BYTES] = {0x77};
    struct bench bench;
    struct card_plan plan;
    struct site_keys site;
    struct card_keys former;

    bench_init(&bench);
    former = bench.keys;
    cr_assert(site_keys_init(&(struct site_key_input){site_key, 2, 7, "2580"}, &site));
    card_keys_derive(&site, &former.uid, &bench.keys);
    struct card_keys both[2] = {bench.keys, former};
    struct read_request read = {.kind = READ_KNOWN,
                                .keys = both,
                                .key_count = 2,
                                .start_sector = 1,
                                .all_blocks = true,
                                .authority = true};
    soft_present(&bench.card, &read, &bench.image);
    cr_assert_eq(bench.image.sectors[0].opened.version, 1);

    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_BAD_REQUEST, "the ID must name the key version");
    request.id.key_version = 2;
    request.epoch_no[PURSE_CONSUMPTION] = 6;
    request.epoch_no[PURSE_WATER] = 3;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_SECTOR_CLOSED, "the old keys are needed");
    request.former = &former;
    request.former_count = 1;
    request.authority_sectors = true;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);

    soft_present(&bench.card, &read, &bench.image);
    card_decode(&bench.image, &bench.keys, &bench.decoded);
    for (int sector = 0; sector < CARD_SECTORS_LOGICAL; sector++)
        cr_assert_eq(bench.image.sectors[sector].opened.version, 2);
    cr_assert_eq(bench.decoded.id.card_no, new_id.card_no);
    cr_assert_eq(bench.decoded.purses[PURSE_CONSUMPTION].value, 0);
    cr_assert_eq(bench.decoded.purses[PURSE_CONSUMPTION].epoch, 6);
    cr_assert(bench.decoded.purses[PURSE_CONSUMPTION].slots_equal &&
              bench.decoded.purses[PURSE_WATER].slots_equal);
}

Test(card_plan_issue, foreign_card_is_refused)
{
    struct bench bench;
    struct card_plan plan;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    bench.image.sectors[SECTOR_WATER] = (struct image_sector){.result = SECTOR_AUTH};
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_SECTOR_CLOSED);
    present(&bench, READ_UNKNOWN);
    bench.image.sectors[SECTOR_WATER].present = 3;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_BLOCK_MISSING);
}

Test(card_plan_issue, longest_issue_fits)
{
    struct bench bench;
    struct card_plan plan;
    static char text[PLAN_JSON_BYTES_MAX];
    struct plan_header header = {.kind = "issue"};

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    request.authority_sectors = true;
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert_lt(plan.step_count, PLAN_STEPS_MAX);
    header.uid = bench.keys.uid;
    size_t length = plan_to_json(&header, &plan, text, sizeof(text));
    cr_assert_gt(length, 0);
    cr_assert_lt(length, PLAN_JSON_BYTES_MAX);
    cr_assert_eq(plan_to_json(&header, &plan, text, length), 0, "the NUL needs a byte too");
}

/* R34: every single thing an issue must leave behind is asked for; without any one of them the card is not
 * active. */
static void spoil(struct bench *bench, struct card_ledger *ledger, int what)
{
    static const uint8_t junk[CARD_BLOCK_BYTES] = {1};
    struct record_fields record = {
        .epoch_consumption = 1, .epoch_water = 1, .opening_water = 5, .epoch_times = 1};
    uint8_t block[CARD_BLOCK_BYTES];
    struct image_sector *sectors = bench->image.sectors;

    if (what < 4) {
        uint16_t *fields[] = {&ledger->id.site_id, &ledger->id.issued_days, &ledger->id.expires_days};
        if (what == 3)
            ledger->id.card_no ^= 1;
        else
            *fields[what] ^= 1;
        return;
    }
    switch (what) {
    case 4:
        ledger->id.key_version = 2;
        break;
    case 5:
        sectors[SECTOR_IDENTITY].blocks[0][15] ^= 1;
        break;
    case 6:
        sectors[SECTOR_TIMES].result = SECTOR_REFUSED;
        break;
    case 7:
        sectors[SECTOR_TIMES_RECORDS].opened.version = 0;
        break;
    case 8:
        sectors[SECTOR_WATER].opened.version = 9;
        break;
    case 9:
        card_image_set(&bench->image, layout_purses[PURSE_WATER].slots[0], junk);
        break;
    case 10: /* a value in both slots */
        layout_value_encode(1, 1, block);
        card_image_set(&bench->image, layout_purses[PURSE_TIMES].slots[0], block);
        card_image_set(&bench->image, layout_purses[PURSE_TIMES].slots[1], block);
        break;
    case 11:
        ledger->purses[PURSE_CONSUMPTION].now.epoch_no = 2;
        break;
    case 12:
        card_image_set(&bench->image, layout_purses[PURSE_WATER].records[0], junk);
        break;
    case 13:
        card_image_set(&bench->image, layout_purses[PURSE_TIMES].records[1], junk);
        break;
    case 14: /* both records good, one with another opening balance */
        layout_issuer_encode(&record, &bench->keys, block);
        card_image_set(&bench->image, layout_purses[PURSE_WATER].records[1], block);
        break;
    case 15: /* both of them */
        layout_issuer_encode(&record, &bench->keys, block);
        card_image_set(&bench->image, layout_purses[PURSE_WATER].records[0], block);
        card_image_set(&bench->image, layout_purses[PURSE_WATER].records[1], block);
        break;
    case 16:
        memset(sectors[SECTOR_WATER].blocks, 0, sizeof(sectors[SECTOR_WATER].blocks));
        break;
    default: /* the site formats the authority sectors too, and they are still as delivered */
        ledger->authority_sectors = true;
        break;
    }
}

Test(card_plan_issue, active_only_when_everything_is_there)
{
    struct bench bench;
    struct card_plan plan;

    blank_on_reader(&bench);
    struct plan_issue_request request = issue_request(&bench);
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    cr_assert(soft_run(&bench.card, &plan, &(struct fault){0}).complete);
    for (int what = 0; what < 18; what++) {
        struct card_ledger ledger = issuing_ledger();
        struct card_evidence evidence;
        present(&bench, READ_ISSUING);
        for (int sector = SECTOR_AUTHORITY_0; sector <= SECTOR_AUTHORITY_1; sector++)
            bench.image.sectors[sector] = (struct image_sector){0};
        card_decode(&bench.image, &bench.keys, &bench.decoded);
        evidence_merge(&bench.image, &bench.decoded, &ledger, &evidence);
        cr_assert(evidence.issue_complete);
        spoil(&bench, &ledger, what);
        card_decode(&bench.image, &bench.keys, &bench.decoded);
        evidence_merge(&bench.image, &bench.decoded, &ledger, &evidence);
        cr_assert_not(evidence.issue_complete, "case %d", what);
        cr_assert_neq(evidence.verdict, CARD_OURS, "case %d", what);
    }
}
