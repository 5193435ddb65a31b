#include "base/permissions.h"

#include <assert.h>

static const struct {
    const char *word;
    const char *help;
} table[PERM_COUNT] = {
#define PERM(name, word_, help_) [PERM_##name] = {.word = word_, .help = help_},
#include "base/permissions.def"
#undef PERM
};

const char *perm_word(enum perm perm)
{
    assert(perm > PERM_INVALID && perm < PERM_COUNT);
    return table[perm].word;
}

const char *perm_help(enum perm perm)
{
    assert(perm > PERM_INVALID && perm < PERM_COUNT);
    return table[perm].help;
}
