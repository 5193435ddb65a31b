#include "base/conf.h"

#include "base/limits.h"
#include "base/log.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum kind { KIND_TEXT, KIND_NUMBER, KIND_FLAG };

/* One row of conf.def and where its value lies in struct conf. */
struct setting {
    const char *section;
    const char *key;
    const char *help;
    enum kind kind;
    size_t offset;
    const char *default_text;
    int64_t default_number;
    int64_t min;
    int64_t max;
};

#define CONF_TEXT(section, key, default_, help)                                                              \
    {#section, #key, help, KIND_TEXT, offsetof(struct conf, section##_##key), default_, 0, 0, 0},
#define CONF_NUMBER(section, key, default_, min, max, help)                                                  \
    {#section, #key, help, KIND_NUMBER, offsetof(struct conf, section##_##key), NULL, default_, min, max},
#define CONF_FLAG(section, key, default_, help)                                                              \
    {#section, #key, help, KIND_FLAG, offsetof(struct conf, section##_##key), NULL, default_, 0, 1},
static const struct setting settings[] = {
#include "base/conf.def"
};
#define SETTING_COUNT (sizeof settings / sizeof *settings)

/* Where a value comes from, and where a complaint goes. */
struct reading {
    struct conf *conf;
    const char *source; /* "cardwright.conf", "the environment", "the command line" */
    char *problem;
    size_t capacity;
    bool failed;
};

static void *place_of(const struct conf *conf, const struct setting *setting)
{
    return (char *)(uintptr_t)conf + setting->offset;
}

static bool complain(struct reading *reading, const char *section, const char *key, const char *what)
{
    if (!reading->failed)
        snprintf(reading->problem, reading->capacity, "%s: %s.%s %s", reading->source, section, key, what);
    reading->failed = true;
    return false;
}

static const struct setting *find_setting(const char *section, const char *key, size_t key_bytes)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].section, section) == 0 && strlen(settings[i].key) == key_bytes &&
            memcmp(settings[i].key, key, key_bytes) == 0)
            return &settings[i];
    return NULL;
}

/* ---- storing ---- */

static bool store_text(struct reading *reading, const struct setting *setting, const char *value)
{
    char **place = place_of(reading->conf, setting);
    if (strlen(value) > CONF_VALUE_BYTES_MAX)
        return complain(reading, setting->section, setting->key, "is too long");
    char *copy = strdup(value);
    if (!copy)
        return complain(reading, setting->section, setting->key, "does not fit into memory");
    free(*place);
    *place = copy;
    return true;
}

static bool store_number(struct reading *reading, const struct setting *setting, const char *value)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (!*value || *end || errno || number < setting->min || number > setting->max) {
        char what[96];
        snprintf(what, sizeof what, "must be a whole number from %" PRId64 " to %" PRId64, setting->min,
                 setting->max);
        return complain(reading, setting->section, setting->key, what);
    }
    *(int64_t *)place_of(reading->conf, setting) = number;
    return true;
}

static bool store_flag(struct reading *reading, const struct setting *setting, const char *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *(bool *)place_of(reading->conf, setting) = i % 2 == 1;
            return true;
        }
    }
    return complain(reading, setting->section, setting->key, "must be true or false");
}

static bool store(struct reading *reading, const struct setting *setting, const char *value)
{
    switch (setting->kind) {
    case KIND_TEXT:
        return store_text(reading, setting, value);
    case KIND_NUMBER:
        return store_number(reading, setting, value);
    case KIND_FLAG:
        return store_flag(reading, setting, value);
    }
    return false;
}

static void store_defaults(struct conf *conf)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        void *place = place_of(conf, &settings[i]);
        if (settings[i].kind == KIND_TEXT)
            *(char **)place = strdup(settings[i].default_text);
        else if (settings[i].kind == KIND_NUMBER)
            *(int64_t *)place = settings[i].default_number;
        else
            *(bool *)place = settings[i].default_number != 0;
    }
}

/* ---- sources ---- */

static int on_ini_line(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    const struct setting *setting = find_setting(section, key, strlen(key));
    if (!setting)
        return complain(reading, section, key,
                        "is not a setting; \"cardwrightd config print\" lists them all");
    return store(reading, setting, value);
}

static bool read_file(struct reading *reading, const char *path)
{
    reading->source = path;
    int line = ini_parse(path, on_ini_line, reading);
    if (line == 0)
        return true;
    if (!reading->failed && line < 0)
        snprintf(reading->problem, reading->capacity, "%s cannot be read: %s", path, strerror(errno));
    else if (!reading->failed)
        snprintf(reading->problem, reading->capacity, "%s:%d is neither [section] nor key = value", path,
                 line);
    reading->failed = true;
    return false;
}

static const char *default_path(void)
{
    static const char *const paths[] = {"cardwright.conf", "/etc/cardwright/cardwright.conf"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], F_OK) == 0)
            return paths[i];
    return NULL;
}

static bool read_environment(struct reading *reading)
{
    reading->source = "the environment";
    const char *database_url = getenv("DATABASE_URL"); /* the customary name; ours, below, goes over it */
    if (database_url && !store(reading, find_setting("database", "url", 3), database_url))
        return false;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char name[96];
        snprintf(name, sizeof name, "CARDWRIGHT_%s_%s", settings[i].section, settings[i].key);
        for (char *at = name; *at; at++)
            *at = (char)toupper((unsigned char)*at);
        const char *value = getenv(name);
        if (value && !store(reading, &settings[i], value))
            return false;
    }
    return true;
}

/* "--section.key=value", or "--section.key" for a flag that is meant to be on. */
static bool read_flag(struct reading *reading, const char *flag)
{
    char section[32];
    reading->source = "the command line";
    const char *text = strncmp(flag, "--", 2) == 0 ? flag + 2 : flag;
    size_t section_bytes = strcspn(text, ".");
    const char *key = text + section_bytes + (text[section_bytes] == '.');
    size_t key_bytes = strcspn(key, "=");
    snprintf(section, sizeof section, "%.*s", (int)section_bytes, text);
    const struct setting *setting = find_setting(section, key, key_bytes);
    if (!setting || (key[key_bytes] == '\0' && setting->kind != KIND_FLAG)) {
        snprintf(reading->problem, reading->capacity,
                 "the command line: %.64s is not --section.key=value of a known setting; \"cardwrightd "
                 "config print\" "
                 "lists them all",
                 flag);
        reading->failed = true;
        return false;
    }
    return store(reading, setting, key[key_bytes] ? key + key_bytes + 1 : "true");
}

struct conf *conf_read(const char *path, char *const flags[], int flag_count, char *ret_problem,
                       size_t capacity)
{
    struct conf *conf = calloc(1, sizeof *conf);
    struct reading reading = {.conf = conf, .problem = ret_problem, .capacity = capacity};
    if (!conf)
        return NULL;
    store_defaults(conf);
    if (!path)
        path = getenv("CARDWRIGHT_CONFIG");
    if (!path)
        path = default_path();
    conf->path = path ? strdup(path) : NULL;
    bool fine = (!path || read_file(&reading, path)) && read_environment(&reading);
    for (int i = 0; fine && i < flag_count; i++)
        fine = read_flag(&reading, flags[i]);
    if (fine)
        return conf;
    conf_free(conf);
    return NULL;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (settings[i].kind == KIND_TEXT)
            free(*(char **)place_of(conf, &settings[i]));
    free(conf->path);
    free(conf);
}

/* ---- printing and checking ---- */

/* user:password@ in a URL, and password=… in a conninfo, lose the password. */
static void print_url(FILE *output, const char *url)
{
    const char *authority = strstr(url, "://");
    const char *at = authority ? strchr(authority + 3, '@') : NULL;
    const char *colon = at ? memchr(authority + 3, ':', (size_t)(at - authority - 3)) : NULL;
    const char *word = strstr(url, "password=");
    if (colon)
        fprintf(output, "%.*s:***%s", (int)(colon - url), url, at);
    else if (word)
        fprintf(output, "%.*spassword=***%s", (int)(word - url), url, word + 9 + strcspn(word + 9, " &"));
    else
        fputs(url, output);
}

void conf_print(const struct conf *conf, FILE *output)
{
    const char *section = "";
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        if (strcmp(section, setting->section) != 0)
            fprintf(output, "%s[%s]\n", i ? "\n" : "", setting->section);
        section = setting->section;
        fprintf(output, "; %s\n%s = ", setting->help, setting->key);
        const void *place = place_of(conf, setting);
        if (setting->kind == KIND_TEXT)
            print_url(output, *(char *const *)place);
        else if (setting->kind == KIND_NUMBER)
            fprintf(output, "%" PRId64, *(const int64_t *)place);
        else
            fputs(*(const bool *)place ? "true" : "false", output);
        fputc('\n', output);
    }
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

bool conf_check(const struct conf *conf, char *ret_problem, size_t capacity)
{
    enum log_level level;
    const char *problem = NULL;
    bool has_cert = conf->http_tls_cert_file[0] != '\0';
    bool has_key = conf->http_tls_key_file[0] != '\0';
    if (has_cert != has_key)
        problem = "http.tls_cert_file and http.tls_key_file go together: set both or neither";
    else if (!is_loopback(conf->http_listen) && !has_cert && !conf->http_behind_proxy)
        problem =
            "http.listen is not loopback, so passwords would travel in clear: set http.tls_cert_file and "
            "http.tls_key_file, or http.behind_proxy when a proxy ends TLS";
    else if (!log_parse_level(conf->log_level, &level))
        problem = "log.level must be debug, info, warn or error";
    else if (conf->http_operator_port != 0 && conf->http_operator_port == conf->http_device_port)
        problem = "http.operator_port and http.device_port must differ";
    if (problem)
        snprintf(ret_problem, capacity, "%s", problem);
    return problem == NULL;
}
