#include "agent/options.h"

#include "agent/printer_port.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char options_help[] =
    "cardwright-agent: connects the card reader of one desk to a Cardwright server.\n"
    "\n"
    "  cardwright-agent --server URL --reader CONNSTRING --state DIR [--pair CODE]\n"
    "  cardwright-agent --server URL --simulate DIR --state DIR [--pair CODE]\n"
    "  cardwright-agent probe-card --reader CONNSTRING [--yes]\n"
    "\n"
    "  --server URL        https://host:port; plain http only to this machine\n"
    "  --reader CONNSTRING libnfc's name of the reader: pn532_uart:/dev/serial/by-id/...:115200, "
    "acr122_usb,\n"
    "                      pcsc:...\n"
    "  --state DIR         where the pairing key is kept (a file only you may read), and nothing else\n"
    "  --pair CODE         pair with the server first; the code comes from Desks and works once, for ten "
    "minutes\n"
    "  --printer ADDRESS   receipt printer (ESC/POS): a device such as /dev/usb/lp0, or tcp:host:9100\n"
    "  --simulate DIR      training: start a simulated reader that keeps its cards in DIR\n"
    "  --sim-reader PATH   the simulator, if it is not beside this program\n"
    "  --ca FILE           trust the certificates in FILE instead of the system's\n"
    "  --allow-plain-http  allow http:// to another machine (plans stay sealed, the rest can be read by "
    "others)\n"
    "  --log json|logfmt   form of the log on stderr; --log-level debug|info|warn|error\n"
    "  --version, --help\n"
    "\n"
    "probe-card checks on a card you can spare that it behaves as the card format assumes. It asks first, "
    "and\n"
    "destroys what is on the card.\n";

enum option_code {
    OPTION_SERVER = 256,
    OPTION_READER,
    OPTION_STATE,
    OPTION_PAIR,
    OPTION_SIMULATE,
    OPTION_SIM_READER,
    OPTION_PRINTER,
    OPTION_CA,
    OPTION_PLAIN_HTTP,
    OPTION_LOG,
    OPTION_LOG_LEVEL,
    OPTION_YES,
    OPTION_VERSION,
    OPTION_HELP
};

static const struct option known_options[] = {
    {"server", required_argument, NULL, OPTION_SERVER},
    {"reader", required_argument, NULL, OPTION_READER},
    {"state", required_argument, NULL, OPTION_STATE},
    {"pair", required_argument, NULL, OPTION_PAIR},
    {"simulate", required_argument, NULL, OPTION_SIMULATE},
    {"sim-reader", required_argument, NULL, OPTION_SIM_READER},
    {"printer", required_argument, NULL, OPTION_PRINTER},
    {"ca", required_argument, NULL, OPTION_CA},
    {"allow-plain-http", no_argument, NULL, OPTION_PLAIN_HTTP},
    {"log", required_argument, NULL, OPTION_LOG},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"yes", no_argument, NULL, OPTION_YES},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* Where the value of an option with a value goes; NULL: it has none, or needs a check. */
static const char **place_of(int code, struct options *options)
{
    switch (code) {
    case OPTION_SERVER:
        return &options->server;
    case OPTION_READER:
        return &options->reader;
    case OPTION_STATE:
        return &options->state;
    case OPTION_PAIR:
        return &options->pair;
    case OPTION_SIMULATE:
        return &options->simulate;
    case OPTION_SIM_READER:
        return &options->sim_reader;
    case OPTION_PRINTER:
        return &options->printer;
    case OPTION_CA:
        return &options->ca_file;
    case OPTION_LOG_LEVEL:
        return &options->log_level;
    default:
        return NULL;
    }
}

/* False: not an option, or without its value. */
static bool take(int code, const char *value, struct options *options)
{
    const char **place = place_of(code, options);
    if (place) {
        *place = value;
        return true;
    }
    switch (code) {
    case OPTION_PLAIN_HTTP:
        options->allow_plain_http = true;
        return true;
    case OPTION_LOG:
        options->log_json = strcmp(value, "json") == 0;
        return options->log_json || strcmp(value, "logfmt") == 0;
    case OPTION_YES:
        options->yes = true;
        return true;
    case OPTION_VERSION:
        options->mode = MODE_VERSION;
        return true;
    case OPTION_HELP:
        options->mode = MODE_HELP;
        return true;
    default:
        return false;
    }
}

/* NULL, or which option is missing or does not fit. */
static const char *check(const struct options *options)
{
    if (options->mode == MODE_PROBE)
        return options->reader ? NULL : "probe-card needs --reader";
    if (options->mode != MODE_RUN)
        return NULL;
    if (!options->server)
        return "--server is missing";
    if (!options->state)
        return "--state is missing: a folder of this user's own, for the pairing key";
    if (options->printer && !printer_address_good(options->printer))
        return "--printer is a device file with its whole path (/dev/usb/lp0), or tcp:host:port";
    if (!options->reader == !options->simulate)
        return "say either --reader (a real one) or --simulate (training)";
    return options->sim_reader && !options->simulate ? "--sim-reader goes with --simulate" : NULL;
}

bool options_read(int count, char **arguments, struct options *ret_options, char *error, size_t error_bytes)
{
    *ret_options = (struct options){.mode = MODE_RUN};
    opterr = 0;
    optind = 1;
    for (int code; (code = getopt_long(count, arguments, "", known_options, NULL)) != -1;) {
        if (!take(code, optarg, ret_options)) {
            snprintf(error, error_bytes, "%s is not an option here, or its value is wrong; --help lists them",
                     arguments[optind - 1]);
            return false;
        }
    }
    if (optind < count && strcmp(arguments[optind], "probe-card") == 0 && ret_options->mode == MODE_RUN) {
        ret_options->mode = MODE_PROBE;
        optind++;
    }
    if (optind < count) {
        snprintf(error, error_bytes, "%s is not a command; --help lists what there is", arguments[optind]);
        return false;
    }
    const char *wrong = check(ret_options);
    if (wrong)
        snprintf(error, error_bytes, "%s", wrong);
    return !wrong;
}
