#include "agent/strict_json.h"

#include "base/limits.h"

#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void wiping_free(void *memory)
{
    if (memory)
        sodium_memzero(memory, malloc_usable_size(memory));
    free(memory);
}

void strict_json_wipe_memory(void)
{
    json_set_alloc_funcs(malloc, wiping_free);
}

void strict_json_free_text(char *text)
{
    wiping_free(text);
}

/* The parser of the library goes 2048 levels deep; nothing we read needs more than a few. Brackets inside of
 * texts count too, which only ever refuses more. */
static bool is_shallow(const char *text, size_t text_bytes)
{
    int depth = 0;
    for (size_t i = 0; i < text_bytes; i++) {
        if (text[i] == '{' || text[i] == '[')
            depth++;
        else if (text[i] == '}' || text[i] == ']')
            depth--;
        if (depth > JSON_DEPTH_MAX)
            return false;
    }
    return true;
}

json_t *strict_json_load(const char *text, size_t text_bytes, size_t bytes_max)
{
    if (!text || text_bytes > bytes_max || !is_shallow(text, text_bytes))
        return NULL;
    json_error_t error;
    json_t *json = json_loadb(text, text_bytes, JSON_REJECT_DUPLICATES, &error);
    if (json && json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

bool strict_json_has_only(const json_t *object, const char *const *names)
{
    size_t known = 0;
    for (; *names; names++)
        known += json_object_get(object, *names) ? 1 : 0;
    return json_object_size(object) == known;
}

void strict_json_release(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}
