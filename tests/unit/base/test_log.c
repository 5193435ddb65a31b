#include "base/log.h"

#include "base/clock.h"
#include "base/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int pipes[2];
static char line[2 * LOG_LINE_BYTES_MAX];

static void open_log(void)
{
    cr_assert_eq(pipe(pipes), 0);
    log_set_fd(pipes[1]);
    clock_fake(-1, 1770091506789);
}

static const char *read_line(void)
{
    ssize_t bytes = read(pipes[0], line, sizeof line - 1);
    cr_assert_gt(bytes, 0);
    line[bytes] = '\0';
    return line;
}

TestSuite(base_log, .init = open_log);

Test(base_log, logfmt)
{
    log_info("card.issued", LOG_TEXT("state", "in use"), LOG_INT("count", -3), LOG_BOOL("new", true));
    cr_assert_str_eq(read_line(),
                     "time=2026-02-03T04:05:06.789Z level=info event=card.issued state=\"in use\" count=-3 "
                     "new=true\n");
}

Test(base_log, json)
{
    log_set_json(true);
    log_warn("card.issued", LOG_TEXT("state", "a\"b\\c"), LOG_INT("count", 7));
    cr_assert_str_eq(read_line(),
                     "{\"time\":\"2026-02-03T04:05:06.789Z\",\"level\":\"warn\",\"event\":\"card.issued\","
                     "\"state\":\"a\\\"b\\\\c\",\"count\":7}\n");
}

Test(base_log, a_value_cannot_forge_a_line_or_a_field)
{
    log_info("x", LOG_TEXT("name", "a\nlevel=error event=\"owned\""));
    cr_assert_str_eq(
        read_line(),
        "time=2026-02-03T04:05:06.789Z level=info event=x name=\"a\\nlevel=error event=\\\"owned\\\"\"\n");
}

Test(base_log, request_and_trace_ids_come_along)
{
    log_set_request("r-1", "0af7651916cd43dd8448eb211c80319c");
    log_info("x");
    cr_assert(strstr(read_line(), " request_id=r-1 trace_id=0af7651916cd43dd8448eb211c80319c\n"), "%s", line);
    log_set_request(NULL, NULL);
    log_info("y");
    cr_assert_null(strstr(read_line(), "request_id"));
}

Test(base_log, lower_levels_are_silent)
{
    log_set_level(LOG_LEVEL_WARN);
    log_info("quiet");
    log_error("loud", LOG_ERRNO(ENOENT));
    cr_assert(strstr(read_line(), "event=loud error=\"No such file or directory\""), "%s", line);
}

Test(base_log, a_line_too_long_says_so)
{
    char *text = calloc(1, LOG_LINE_BYTES_MAX + 1);
    memset(text, 'a', LOG_LINE_BYTES_MAX);
    log_info("big", LOG_TEXT("text", text));
    cr_assert(strstr(read_line(), "event=big line_cut_bytes_max="), "%s", line);
    cr_assert_lt(strlen(line), LOG_LINE_BYTES_MAX);
    free(text);
}
