/* cardwrightd: options and the table of subcommands. */
#include "api/errors.h"
#include "api/ops.h"
#include "api/routes.h"
#include "api/user_command.h"
#include "base/conf.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/doctor.h"
#include "db/migrate.h"
#include "flow/site_keys.h"
#include "serve.h"
#include "verify/verify.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The command line, taken apart. */
struct invocation {
    const char *config_path;
    char *flags[CONF_FLAGS_MAX]; /* --section.key=value */
    int flag_count;
    char **words; /* the command and its arguments */
    int word_count;
    const char *config_problem; /* for doctor, which starts in spite of it */
};

struct command {
    const char *name;
    /* `conf` is NULL only for commands that say so; words[0] is the command. Returns the exit status. */
    int (*run)(const struct conf *conf, const struct invocation *invocation);
    const char *arguments;
    const char *help;
    bool bears_bad_conf;
};

static int run_serve(const struct conf *conf, const struct invocation *invocation)
{
    (void)invocation;
    return serve(conf);
}

static const char *owner_url(const struct conf *conf)
{
    return conf->database_owner_url[0] ? conf->database_owner_url : conf->database_url;
}

static int run_migrate(const struct conf *conf, const struct invocation *invocation)
{
    char problem[1024];
    (void)invocation;
    const struct migrate_settings settings = {
        .conninfo = owner_url(conf), .directory = conf->database_migrations, .output = stdout};
    if (migrate_run(&settings, problem, sizeof problem))
        return 0;
    fprintf(stderr, "cardwrightd migrate: %s\n", problem);
    return 1;
}

static int run_doctor(const struct conf *conf, const struct invocation *invocation)
{
    char site_key_path[4096];
    struct doctor_settings settings = {.config_problem = invocation->config_problem, .output = stdout};
    if (conf) {
        settings.config_path = conf->path;
        settings.conninfo = conf->database_url;
        settings.migrations_directory = conf->database_migrations;
        settings.webroot = conf->http_webroot;
        if (site_keys_path(conf->keys_site_key_file, site_key_path, sizeof site_key_path))
            settings.site_key_path = site_key_path;
        settings.state_directory = conf->state_directory;
        settings.listen_address = conf->http_listen;
        settings.operator_port = (uint16_t)conf->http_operator_port;
        settings.device_port = (uint16_t)conf->http_device_port;
    }
    return doctor_run(&settings) == 0 ? 0 : 1;
}

static int run_user(const struct conf *conf, const struct invocation *invocation)
{
    char url[CONF_VALUE_BYTES_MAX + 32];
    struct db_settings settings = {.conninfo = conf->database_url, .application_name = "cardwrightd-user"};
    settings.statements = db_statements_all(&settings.statement_count);
    struct db_conn *db = db_conn_new(&settings);
    if (!db)
        return 1;
    serve_base_url(conf, (int)conf->http_operator_port, url, sizeof url);
    const struct user_command command = {.db = db, .base_url = url, .output = stdout, .problems = stderr};
    int status = user_command_run(&command, invocation->word_count - 1, invocation->words + 1);
    db_conn_free(db);
    return status;
}

static int run_verify(const struct conf *conf, const struct invocation *invocation)
{
    (void)invocation;
    const char *url = conf->database_readonly_url[0] ? conf->database_readonly_url : conf->database_url;
    const struct verify_settings settings = {.conninfo = url, .output = stdout, .problems = stderr};
    return (int)verify_ledger(&settings);
}

static int run_config(const struct conf *conf, const struct invocation *invocation)
{
    char problem[512];
    const char *what = invocation->word_count > 1 ? invocation->words[1] : "";
    if (strcmp(what, "print") == 0) {
        conf_print(conf, stdout);
        return 0;
    }
    if (strcmp(what, "check") != 0) {
        fputs("usage: cardwrightd config print|check\n", stderr);
        return 2;
    }
    if (!conf_check(conf, problem, sizeof problem)) {
        fprintf(stderr, "cardwrightd: %s\n", problem);
        return 1;
    }
    printf("%s: well\n", conf->path ? conf->path : "defaults and environment");
    return 0;
}

static int run_routes(const struct conf *conf, const struct invocation *invocation)
{
    (void)conf;
    return routes_print(invocation->word_count > 1 && strcmp(invocation->words[1], "--json") == 0);
}

static int run_errors(const struct conf *conf, const struct invocation *invocation)
{
    (void)conf;
    return errors_print(invocation->word_count > 1 && strcmp(invocation->words[1], "--json") == 0);
}

static const struct command commands[] = {
    {"serve", run_serve, "", "run the server", false},
    {"migrate", run_migrate, "", "bring the database to the newest version, as its owner", false},
    {"doctor", run_doctor, "", "look at everything the server needs and say what to do", true},
    {"user", run_user, "add|reset …", "operators: add one, or give one a new password", false},
    {"verify-ledger", run_verify, "", "recompute the books and name everything that cannot be", false},
    {"config", run_config, "print|check", "show the settings in force, or check them", false},
    {"routes", run_routes, "[--json]", "list the endpoints", true},
    {"errors", run_errors, "[--json]", "list every error with its cause and the way out", true},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static int print_usage(FILE *output, int status)
{
    fputs("usage: cardwrightd [--config FILE] [--section.key=value …] COMMAND\n\n", output);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char left[48];
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].arguments);
        fprintf(output, "  %-22s %s\n", left, commands[i].help);
    }
    fputs("\nEvery setting is also CARDWRIGHT_SECTION_KEY in the environment; \"config print\" lists them.\n",
          output);
    return status;
}

/* Settings stand before the command: what follows it is the command's own. False: the usage was wrong. */
static bool take_apart(int argc, char *argv[], struct invocation *ret)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--config") == 0 && at + 1 < argc)
            ret->config_path = argv[++at];
        else if (strncmp(argv[at], "--config=", 9) == 0)
            ret->config_path = argv[at] + 9;
        else if (strncmp(argv[at], "--", 2) == 0 && ret->flag_count < CONF_FLAGS_MAX)
            ret->flags[ret->flag_count++] = argv[at];
        else
            return false;
    }
    ret->words = argv + at;
    ret->word_count = argc - at;
    return ret->word_count > 0;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void set_up_log(const struct conf *conf)
{
    enum log_level level;
    if (log_parse_level(conf->log_level, &level))
        log_set_level(level);
    log_set_json(conf->log_json);
}

static int run(const struct command *command, struct invocation *invocation)
{
    char problem[512] = "";
    struct conf *conf = conf_read(invocation->config_path, invocation->flags, invocation->flag_count, problem,
                                  sizeof problem);
    bool fine = conf && conf_check(conf, problem, sizeof problem);
    invocation->config_problem = fine ? NULL : problem;
    if (!fine && !command->bears_bad_conf && (!conf || command->run != run_config)) {
        fprintf(stderr, "cardwrightd: %s\n", problem);
        conf_free(conf);
        return 1;
    }
    if (conf)
        set_up_log(conf);
    int status = command->run(conf, invocation);
    conf_free(conf);
    return status;
}

int main(int argc, char *argv[])
{
    struct invocation invocation = {0};
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("cardwrightd " OPS_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return print_usage(stdout, 0);
    if (!take_apart(argc, argv, &invocation))
        return print_usage(stderr, 2);
    const struct command *command = find_command(invocation.words[0]);
    if (!command)
        return print_usage(stderr, 2);
    if (sodium_init() < 0) {
        fputs("cardwrightd: the system gives no random numbers\n", stderr);
        return 1;
    }
    return run(command, &invocation);
}
