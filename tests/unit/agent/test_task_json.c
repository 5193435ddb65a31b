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

static struct training_lines script;

static void lines_of(const char *members)
{
    json_t *json = load(members);
    const char *wrong = training_lines(json, &script);
    cr_assert_null(wrong, "%s: %s", members, wrong);
    json_decref(json);
}

static void expect_line(const char *members, const char *wanted)
{
    lines_of(members);
    cr_assert_eq(script.count, 1);
    cr_assert_str_eq(script.lines[0], wanted);
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
    expect_line("{\"action\":\"phone\"}", "phone");
    expect_line("{\"action\":\"place\",\"card\":\"a\",\"second\":\"b\"}", "place a b");
}

Test(agent_task_json, damage_takes_the_card_off_tears_its_blocks_and_puts_it_back)
{
    lines_of("{\"action\":\"damage\",\"card\":\"a\",\"blocks\":[9,10]}");
    cr_assert_eq(script.count, 4);
    cr_assert_str_eq(script.lines[0], "remove");
    cr_assert_str_eq(script.lines[1], "write a 9 00000000000000000000000000000000");
    cr_assert_str_eq(script.lines[2], "write a 10 00000000000000000000000000000000");
    cr_assert_str_eq(script.lines[3], "place a");
}

Test(agent_task_json, a_foreign_card_has_no_trailer_of_the_factory)
{
    cr_assert_geq(sodium_init(), 0);
    lines_of("{\"action\":\"new\",\"card\":\"f\",\"keys\":\"foreign\"}");
    cr_assert_eq(script.count, 17);
    cr_assert_eq(strncmp(script.lines[16], "write f 63 ", 11), 0, "%s", script.lines[16]);
    lines_of("{\"action\":\"new\",\"card\":\"f\",\"chip\":\"4k\",\"keys\":\"foreign\"}");
    cr_assert_eq(script.count, 41);
    cr_assert_eq(strncmp(script.lines[40], "write f 255 ", 12), 0, "%s", script.lines[40]);
    cr_assert_eq(strncmp(script.lines[40] + 24, "78778869", 8), 0, "%s", script.lines[40]);
    cr_assert_neq(strcmp(script.lines[1] + 10, script.lines[2] + 10), 0);
}

Test(agent_task_json, a_new_card_needs_no_details)
{
    cr_assert_geq(sodium_init(), 0);
    lines_of("{\"action\":\"new\"}");
    const char *line = script.lines[0];
    cr_assert_eq(strncmp(line, "new card-a", 10), 0, "%s", line);
    cr_assert_eq(strlen(line), strlen("new card-a0000000 1k a0000000"), "%s", line);
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
        "{\"action\":\"place\",\"card\":\"a\",\"second\":\"b c\"}",
        "{\"action\":\"place\",\"card\":\"a\",\"second\":\"\"}",
        "{\"action\":\"new\",\"keys\":1}",
        "{\"action\":\"damage\",\"card\":\"a\"}",
        "{\"action\":\"damage\",\"card\":\"a\",\"blocks\":[]}",
        "{\"action\":\"damage\",\"card\":\"a\",\"blocks\":[256]}",
        "{\"action\":\"damage\",\"card\":\"a\",\"blocks\":[\"9\"]}",
        "{\"action\":\"damage\",\"card\":\"a\",\"blocks\":[1,1,1,1,1,1,1,1,1]}",
        "{\"action\":\"damage\",\"blocks\":[9]}",
        "{\"action\":\"quit\"}",
        "{\"action\":\"dump x\"}",
        "{}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *json = load(bad[i]);
        cr_assert_not_null(training_lines(json, &script), "taken: %s", bad[i]);
        json_decref(json);
    }
}
