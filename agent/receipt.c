#include "agent/receipt.h"

#include "agent/strict_json.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

/* Font A is 12 dots wide; the print heads have 384 dots (58 mm) and 576 (80 mm). */
#define COLUMNS_58_MM 32
#define COLUMNS_80_MM 48
#define COLUMNS_MAX COLUMNS_80_MM

/* Epson's names of the commands; octal, so that a letter behind a number is not taken for a digit. */
#define ESC_INIT "\033@"
#define ESC_CODE_PAGE_437 "\033t\0"
#define ESC_LEFT "\033a\0"
#define ESC_CENTRE "\033a\1"
#define ESC_BOLD_ON "\033E\1"
#define ESC_BOLD_OFF "\033E\0"
#define GS_SIZE_DOUBLE "\035!\021"
#define GS_SIZE_NORMAL "\035!\0"
#define FS_CHINESE_ON "\034&"
#define FS_CHINESE_OFF "\034."
#define GS_FEED_AND_CUT "\035VB\0" /* printers without a knife only feed */
#define COMMAND(text) text, sizeof(text) - 1

struct page {
    struct buf *out;
    bool chinese; /* the language; the printer then stays in Chinese mode */
    int columns;
};

static int width_of(const char *text)
{
    return u8_strwidth((const uint8_t *)text, "GB18030");
}

/* ---- encoding ---- */

/* `text` in `charset`, allocated; NULL: it has characters that the charset lacks, or there is no such charset
 * here. */
static char *convert(const char *text, const char *charset)
{
    char *from = (char *)text;
    size_t from_left = strlen(text);
    size_t room = 4 * from_left + 1; /* GB18030 takes at most four bytes for one */
    char *converted = malloc(room);
    char *to = converted;
    size_t to_left = room - 1;
    iconv_t conversion = iconv_open(charset, "UTF-8");
    bool done =
        converted && conversion != (iconv_t)-1 && iconv(conversion, &from, &from_left, &to, &to_left) == 0;
    if (conversion != (iconv_t)-1)
        iconv_close(conversion);
    if (!done) {
        free(converted);
        return NULL;
    }
    *to = '\0';
    return converted;
}

/* False: neither way can print it. */
static bool add_encoded(const struct page *page, const char *text)
{
    CLEANUP(cleanup_free) char *plain = page->chinese ? NULL : convert(text, "CP437");
    if (plain)
        return buf_text(page->out, plain);
    CLEANUP(cleanup_free) char *chinese = convert(text, "GB18030");
    if (!chinese)
        return false;
    if (!page->chinese)
        buf_add(page->out, COMMAND(FS_CHINESE_ON));
    bool added = buf_text(page->out, chinese);
    if (!page->chinese)
        buf_add(page->out, COMMAND(FS_CHINESE_OFF));
    return added;
}

static void add_spaces(const struct page *page, int count)
{
    for (int i = 0; i < count; i++)
        buf_add(page->out, " ", 1);
}

static void end_line(const struct page *page)
{
    buf_add(page->out, "\n", 1);
}

/* ---- lines ---- */

/* How many bytes of `text` fill at most `columns`; at least one character, so that it goes on. */
static size_t fitting(const char *text, int columns)
{
    size_t count = 0;
    int width = 0;
    for (ucs4_t sign; text[count] != '\0';) {
        int bytes = u8_strmbtouc(&sign, (const uint8_t *)text + count);
        int wide = bytes > 0 ? uc_width(sign, "GB18030") : 1;
        if (bytes <= 0 || (count > 0 && width + wide > columns))
            break;
        width += wide > 0 ? wide : 0;
        count += (size_t)bytes;
    }
    return count ? count : strlen(text);
}

/* Breaks a long text; the printer centres each part itself. */
static bool add_broken(const struct page *page, const char *text, int columns)
{
    char part[AGENT_RECEIPT_TEXT_BYTES_MAX + 1];
    bool good = true;
    while (good && *text) {
        size_t count = fitting(text, columns);
        if (text[count] != '\0') { /* at the last blank, if there is one */
            size_t blank = count;
            while (blank > 0 && text[blank] != ' ')
                blank--;
            count = blank > 0 ? blank : count;
        }
        snprintf(part, sizeof part, "%.*s", (int)count, text);
        good = add_encoded(page, part);
        end_line(page);
        text += count + strspn(text + count, " ");
    }
    return good;
}

static bool add_centred(const struct page *page, const char *style, const char *text)
{
    bool title = strcmp(style, "title") == 0;
    bool bold = title || strcmp(style, "head") == 0;
    buf_add(page->out, COMMAND(ESC_CENTRE));
    if (bold)
        buf_add(page->out, COMMAND(ESC_BOLD_ON));
    if (title)
        buf_add(page->out, COMMAND(GS_SIZE_DOUBLE));
    bool good = add_broken(page, text, title ? page->columns / 2 : page->columns);
    if (title)
        buf_add(page->out, COMMAND(GS_SIZE_NORMAL));
    if (bold)
        buf_add(page->out, COMMAND(ESC_BOLD_OFF));
    buf_add(page->out, COMMAND(ESC_LEFT));
    return good;
}

/* Name left, value right; on lines of their own when they do not fit beside each other. */
static bool add_pair(const struct page *page, const char *name, const char *value)
{
    int gap = page->columns - width_of(name) - width_of(value);
    if (gap < 1) {
        if (!add_broken(page, name, page->columns))
            return false;
        gap = page->columns - width_of(value);
        if (gap < 0)
            return add_broken(page, value, page->columns);
    } else if (!add_encoded(page, name)) {
        return false;
    }
    add_spaces(page, gap);
    bool good = add_encoded(page, value);
    end_line(page);
    return good;
}

static bool add_row(const struct page *page, const char *style, const char *name, const char *value)
{
    bool strong = strcmp(style, "strong") == 0;
    if (strong)
        buf_add(page->out, COMMAND(ESC_BOLD_ON));
    bool good = add_pair(page, name, value);
    if (strong)
        buf_add(page->out, COMMAND(ESC_BOLD_OFF));
    return good;
}

static bool add_rule(const struct page *page)
{
    char rule[COLUMNS_MAX + 1];
    memset(rule, '-', (size_t)page->columns);
    rule[page->columns] = '\0';
    return buf_text(page->out, rule) && buf_text(page->out, "\n");
}

/* NULL: not there, too long, or with a control character, which would be a command for the printer. */
static const char *text_of(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    if (!text || strlen(text) > AGENT_RECEIPT_TEXT_BYTES_MAX ||
        json_string_length(json_object_get(line, name)) != strlen(text))
        return NULL;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            return NULL;
    return text;
}

static bool add_line(const struct page *page, const json_t *line)
{
    const char *style = text_of(line, "style");
    const char *text = text_of(line, "text");
    const char *value = text_of(line, "value");
    if (!style)
        return false;
    if (strcmp(style, "rule") == 0)
        return add_rule(page);
    if (strcmp(style, "row") == 0 || strcmp(style, "strong") == 0)
        return text && value && add_row(page, style, text, value);
    bool known = strcmp(style, "title") == 0 || strcmp(style, "head") == 0 || strcmp(style, "note") == 0;
    return known && text && add_centred(page, style, text);
}

const char *receipt_render(const json_t *receipt, const struct uuid *id, struct buf *out)
{
    struct uuid named;
    struct page page = {.out = out};
    const char *print = json_string_value(json_object_get(receipt, "print"));
    const char *language = json_string_value(json_object_get(receipt, "language"));
    json_int_t paper_mm = json_integer_value(json_object_get(receipt, "paper_mm"));
    const json_t *lines = json_object_get(receipt, "lines");
    size_t count = json_array_size(lines);
    if (!print || !uuid_parse(print, &named) || !uuid_equal(&named, id))
        return "it is for another task";
    if (!language || (paper_mm != 58 && paper_mm != 80) || count == 0 || count > AGENT_RECEIPT_LINES_MAX)
        return "language, paper_mm or lines are missing or beyond their limits";
    page.chinese = strcmp(language, "zh-CN") == 0;
    page.columns = paper_mm == 58 ? COLUMNS_58_MM : COLUMNS_80_MM;
    buf_add(out, COMMAND(ESC_INIT));
    if (page.chinese)
        buf_add(out, COMMAND(FS_CHINESE_ON));
    else /* some models start in Chinese mode, where letters beyond ASCII would pair up */
        buf_add(out, COMMAND(FS_CHINESE_OFF ESC_CODE_PAGE_437));
    for (size_t i = 0; i < count; i++)
        if (!add_line(&page, json_array_get(lines, i)))
            return "a line cannot be printed";
    if (page.chinese)
        buf_add(out, COMMAND(FS_CHINESE_OFF));
    buf_add(out, COMMAND(GS_FEED_AND_CUT));
    return out->full ? "it is too long" : NULL;
}
