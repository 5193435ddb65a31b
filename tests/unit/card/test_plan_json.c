#include "bench.h"

static json_t *wire_of(const struct card_plan *plan, const struct card_uid *uid)
{
    static char text[PLAN_JSON_BYTES_MAX];
    struct plan_header header = {.plan_id = {{0x01, 0x93}}, .run = {0xAB}, .uid = *uid, .kind = "recharge"};
    json_error_t error;
    size_t length = plan_to_json(&header, plan, text, sizeof(text));
    cr_assert_gt(length, 0);
    cr_assert_eq(strlen(text), length);
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    cr_assert(json, "%s", error.text);
    return json;
}

/* The whole plan of a recharge, as agent/PROTOCOL.md wants it. */
Test(card_plan_json, recharge)
{
    static const char wanted[] = "[[\"auth\",8,\"B\",\"0c32e7f741cd\"],"
                                 "[\"expect\",8,\"657c00009a83ffff657c000005fa05fa\"],"
                                 "[\"expect\",9,\"0d2f0000f2d0ffff0d2f000004fb04fb\"],"
                                 "[\"auth\",4,\"B\",\"cba205b745c5\"],"
                                 "[\"expect\",5,\"010439300010270002881300854bff4d\"],"
                                 "[\"expect\",6,\"0105597e003075000288130045c37185\"],"
                                 "[\"begin\"],"
                                 "[\"write\",5,\"010685ca0050c30002881300cdcc3d09\"],"
                                 "[\"auth\",8,\"B\",\"0c32e7f741cd\"],"
                                 "[\"write\",9,\"85ca00007a35ffff85ca000006f906f9\"],"
                                 "[\"check\",9,\"85ca00007a35ffff85ca000006f906f9\"],"
                                 "[\"leg\",\"a0000000-0000-0000-0000-000000000000\",6]]";
    struct bench bench;
    struct card_plan plan;
    bench_init(&bench);
    bench.legs[0] = bench_leg(PURSE_CONSUMPTION, 6, 51845, 50000);
    struct plan_request request = bench_request(&bench, PLAN_ACT_WRITE, 1);
    cr_assert_eq(plan_build(&request, &plan), PLAN_OK);
    json_t *json = wire_of(&plan, &bench.keys.uid);
    char *steps = json_dumps(json_object_get(json, "steps"), JSON_COMPACT);
    cr_assert_str_eq(steps, wanted);
    cr_assert_str_eq(text_of(json, "plan"), "01930000-0000-0000-0000-000000000000");
    cr_assert_str_eq(text_of(json, "run"), "ab000000000000000000000000000000");
    cr_assert_str_eq(text_of(json, "uid"), "9c3ad15e");
    cr_assert_str_eq(text_of(json, "kind"), "recharge");
    cr_assert_eq(number_of(json, "start_within_ms"), PLAN_START_WITHIN_MS);
    cr_assert_eq(json_object_size(json), 6);
    free(steps);
    json_decref(json);
}

Test(card_plan_json, open_step_names_one_try)
{
    struct bench bench;
    struct card_plan plan;
    bench_init(&bench);
    soft_card_blank(&bench.card, &bench.keys.uid);
    struct read_request read = {.kind = READ_UNKNOWN, .keys = &bench.keys, .key_count = 1, .start_sector = 1};
    soft_present(&bench.card, &read, &bench.image);
    struct plan_issue_request request = {.id = {.key_version = 1, .site_id = 7, .card_no = 1},
                                         .epoch_no = {1, 1, 1},
                                         .image = &bench.image,
                                         .keys = &bench.keys};
    cr_assert_eq(plan_build_issue(&request, &plan), PLAN_OK);
    json_t *json = wire_of(&plan, &bench.keys.uid);
    char *step = json_dumps(json_array_get(json_object_get(json, "steps"), 0), JSON_COMPACT);
    cr_assert_str_eq(step, "[\"open\",8,[[\"A\",\"ffffffffffff\"]],0]");
    free(step);
    json_decref(json);
}

Test(card_plan_json, too_small_and_strange_words)
{
    static struct card_plan plan = {.step_count = 1, .steps = {{.kind = STEP_BEGIN}}};
    struct plan_header header = {.uid = {.length = 4}, .kind = "fence"};
    char text[256];
    size_t length = plan_to_json(&header, &plan, text, sizeof(text));
    cr_assert_gt(length, 0);
    for (size_t capacity = 1; capacity <= length; capacity++)
        cr_assert_eq(plan_to_json(&header, &plan, text, capacity), 0);
    header.kind = "fe\"nce";
    cr_assert_eq(plan_to_json(&header, &plan, text, sizeof(text)), 0);
}

Test(card_plan_json, clear_wipes_the_plan)
{
    static struct card_plan plan;
    static const struct card_plan empty;
    memset(&plan, 0x5A, sizeof(plan));
    plan_clear(&plan);
    cr_assert_eq(memcmp(&plan, &empty, sizeof(plan)), 0);
}
