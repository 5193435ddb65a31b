#include "base/err.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* The registry names its rows in upper case; the wire word is made once, at first use of the table. */
#define CODE_BYTES_MAX 40

static const char *const names[ERR_COUNT] = {
#define ERR(name, status, blame, title, cause, next) [ERR_##name] = #name,
#include "base/err.def"
#undef ERR
};

static char codes[ERR_COUNT][CODE_BYTES_MAX];

static const struct err_info table[ERR_COUNT] = {
#define ERR(name, status, blame_, title_, cause_, next_)                                                     \
    [ERR_##name] = {codes[ERR_##name], status, ERR_BLAME_##blame_, title_, cause_, next_},
#include "base/err.def"
#undef ERR
};

__attribute__((constructor)) static void make_codes(void)
{
    for (int err = 1; err < ERR_COUNT; err++) {
        size_t length = strlen(names[err]);
        assert(length < CODE_BYTES_MAX);
        for (size_t i = 0; i < length; i++)
            codes[err][i] = (char)tolower((unsigned char)names[err][i]);
    }
}

const struct err_info *err_info(enum err err)
{
    assert(err > OK && err < ERR_COUNT);
    return &table[err];
}

const char *err_blame_word(enum err_blame blame)
{
    static const char *const words[] = {"caller", "state", "ours"};
    return words[blame];
}

enum err err_from_code(const char *code)
{
    for (int err = 1; code && err < ERR_COUNT; err++)
        if (strcmp(codes[err], code) == 0)
            return (enum err)err;
    return ERR_INTERNAL;
}
