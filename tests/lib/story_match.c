/* Whether an answer contains what a step wants of it. */
#include "tests/lib/story_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *difference(const char *place, const json_t *wanted, const json_t *actual)
{
    char *want = json_dumps(wanted, JSON_ENCODE_ANY | JSON_COMPACT);
    char *got = actual ? json_dumps(actual, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("nothing");
    char *message = NULL;
    if (asprintf(&message, "%s: wanted %s, got %s", *place ? place : "/", want, got) < 0)
        message = NULL;
    free(want);
    free(got);
    return message;
}

static char *object_differs(const json_t *wanted, const json_t *actual, const char *place)
{
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)wanted, name, member)
    {
        char inner[512];
        snprintf(inner, sizeof(inner), "%s/%s", place, name);
        char *found = json_differs(member, json_object_get(actual, name), inner);
        if (found)
            return found;
    }
    return NULL;
}

static char *array_differs(const json_t *wanted, const json_t *actual, const char *place)
{
    size_t index;
    json_t *element;
    if (json_array_size(wanted) != json_array_size(actual))
        return difference(place, wanted, actual);
    json_array_foreach(wanted, index, element)
    {
        char inner[512];
        snprintf(inner, sizeof(inner), "%s/%zu", place, index);
        char *found = json_differs(element, json_array_get(actual, index), inner);
        if (found)
            return found;
    }
    return NULL;
}

char *json_differs(const json_t *wanted, const json_t *actual, const char *place)
{
    bool anything = json_is_string(wanted) && strcmp(json_string_value(wanted), "*") == 0;
    if (anything && actual && !json_is_null(actual))
        return NULL;
    if (json_is_object(wanted) && json_is_object(actual))
        return object_differs(wanted, actual, place);
    if (json_is_array(wanted) && json_is_array(actual))
        return array_differs(wanted, actual, place);
    return actual && json_equal(wanted, actual) ? NULL : difference(place, wanted, actual);
}
