/* The one registry of errors; see err.def. */
#ifndef CARDWRIGHT_BASE_ERR_H
#define CARDWRIGHT_BASE_ERR_H

enum err_blame { ERR_BLAME_CALLER, ERR_BLAME_STATE, ERR_BLAME_OURS };

enum err {
    OK = 0,
#define ERR(name, status, blame, title, cause, next) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_COUNT
};

struct err_info {
    const char *code; /* stable word on the wire: "card_changed" */
    int http_status;
    enum err_blame blame;
    const char *title; /* what */
    const char *cause; /* why it is refused */
    const char *next;  /* the way out */
};

/* Facts of one error; `err` must be between 1 and ERR_COUNT - 1. */
const struct err_info *err_info(enum err err);

/* "caller", "state" or "ours". */
const char *err_blame_word(enum err_blame blame);

/* The error whose wire word is `code` (as returned by SQL functions); ERR_INTERNAL for an unknown word. */
enum err err_from_code(const char *code);

#endif
