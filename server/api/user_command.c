#include "api/user_command.h"

#include "api/operator_fields.h"
#include "base/cleanup.h"
#include "base/ids.h"
#include "base/limits.h"
#include "crypto/token.h"

#include <sodium.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

const char user_command_usage[] =
    "user add NAME --role ROLE [--role ROLE] [--full-name TEXT] [--language en|zh-CN]\n"
    "user reset NAME\n"
    "    ROLE is admin, cashier, finance, hr, supervisor or technician.\n"
    "    Prints a one-time link, good for 24 hours, under which the operator chooses the password.\n";

static int wrong_usage(const struct user_command *command, const char *what)
{
    fprintf(command->problems, "%s\nUsage:\n%s", what, user_command_usage);
    return 2;
}

static int failed(const struct user_command *command, enum err err, const char *name)
{
    const struct err_info *info = err_info(err);
    if (err == ERR_UNAVAILABLE || err == ERR_INTERNAL)
        fprintf(command->problems, "The database did not answer: %s\nRun \"cardwrightd doctor\".\n",
                db_message(command->db));
    else
        fprintf(command->problems, "%s: %s. %s\n", name, info->title, info->next);
    return 1;
}

static void print_link(const struct user_command *command, const char *name, const struct token *link)
{
    fprintf(command->output, "%s chooses the password here, once, within 24 hours:\n%s/#/setup/%s\n", name,
            command->base_url, link->text);
}

static const char *name_problem(const char *name)
{
    static char sentence[80];
    const char *problem = operator_name_problem(name);
    snprintf(sentence, sizeof(sentence), "The login name %s.", problem ? problem : "");
    return problem ? sentence : NULL;
}

/* ---- add ---- */

struct add_options {
    char name[4 * OPERATOR_NAME_CHARACTERS_MAX + 1];
    const char *full_name;
    const char *language;
    char roles[80]; /* "{admin,cashier": every role once fits */
};

/* "" when well, else a sentence. */
static const char *add_option(struct add_options *options, const char *option, const char *value)
{
    if (strcmp(option, "--full-name") == 0) {
        options->full_name = value;
        bool is_text = !u8_check((const uint8_t *)value, strlen(value));
        size_t count = is_text ? u8_mbsnlen((const uint8_t *)value, strlen(value)) : 0;
        return count >= 1 && count <= OPERATOR_FULL_NAME_CHARACTERS_MAX
                   ? ""
                   : "A full name has 1 to 120 characters.";
    }
    if (strcmp(option, "--language") == 0) {
        options->language = value;
        for (const char *const *at = operator_languages; *at; at++)
            if (strcmp(*at, value) == 0)
                return "";
        return "The language is en or zh-CN.";
    }
    if (strcmp(option, "--role") != 0)
        return "This option is not known.";
    if (!operator_role_known(value))
        return "This role is not known.";
    size_t used = strlen(options->roles);
    if (used + 1 + strlen(value) + 2 > sizeof(options->roles))
        return "That are more roles than there are.";
    snprintf(options->roles + used, sizeof(options->roles) - used, "%s%s", used ? "," : "{", value);
    return "";
}

static const char *add_read(struct add_options *options, int argc, char *const argv[])
{
    if (argc < 2)
        return "The name is missing.";
    size_t bytes = 0;
    CLEANUP(cleanup_free) uint8_t *name = NULL;
    if (!u8_check((const uint8_t *)argv[1], strlen(argv[1])))
        name = u8_normalize(UNINORM_NFC, (const uint8_t *)argv[1], strlen(argv[1]) + 1, NULL, &bytes);
    if (!name || bytes > sizeof(options->name))
        return "A login name is text in UTF-8 of 1 to 64 characters.";
    memcpy(options->name, name, bytes);
    const char *problem = name_problem(options->name);
    if (problem)
        return problem;
    for (int i = 2; i < argc; i += 2) {
        problem = i + 1 < argc ? add_option(options, argv[i], argv[i + 1]) : "The last option has no value.";
        if (*problem)
            return problem;
    }
    return *options->roles ? NULL : "At least one --role is needed.";
}

static int add(const struct user_command *command, int argc, char *const argv[])
{
    struct add_options options = {.language = operator_languages[0]};
    const char *problem = add_read(&options, argc, argv);
    if (problem)
        return wrong_usage(command, problem);
    snprintf(options.roles + strlen(options.roles), sizeof(options.roles) - strlen(options.roles), "}");

    struct uuid id = uuid_make_v7();
    struct token link;
    token_make(&link);
    struct db_params params = {0};
    db_bind_null(&params); /* no operator acts */
    db_bind_uuid(&params, id.bytes);
    db_bind_text(&params, options.name);
    db_bind_text(&params, options.full_name ? options.full_name : options.name);
    db_bind_text(&params, options.language);
    db_bind_text(&params, options.roles);
    db_bind_null(&params);
    db_bind_bytes(&params, link.sha256, SHA256_BYTES);
    db_bind_text(&params, "command line");
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(command->db, "operator_create", &params, &rows);
    if (!err && strcmp(db_text(rows, 0, 0), "created") != 0)
        err = err_from_code(db_text(rows, 0, 0));
    if (err)
        return failed(command, err, options.name);
    print_link(command, options.name, &link);
    sodium_memzero(&link, sizeof(link));
    return 0;
}

/* ---- reset ---- */

static int reset(const struct user_command *command, const char *name)
{
    struct db_params by_name = {0};
    db_bind_text(&by_name, name);
    CLEANUP(db_rows_release) struct db_rows *found = NULL;
    enum err err = db_query(command->db, "operator_id_by_name", &by_name, &found);
    struct uuid id;
    if (!err && !db_uuid(found, 0, 0, id.bytes))
        err = ERR_NOT_FOUND;
    if (err)
        return failed(command, err, name);

    struct token link;
    token_make(&link);
    struct db_params params = {0};
    db_bind_null(&params);
    db_bind_uuid(&params, id.bytes);
    db_bind_bytes(&params, link.sha256, SHA256_BYTES);
    db_bind_text(&params, "command line");
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    err = db_query(command->db, "operator_reset", &params, &rows);
    if (!err && strcmp(db_text(rows, 0, 0), "done") != 0)
        err = err_from_code(db_text(rows, 0, 0));
    if (err)
        return failed(command, err, name);
    fprintf(command->output, "The old password of %s does not work any more.\n", name);
    print_link(command, name, &link);
    sodium_memzero(&link, sizeof(link));
    return 0;
}

int user_command_run(const struct user_command *command, int argc, char *const argv[])
{
    if (argc >= 1 && strcmp(argv[0], "add") == 0)
        return add(command, argc, argv);
    if (argc == 2 && strcmp(argv[0], "reset") == 0) {
        const char *problem = name_problem(argv[1]);
        return problem ? wrong_usage(command, problem) : reset(command, argv[1]);
    }
    return wrong_usage(command, "Say \"user add\" or \"user reset\" and a name.");
}

/* ---- the first administrator ---- */

bool setup_announce(struct db_conn *db, const char *base_url, FILE *output)
{
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    if (db_query(db, "setup_needed", NULL, &rows))
        return false;
    if (!db_bool(rows, 0, 0))
        return true;
    struct token link;
    token_make(&link);
    struct db_params params = {0};
    db_bind_bytes(&params, link.sha256, SHA256_BYTES);
    db_bind_null(&params);
    if (db_query(db, "setup_link_make", &params, NULL))
        return false;
    fprintf(output,
            "Nobody can log in yet. Open this link within 24 hours to make the first "
            "administrator:\n%s/#/setup/%s\n",
            base_url, link.text);
    fflush(output);
    sodium_memzero(&link, sizeof(link));
    return true;
}
