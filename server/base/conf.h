/* Settings of the program: defaults, then an INI file, then the environment, then flags; see conf.def. */
#ifndef CARDWRIGHT_BASE_CONF_H
#define CARDWRIGHT_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf {
#define CONF_TEXT(section, key, default_, help) char *section##_##key;
#define CONF_NUMBER(section, key, default_, min, max, help) int64_t section##_##key;
#define CONF_FLAG(section, key, default_, help) bool section##_##key;
#include "base/conf.def"
#undef CONF_TEXT
#undef CONF_NUMBER
#undef CONF_FLAG
    char *path; /* of the file that was read; NULL: none */
};

/* Reads all sources over the defaults. `path` NULL: $CARDWRIGHT_CONFIG, else cardwright.conf in the working
 * directory, else /etc/cardwright/cardwright.conf, whichever exists first; a path given by hand must exist.
 * `flags` are `flag_count` texts
 * "--section.key=value" or "--section.flag". NULL: `ret_problem` is a sentence that names source, key and
 * remedy. */
struct conf *conf_read(const char *path, char *const flags[], int flag_count, char *ret_problem,
                       size_t capacity);
void conf_free(struct conf *conf); /* NULL is fine */

/* The settings as an INI file with the help above each line, without passwords. */
void conf_print(const struct conf *conf, FILE *output);

/* Rules between settings (TLS files in pairs, no open port without TLS or proxy …). False and a sentence as
 * above. */
bool conf_check(const struct conf *conf, char *ret_problem, size_t capacity);

#endif
