/* References in the texts of steps. */
#include "tests/lib/story_internal.h"

#include "base/ids.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const char *bytes, size_t count)
{
    char *larger = realloc(text->bytes, text->count + count + 1);
    cr_assert(larger, "no memory");
    memcpy(larger + text->count, bytes, count);
    text->bytes = larger;
    text->count += count;
    text->bytes[text->count] = 0;
}

char *text_quotes(const char *text)
{
    char *changed = strdup(text);
    for (char *at = changed; *at; at++)
        if (*at == '\'')
            *at = '"';
    return changed;
}

json_t *json_at(json_t *value, const char *member_path)
{
    const char *at = member_path;
    while (value && *at) {
        size_t bytes = strcspn(at, ".");
        char member[128];
        snprintf(member, sizeof(member), "%.*s", (int)bytes, at);
        char *end = NULL;
        unsigned long index = strtoul(member, &end, 10);
        if (json_is_array(value))
            value = *member && !*end ? json_array_get(value, index) : NULL;
        else
            value = json_object_get(value, member);
        at += bytes + (at[bytes] == '.');
    }
    return value;
}

/* A value as it stands inside a text; the caller frees it. */
static char *plain(const json_t *value)
{
    return json_is_string(value) ? strdup(json_string_value(value))
                                 : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static char *fresh_id(struct story *story, const char *name)
{
    json_t *known = json_object_get(story->fresh, name);
    if (!known) {
        struct uuid id = uuid_make_v7();
        char text[UUID_TEXT_BYTES];
        uuid_format(&id, text);
        known = json_string(text);
        json_object_set_new(story->fresh, name, known);
    }
    return strdup(json_string_value(known));
}

static char *set_value(struct story *story, const char *name)
{
    json_t *known = json_object_get(story->set, name);
    if (!known)
        story_fail(story, "{set.%s}: story_set was not called for it", name);
    return strdup(json_string_value(known));
}

void story_set(struct story *story, const char *name, const char *value)
{
    if (json_object_set_new(story->set, name, json_string(value)) != 0)
        story_fail(story, "story_set: the value of %s is not text in UTF-8", name);
}

static char *client_field(struct story *story, const char *path)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "."), path);
    const char *field = strchr(path, '.');
    struct client *client = client_of(story, name);
    if (field && strcmp(field, ".operator_id") == 0)
        return strdup(client->operator_id);
    if (field && strcmp(field, ".session_id") == 0)
        return strdup(client->session_id);
    story_fail(story, "a client has operator_id and session_id, not {as.%s}", path);
}

static char *server_field(struct story *story, const char *field)
{
    char text[80];
    if (strcmp(field, "url") == 0)
        return strdup(story->server->url);
    bool device = strcmp(field, "device_port") == 0;
    if (!device && strcmp(field, "operator_port") != 0)
        story_fail(story, "{server.%s} is not known", field);
    snprintf(text, sizeof(text), "%d", device ? story->server->device_port : story->server->operator_port);
    return strdup(text);
}

/* What an earlier step got; the caller frees it. */
static char *label_field(struct story *story, const char *label, const char *path)
{
    json_t *known = json_object_get(story->labels, label);
    if (!known)
        story_fail(story, "{%s.%s}: no step before this one has the label \"%s\"", label, path, label);
    json_t *value = NULL;
    if (strcmp(path, "@status") == 0)
        value = json_object_get(known, "status");
    else if (strcmp(path, "@key") == 0)
        value = json_object_get(known, "key");
    else if (strcmp(path, "@text") == 0)
        value = json_object_get(known, "text");
    else if (*path == '@')
        value = json_object_get(json_object_get(known, "headers"), path + 1);
    else
        value = json_at(json_object_get(known, "body"), path);
    if (!value) {
        char *all = json_dumps(known, JSON_INDENT(1));
        story_fail(story, "{%s.%s}: the answer does not have it: %s", label, path, all);
    }
    return plain(value);
}

static char *resolve(struct story *story, const char *reference)
{
    char label[64];
    snprintf(label, sizeof(label), "%.*s", (int)strcspn(reference, "."), reference);
    const char *path = strchr(reference, '.') + 1;
    if (strcmp(label, "new") == 0)
        return fresh_id(story, path);
    if (strcmp(label, "set") == 0)
        return set_value(story, path);
    if (strcmp(label, "as") == 0)
        return client_field(story, path);
    if (strcmp(label, "server") == 0)
        return server_field(story, path);
    return label_field(story, label, path);
}

/* The length of a reference at `text` ("{label.member}"), braces included; 0: this brace opens something
 * else. */
static size_t reference_bytes(const char *text)
{
    size_t bytes = 1;
    bool dot = false;
    while (isalnum((unsigned char)text[bytes]) || (text[bytes] && strchr("._-@", text[bytes]))) {
        dot = dot || (text[bytes] == '.' && bytes > 1);
        bytes++;
    }
    return dot && text[bytes] == '}' && isalpha((unsigned char)text[1]) ? bytes + 1 : 0;
}

char *story_fill(struct story *story, const char *text)
{
    struct text filled = {0};
    text_add(&filled, "", 0);
    while (*text) {
        size_t plain_bytes = strcspn(text, "{");
        text_add(&filled, text, plain_bytes);
        text += plain_bytes;
        if (!*text)
            break;
        size_t bytes = reference_bytes(text);
        if (!bytes) {
            text_add(&filled, text++, 1);
            continue;
        }
        char reference[160];
        snprintf(reference, sizeof(reference), "%.*s", (int)bytes - 2, text + 1);
        char *value = resolve(story, reference);
        text_add(&filled, value, strlen(value));
        free(value);
        text += bytes;
    }
    return filled.bytes;
}

const char *story_value(struct story *story, const char *label, const char *member_path)
{
    /* Kept beside the answer, so that the caller need not free it. */
    char *value = label_field(story, label, member_path);
    json_t *kept = json_object_get(json_object_get(story->labels, label), "values");
    json_object_set_new(kept, member_path, json_string(value));
    free(value);
    return json_string_value(json_object_get(kept, member_path));
}

json_t *story_answer(struct story *story, const char *label)
{
    return json_object_get(json_object_get(story->labels, label), "body");
}
