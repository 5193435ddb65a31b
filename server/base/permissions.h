/* Permissions; the list is permissions.def. */
#ifndef CARDWRIGHT_BASE_PERMISSIONS_H
#define CARDWRIGHT_BASE_PERMISSIONS_H

enum perm {
    PERM_INVALID = 0, /* so that a forgotten initialiser is no permission */
#define PERM(name, word, help) PERM_##name,
#include "base/permissions.def"
#undef PERM
    PERM_COUNT
};

/* The word used in SQL: "people.read". `perm` must be between 1 and PERM_COUNT - 1. */
const char *perm_word(enum perm perm);
const char *perm_help(enum perm perm);

#endif
