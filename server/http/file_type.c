#include "http/file_type.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define HASH_DIGITS_MIN 8

static const struct {
    const char *extension;
    const char *type;
} types[] = {
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"wav", "audio/wav"},
    {"mp3", "audio/mpeg"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/plain; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"yaml", "application/yaml"},
    {"webmanifest", "application/manifest+json"},
};

const char *file_content_type(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot + 1, types[i].extension) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* "@1.2" or "-1.2" at `at`. */
static bool is_version(const char *at)
{
    if (*at != '@' && *at != '-')
        return false;
    size_t digits = strspn(at + 1, "0123456789");
    return digits > 0 && at[1 + digits] == '.' && isdigit((unsigned char)at[2 + digits]);
}

/* ".0f3a9c21." or "-0f3a9c21." at `at`: hex digits, not all letters, so that no word is taken for one. */
static bool is_hash(const char *at)
{
    if (*at != '.' && *at != '-')
        return false;
    size_t digits = strspn(at + 1, "0123456789abcdef");
    return digits >= HASH_DIGITS_MIN && at[1 + digits] == '.' && strcspn(at + 1, "0123456789") < digits;
}

bool file_is_versioned(const char *name)
{
    for (const char *at = name; *at; at++)
        if (is_version(at) || is_hash(at))
            return true;
    return false;
}

static bool ends_with(const char *name, const char *end)
{
    size_t name_bytes = strlen(name);
    size_t end_bytes = strlen(end);
    return name_bytes >= end_bytes && strcasecmp(name + name_bytes - end_bytes, end) == 0;
}

bool file_needs_policy(const char *name)
{
    static const char *const parts[] = {".js", ".css", ".json", ".woff2", ".png", ".jpg", ".webp"};
    if (ends_with(name, "worker.js"))
        return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (ends_with(name, parts[i]))
            return false;
    return true;
}

const char *file_cache_control(const char *name)
{
    return file_is_versioned(name) ? "public, max-age=31536000, immutable" : "no-cache";
}
