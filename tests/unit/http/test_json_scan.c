#include "http/json_scan.h"

#include "base/limits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct json_fault fault;

static bool reads(const char *text)
{
    json_t *json = json_scan_object(text, strlen(text), &fault);
    json_decref(json);
    return json != NULL;
}

Test(http_json_scan, an_object_is_read)
{
    cr_expect(reads("{}"));
    cr_expect(reads(" {\"a\": [1, 2.5, true, null, \"\\u00e9\"]} \n"));
    cr_expect(reads("{\"name\": \"李雷 { [ \\\" \"}"));
}

Test(http_json_scan, faults_say_where)
{
    cr_expect_not(reads("{\"a\": 1,\n \"b\" 2}"));
    cr_expect_eq(fault.line, 2);
    cr_expect_geq(fault.column, 5);
    cr_expect_not(reads("{\"a\": 1, \"a\": 2}"));
    cr_expect_eq(fault.line, 1);
    cr_expect(strstr(fault.message, "duplicate"), "%s", fault.message);
    cr_expect_not(reads("{\"name\": \"x\xff\"}"));
    cr_expect_eq(fault.column, 12);
    cr_expect_str_eq(fault.message, "not UTF-8");
    cr_expect_not(reads("{\"\xe6\x9d\x8e\":\n  \"\xed\xa0\x80\"}"));
    cr_expect_eq(fault.line, 2);
    cr_expect_eq(fault.column, 4);
}

Test(http_json_scan, duplicates_are_found_in_every_object_and_behind_escapes)
{
    cr_expect_not(reads("{\"x\": {\"a\": 1, \"\\u0061\": 2}}"));
    cr_expect(reads("{\"x\": {\"a\": 1}, \"y\": {\"a\": 1}}"));
}

Test(http_json_scan, only_objects)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "null",
                                      "[]",
                                      "[{}]",
                                      "1",
                                      "\"a\"",
                                      "true",
                                      "{",
                                      "}",
                                      "{}{}",
                                      "{} x",
                                      "{\"a\":}",
                                      "{'a': 1}",
                                      "{\"a\": 01}",
                                      "{\"a\": .5}",
                                      "{\"a\": NaN}",
                                      "{\"a\": 1e999}",
                                      "{\"a\": 99999999999999999999}",
                                      "{\"a\": \"\\ud800\"}",
                                      "{\"a\": \"\\u0000\"}",
                                      "{\"a\": \"\t\"}",
                                      "{\"a\": 1,}",
                                      "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_not(reads(bad[i]), "%s", bad[i]);
        cr_expect_geq(fault.line, 1, "%s", bad[i]);
    }
}

static void append(char *text, size_t capacity, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, capacity - used, "%s", more);
}

Test(http_json_scan, depth_has_a_limit)
{
    char text[4 * JSON_DEPTH_MAX + 64] = "{\"a\":";
    for (int i = 1; i < JSON_DEPTH_MAX; i++)
        append(text, sizeof text, "[");
    append(text, sizeof text, "1");
    for (int i = 1; i < JSON_DEPTH_MAX; i++)
        append(text, sizeof text, "]");
    append(text, sizeof text, "}");
    cr_expect(reads(text), "%s", fault.message);
    memmove(text + 6, text + 5, strlen(text + 5) + 1);
    text[5] = '[';
    cr_expect_not(reads(text));
    cr_expect_str_eq(fault.message, "nested too deeply");
    static char bomb[1 << 20];
    memset(bomb, '[', sizeof bomb - 1);
    cr_expect_not(reads(bomb));
}

Test(http_json_scan, a_fault_repeats_no_secret)
{
    cr_expect_not(reads("{\"password\": geheim}"));
    cr_expect_null(strstr(fault.message, "geheim"), "%s", fault.message);
}

Test(http_json_scan, a_zero_byte_inside_is_a_fault)
{
    cr_expect_null(json_scan_object("{}\0{}", 5, &fault));
    cr_expect_null(json_scan_object("{\"a\0b\": 1}", 10, &fault));
}
