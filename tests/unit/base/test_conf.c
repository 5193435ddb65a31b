#include "base/conf.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char problem[512];

static const char *write_file(const char *text)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/test_conf_%d.conf", (int)getpid());
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

static struct conf *read_text(const char *text)
{
    const char *path = write_file(text);
    struct conf *conf = conf_read(path, NULL, 0, problem, sizeof problem);
    unlink(path);
    return conf;
}

static void clear_environment(void)
{
    unsetenv("CARDWRIGHT_CONFIG");
    unsetenv("DATABASE_URL");
    unsetenv("CARDWRIGHT_DATABASE_URL");
    unsetenv("CARDWRIGHT_HTTP_OPERATOR_PORT");
}

TestSuite(base_conf, .init = clear_environment);

Test(base_conf, defaults)
{
    struct conf *conf = read_text("");
    cr_assert(conf, "%s", problem);
    cr_assert_eq(conf->http_operator_port, 8080);
    cr_assert_eq(conf->http_device_port, 8081);
    cr_assert_str_eq(conf->http_listen, "127.0.0.1");
    cr_assert(conf->database_notify);
    cr_assert(conf_check(conf, problem, sizeof problem), "%s", problem);
    conf_free(conf);
}

Test(base_conf, each_source_goes_over_the_one_before)
{
    setenv("CARDWRIGHT_HTTP_OPERATOR_PORT", "9001", 1);
    const char *path = write_file("[http]\noperator_port = 9000\nhosts = a.example\n[log]\njson = yes\n");
    char *flags[] = {"--http.hosts=b.example", "--http.behind_proxy"};
    struct conf *conf = conf_read(path, flags, 2, problem, sizeof problem);
    unlink(path);
    cr_assert(conf, "%s", problem);
    cr_assert_eq(conf->http_operator_port, 9001);
    cr_assert_str_eq(conf->http_hosts, "b.example");
    cr_assert(conf->log_json);
    cr_assert(conf->http_behind_proxy);
    conf_free(conf);
}

Test(base_conf, database_url_is_honoured_below_our_own_name)
{
    setenv("DATABASE_URL", "postgresql://one", 1);
    struct conf *conf = read_text("");
    cr_assert_str_eq(conf->database_url, "postgresql://one");
    conf_free(conf);
    setenv("CARDWRIGHT_DATABASE_URL", "postgresql://two", 1);
    conf = read_text("");
    cr_assert_str_eq(conf->database_url, "postgresql://two");
    conf_free(conf);
}

Test(base_conf, unknown_key_is_named)
{
    cr_assert_null(read_text("[http]\nprot = 1\n"));
    cr_assert(strstr(problem, "http.prot is not a setting"), "%s", problem);
}

Test(base_conf, malformed_line_is_named_by_its_number)
{
    cr_assert_null(read_text("[http]\nlisten = 127.0.0.1\nwhat is this\n"));
    cr_assert(strstr(problem, ":3 "), "%s", problem);
}

Test(base_conf, numbers_have_limits)
{
    cr_assert_null(read_text("[http]\noperator_port = 65536\n"));
    cr_assert(strstr(problem, "from 0 to 65535"), "%s", problem);
    cr_assert_null(read_text("[http]\noperator_port = 80x\n"));
    cr_assert_null(read_text("[http]\noperator_port = 99999999999999999999\n"));
}

Test(base_conf, flags_are_words_of_yes_and_no)
{
    cr_assert_null(read_text("[log]\njson = perhaps\n"));
    cr_assert(strstr(problem, "log.json must be true or false"), "%s", problem);
}

Test(base_conf, unknown_flag_is_refused)
{
    char *flags[] = {"--http.nothing=1"};
    const char *path = write_file("");
    cr_assert_null(conf_read(path, flags, 1, problem, sizeof problem));
    unlink(path);
    cr_assert(strstr(problem, "--http.nothing=1"), "%s", problem);
}

Test(base_conf, file_given_by_hand_must_exist)
{
    cr_assert_null(conf_read("/nonexistent/cardwright.conf", NULL, 0, problem, sizeof problem));
    cr_assert(strstr(problem, "/nonexistent/cardwright.conf"), "%s", problem);
}

Test(base_conf, an_open_port_needs_tls_or_a_proxy)
{
    struct conf *conf = read_text("[http]\nlisten = 0.0.0.0\n");
    cr_assert_not(conf_check(conf, problem, sizeof problem));
    cr_assert(strstr(problem, "http.listen"), "%s", problem);
    conf_free(conf);
    conf = read_text("[http]\nlisten = 0.0.0.0\nbehind_proxy = true\n");
    cr_assert(conf_check(conf, problem, sizeof problem));
    conf_free(conf);
    conf = read_text("[http]\ntls_cert_file = x\n");
    cr_assert_not(conf_check(conf, problem, sizeof problem));
    conf_free(conf);
}

Test(base_conf, what_is_printed_can_be_read_and_holds_no_password)
{
    struct conf *conf =
        read_text("[database]\nurl = postgresql://app:geheim@db/site\nowner_url = host=db password=geheim\n");
    char *text = NULL;
    size_t bytes = 0;
    FILE *output = open_memstream(&text, &bytes);
    conf_print(conf, output);
    fclose(output);
    conf_free(conf);
    cr_assert_null(strstr(text, "geheim"), "%s", text);
    cr_assert(strstr(text, "postgresql://app:***@db/site"), "%s", text);
    conf = read_text(text);
    cr_assert(conf, "%s", problem);
    conf_free(conf);
    free(text);
}
