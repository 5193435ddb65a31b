#include "db/migrate_files.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef bool name_fn(const char *name);

static bool is_sql(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".sql") == 0;
}

/* 0007_water_meter.sql, and anything that begins with a digit: a slip in a name must not hide a migration. */
static bool is_numbered(const char *name)
{
    return isdigit((unsigned char)name[0]) && is_sql(name);
}

static bool is_roles(const char *name)
{
    return strcmp(name, "roles.sql") == 0;
}

static bool sha256_text(const void *bytes, size_t byte_count, char ret_text[MIGRATE_SHA256_TEXT])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (!EVP_Q_digest(NULL, "SHA256", NULL, bytes, byte_count, digest, NULL))
        return false;
    bytes_to_hex(digest, 32, ret_text);
    return true;
}

/* The four digits in front, 1 to MIGRATIONS_MAX, then an underscore and a name; else -1. */
static int version_of(const char *name)
{
    int version = 0;
    for (int i = 0; i < 4; i++) {
        if (!isdigit((unsigned char)name[i]))
            return -1;
        version = version * 10 + (name[i] - '0');
    }
    return name[4] == '_' && is_sql(name + 5) && version > 0 ? version : -1;
}

static bool read_text(const char *path, struct migrate_file *file, char *ret_problem, size_t capacity)
{
    CLEANUP(cleanup_file) FILE *stream = fopen(path, "rb");
    if (!stream) {
        snprintf(ret_problem, capacity, "%s cannot be read: %s.", path, strerror(errno));
        return false;
    }
    file->text = malloc(MIGRATION_FILE_BYTES_MAX + 1);
    if (!file->text) {
        snprintf(ret_problem, capacity, "There is no memory left to read %s.", path);
        return false;
    }
    file->byte_count = fread(file->text, 1, MIGRATION_FILE_BYTES_MAX + 1, stream);
    if (ferror(stream) || file->byte_count > MIGRATION_FILE_BYTES_MAX ||
        memchr(file->text, '\0', file->byte_count)) {
        snprintf(ret_problem, capacity, "%s cannot be read, is larger than %d bytes, or is not text.", path,
                 MIGRATION_FILE_BYTES_MAX);
        return false;
    }
    file->text[file->byte_count] = '\0';
    char *fitted = realloc(file->text, file->byte_count + 1);
    file->text = fitted ? fitted : file->text;
    return sha256_text(file->text, file->byte_count, file->sha256);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct migrate_file *)left)->name, ((const struct migrate_file *)right)->name);
}

/* A folder that is not there is an empty one: functions/ need not exist. */
static bool read_names(const char *directory, name_fn *wanted, struct migrate_files *ret_files)
{
    DIR *folder = opendir(directory);
    if (!folder)
        return errno == ENOENT;
    bool good = true;
    for (struct dirent *entry = readdir(folder); good && entry; entry = readdir(folder)) {
        if (!wanted(entry->d_name))
            continue;
        struct migrate_file *items =
            realloc(ret_files->items, sizeof *items * ((size_t)ret_files->count + 1));
        good = items && ret_files->count < MIGRATIONS_MAX;
        if (items)
            ret_files->items = items;
        if (!good)
            break;
        struct migrate_file *file = &items[ret_files->count++];
        *file = (struct migrate_file){0};
        snprintf(file->name, sizeof file->name, "%s", entry->d_name);
    }
    closedir(folder);
    if (ret_files->count > 0)
        qsort(ret_files->items, (size_t)ret_files->count, sizeof *ret_files->items, by_name);
    return good;
}

static bool read_files(const char *directory, name_fn *wanted, struct migrate_files *ret_files,
                       char *ret_problem, size_t capacity)
{
    if (!read_names(directory, wanted, ret_files)) {
        snprintf(ret_problem, capacity, "The folder %s cannot be read: %s.", directory, strerror(errno));
        return false;
    }
    for (int i = 0; i < ret_files->count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", directory, ret_files->items[i].name);
        if (!read_text(path, &ret_files->items[i], ret_problem, capacity))
            return false;
    }
    return true;
}

static bool number_files(struct migrate_files *files, char *ret_problem, size_t capacity)
{
    for (int i = 0; i < files->count; i++) {
        struct migrate_file *file = &files->items[i];
        file->version = version_of(file->name);
        if (file->version < 0) {
            snprintf(ret_problem, capacity,
                     "Rename %s: a migration is called NNNN_name.sql, four digits first.", file->name);
            return false;
        }
        if (i > 0 && files->items[i - 1].version == file->version) {
            snprintf(ret_problem, capacity, "Give %s another number: %s has it already.", file->name,
                     files->items[i - 1].name);
            return false;
        }
    }
    return true;
}

/* One checksum over names and contents: a renamed, added or removed file counts as a change too. */
static bool sum_functions(struct migrate_folder *folder)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t bytes[EVP_MAX_MD_SIZE];
    bool good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    for (int i = 0; good && i < folder->functions.count; i++) {
        const struct migrate_file *file = &folder->functions.items[i];
        good = EVP_DigestUpdate(digest, file->name, strlen(file->name) + 1) &&
               EVP_DigestUpdate(digest, file->sha256, MIGRATE_SHA256_TEXT);
    }
    good = good && EVP_DigestFinal_ex(digest, bytes, NULL);
    EVP_MD_CTX_free(digest);
    if (good)
        bytes_to_hex(bytes, 32, folder->functions_sha256);
    return good;
}

bool migrate_folder_read(const char *directory, struct migrate_folder *ret_folder, char *ret_problem,
                         size_t capacity)
{
    char functions[1024];
    snprintf(functions, sizeof functions, "%s/functions", directory);
    snprintf(ret_problem, capacity, "The checksums of %s could not be made.", directory);
    if (!read_files(directory, is_numbered, &ret_folder->numbered, ret_problem, capacity) ||
        !read_files(directory, is_roles, &ret_folder->roles, ret_problem, capacity) ||
        !read_files(functions, is_sql, &ret_folder->functions, ret_problem, capacity) ||
        !number_files(&ret_folder->numbered, ret_problem, capacity) || !sum_functions(ret_folder))
        return false;
    if (ret_folder->numbered.count == 0) {
        snprintf(ret_problem, capacity,
                 "There are no migrations in %s; name the right folder with the setting migrations_dir.",
                 directory);
        return false;
    }
    return true;
}

static void free_files(struct migrate_files *files)
{
    for (int i = 0; i < files->count; i++)
        free(files->items[i].text);
    free(files->items);
    *files = (struct migrate_files){0};
}

void migrate_folder_free(struct migrate_folder *folder)
{
    free_files(&folder->numbered);
    free_files(&folder->functions);
    free_files(&folder->roles);
}
