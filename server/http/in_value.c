#include "http/in_value.h"

#include "base/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define FINE ((struct in_fault){0})

static struct in_fault fault(const char *code, const char *message)
{
    return (struct in_fault){code, message};
}

/* ---- numbers and the like ---- */

static struct in_fault take_integer(struct request *rq, const struct in_field *field, int64_t value)
{
    if (value >= field->min && value <= field->max) {
        *field->out.integer = value;
        return FINE;
    }
    return fault("out_of_range",
                 request_printf(rq, "must be between %" PRId64 " and %" PRId64, field->min, field->max));
}

static struct in_fault take_uuid(const struct in_field *field, const char *text)
{
    return uuid_parse(text, field->out.uuid) ? FINE : fault("malformed", "must be a UUID");
}

static struct in_fault take_word(struct request *rq, const struct in_field *field, const char *text)
{
    const char *list = "";
    for (int i = 0; field->words[i]; i++) {
        if (strcmp(field->words[i], text) == 0) {
            *field->out.word = i;
            return FINE;
        }
        list = request_printf(rq, "%s%s%s", list, i ? ", " : "", field->words[i]);
    }
    return fault("unknown_word", request_printf(rq, "must be one of: %s", list));
}

static struct in_fault take_hex(struct request *rq, const struct in_field *field, const char *text)
{
    size_t capacity = strlen(text) / 2;
    uint8_t *bytes = request_alloc(rq, capacity + 1);
    int count = bytes_from_hex_any(text, bytes, capacity);
    if (count < 0)
        return fault("malformed", "must be pairs of hex digits");
    if (count < field->min || count > field->max)
        return fault("out_of_range", request_printf(rq, "must have %" PRId64 " to %" PRId64 " bytes as hex",
                                                    field->min, field->max));
    *field->out.bytes = (struct in_bytes){bytes, (size_t)count};
    return FINE;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static int digits_value(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

static struct in_fault take_date(struct request *rq, const struct in_field *field, const char *text)
{
    bool shaped = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    int year = shaped ? digits_value(text, 4) : -1;
    int month = shaped ? digits_value(text + 5, 2) : -1;
    int day = shaped ? digits_value(text + 8, 2) : -1;
    if (year < 1900 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return fault("malformed", "must be a day like 2026-02-28");
    *field->out.text = request_copy(rq, text);
    return FINE;
}

/* ---- text ---- */

/* Control characters, and the direction and separator marks that make a name look like another one. */
static bool is_forbidden(ucs4_t character)
{
    return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cs |
                                                           UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp) ||
           (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

static bool is_blank(ucs4_t character)
{
    return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Zs);
}

/* Byte range without blanks at both ends. */
static void trim(const uint8_t **text, size_t *bytes)
{
    ucs4_t character;
    while (*bytes > 0) {
        int length = u8_mbtouc(&character, *text, *bytes);
        if (!is_blank(character))
            break;
        *text += length;
        *bytes -= (size_t)length;
    }
    while (*bytes > 0 && u8_prev(&character, *text + *bytes, *text) && is_blank(character))
        *bytes = (size_t)(u8_prev(&character, *text + *bytes, *text) - *text);
}

/* NFC of a text in the arena, or NULL. */
static const char *normalise(struct request *rq, const uint8_t *text, size_t bytes, size_t *ret_bytes)
{
    size_t made_bytes = 0;
    uint8_t *made = u8_normalize(UNINORM_NFC, text, bytes, NULL, &made_bytes);
    if (!made)
        return NULL;
    char *copy = request_alloc(rq, made_bytes + 1);
    memcpy(copy, made, made_bytes);
    sodium_memzero(made, made_bytes);
    free(made);
    *ret_bytes = made_bytes;
    return copy;
}

static struct in_fault take_text(struct request *rq, const struct in_field *field, const char *text,
                                 size_t bytes)
{
    const uint8_t *at = (const uint8_t *)text;
    if (u8_check(at, bytes))
        return fault("malformed", "must be UTF-8");
    if (field->kind == IN_KIND_TEXT)
        trim(&at, &bytes);
    size_t made_bytes = 0;
    const char *made = normalise(rq, at, bytes, &made_bytes);
    if (!made)
        return fault("malformed", "cannot be read as Unicode text");
    int64_t count = 0;
    ucs4_t character;
    const uint8_t *end = (const uint8_t *)made + made_bytes;
    for (const uint8_t *place = (const uint8_t *)made; place < end; count++) {
        place += u8_mbtouc(&character, place, (size_t)(end - place));
        if (is_forbidden(character))
            return fault("malformed", "must not contain control characters");
    }
    if (count < field->min || count > field->max)
        return fault("out_of_range", request_printf(rq, "must have %" PRId64 " to %" PRId64 " characters",
                                                    field->min, field->max));
    *field->out.text = made;
    return FINE;
}

/* ---- by kind ---- */

static struct in_fault take_string(struct request *rq, const struct in_field *field, const char *text,
                                   size_t bytes)
{
    switch (field->kind) {
    case IN_KIND_UUID:
        return take_uuid(field, text);
    case IN_KIND_WORD:
        return take_word(rq, field, text);
    case IN_KIND_HEX:
        return take_hex(rq, field, text);
    case IN_KIND_DATE:
        return take_date(rq, field, text);
    default:
        return take_text(rq, field, text, bytes);
    }
}

static struct in_fault take_array(struct request *rq, const struct in_field *field, json_t *value)
{
    int64_t count = (int64_t)json_array_size(value);
    if (!json_is_array(value))
        return fault("wrong_type", "must be an array");
    if (count < field->min || count > field->max)
        return fault("out_of_range", request_printf(rq, "must have %" PRId64 " to %" PRId64 " elements",
                                                    field->min, field->max));
    *field->out.json = value;
    return FINE;
}

struct in_fault in_value_json(struct request *rq, const struct in_field *field, json_t *value)
{
    switch (field->kind) {
    case IN_KIND_MINOR:
    case IN_KIND_INT:
        if (!json_is_integer(value))
            return fault("wrong_type", field->kind == IN_KIND_MINOR ? "must be a whole number of minor units"
                                                                    : "must be a whole number");
        return take_integer(rq, field, json_integer_value(value));
    case IN_KIND_BOOL:
        if (!json_is_boolean(value))
            return fault("wrong_type", "must be true or false");
        *field->out.boolean = json_is_true(value);
        return FINE;
    case IN_KIND_OBJECT:
        if (!json_is_object(value))
            return fault("wrong_type", "must be an object");
        *field->out.json = value;
        return FINE;
    case IN_KIND_ARRAY:
        return take_array(rq, field, value);
    case IN_KIND_ANY:
        *field->out.json = value;
        return FINE;
    default:
        if (!json_is_string(value))
            return fault("wrong_type", "must be a text");
        return take_string(rq, field, json_string_value(value), json_string_length(value));
    }
}

struct in_fault in_value_text(struct request *rq, const struct in_field *field, const char *text)
{
    switch (field->kind) {
    case IN_KIND_MINOR:
    case IN_KIND_INT: {
        char *end = NULL;
        errno = 0;
        long long value = strtoll(text, &end, 10);
        if (!*text || strspn(text, "-0123456789") != strlen(text) || *end != '\0' || errno == ERANGE)
            return fault("wrong_type", "must be a whole number");
        return take_integer(rq, field, value);
    }
    case IN_KIND_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return fault("wrong_type", "must be true or false");
        *field->out.boolean = *text == 't';
        return FINE;
    default:
        return take_string(rq, field, text, strlen(text));
    }
}
