/* Scope-end cleanup: CLEANUP(json_release) json_t *body = NULL; the function gets a pointer to the variable.
 */
#ifndef CARDWRIGHT_BASE_CLEANUP_H
#define CARDWRIGHT_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Frees what a `char *` (or any object pointer) points to. */
static inline void cleanup_free(void *at)
{
    void **pointer = at;
    free(*pointer);
    *pointer = NULL;
}

static inline void cleanup_file(FILE **at)
{
    if (*at)
        fclose(*at);
    *at = NULL;
}

#endif
