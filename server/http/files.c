/* Static files of the webroot, kept ready as responses. A file is looked at again at most once in
 * HTTP_FILE_RECHECK_MS, so an edit shows within a second and a hot file costs no system call. */
#include "base/bytes.h"
#include "base/log.h"
#include "http/file_type.h"
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ETAG_BYTES 48
#define ETAG_HASH_BYTES 8 /* enough to tell the versions of one file apart; it goes with every file */
/* The policy the screens were tried under; scripts and styles come from our own origin only. */
#define CSP                                                                                                  \
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; " \
    "form-action 'self'; require-trusted-types-for 'script'"

/* The plain file, or its .gz twin. */
struct variant {
    bool exists;
    struct stat stat;
    char etag[ETAG_BYTES];
    struct MHD_Response *full; /* NULL: too large to keep, opened each time */
    struct MHD_Response *not_modified;
};

struct cached_file {
    struct cached_file *next;
    char *path; /* as asked for, still encoded */
    char *name; /* below the webroot */
    int64_t checked_ms;
    struct variant plain;
    struct variant gzip;
};

struct file_cache {
    int root_fd;
    struct cached_file *buckets[HTTP_FILE_BUCKETS];
    int count;
    size_t bytes;
};

struct file_cache *files_new(const char *webroot)
{
    struct file_cache *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    files->root_fd = open(webroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (files->root_fd < 0) {
        log_error("http.webroot_missing", LOG_TEXT("path", webroot), LOG_ERRNO(errno));
        free(files);
        return NULL;
    }
    return files;
}

static void free_variant(struct variant *variant)
{
    if (variant->full)
        MHD_destroy_response(variant->full);
    if (variant->not_modified)
        MHD_destroy_response(variant->not_modified);
    *variant = (struct variant){0};
}

static void empty(struct file_cache *files)
{
    for (int i = 0; i < HTTP_FILE_BUCKETS; i++) {
        while (files->buckets[i]) {
            struct cached_file *file = files->buckets[i];
            files->buckets[i] = file->next;
            free_variant(&file->plain);
            free_variant(&file->gzip);
            free(file->path);
            free(file->name);
            free(file);
        }
    }
    files->count = 0;
    files->bytes = 0;
}

void files_free(struct file_cache *files)
{
    if (!files)
        return;
    empty(files);
    close(files->root_fd);
    free(files);
}

/* ---- names ---- */

static unsigned bucket_of(const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    return hash % HTTP_FILE_BUCKETS;
}

/* The name below the webroot: decoded, and no segment is empty or starts with a dot, so nothing leads out of
 * it or to hidden files. NULL: no such name. */
static char *safe_name(const char *path)
{
    char decoded[HTTP_FILE_PATH_BYTES_MAX + 1];
    size_t bytes = strlen(path);
    if (*path != '/' || bytes > HTTP_FILE_PATH_BYTES_MAX || !url_decode(path + 1, bytes - 1, false, decoded))
        return NULL;
    for (const char *at = decoded; *at;) {
        size_t segment_bytes = strcspn(at, "/");
        if (segment_bytes == 0 || *at == '.')
            return NULL;
        at += segment_bytes;
        at += *at == '/';
    }
    char *name = NULL;
    if (asprintf(&name, "%s%s", decoded, path[bytes - 1] == '/' ? "index.html" : "") < 0)
        return NULL;
    return name;
}

/* ---- loading ---- */

static bool same_file(const struct stat *left, const struct stat *right)
{
    return left->st_ino == right->st_ino && left->st_size == right->st_size &&
           left->st_mtim.tv_sec == right->st_mtim.tv_sec && left->st_mtim.tv_nsec == right->st_mtim.tv_nsec;
}

static void *read_all(int fd, size_t bytes)
{
    char *content = malloc(bytes + 1);
    size_t filled = 0;
    while (content && filled < bytes) {
        ssize_t got = read(fd, content + filled, bytes - filled);
        if (got <= 0)
            break;
        filled += (size_t)got;
    }
    if (filled == bytes)
        return content;
    free(content); /* it changed under us: the next request reads it anew */
    return NULL;
}

static void add_headers(const struct cached_file *file, const struct variant *variant,
                        struct MHD_Response *response)
{
    bool is_gzip = variant == &file->gzip;
    MHD_add_response_header(response, "ETag", variant->etag);
    MHD_add_response_header(response, "Cache-Control", file_cache_control(file->name));
    if (file->gzip.exists)
        MHD_add_response_header(response, "Vary", "Accept-Encoding");
    if (is_gzip)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    MHD_add_response_header(response, "Content-Type", file_content_type(file->name));
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (!file_needs_policy(file->name))
        return;
    MHD_add_response_header(response, "Content-Security-Policy", CSP);
    MHD_add_response_header(response, "Referrer-Policy", "same-origin");
}

static void make_etag(struct variant *variant, const void *content, bool is_gzip)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[2 * ETAG_HASH_BYTES + 1] = "";
    if (content) {
        crypto_hash_sha256(hash, content, (size_t)variant->stat.st_size);
        bytes_to_hex(hash, ETAG_HASH_BYTES, hex);
    } else {
        snprintf(hex, sizeof hex, "%" PRIx64 "-%" PRIx64, (uint64_t)variant->stat.st_size,
                 (uint64_t)variant->stat.st_mtim.tv_sec);
    }
    snprintf(variant->etag, sizeof variant->etag, "\"%s%s\"", hex, is_gzip ? "-gz" : "");
}

/* Opens a variant; -1: it is not there (any more) or not a plain file. */
static int open_variant(const struct file_cache *files, const char *name, struct stat *ret_stat)
{
    int fd = openat(files->root_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, ret_stat) == 0 && S_ISREG(ret_stat->st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void load(struct file_cache *files, struct cached_file *file, struct variant *variant,
                 const char *name)
{
    free_variant(variant);
    int fd = open_variant(files, name, &variant->stat);
    if (fd < 0)
        return;
    size_t bytes = (size_t)variant->stat.st_size;
    bool keep = bytes <= HTTP_FILE_CACHED_BYTES_MAX;
    void *content = keep ? read_all(fd, bytes) : NULL;
    close(fd);
    if (keep && !content)
        return;
    variant->exists = true;
    make_etag(variant, content, variant == &file->gzip);
    variant->not_modified = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (content) {
        variant->full = MHD_create_response_from_buffer(bytes, content, MHD_RESPMEM_MUST_FREE);
        files->bytes += bytes;
    }
}

static void gzip_name(const struct cached_file *file, char name[static HTTP_FILE_PATH_BYTES_MAX + 16])
{
    snprintf(name, HTTP_FILE_PATH_BYTES_MAX + 16, "%s.gz", file->name);
}

static void load_both(struct file_cache *files, struct cached_file *file)
{
    char gz[HTTP_FILE_PATH_BYTES_MAX + 16];
    gzip_name(file, gz);
    load(files, file, &file->plain, file->name);
    load(files, file, &file->gzip, gz);
    if (file->gzip.exists && file->gzip.stat.st_mtim.tv_sec < file->plain.stat.st_mtim.tv_sec)
        free_variant(&file->gzip); /* left over from an older plain file */
    struct variant *variants[] = {&file->plain, &file->gzip};
    for (int i = 0; i < 2; i++) {
        if (variants[i]->full)
            add_headers(file, variants[i], variants[i]->full);
        if (variants[i]->not_modified)
            add_headers(file, variants[i], variants[i]->not_modified);
    }
}

static bool is_current(const struct file_cache *files, const struct variant *variant, const char *name)
{
    struct stat now;
    bool exists = fstatat(files->root_fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(now.st_mode);
    return exists == variant->exists && (!exists || same_file(&now, &variant->stat));
}

static void refresh(struct file_cache *files, struct cached_file *file, int64_t now_ms)
{
    char gz[HTTP_FILE_PATH_BYTES_MAX + 16];
    if (now_ms - file->checked_ms < HTTP_FILE_RECHECK_MS)
        return;
    file->checked_ms = now_ms;
    gzip_name(file, gz);
    if (!is_current(files, &file->plain, file->name) || !is_current(files, &file->gzip, gz))
        load_both(files, file);
}

static struct cached_file *find(struct file_cache *files, const char *path, int64_t now_ms)
{
    struct cached_file *file = files->buckets[bucket_of(path)];
    while (file && strcmp(file->path, path) != 0)
        file = file->next;
    if (file)
        refresh(files, file, now_ms);
    return file;
}

/* Only files that exist are remembered, so asking for many others fills nothing. */
static struct cached_file *add(struct file_cache *files, const char *path, int64_t now_ms)
{
    struct stat stat;
    char *name = safe_name(path);
    if (!name || fstatat(files->root_fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(stat.st_mode)) {
        free(name);
        return NULL;
    }
    if (files->count >= HTTP_FILES_CACHED_MAX || files->bytes > HTTP_FILES_CACHED_BYTES_MAX)
        empty(files);
    struct cached_file *file = calloc(1, sizeof *file);
    if (!file || !(file->path = strdup(path))) {
        free(name);
        free(file);
        return NULL;
    }
    file->name = name;
    file->checked_ms = now_ms;
    file->next = files->buckets[bucket_of(path)];
    files->buckets[bucket_of(path)] = file;
    files->count++;
    load_both(files, file);
    return file;
}

/* ---- serving ---- */

static bool accepts_gzip(const struct request *rq)
{
    const char *accept = request_header(rq, "Accept-Encoding");
    const char *gzip = accept ? strstr(accept, "gzip") : NULL;
    return gzip && strncmp(gzip + 4, ";q=0", 4) != 0;
}

static bool client_has(const struct request *rq, const struct variant *variant)
{
    const char *tags = request_header(rq, "If-None-Match");
    return tags && (strstr(tags, variant->etag) || strcmp(tags, "*") == 0);
}

/* A file too large to keep. */
static struct MHD_Response *open_response(const struct file_cache *files, const struct cached_file *file,
                                          const struct variant *variant)
{
    char gz[HTTP_FILE_PATH_BYTES_MAX + 16];
    struct stat stat;
    gzip_name(file, gz);
    int fd = open_variant(files, variant == &file->gzip ? gz : file->name, &stat);
    struct MHD_Response *response =
        fd >= 0 ? MHD_create_response_from_fd64((uint64_t)stat.st_size, fd) : NULL;
    if (response)
        add_headers(file, variant, response);
    else if (fd >= 0)
        close(fd);
    return response;
}

static bool redirect_to_folder(struct request *rq)
{
    struct stat stat;
    char *name = safe_name(rq->path);
    bool is_folder = name && *name &&
                     fstatat(rq->server->files->root_fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(stat.st_mode);
    free(name);
    if (!is_folder)
        return false;
    reply_header(rq, "Location", request_printf(rq, "%s/", rq->path));
    reply_empty(rq, 308);
    return true;
}

bool files_serve(struct request *rq)
{
    struct file_cache *files = rq->server->files;
    int64_t now_ms = loop_now_ms(rq->server->loop);
    if (!files || rq->method != METHOD_GET)
        return false;
    const struct cached_file *file = find(files, rq->path, now_ms);
    if (!file)
        file = add(files, rq->path, now_ms);
    if (!file || !file->plain.exists)
        return redirect_to_folder(rq);
    const struct variant *variant = file->gzip.exists && accepts_gzip(rq) ? &file->gzip : &file->plain;
    bool unchanged = client_has(rq, variant);
    struct MHD_Response *response = unchanged ? variant->not_modified : variant->full;
    rq->reply.is_shared = response != NULL;
    if (!response)
        response = open_response(files, file, variant);
    if (!response)
        return false;
    rq->reply.prebuilt = response;
    rq->reply.status = unchanged ? 304 : 200;
    rq->reply.is_file = true;
    rq->reply.done = true;
    return true;
}
