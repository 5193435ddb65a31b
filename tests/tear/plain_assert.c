/* cr_assert for programs that are not Criterion runners: the helpers of tests/lib use it when what they need
 * is not there. Says what failed and ends the process with a status of its own: nothing was found out. */
#include <criterion/criterion.h>
#include <criterion/options.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_NOT_TRIED 2

struct criterion_options criterion_options;

void cri_asserts_passed_incr(void)
{
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
    if (!stats->passed)
        fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line, stats->message);
}

void criterion_abort_test(void)
{
    exit(STATUS_NOT_TRIED);
}

int cr_vasprintf(char **ret_text, const char *format, va_list arguments)
{
    return vasprintf(ret_text, format, arguments);
}

int cr_asprintf(char **ret_text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vasprintf(ret_text, format, arguments);
    va_end(arguments);
    return count;
}

void cr_asprintf_free(char *text)
{
    free(text);
}

char *cr_translate_assert_msg(int index, ...)
{
    (void)index;
    char *text = NULL;
    return cr_asprintf(&text, "failed") < 0 ? NULL : text;
}
