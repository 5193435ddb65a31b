/* Tasks of a poll, and training actions as words of the simulator. */
#include "agent/strict_json.h"
#include "agent/task_json.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#define ID "01900000-0000-7000-8000-000000000001"

static struct task tasks[AGENT_TASKS_MAX];
static size_t skipped;

static json_t *load(const char *text)
{
    json_t *json = strict_json_load(text, strlen(text), 65536);
    cr_assert(json, "%s", text);
    return json;
}

Test(agent_task_json, every_kind)
{
    json_t *answer =
        load("{\"tasks\":[{\"task\":\"plan\",\"plan\":\"" ID "\",\"sealed\":\"00\"},"
             "{\"task\":\"cancel\",\"plan\":\"" ID "\"},"
             "{\"task\":\"cancel\",\"plan\":\"" ID "\",\"run\":\"000102030405060708090a0b0c0d0e0f\"},"
             "{\"task\":\"read\"},{\"task\":\"training\",\"id\":\"" ID "\",\"action\":\"list\"}],"
             "\"later\":1}");
    cr_assert_eq(tasks_read(answer, tasks, &skipped), 5);
    cr_assert_eq(skipped, 0);
    cr_assert_eq(tasks[0].kind, TASK_PLAN);
    cr_assert_str_eq(tasks[0].sealed, "00");
    cr_assert_not(tasks[1].has_run);
    cr_assert(tasks[2].has_run);
    cr_assert_eq(tasks[2].run[15], 15);
    cr_assert_eq(tasks[3].kind, TASK_READ);
    cr_assert_eq(tasks[4].id.bytes[15], 1);
    json_decref(answer);
}

Test(agent_task_json, what_is_not_understood_is_skipped)
{
    json_t *answer = load(
        "{\"tasks\":[{\"task\":\"dance\"},1,null,[],{},{\"task\":\"plan\",\"plan\":\"x\",\"sealed\":\"00\"},"
        "{\"task\":\"plan\",\"plan\":\"" ID "\"},{\"task\":\"cancel\"},{\"task\":\"read\"}]}");
    cr_assert_eq(tasks_read(answer, tasks, &skipped), 1);
    cr_assert_eq(skipped, 8);
    json_decref(answer);
    answer = load("{\"tasks\":{}}");
    cr_assert_eq(tasks_read(answer, tasks, &skipped), 0);
    cr_assert_eq(skipped, 1);
    json_decref(answer);
}

Test(agent_task_json, more_than_there_may_be)
{
    json_t *answer = json_object();
    json_t *list = json_array();
    for (int i = 0; i < AGENT_TASKS_MAX + 3; i++)
        json_array_append_new(list, json_pack("{s:s}", "task", "read"));
    json_object_set_new(answer, "tasks", list);
    cr_assert_eq(tasks_read(answer, tasks, &skipped), AGENT_TASKS_MAX);
    cr_assert_eq(skipped, 3);
    json_decref(answer);
}

static void expect_line(const char *members, const char *wanted)
{
    char line[TRAINING_LINE_BYTES_MAX];
    json_t *json = load(members);
    const char *wrong = training_line(json, line);
    cr_assert_null(wrong, "%s: %s", members, wrong);
    cr_assert_str_eq(line, wanted);
    json_decref(json);
}

Test(agent_task_json, training_lines)
{
    expect_line("{\"action\":\"place\",\"card\":\"card-1\"}", "place card-1");
    expect_line("{\"action\":\"remove\"}", "remove");
    expect_line("{\"action\":\"new\",\"card\":\"a\",\"chip\":\"4k\",\"uid\":\"04a1b2c3d4e5f6\"}",
                "new a 4k 04a1b2c3d4e5f6");
    expect_line("{\"action\":\"cut\",\"command\":3}", "cut 3");
    expect_line("{\"action\":\"tear\",\"write\":1,\"kind\":\"marginal\"}", "tear 1 marginal");
    expect_line("{\"action\":\"list\"}", "status");
}

Test(agent_task_json, a_new_card_needs_no_details)
{
    char line[TRAINING_LINE_BYTES_MAX];
    cr_assert_geq(sodium_init(), 0);
    json_t *json = load("{\"action\":\"new\"}");
    cr_assert_null(training_line(json, line));
    cr_assert_eq(strncmp(line, "new card-a", 10), 0, "%s", line);
    cr_assert_eq(strlen(line), strlen("new card-a0000000 1k a0000000"), "%s", line);
    json_decref(json);
}

Test(agent_task_json, training_refuses_what_could_reach_other_files_or_commands)
{
    static const char *const bad[] = {
        "{\"action\":\"place\",\"card\":\"../key\"}",
        "{\"action\":\"place\",\"card\":\"a b\"}",
        "{\"action\":\"place\",\"card\":\"a\\nquit\"}",
        "{\"action\":\"place\",\"card\":\"-x\"}",
        "{\"action\":\"place\",\"card\":\"\"}",
        "{\"action\":\"place\",\"card\":1}",
        "{\"action\":\"place\"}",
        "{\"action\":\"place\",\"card\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
        "{\"action\":\"new\",\"card\":\"a/b\"}",
        "{\"action\":\"cut\",\"command\":-1}",
        "{\"action\":\"cut\",\"command\":1000001}",
        "{\"action\":\"cut\"}",
        "{\"action\":\"tear\",\"write\":1}",
        "{\"action\":\"quit\"}",
        "{\"action\":\"dump x\"}",
        "{}",
    };
    char line[TRAINING_LINE_BYTES_MAX];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *json = load(bad[i]);
        cr_assert_not_null(training_line(json, line), "taken: %s", bad[i]);
        json_decref(json);
    }
}
