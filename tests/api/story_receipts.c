/* Receipts: composed once, printed by the browser or by the real agent on a printer that is a file; copies
 * are marked. */
#include "tests/lib/story_agent.h"
#include "tests/lib/story_desk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECEIPTS POST("/api/v1/desks/{set.desk}/receipts"), .as = "cashier"
#define PRINTS_WITH(label_, members)                                                                         \
    {"desk_" label_, GET("/api/v1/desks/{set.desk}"), .want = 200},                                          \
    {                                                                                                        \
        label_, PATCH("/api/v1/desks/{set.desk}"), .headers = "If-Match: {desk_" label_ ".@etag}",           \
                                                   .body = "{" members "}", .want = 200,                     \
                                                   .has = "{" members "}"                                    \
    }

#define PRINTED(label_, ...)                                                                                 \
    {                                                                                                        \
        label_, POST("/agent/v1/printed"), .as = "till", __VA_ARGS__                                         \
    }

static void paper_path(struct story *story, char ret_path[300])
{
    char *folder = story_fill(story, "{set.folder}");
    snprintf(ret_path, 300, "%s/paper", folder);
    free(folder);
}

static void put_printer_there(struct story *story)
{
    char path[300];
    paper_path(story, path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert_geq(file, 0);
    close(file);
}

/* What is on paper, at most `count` bytes; how many. */
static size_t on_paper(struct story *story, char *ret_bytes, size_t count)
{
    char path[300];
    paper_path(story, path);
    FILE *file = fopen(path, "re");
    cr_assert(file);
    size_t got = fread(ret_bytes, 1, count, file);
    fclose(file);
    return got;
}

static void on_paper_has(struct story *story, const char *bytes, size_t count, const char *what)
{
    char paper[8192];
    size_t got = on_paper(story, paper, sizeof paper);
    cr_expect(memmem(paper, got, bytes, count), "%s is not among the %zu bytes on paper", what, got);
}

static void chinese_on_paper(struct story *story)
{
    char paper[8192];
    size_t got = on_paper(story, paper, sizeof paper);
    cr_assert_gt(got, 100);
    cr_expect_arr_eq(paper, "\x1B@\x1C&", 4, "begins with initialising and Chinese mode");
    cr_expect_arr_eq(paper + got - 6, "\x1C.\x1DVB\0", 6, "ends with feeding and cutting");
    on_paper_has(story, "\xB3\xE4\xD6\xB5", 4, "recharge in GB18030");
    on_paper_has(story, "CNY 200.00", 10, "the cash");
    on_paper_has(story, "Ann Bell", 8, "the holder");
    on_paper_has(story, "\xB8\xB1\xB1\xBE", 4, "copy in GB18030");
    story_set(story, "length", "none");
    char length[20];
    snprintf(length, sizeof length, "%zu", got);
    story_set(story, "length", length);
}

static void no_more_on_paper(struct story *story)
{
    char paper[8192];
    char length[20];
    snprintf(length, sizeof length, "%zu", on_paper(story, paper, sizeof paper));
    char *before = story_fill(story, "{set.length}");
    cr_expect_str_eq(length, before, "a repeat prints nothing");
    free(before);
}

static void english_on_paper(struct story *story)
{
    on_paper_has(story, "\x1B@\x1C.\x1Bt\0", 7, "English mode");
    on_paper_has(story, "Recharge\n", 9, "the act");
    on_paper_has(story, "COPY\n", 5, "the mark of a copy");
    on_paper_has(story, "--------------------------------\n", 33, "a rule of 32 columns");
    on_paper_has(story, "Taken in cash         CNY 200.00\n", 33, "a row of 32 columns");
}

static struct story_desk *recharged(struct story *story)
{
    static const struct step recharge = {"recharge", OPERATIONS_BY("cashier"),
                                         ACT("recharge", "'consumption_minor': 15000, 'water_minor': 5000")};
    struct story_desk *desk = story_desk_start_issued(story, "cashier");
    story_step(story, &recharge);
    story_desk_wait(desk, "recharge", "completed");
    return desk;
}

/* The lines come back, the second time as a copy. */
static void by_the_browser(struct story *story)
{
    static const struct step browser[] = {
        {"first", RECEIPTS, .body = "{'operation_id': '{recharge.id}'}", .want = 200,
         .has = "{'kind': 'receipt', 'made_by': 'browser', 'copy_no': 0, 'paper_mm': 80, 'language': 'en'}"},
        {"lines",
         SQL("SELECT string_agg(coalesce(body ->> 'act', '') || ' ' || (body ->> 'cash_taken_minor') || ' ' "
             "|| (body ->> "
             "'entries'), '') FROM (SELECT fn_receipt_body(r) AS body FROM receipt_print r) b"),
         .text = "recharge 20000 [{\"account\": \"stored\", \"amount_minor\": 15000, "
                 "\"balance_after_minor\": 15000}, "
                 "{\"account\": \"water\", \"amount_minor\": 5000, \"balance_after_minor\": 5000}]"},
        {"second", RECEIPTS, .body = "{'operation_id': '{recharge.id}'}", .want = 200,
         .has = "{'copy_no': 1}"},
        {"audited",
         SQL("SELECT count(*) || ' ' || max((detail ->> 'copy_no')::int) FROM audit WHERE action = "
             "'receipt.print'"),
         .text = "2 1"},
        {"program", GET("/api/v1/desks/{set.desk}"), .want = 200,
         .has = "{'agent': {'printer': '{set.folder}/paper'}}"},
    };
    story_play(story, browser, STEPS(browser));
}

/* Absent, then there; in both languages; a repeat prints nothing. */
static void by_the_printer(struct story *story)
{
    static const struct step printer[] = {
        PRINTS_WITH("narrow", "'receipt_by': 'printer', 'receipt_paper_mm': 58, 'receipt_language': 'zh-CN'"),
        {"no printer", RECEIPTS, .body = "{'operation_id': '{recharge.id}'}", .want_err = "not_printed",
         .has = "{'reason': 'absent'}"},
        {"the way out", RECEIPTS, .body = "{'operation_id': '{recharge.id}', 'browser': true}", .want = 200,
         .has = "{'made_by': 'browser', 'language': 'zh-CN', 'copy_no': 2}"},
        {"plug in", CALL(put_printer_there)},
        {"printed", RECEIPTS, .body = "{'operation_id': '{recharge.id}', 'id': '{new.print}'}", .want = 200,
         .has = "{'id': '{new.print}', 'made_by': 'printer', 'copy_no': 3}"},
        {"chinese", CALL(chinese_on_paper)},
        {"again", RECEIPTS, .body = "{'operation_id': '{recharge.id}', 'id': '{new.print}'}", .want = 200,
         .has = "{'id': '{new.print}', 'copy_no': 3}"},
        {"once", CALL(no_more_on_paper)},
        PRINTS_WITH("english", "'receipt_language': 'en'"),
        {"in english", RECEIPTS, .body = "{'operation_id': '{recharge.id}'}", .want = 200},
        {"english paper", CALL(english_on_paper)},
    };
    story_play(story, printer, STEPS(printer));
}

/* Nothing is printed. */
static void refusals(struct story *story)
{
    static const struct step refused[] = {
        {"other act", RECEIPTS, .body = "{'operation_id': '{issue.id}', 'id': '{new.print}'}",
         .want_err = "bad_field", .pointer = "/id"},
        {"no act", RECEIPTS, .body = "{'operation_id': '{new.none}'}", .want_err = "not_found"},
        {"no member", RECEIPTS, .body = "{}", .want_err = "bad_field", .pointer = "/operation_id"},
        {"no desk", POST("/api/v1/desks/{new.none}/receipts"), .as = "cashier",
         .body = "{'operation_id': '{recharge.id}'}", .want_err = "not_found"},
        {"elsewhere", POST("/api/v1/desks/{set.desk}/receipts"), .as = "cashier2",
         .body = "{'operation_id': '{recharge.id}'}", .want_err = "wrong_desk"},
        {"finance, on paper of its own", POST("/api/v1/desks/{set.desk}/receipts"), .as = "finance",
         .body = "{'operation_id': '{recharge.id}', 'browser': true}", .want = 200},
        {"hr", POST("/api/v1/desks/{set.desk}/receipts"), .as = "hr",
         .body = "{'operation_id': '{recharge.id}'}", .want_err = "forbidden"},
        {"nobody", POST("/api/v1/desks/{set.desk}/receipts"), .as = "nobody",
         .body = "{'operation_id': '{recharge.id}'}", .want_err = "unauthenticated"},
        {"wide", PATCH("/api/v1/desks/{set.desk}"), .body = "{'receipt_paper_mm': 70}",
         .want_err = "bad_field", .pointer = "/receipt_paper_mm"},
        {"by pigeon", PATCH("/api/v1/desks/{set.desk}"), .body = "{'receipt_by': 'pigeon'}",
         .want_err = "bad_field", .pointer = "/receipt_by"},
        {"away", SQL("UPDATE desk_live SET agent_online = false")},
        {"nobody prints", RECEIPTS, .body = "{'operation_id': '{recharge.id}'}", .want_err = "not_printed",
         .has = "{'reason': 'agent'}"},
    };
    story_play(story, refused, STEPS(refused));
}

/* The agent's side of it, one message after the other. */
static void by_another_agent(struct story *story)
{
    static const struct step by_hand[] = {
        {"hello", POST("/agent/v1/hello"), .as = "till", .want = 200,
         .body = "{'run': '{set.run}', 'protocol': 1, 'version': '1.1.0', 'simulated': true, 'printer': "
                 "{'name': '/dev/usb/lp0'}, 'reader': {'state': 'ok', 'name': ''}}"},
        {"wait",
         SQL("INSERT INTO receipt_print (id, operation_id, desk_id, operator_id, kind, made_by, copy_no) "
             "SELECT i, '{recharge.id}', '{set.desk}', '{as.cashier.operator_id}', 'receipt', 'printer', 9 "
             "FROM unnest(ARRAY['{new.well}', '{new.bare}']::uuid[]) i; "
             "UPDATE desk_live SET receipt_waiting = true")},
        {"task", POST("/agent/v1/poll"), .as = "till", .want = 200, .has = "{'tasks': '*'}",
         .body = "{'run': '{set.run}', 'reader': {'state': 'ok', 'name': ''}, 'at': 1}"},
        {"is sealed",
         SQL("SELECT '{task.tasks.0.task} {task.tasks.0.id}' = 'print {new.well}' AND "
             "length('{task.tasks.0.sealed}') > 200"),
         .text = "t"},
        PRINTED("well", .body = "{'run': '{set.run}', 'id': '{new.well}'}", .want = 200),
        PRINTED("bare", .body = "{'run': '{set.run}', 'id': '{new.bare}', 'problem': 'paper'}", .want = 200),
        {"on paper", RECEIPTS, .body = "{'operation_id': '{recharge.id}', 'id': '{new.well}'}", .want = 200,
         .has = "{'copy_no': 9, 'made_by': 'printer'}"},
        {"no paper", RECEIPTS, .body = "{'operation_id': '{recharge.id}', 'id': '{new.bare}'}",
         .want_err = "not_printed", .has = "{'reason': 'paper'}"},
    };
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
    story_set(story, "run", agent->run);
    story_play(story, by_hand, STEPS(by_hand));
    story_agent_free(agent);
}

STORY(receipts, are_printed_by_the_browser_or_the_printer_and_copies_are_marked)
{
    struct story_desk *desk = recharged(story);
    by_the_browser(story);
    by_the_printer(story);
    refusals(story);
    story_desk_stop(desk);
    by_another_agent(story);
}

STORY(receipts, what_an_agent_says_of_them)
{
    static const struct step steps[] = {
        {"hello", POST("/agent/v1/hello"), .as = "till", .want = 200,
         .body =
             "{'run': '{set.run}', 'protocol': 1, 'version': '1.1.0', 'simulated': true, 'printer': {'name': "
             "'/dev/usb/lp0'}, 'reader': {'state': 'ok', 'name': ''}}"},
        {"known", GET("/api/v1/desks/{desk.id}"), .want = 200,
         .has = "{'agent': {'printer': '/dev/usb/lp0', 'update': null, 'needs': null}}"},
        PRINTED("no receipt", .body = "{'run': '{set.run}', 'id': '{new.none}'}", .want_err = "not_found"),
        PRINTED("no word", .body = "{'run': '{set.run}', 'id': '{new.none}', 'problem': 'tired'}",
                .want_err = "bad_field", .pointer = "/problem"),
        PRINTED("other run", .body = "{'run': '00112233445566778899aabbccddeeff', 'id': '{new.none}'}",
                .want_err = "agent_replaced"),
        {"unsigned", POST("/agent/v1/printed"), .as = "nobody", .body = "{}", .want_err = "agent_unknown"},
        {"nameless", POST("/agent/v1/hello"), .as = "till", .want_err = "bad_field",
         .pointer = "/printer/name",
         .body = "{'run': '{set.run}', 'protocol': 1, 'version': '1.1.0', 'simulated': true, 'printer': {}, "
                 "'reader': "
                 "{'state': 'ok', 'name': ''}}"},
    };
    static const struct step made[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201}};
    story_play(story, made, STEPS(made));
    struct story_agent *agent = story_agent_pair(story, "till", story_value(story, "desk", "id"), true);
    story_set(story, "run", agent->run);
    story_play(story, steps, STEPS(steps));
    story_agent_free(agent);
}
