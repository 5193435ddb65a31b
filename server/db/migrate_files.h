/* The files of the folder `migrations`, read and checksummed. Private to this folder. */
#ifndef CARDWRIGHT_DB_MIGRATE_FILES_H
#define CARDWRIGHT_DB_MIGRATE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define MIGRATE_SHA256_TEXT 65 /* 64 hex digits and a NUL */
#define MIGRATE_NAME_BYTES 256 /* as NAME_MAX and a NUL */

struct migrate_file {
    int version; /* 0: not a numbered migration */
    char name[MIGRATE_NAME_BYTES];
    char *text; /* NUL-terminated */
    size_t byte_count;
    char sha256[MIGRATE_SHA256_TEXT];
};

struct migrate_files {
    struct migrate_file *items;
    int count;
};

/* What the folder holds. Zero-initialise; migrate_folder_free releases it, also after a failure. */
struct migrate_folder {
    struct migrate_files numbered;  /* in version order */
    struct migrate_files functions; /* in name order */
    char functions_sha256[MIGRATE_SHA256_TEXT];
    struct migrate_files roles; /* roles.sql, or none */
};

/* False: `ret_problem` is a sentence with the file's name. */
bool migrate_folder_read(const char *directory, struct migrate_folder *ret_folder, char *ret_problem,
                         size_t capacity);
void migrate_folder_free(struct migrate_folder *folder);

#endif
