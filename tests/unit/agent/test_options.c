/* The command line. */
#include "agent/options.h"

#include <criterion/criterion.h>
#include <string.h>

static struct options options;
static char error[256];

#define READ(...) read_all((char *[]){"cardwright-agent", __VA_ARGS__, NULL})

static bool read_all(char **arguments)
{
    int count = 0;
    while (arguments[count])
        count++;
    error[0] = '\0';
    return options_read(count, arguments, &options, error, sizeof error);
}

Test(agent_options, a_real_reader)
{
    cr_assert(READ("--server", "https://x", "--reader", "pn532_uart:/dev/ttyUSB0", "--state", "/s", "--pair",
                   "c", "--allow-plain-http", "--log", "json", "--ca", "f"));
    cr_assert_eq(options.mode, MODE_RUN);
    cr_assert_str_eq(options.reader, "pn532_uart:/dev/ttyUSB0");
    cr_assert_str_eq(options.ca_file, "f");
    cr_assert(options.allow_plain_http);
    cr_assert(options.log_json);
}

Test(agent_options, modes)
{
    cr_assert(READ("probe-card", "--reader", "x", "--yes"));
    cr_assert_eq(options.mode, MODE_PROBE);
    cr_assert(options.yes);
    cr_assert(READ("--reader", "x", "probe-card"));
    cr_assert_eq(options.mode, MODE_PROBE);
    cr_assert(READ("--version"));
    cr_assert_eq(options.mode, MODE_VERSION);
    cr_assert(READ("--help"));
    cr_assert_eq(options.mode, MODE_HELP);
    cr_assert(READ("--server", "x", "--state", "s", "--simulate", "d", "--sim-reader", "p"));
}

Test(agent_options, faults_are_named)
{
    cr_assert_not(READ("--reader", "x", "--state", "s"));
    cr_assert(strstr(error, "--server"));
    cr_assert_not(READ("--server", "x", "--reader", "x"));
    cr_assert(strstr(error, "--state"));
    cr_assert_not(READ("--server", "x", "--state", "s"));
    cr_assert(strstr(error, "--simulate"));
    cr_assert_not(READ("--server", "x", "--state", "s", "--reader", "r", "--simulate", "d"));
    cr_assert_not(READ("--server", "x", "--state", "s", "--reader", "r", "--sim-reader", "d"));
    cr_assert_not(READ("--server", "x", "--state", "s", "--reader", "r", "--log", "xml"));
    cr_assert_not(READ("--server"));
    cr_assert(strstr(error, "--server"));
    cr_assert_not(READ("--nonsense"));
    cr_assert(strstr(error, "--nonsense"));
    cr_assert_not(READ("probe-card"));
    cr_assert_not(READ("dance", "--server", "x", "--state", "s", "--reader", "r"));
    cr_assert(strstr(error, "dance"));
}
