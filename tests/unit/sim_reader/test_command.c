#include "tests/sim/reader/command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/sim-command-XXXXXX";
static struct reader reader;
static struct command_context context;
static struct command_reply reply;

static void start(void)
{
    char link[64];
    cr_assert_not_null(mkdtemp(directory));
    snprintf(link, sizeof link, "%s/tty", directory);
    cr_assert(reader_open(&reader, link, directory));
    context = (struct command_context){.reader = &reader};
}

static void stop(void)
{
    static const char *const names[] = {"a", "a.info", "b", "b.info", "log"};
    char path[64];
    reader_close(&reader);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    cr_expect_eq(rmdir(directory), 0);
}

TestSuite(sim_reader_command, .init = start, .fini = stop);

static bool run(const char *text)
{
    char line[SIM_CONTROL_LINE_BYTES_MAX];
    snprintf(line, sizeof line, "%s", text);
    command_run(&context, line, &reply);
    return strncmp(reply.text, "ok", 2) == 0;
}

Test(sim_reader_command, what_is_wrong_is_said)
{
    static const char *const lines[] = {
        "",
        "   ",
        "dance",
        "new",
        "new a 2k 01020304",
        "new a 1k 010203",
        "place",
        "place nobody",
        "place a b c",
        "cut",
        "cut x",
        "cut -1",
        "cut 1 2",
        "tear 1",
        "tear 1 half",
        "tear 9999999999999999999 old",
        "stall 5",
        "mute maybe",
        "pacing",
        "log ../x",
        "dump nobody",
        "wait",
        "wait idle 5",
        "wait cut",
        "seed -1",
        "a b c d e f",
        "new ../a 1k 01020304",
        "write",
        "write nobody 1 00000000000000000000000000000000",
        "write a x 00000000000000000000000000000000",
        "write a 256 00000000000000000000000000000000",
        "write a 1 00",
        "wait torn 99999999",
    };
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_not(run(lines[i]), "%s", lines[i]);
        cr_assert_eq(strncmp(reply.text, "error ", 6), 0, "%s: %s", lines[i], reply.text);
        cr_assert_eq(reply.wait.kind, WAIT_NOTHING);
    }
    cr_assert(run("status"));
    cr_assert_str_eq(reply.text,
                     "ok cards=0 plugged=1 muted=0 pacing=0 cut=0 tear=0 cuts_done=0 tears_done=0");
}

Test(sim_reader_command, cards_come_and_go)
{
    cr_assert(run("new a 1k 01020304"));
    cr_assert_not(run("new a 1k 01020304"));
    cr_assert(run("new b 4k 04a1b2c3d4e5f6"));
    cr_assert(run("place a b"), "%s", reply.text);
    cr_assert(run("status"));
    cr_assert_not_null(strstr(reply.text, "cards=2"));
    cr_assert_not(run("place b b"), "a card cannot lie there twice");
    cr_assert(run("place b"));
    cr_assert(run("dump b"));
    cr_assert_eq(strlen(reply.text), 3 + 2 * 4096);
    cr_assert_eq(strncmp(reply.text, "ok 04a1b2c3d4e5f618420000", 25), 0);
    cr_assert(run("phone"));
    cr_assert(run("remove"));
    cr_assert(run("status"));
    cr_assert_not_null(strstr(reply.text, "cards=0"));
}

Test(sim_reader_command, a_card_that_lies_nowhere_is_written_whatever_its_keys)
{
    const char *const trailer = "write a 3 0102030405067877886900000000000f";
    cr_assert(run("new a 1k 01020304"));
    cr_assert(run("place a"));
    cr_assert_not(run(trailer), "it lies on the reader");
    cr_assert(run("remove"));
    cr_assert_not(run("write a 64 00000000000000000000000000000000"), "a 1K ends at block 63");
    cr_assert(run(trailer), "%s", reply.text);
    cr_assert(run("dump a"));
    cr_assert_eq(strncmp(reply.text + 3 + 2 * 48, trailer + 10, 32), 0);
}

Test(sim_reader_command, faults_are_armed_and_disarmed)
{
    cr_assert(run("cut 3"));
    cr_assert(run("cut 2 select"));
    cr_assert(run("tear 4 marginal"));
    cr_assert(run("stall 100 2 line"));
    cr_assert(run("mute at 5") && run("unplug at 6") && run("corrupt 7") && run("lose 8"));
    cr_assert_eq(reader.field.countdown[FAULT_CUT], 3);
    cr_assert_eq(reader.field.countdown[FAULT_CUT_SELECT], 2);
    cr_assert_eq(reader.field.tear.countdown, 4);
    cr_assert_eq(reader.field.tear.kind, TEAR_MARGINAL);
    cr_assert(reader.field.stall_line);
    cr_assert(run("disarm"));
    for (unsigned fault = 0; fault < FAULTS; fault++)
        cr_assert_eq(reader.field.countdown[fault], 0);
    cr_assert_eq(reader.field.tear.countdown, 0);
}

Test(sim_reader_command, waits_end_by_event_or_by_time)
{
    const char *text;
    uint64_t again_ns;
    cr_assert(run("cut 1"));
    run("wait cut 60000");
    cr_assert_eq(reply.wait.kind, WAIT_CUT);
    cr_assert_not(command_wait_over(&context, &reply.wait, &text, &again_ns));
    reader.field.cuts_done++;
    cr_assert(command_wait_over(&context, &reply.wait, &text, &again_ns));
    cr_assert_str_eq(text, "ok");
    run("wait torn 0");
    cr_assert(command_wait_over(&context, &reply.wait, &text, &again_ns));
    cr_assert_str_eq(text, "error timeout");
    run("wait commands 0 100");
    cr_assert(command_wait_over(&context, &reply.wait, &text, &again_ns));
    run("wait idle 50000 60000");
    cr_assert_not(command_wait_over(&context, &reply.wait, &text, &again_ns));
    cr_assert_eq(again_ns, reader.field.last_command_ns + UINT64_C(50000000000));
}

Test(sim_reader_command, unplug_takes_the_link_away_and_plug_brings_it_back)
{
    char link[64];
    snprintf(link, sizeof link, "%s/tty", directory);
    cr_assert(run("unplug"));
    cr_assert_neq(access(link, F_OK), 0);
    cr_assert(run("unplug"));
    cr_assert(run("plug"));
    cr_assert_eq(access(link, F_OK), 0);
    cr_assert(run("quit"));
    cr_assert(reply.quit);
}
