/* Declared input: a handler lists its fields with their limits, one call reads them all or answers 400 naming
 * every wrong one by its JSON pointer. Unknown fields are refused.
 *
 *     struct in_field spec[] = {IN_MINOR("amount_minor", &amount_minor, 1, RECHARGE_MINOR_MAX),
 *                               IN_TEXT_OPT("note", &note, 1, 200, NULL), IN_END};
 *     if (!in_read(rq, spec))
 *         return;
 *
 * Plain: must be there. _OPT: may be absent, and null counts as absent; `given` (or NULL) tells. _PATCH:
 * tells absent and null apart. What is absent leaves its variable untouched, so set the default before. */
#ifndef CARDWRIGHT_HTTP_IN_H
#define CARDWRIGHT_HTTP_IN_H

#include "http/request.h"

enum in_kind {
    IN_KIND_END,
    IN_KIND_MINOR,
    IN_KIND_INT,
    IN_KIND_BOOL,
    IN_KIND_UUID,
    IN_KIND_TEXT,
    IN_KIND_SECRET,
    IN_KIND_WORD,
    IN_KIND_HEX,
    IN_KIND_DATE,
    IN_KIND_OBJECT,
    IN_KIND_ARRAY,
    IN_KIND_ANY
};
enum in_need { IN_MUST, IN_OPTIONAL, IN_NULLABLE };
enum in_given { IN_ABSENT = 0, IN_GIVEN_VALUE, IN_GIVEN_NULL };

struct in_bytes {
    const uint8_t *bytes;
    size_t count;
};

struct in_field {
    const char *name;
    enum in_kind kind;
    enum in_need need;
    int64_t min; /* value; code points of a text; bytes of hex; elements of an array */
    int64_t max;
    const char *const *words; /* NULL-terminated, for IN_WORD */
    bool *given;
    enum in_given *patch;
    union {
        int64_t *integer;
        bool *boolean;
        struct uuid *uuid;
        const char **text;
        int *word; /* index into `words` */
        struct in_bytes *bytes;
        json_t **json; /* borrowed */
    } out;
};

#define IN_FIELD(name_, kind_, member_, out_, min_, max_, need_)                                             \
    .name = (name_), .kind = (kind_), .need = (need_), .min = (min_), .max = (max_), .out.member_ = (out_)

/* Money in minor units and other whole numbers; a number with a decimal point is refused. Limits are
 * inclusive. */
#define IN_MINOR(n, p, lo, hi)                                                                               \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_MINOR, integer, p, lo, hi, IN_MUST)                                              \
    }
#define IN_MINOR_OPT(n, p, lo, hi, g)                                                                        \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_MINOR, integer, p, lo, hi, IN_OPTIONAL), .given = (g)                            \
    }
#define IN_MINOR_PATCH(n, p, lo, hi, g)                                                                      \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_MINOR, integer, p, lo, hi, IN_NULLABLE), .patch = (g)                            \
    }
#define IN_INT(n, p, lo, hi)                                                                                 \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_INT, integer, p, lo, hi, IN_MUST)                                                \
    }
#define IN_INT_OPT(n, p, lo, hi, g)                                                                          \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_INT, integer, p, lo, hi, IN_OPTIONAL), .given = (g)                              \
    }
#define IN_INT_PATCH(n, p, lo, hi, g)                                                                        \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_INT, integer, p, lo, hi, IN_NULLABLE), .patch = (g)                              \
    }
#define IN_BOOL(n, p)                                                                                        \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_BOOL, boolean, p, 0, 1, IN_MUST)                                                 \
    }
#define IN_BOOL_OPT(n, p, g)                                                                                 \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_BOOL, boolean, p, 0, 1, IN_OPTIONAL), .given = (g)                               \
    }
#define IN_UUID(n, p)                                                                                        \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_UUID, uuid, p, 0, 0, IN_MUST)                                                    \
    }
#define IN_UUID_OPT(n, p, g)                                                                                 \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_UUID, uuid, p, 0, 0, IN_OPTIONAL), .given = (g)                                  \
    }
#define IN_UUID_PATCH(n, p, g)                                                                               \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_UUID, uuid, p, 0, 0, IN_NULLABLE), .patch = (g)                                  \
    }
/* UTF-8 in NFC (made so here), min..max code points, no control characters, no blank at either end (trimmed).
 */
#define IN_TEXT(n, p, lo, hi)                                                                                \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_TEXT, text, p, lo, hi, IN_MUST)                                                  \
    }
#define IN_TEXT_OPT(n, p, lo, hi, g)                                                                         \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_TEXT, text, p, lo, hi, IN_OPTIONAL), .given = (g)                                \
    }
#define IN_TEXT_PATCH(n, p, lo, hi, g)                                                                       \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_TEXT, text, p, lo, hi, IN_NULLABLE), .patch = (g)                                \
    }
/* Passwords: as IN_TEXT, but nothing is trimmed and no message repeats any of it. */
#define IN_SECRET(n, p, lo, hi)                                                                              \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_SECRET, text, p, lo, hi, IN_MUST)                                                \
    }
#define IN_SECRET_OPT(n, p, lo, hi, g)                                                                       \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_SECRET, text, p, lo, hi, IN_OPTIONAL), .given = (g)                              \
    }
/* One of a NULL-terminated list of words; `p` gets its index. */
#define IN_ENUM(n, p, w)                                                                                     \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_WORD, word, p, 0, 0, IN_MUST), .words = (w)                                      \
    }
#define IN_ENUM_OPT(n, p, w, g)                                                                              \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_WORD, word, p, 0, 0, IN_OPTIONAL), .words = (w), .given = (g)                    \
    }
/* Hex text of lo..hi bytes into a struct in_bytes. */
#define IN_HEX(n, p, lo, hi)                                                                                 \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_HEX, bytes, p, lo, hi, IN_MUST)                                                  \
    }
#define IN_HEX_OPT(n, p, lo, hi, g)                                                                          \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_HEX, bytes, p, lo, hi, IN_OPTIONAL), .given = (g)                                \
    }
/* A calendar day "2026-02-28" that exists; kept as text. */
#define IN_DATE(n, p)                                                                                        \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_DATE, text, p, 0, 0, IN_MUST)                                                    \
    }
#define IN_DATE_OPT(n, p, g)                                                                                 \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_DATE, text, p, 0, 0, IN_OPTIONAL), .given = (g)                                  \
    }
#define IN_DATE_PATCH(n, p, g)                                                                               \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_DATE, text, p, 0, 0, IN_NULLABLE), .patch = (g)                                  \
    }
/* Raw JSON, borrowed from the body; read its members with in_object. */
#define IN_OBJECT(n, p)                                                                                      \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_OBJECT, json, p, 0, 0, IN_MUST)                                                  \
    }
#define IN_OBJECT_OPT(n, p, g)                                                                               \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_OBJECT, json, p, 0, 0, IN_OPTIONAL), .given = (g)                                \
    }
#define IN_ARRAY(n, p, lo, hi)                                                                               \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_ARRAY, json, p, lo, hi, IN_MUST)                                                 \
    }
#define IN_ARRAY_OPT(n, p, lo, hi, g)                                                                        \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_ARRAY, json, p, lo, hi, IN_OPTIONAL), .given = (g)                               \
    }
#define IN_ANY_OPT(n, p, g)                                                                                  \
    {                                                                                                        \
        IN_FIELD(n, IN_KIND_ANY, json, p, 0, 0, IN_OPTIONAL), .given = (g)                                   \
    }
#define IN_END                                                                                               \
    {                                                                                                        \
        .kind = IN_KIND_END                                                                                  \
    }

/* Reads the JSON body. False: something was wrong and BAD_FIELD with all wrong fields has been replied. */
bool in_read(struct request *rq, const struct in_field *spec);

/* The same over the query string, with pointers below /query; numbers and booleans are read from their text.
 * Objects and arrays cannot occur. */
bool in_query(struct request *rq, const struct in_field *spec);

/* Reads a nested object, `pointer` being its place ("/legs/0"). Only collects errors: call in_done at the
 * end. */
void in_object(struct request *rq, const char *pointer, json_t *object, const struct in_field *spec);

/* True if no error was collected; else replies BAD_FIELD and false. */
bool in_done(struct request *rq);

#endif
