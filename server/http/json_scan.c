#include "http/json_scan.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

static void set_fault(struct json_fault *fault, const char *text, size_t at, const char *message)
{
    fault->line = 1;
    fault->column = 1;
    for (size_t i = 0; i < at; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') {
            fault->line++;
            fault->column = 1;
        } else if ((c & 0xc0) != 0x80) { /* not the continuation of a character */
            fault->column++;
        }
    }
    snprintf(fault->message, sizeof fault->message, "%s", message);
}

/* Walks over brackets outside strings before any parser recurses. Whether they match is the parser's
 * business. */
static bool depth_is_fine(const char *text, size_t bytes, struct json_fault *fault)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX) {
                set_fault(fault, text, i, "nested too deeply");
                return false;
            }
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

json_t *json_scan_object(const char *text, size_t bytes, struct json_fault *ret_fault)
{
    const uint8_t *bad = u8_check((const uint8_t *)text, bytes);
    if (bad) {
        set_fault(ret_fault, text, (size_t)((const char *)bad - text), "not UTF-8");
        return NULL;
    }
    if (!depth_is_fine(text, bytes, ret_fault))
        return NULL;
    json_error_t error;
    json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        *ret_fault = (struct json_fault){.line = error.line, .column = error.column};
        /* The parser quotes what it saw, which may be a password. */
        const char *quote = strstr(error.text, " near ");
        int shown = quote ? (int)(quote - error.text) : (int)strlen(error.text);
        snprintf(ret_fault->message, sizeof ret_fault->message, "%.*s", shown, error.text);
        return NULL;
    }
    if (!json_is_object(json)) {
        json_decref(json);
        set_fault(ret_fault, text, 0, "an object is expected");
        return NULL;
    }
    return json;
}
