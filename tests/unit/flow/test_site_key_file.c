/* The file of site keys: what it must look like and who may read it. */
#include "flow/site_key_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00112233445566778899AABBCCDDEEFF"

static char directory[64];
static char path[96];
static char problem[512];
static struct site_key_file file;

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
    snprintf(directory, sizeof directory, "/tmp/cardwright-key-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/site.key", directory);
    problem[0] = '\0';
}

static void tear_down(void)
{
    unlink(path);
    rmdir(directory);
}

TestSuite(flow_site_key_file, .init = set_up, .fini = tear_down);

static void write_file(const char *text, mode_t mode)
{
    unlink(path);
    FILE *out = fopen(path, "w");
    cr_assert(out);
    fputs(text, out);
    fclose(out);
    cr_assert_eq(chmod(path, mode), 0);
}

static enum site_key_file_result read_it(void)
{
    return site_key_file_read(path, &file, problem, sizeof problem);
}

Test(flow_site_key_file, a_missing_file_is_absent)
{
    cr_assert_eq(read_it(), SITE_KEY_FILE_ABSENT);
    cr_assert_not(site_key_file_exists(path));
}

Test(flow_site_key_file, reads_versions_with_comments_and_blanks)
{
    write_file("# keys\n\n 1 " KEY_A " \n2\t" KEY_B "\r\n", 0400);
    cr_assert_eq(read_it(), SITE_KEY_FILE_OK, "%s", problem);
    cr_assert_eq(file.count, 2);
    cr_assert_eq(file.keys[0][1], 0x01);
    cr_assert_eq(file.keys[1][0], 0xf0);
    cr_assert_eq(file.keys[1][31], 0xff);
}

Test(flow_site_key_file, any_mode_looser_than_0400_is_refused)
{
    static const mode_t modes[] = {0600, 0440, 0404, 0444, 0410, 0401, 0500, 0420, 0402, 0700, 0777, 04400};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file("1 " KEY_A "\n", modes[i]);
        cr_assert_eq(read_it(), SITE_KEY_FILE_REFUSED, "mode %04o", (unsigned)modes[i]);
        cr_assert(strstr(problem, "chmod 0400"), "%s", problem);
        cr_assert_eq(file.count, 0);
        cr_assert(sodium_is_zero((const unsigned char *)&file, sizeof file));
    }
}

Test(flow_site_key_file, a_file_that_is_none_is_refused_with_its_line)
{
    static const struct {
        const char *text;
        const char *names;
    } cases[] = {
        {"", "no key"},
        {"# only words\n", "no key"},
        {"2 " KEY_A "\n", "Line 1"},
        {"1 " KEY_A "\n1 " KEY_A "\n", "Line 2"},
        {"1 " KEY_A "\n3 " KEY_A "\n", "Line 2"},
        {"1 0011\n", "Line 1"},
        {"1 " KEY_A "00\n", "Line 1"},
        {"1 " KEY_A " again\n", "Line 1"},
        {"1 zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", "Line 1"},
        {"1" KEY_A "\n", "Line 1"},
        {"-1 " KEY_A "\n", "Line 1"},
        {KEY_A "\n", "Line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i].text, 0400);
        cr_assert_eq(read_it(), SITE_KEY_FILE_REFUSED, "case %zu", i);
        cr_assert(strstr(problem, cases[i].names), "case %zu: %s", i, problem);
        cr_assert_null(strstr(problem, "0102030405"), "no key in the message: %s", problem);
    }
}

Test(flow_site_key_file, a_folder_and_a_flood_are_refused)
{
    cr_assert_eq(site_key_file_read(directory, &file, problem, sizeof problem), SITE_KEY_FILE_REFUSED);
    cr_assert(strstr(problem, "not a regular file"), "%s", problem);
    static char flood[SITE_KEY_FILE_BYTES_MAX + 2];
    memset(flood, '#', sizeof flood - 1);
    write_file(flood, 0400);
    cr_assert_eq(read_it(), SITE_KEY_FILE_REFUSED);
    cr_assert(strstr(problem, "too long"), "%s", problem);
}

Test(flow_site_key_file, a_made_file_reads_back_and_is_never_replaced)
{
    struct site_key_file made;
    struct stat facts;
    cr_assert_eq(site_key_file_make(path, &made, problem, sizeof problem), SITE_KEY_FILE_OK, "%s", problem);
    cr_assert_eq(stat(path, &facts), 0);
    cr_assert_eq(facts.st_mode & 07777, 0400);
    cr_assert_eq(read_it(), SITE_KEY_FILE_OK, "%s", problem);
    cr_assert_eq(made.count, 1);
    cr_assert_eq(file.count, 1);
    cr_assert_arr_eq(file.keys[0], made.keys[0], SITE_KEY_BYTES);
    cr_assert_not(sodium_is_zero(file.keys[0], SITE_KEY_BYTES));
    cr_assert_eq(site_key_file_make(path, &made, problem, sizeof problem), SITE_KEY_FILE_REFUSED);
    cr_assert_eq(made.count, 0);
    struct site_key_file again;
    cr_assert_eq(site_key_file_read(path, &again, problem, sizeof problem), SITE_KEY_FILE_OK);
    cr_assert_arr_eq(again.keys[0], file.keys[0], SITE_KEY_BYTES);
}

Test(flow_site_key_file, a_folder_that_is_not_there_is_named)
{
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "%s/none/site.key", directory);
    cr_assert_eq(site_key_file_make(nowhere, &file, problem, sizeof problem), SITE_KEY_FILE_REFUSED);
    cr_assert(strstr(problem, nowhere), "%s", problem);
}
