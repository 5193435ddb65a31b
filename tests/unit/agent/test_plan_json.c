/* The parser of plans and read plans: what is right, and one fault at a time. */
#include "agent/plan.h"
#include "agent/strict_json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                                 \
    "{\"plan\":\"01900000-0000-7000-8000-000000000001\",\"run\":\"000102030405060708090a0b0c0d0e0f\","       \
    "\"uid\":\"9c3ad15e\",\"kind\":\"recharge\",\"start_within_ms\":30000,\"steps\":"
#define AUTH "[\"auth\",4,\"B\",\"b0b0b0b0b0b0\"]"
#define BLOCK "\"000102030405060708090a0b0c0d0e0f\""
#define LEG "[\"leg\",\"01900000-0000-7000-8000-000000000003\",6]"
#define READ_HEAD "{\"read\":\"01900000-0000-7000-8000-000000000002\",\"uid\":\"04a1b2c3d4e5f6\",\"sectors\":"
#define TRY "[\"A\",\"ffffffffffff\"]"

static struct plan plan;
static struct read_plan read_plan;
static struct plan_problem problem;

static bool parses(const char *text)
{
    problem.text[0] = '\0';
    return plan_parse(text, strlen(text), &plan, &problem);
}

static bool read_parses(const char *text)
{
    problem.text[0] = '\0';
    return read_plan_parse(text, strlen(text), &read_plan, &problem);
}

static bool is_wiped(const void *memory, size_t count)
{
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            return false;
    return true;
}

Test(agent_plan_json, every_kind_of_step)
{
    cr_assert(parses(HEAD "[[\"open\",4,[[\"A\",\"ffffffffffff\"],[\"B\",\"b0b0b0b0b0b0\"]],1],"
                          "[\"expect\",5," BLOCK "],[\"begin\"],[\"write\",5," BLOCK "],[\"check\",5," BLOCK
                          "]," LEG "]}"),
              "%s", problem.text);
    cr_assert_eq(plan.step_count, 6);
    cr_assert_eq(plan.uid.count, 4);
    cr_assert_eq(plan.run[15], 15);
    cr_assert_str_eq(plan.kind, "recharge");
    cr_assert_eq(plan.start_within_ms, 30000);
    cr_assert_eq(plan.steps[0].kind, STEP_OPEN);
    cr_assert_eq(plan.steps[0].key_count, 2);
    cr_assert_eq(plan.steps[0].key_index, 1);
    cr_assert_eq(plan.steps[0].keys[1].slot, 'B');
    cr_assert_eq(plan.steps[0].keys[1].bytes[5], 0xb0);
    cr_assert_eq(plan.steps[1].block, 5);
    cr_assert_eq(plan.steps[1].data[14], 14);
    cr_assert_eq(plan.steps[2].kind, STEP_BEGIN);
    cr_assert_eq(plan.steps[5].epoch_no, 6);
    cr_assert_eq(plan.steps[5].leg_id.bytes[15], 3);
}

/* The reason must be the one meant, or another check hides the tested one. */
static const struct bad {
    const char *text;
    const char *why;
} bad_plans[] = {
    {"", "not a JSON object in bounds"},
    {"[]", "not a JSON object in bounds"},
    {HEAD "[" AUTH ",[\"begin\"]]", "not a JSON object in bounds"},
    {HEAD "[" AUTH ",[\"begin\"]]} x", "not a JSON object in bounds"},
    {HEAD "[" AUTH ",[\"begin\"]],\"uid\":\"9c3ad15e\"}", "not a JSON object in bounds"},
    {HEAD "[" AUTH ",[\"begin\"]],\"more\":1}", "unknown member"},
    {HEAD "[" AUTH ",[\"begin\"]],\"more\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
     "not a JSON object in bounds"},
    {HEAD "[]}", "steps: none"},
    {HEAD "{}}", "steps: none"},
    {HEAD "[" AUTH "]}", "no begin"},
    {HEAD "[" AUTH ",[\"begin\"],[\"begin\"]]}", "steps[2]: second begin"},
    {HEAD "[" AUTH ",[\"begin\",1]]}", "wrong number of members"},
    {HEAD "[" AUTH ",\"begin\"]}", "unknown step"},
    {HEAD "[" AUTH ",[\"decrement\",4,1],[\"begin\"]]}", "unknown step"},
    {HEAD "[" AUTH ",[]]}", "unknown step"},
    {HEAD "[" AUTH ",[1]]}", "unknown step"},
    {HEAD "[" AUTH ",[\"write\",5," BLOCK "],[\"begin\"]]}", "steps[1]: before begin"},
    {HEAD "[" AUTH ",[\"check\",5," BLOCK "],[\"begin\"]]}", "steps[1]: before begin"},
    {HEAD "[" AUTH "," LEG ",[\"begin\"]]}", "leg before begin"},
    {HEAD "[" AUTH ",[\"begin\"]," LEG "," LEG "," LEG "]}", "too many legs"},
    {HEAD "[[\"begin\"],[\"write\",5," BLOCK "]]}", "sector is not open"},
    {HEAD "[" AUTH ",[\"expect\",8," BLOCK "],[\"begin\"]]}", "sector is not open"},
    {HEAD "[[\"auth\",0,\"B\",\"b0b0b0b0b0b0\"],[\"begin\"],[\"write\",0," BLOCK "]]}", "block 0"},
    {HEAD "[" AUTH ",[\"begin\"],[\"write\",7," BLOCK "]]}", "access bytes"},
    {HEAD "[" AUTH ",[\"begin\"],[\"write\",7,\"b0b0b0b0b0b048778b69b0b0b0b0b0b1\"],[\"write\",7,"
          "\"b0b0b0b0b0b048768b69b0b0b0b0b0b1\"]]}",
     "steps[3]: access bytes"},
    {HEAD "[[\"auth\",256,\"B\",\"b0b0b0b0b0b0\"]]}", "block is not 0..255"},
    {HEAD "[[\"auth\",-1,\"B\",\"b0b0b0b0b0b0\"]]}", "block is not 0..255"},
    {HEAD "[[\"auth\",4.0,\"B\",\"b0b0b0b0b0b0\"]]}", "block is not 0..255"},
    {HEAD "[[\"auth\",\"4\",\"B\",\"b0b0b0b0b0b0\"]]}", "block is not 0..255"},
    {HEAD "[[\"auth\",4,\"C\",\"b0b0b0b0b0b0\"]]}", "a member is wrong"},
    {HEAD "[[\"auth\",4,\"AB\",\"b0b0b0b0b0b0\"]]}", "a member is wrong"},
    {HEAD "[[\"auth\",4,\"B\",\"b0b0b0b0b0\"]]}", "a member is wrong"},
    {HEAD "[[\"auth\",4,\"B\",\"b0b0b0b0b0bg\"]]}", "a member is wrong"},
    {HEAD "[[\"auth\",4,\"B\"]]}", "wrong number of members"},
    {HEAD "[[\"open\",4,[],0]]}", "a member is wrong"},
    {HEAD "[[\"open\",4,[" TRY "],1]]}", "a member is wrong"},
    {HEAD "[[\"open\",4,[" TRY "],-1]]}", "a member is wrong"},
    {HEAD "[[\"open\",4,[[\"A\"]],0]]}", "a member is wrong"},
    {HEAD "[[\"open\",4," TRY ",0]]}", "a member is wrong"},
    {HEAD "[" AUTH ",[\"expect\",4,\"00\"]]}", "a member is wrong"},
    {HEAD "[" AUTH ",[\"begin\"],[\"leg\",\"x\",6]]}", "a member is wrong"},
    {HEAD "[" AUTH ",[\"begin\"],[\"leg\",\"01900000-0000-7000-8000-000000000003\",-1]]}",
     "a member is wrong"},
    {"{\"plan\":1}", "plan: not an id"},
    {"{\"plan\":\"01900000-0000-7000-8000-000000000001\",\"run\":\"00\"}", "run: "},
    {"{\"plan\":\"01900000-0000-7000-8000-000000000001\",\"run\":\"000102030405060708090a0b0c0d0e0f\","
     "\"uid\":\"9c3ad1\"}",
     "uid: "},
    {"{\"plan\":\"01900000-0000-7000-8000-000000000001\",\"run\":\"000102030405060708090a0b0c0d0e0f\","
     "\"uid\":\"9c3ad15e\",\"kind\":\"Re charge\"}",
     "kind: "},
    {"{\"plan\":\"01900000-0000-7000-8000-000000000001\",\"run\":\"000102030405060708090a0b0c0d0e0f\","
     "\"uid\":\"9c3ad15e\",\"kind\":\"recharge\",\"start_within_ms\":60001}",
     "start_within_ms: "},
    {"{\"plan\":\"01900000-0000-7000-8000-000000000001\",\"run\":\"000102030405060708090a0b0c0d0e0f\","
     "\"uid\":\"9c3ad15e\",\"kind\":\"recharge\",\"start_within_ms\":0}",
     "start_within_ms: "},
};

Test(agent_plan_json, each_fault_is_refused_and_named)
{
    for (size_t i = 0; i < sizeof bad_plans / sizeof *bad_plans; i++) {
        memset(&plan, 0xee, sizeof plan);
        cr_assert_not(parses(bad_plans[i].text), "taken: %s", bad_plans[i].text);
        cr_assert(strstr(problem.text, bad_plans[i].why), "%s: said \"%s\", not \"%s\"", bad_plans[i].text,
                  problem.text, bad_plans[i].why);
        cr_assert(is_wiped(&plan, sizeof plan));
    }
}

/* A plan of one auth, `count` reads and a begin. */
static char *plan_of_steps(size_t count)
{
    size_t capacity = 1024 + count * 64;
    char *text = malloc(capacity);
    size_t used = (size_t)snprintf(text, capacity, "%s[%s", HEAD, AUTH);
    for (size_t i = 0; i + 2 < count; i++)
        used += (size_t)snprintf(text + used, capacity - used, ",[\"expect\",5,%s]", BLOCK);
    snprintf(text + used, capacity - used, ",[\"begin\"]]}");
    return text;
}

Test(agent_plan_json, as_many_steps_as_there_may_be_and_one_more)
{
    char *most = plan_of_steps(PLAN_STEPS_MAX);
    char *more = plan_of_steps(PLAN_STEPS_MAX + 1);
    cr_assert(parses(most), "%s", problem.text);
    cr_assert_not(parses(more));
    cr_assert(strstr(problem.text, "too many"));
    free(most);
    free(more);
}

Test(agent_plan_json, longer_than_any_plan)
{
    char *text = malloc(PLAN_JSON_BYTES_MAX + 2);
    size_t used = (size_t)snprintf(text, PLAN_JSON_BYTES_MAX, "%s[%s,[\"begin\"]]", HEAD, AUTH);
    memset(text + used, ' ', PLAN_JSON_BYTES_MAX - used);
    memcpy(text + PLAN_JSON_BYTES_MAX - 1, "} ", 3);
    cr_assert(plan_parse(text, PLAN_JSON_BYTES_MAX, &plan, &problem));
    cr_assert_not(plan_parse(text, PLAN_JSON_BYTES_MAX + 1, &plan, &problem));
    free(text);
}

Test(agent_plan_json, cut_short_anywhere)
{
    static const char whole[] = HEAD "[" AUTH ",[\"begin\"],[\"write\",5," BLOCK "]," LEG "]}";
    for (size_t count = 0; count < sizeof whole - 1; count++)
        cr_assert_not(plan_parse(whole, count, &plan, &problem), "taken with %zu bytes", count);
    cr_assert(plan_parse(whole, sizeof whole - 1, &plan, &problem));
}

Test(agent_plan_json, read_plan)
{
    cr_assert(read_parses(READ_HEAD "[{\"sector\":39,\"tries\":[" TRY "," TRY "],\"blocks\":[240,254]},"
                                    "{\"sector\":1,\"tries\":[" TRY "],\"blocks\":[]}]}"),
              "%s", problem.text);
    cr_assert_eq(read_plan.sector_count, 2);
    cr_assert_eq(read_plan.uid.count, 7);
    cr_assert_eq(read_plan.sectors[0].sector, 39);
    cr_assert_eq(read_plan.sectors[0].key_count, 2);
    cr_assert_eq(read_plan.sectors[0].blocks[1], 254);
    cr_assert_eq(read_plan.sectors[1].block_count, 0);
}

static const struct bad bad_read_plans[] = {
    {"{}", "read: not an id"},
    {READ_HEAD "[]}", "sectors: none"},
    {READ_HEAD "[1]}", "sectors[0]: not an object"},
    {READ_HEAD "[{\"sector\":40,\"tries\":[" TRY "],\"blocks\":[]}]}", "sector is not 0..39"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[],\"blocks\":[]}]}", "tries are wrong"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[" TRY "],\"blocks\":{}}]}", "blocks are wrong"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[" TRY "],\"blocks\":[4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4]}]}",
     "blocks are wrong"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[" TRY "],\"blocks\":[8]}]}", "not in the sector"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[" TRY "],\"blocks\":[],\"x\":1}]}", "not an object of"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[" TRY "],\"blocks\":[]},{\"sector\":1,\"tries\":[" TRY
               "],\"blocks\":[]}]}",
     "sectors[1]: sector twice"},
    {READ_HEAD "[{\"sector\":1,\"tries\":[" TRY "],\"blocks\":[]}],\"run\":\"00\"}", "unknown member"},
};

Test(agent_plan_json, each_fault_of_a_read_plan_is_refused_and_named)
{
    for (size_t i = 0; i < sizeof bad_read_plans / sizeof *bad_read_plans; i++) {
        memset(&read_plan, 0xee, sizeof read_plan);
        cr_assert_not(read_parses(bad_read_plans[i].text), "taken: %s", bad_read_plans[i].text);
        cr_assert(strstr(problem.text, bad_read_plans[i].why), "%s: said \"%s\"", bad_read_plans[i].text,
                  problem.text);
        cr_assert(is_wiped(&read_plan, sizeof read_plan));
    }
}

Test(agent_plan_json, sectors_and_blocks_of_a_4k)
{
    for (int block = 0; block < CARD_BLOCKS_MAX; block++) {
        uint8_t sector = sector_of_block((uint8_t)block);
        cr_assert_leq(sector_first_block(sector), block);
        cr_assert(sector == 39 || sector_first_block((uint8_t)(sector + 1)) > block);
    }
    cr_assert_eq(sector_first_block(31), 124);
    cr_assert_eq(sector_first_block(32), 128);
    cr_assert_eq(sector_first_block(39), 240);
}
