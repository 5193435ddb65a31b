/* CSV cells. */
#include "api/csv.h"

#include <criterion/criterion.h>

TestSuite(api_csv);

static struct buf out;

static const char *cell(const char *text)
{
    buf_free(&out);
    out = buf_make(1000);
    csv_text(&out, text);
    return buf_string(&out);
}

Test(api_csv, text_is_quoted)
{
    cr_assert_str_eq(cell("Ann"), "\"Ann\"");
    cr_assert_str_eq(cell("Ann \"the card\" Bell, jr\r\nx"), "\"Ann \"\"the card\"\" Bell, jr\r\nx\"");
    cr_assert_str_eq(cell("王"), "\"王\"");
    cr_assert_str_eq(cell(""), "\"\"");
    cr_assert_str_eq(cell(NULL), "");
    buf_free(&out);
}

Test(api_csv, formulas_are_disarmed)
{
    cr_assert_str_eq(cell("=1+1"), "\"'=1+1\"");
    cr_assert_str_eq(cell("+1"), "\"'+1\"");
    cr_assert_str_eq(cell("-1"), "\"'-1\"");
    cr_assert_str_eq(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
    cr_assert_str_eq(cell("\t=1"), "\"'\t=1\"");
    cr_assert_str_eq(cell("\r=1"), "\"'\r=1\"");
    cr_assert_str_eq(cell("a=1"), "\"a=1\"");
    buf_free(&out);
}

Test(api_csv, cells_and_lines)
{
    out = buf_make(1000);
    csv_text(&out, "a");
    csv_text(&out, NULL);
    csv_number(&out, -5);
    csv_money(&out, -1234, 2);
    csv_line_end(&out);
    csv_money(&out, 1234, 0);
    csv_text(&out, "b");
    csv_line_end(&out);
    cr_assert_str_eq(buf_string(&out), "\"a\",,-5,-12.34\r\n1234,\"b\"\r\n");
    buf_free(&out);
}

Test(api_csv, a_full_buffer_says_so)
{
    out = buf_make(5);
    csv_text(&out, "longer than that");
    cr_assert(out.full);
    buf_free(&out);
}
