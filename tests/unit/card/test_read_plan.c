#include "bench.h"

static size_t commands(const struct read_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->sector_count; i++)
        count += 1u + plan->sectors[i].block_count;
    return count;
}

/* The table of the design: 10 commands, times + 6, each authority sector + 4. */
Test(card_read_plan, commands_of_the_design)
{
    struct bench bench;
    struct read_plan plan;
    bench_init(&bench);
    struct read_request request = {
        .kind = READ_KNOWN, .keys = &bench.keys, .key_count = 1, .start_sector = 1};

    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(commands(&plan), 10);
    request.times = true;
    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(commands(&plan), 16);
    request.authority = true;
    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(commands(&plan), 24);
    request =
        (struct read_request){.kind = READ_ISSUING, .keys = &bench.keys, .key_count = 1, .start_sector = 1};
    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(commands(&plan), 20);
}

Test(card_read_plan, order_of_sectors_and_tries)
{
    struct bench bench;
    struct read_plan plan;
    bench_init(&bench);
    struct card_keys keys[2] = {bench.keys, bench.keys};
    keys[1].version = 2;
    struct read_request request = {
        .kind = READ_UNKNOWN, .keys = keys, .key_count = 2, .start_sector = 3, .authority = true};
    static const uint8_t order[] = {4, 5, 6, 7, 8, 9, 3};

    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(plan.sector_count, sizeof(order));
    for (size_t i = 0; i < sizeof(order); i++)
        cr_assert_eq(plan.sectors[i].sector, order[i]);
    cr_assert_eq(plan.tries.count, 3);
    cr_assert_eq(plan.tries.keys[0].version, 0, "unknown: transport first");
    cr_assert_eq(plan.tries.keys[1].version, 1);
    cr_assert_eq(plan.tries.keys[2].version, 2);
    assert_hex(plan.sectors[0].try_keys[0], CARD_KEY_BYTES, "ffffffffffff", "transport key");
    cr_assert_eq(memcmp(plan.sectors[0].try_keys[1], bench.keys.key_a[1], CARD_KEY_BYTES), 0);

    request.kind = READ_ISSUING;
    request.key_count = 1;
    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(plan.tries.count, 2);
    cr_assert_eq(plan.tries.keys[0].version, 1, "issuing: derived first (R33)");
    cr_assert_eq(plan.tries.keys[1].version, 0);

    request.kind = READ_KNOWN;
    cr_assert(read_plan_build(&request, &plan));
    cr_assert_eq(plan.tries.count, 1);
    request.key_count = 0;
    cr_assert_not(read_plan_build(&request, &plan));
    request.key_count = READ_TRIES_MAX;
    cr_assert_not(read_plan_build(&request, &plan));
}

static json_t *read_text(const char *text, size_t length)
{
    json_error_t error;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    cr_assert(json, "%s: %s", error.text, text);
    return json;
}

Test(card_read_plan, wire_form)
{
    struct bench bench;
    struct read_plan plan;
    char text[PLAN_JSON_BYTES_MAX];
    struct uuid id = {{1, 2, 3}};
    bench_init(&bench);
    struct read_request request = {
        .kind = READ_ISSUING, .keys = &bench.keys, .key_count = 1, .start_sector = 1};
    cr_assert(read_plan_build(&request, &plan));
    size_t length = read_plan_to_json(&plan, &id, &bench.keys.uid, text, sizeof(text));
    json_t *json = read_text(text, length);

    cr_assert_str_eq(text_of(json, "read"), "01020300-0000-0000-0000-000000000000");
    cr_assert_str_eq(text_of(json, "uid"), "9c3ad15e");
    json_t *sector = json_array_get(json_object_get(json, "sectors"), 0);
    cr_assert_eq(number_of(sector, "sector"), 2);
    json_t *first = json_array_get(json_object_get(sector, "tries"), 0);
    cr_assert_str_eq(json_string_value(json_array_get(first, 0)), "A");
    cr_assert_str_eq(json_string_value(json_array_get(first, 1)), "7d6a82b3f8c9");
    cr_assert_eq(json_array_size(json_object_get(sector, "tries")), 2);
    cr_assert_eq(json_array_size(json_object_get(sector, "blocks")), 3);
    cr_assert_eq(json_integer_value(json_array_get(json_object_get(sector, "blocks"), 0)), 8);
    cr_assert_eq(read_plan_to_json(&plan, &id, &bench.keys.uid, text, 100), 0);
    json_decref(json);
}

Test(card_read_plan, clear_wipes_the_keys)
{
    struct bench bench;
    struct read_plan plan;
    struct read_plan empty;
    bench_init(&bench);
    struct read_request request = {
        .kind = READ_KNOWN, .keys = &bench.keys, .key_count = 1, .start_sector = 1};
    memset(&empty, 0, sizeof(empty));
    cr_assert(read_plan_build(&request, &plan));
    read_plan_clear(&plan);
    cr_assert_eq(memcmp(&plan, &empty, sizeof(plan)), 0);
}
