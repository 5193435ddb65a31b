#include "agent/receipt.h"

#include "base/limits.h"

#include <criterion/criterion.h>
#include <string.h>

#define ID "019aabcd-1f2e-7a3b-9c4d-5e6f70819203"

static struct buf out;
static struct uuid id;

static void set_up(void)
{
    out = buf_make(AGENT_RECEIPT_BYTES_MAX);
    cr_assert(uuid_parse(ID, &id));
}

static void tear_down(void)
{
    buf_free(&out);
}

TestSuite(agent_receipt, .init = set_up, .fini = tear_down);

/* Renders a receipt of these lines; what receipt_render says. */
static const char *render(const char *language, int paper_mm, json_t *lines)
{
    json_t *receipt = json_pack("{s:s, s:i, s:s, s:o}", "print", ID, "paper_mm", paper_mm, "language",
                                language, "lines", lines);
    cr_assert(receipt);
    const char *wrong = receipt_render(receipt, &id, &out);
    json_decref(receipt);
    return wrong;
}

static json_t *line(const char *style, const char *text, const char *value)
{
    return json_pack("{s:s, s:s*, s:s*}", "style", style, "text", text, "value", value);
}

static void expect_bytes(const char *bytes, size_t count)
{
    cr_expect_eq(out.count, count, "%zu bytes, not %zu", out.count, count);
    cr_expect_arr_eq(out.bytes, bytes, count < out.count ? count : out.count);
}

#define EXPECT(text) expect_bytes(text, sizeof(text) - 1)
#define HAS(text) cr_expect(memmem(out.bytes, out.count, text, sizeof(text) - 1), "%s", text)

Test(agent_receipt, english_from_the_first_byte_to_the_cut)
{
    cr_expect_null(render("en", 58,
                          json_pack("[o, o, o, o]", line("title", "Demo", NULL), line("rule", NULL, NULL),
                                    line("row", "Desk", "Main"), line("strong", "Cash", "CNY 1.00"))));
    EXPECT("\033@"
           "\034.\033t\0"
           "\033a\1\033E\1\035!\021Demo\n\035!\0\033E\0\033a\0"
           "--------------------------------\n"
           "Desk                        Main\n"
           "\033E\1Cash                    CNY 1.00\n\033E\0"
           "\035VB\0");
}

Test(agent_receipt, chinese_in_gb18030_with_two_columns_a_sign)
{
    json_t *row = line("row", "卡号", "8800 1042");
    cr_expect_null(render("zh-CN", 58, json_pack("[o, o]", row, line("note", "请", NULL))));
    EXPECT("\033@\034&"
           "\xBF\xA8\xBA\xC5                   8800 1042\n"
           "\033a\1\xC7\xEB\n\033a\0"
           "\034.\035VB\0");
}

Test(agent_receipt, an_english_receipt_prints_a_chinese_name)
{
    cr_expect_null(render("en", 80, json_pack("[o]", line("row", "Name", "王小明"))));
    HAS("Name                                      \034&\xCD\xF5\xD0\xA1\xC3\xF7\034.\n");
}

Test(agent_receipt, letters_of_the_code_page_stay_in_it)
{
    cr_expect_null(render("en", 80, json_pack("[o]", line("note", "Café é", NULL))));
    HAS("Caf\x82 \x82\n");
}

Test(agent_receipt, what_is_too_long_goes_on_below)
{
    cr_expect_null(
        render("en", 58,
               json_pack("[o, o]", line("row", "A name of many words that goes on", "12.00"),
                         line("note", "This act is not settled. Bring the card to any desk.", NULL))));
    HAS("A name of many words that goes\non\n                           12.00\n");
    HAS("This act is not settled. Bring\nthe card to any desk.\n");
}

Test(agent_receipt, long_chinese_is_cut_between_signs)
{
    json_t *note = line("note", "此操作尚未确认，请持卡到任一窗口办理。", NULL);
    cr_expect_null(render("zh-CN", 58, json_pack("[o]", note)));
    const char *rest = memchr(out.bytes, '\n', out.count);
    cr_assert(rest);
    cr_expect_eq(rest - out.bytes, 7 + 32, "sixteen signs of two columns fill the first line");
}

Test(agent_receipt, no_command_hides_in_a_name)
{
    cr_expect_not_null(render("en", 80, json_pack("[o]", line("note", "Ann\033p\1", NULL))));
}

Test(agent_receipt, nor_behind_a_zero)
{
    json_t *bad = json_pack("[{s:s, s:s%}]", "style", "note", "text", "A\0B", (size_t)3);
    cr_assert(bad);
    cr_expect_not_null(render("en", 80, bad));
}

Test(agent_receipt, what_is_no_receipt_is_refused)
{
    cr_expect_not_null(render("en", 70, json_pack("[o]", line("rule", NULL, NULL))));
    cr_expect_not_null(render("en", 80, json_array()));
    cr_expect_not_null(render("en", 80, json_pack("[o]", line("dance", "x", NULL))));
    cr_expect_not_null(render("en", 80, json_pack("[o]", line("row", "x", NULL))));
    json_t *many = json_array();
    for (int i = 0; i <= AGENT_RECEIPT_LINES_MAX; i++)
        json_array_append_new(many, line("rule", NULL, NULL));
    cr_expect_not_null(render("en", 80, many));
}

Test(agent_receipt, of_another_task)
{
    json_t *receipt = json_pack("{s:s, s:i, s:s, s:[o]}", "print", "019aabcd-1f2e-7a3b-9c4d-5e6f70819204",
                                "paper_mm", 80, "language", "en", "lines", line("rule", NULL, NULL));
    cr_expect_not_null(receipt_render(receipt, &id, &out));
    json_decref(receipt);
}
