/* The photo of a holder: kept, shown, replaced, removed; and what is no photo. */
#include "tests/lib/story.h"

#include "base/limits.h"

#include <string.h>

/* The beginning of a JPEG of 480 by 600 pixels, and of a PNG of 16 by 16; nothing decodes them here. */
#define JPEG                                                                                                 \
    "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xFF\xC0\x00\x11\x08\x02\x58\x01"   \
    "\xE0\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xFF\xD9"
#define PNG "\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x02\x00\x00\x00"
#define WIDE_PNG "\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR\x00\x01\x00\x00\x00\x00\x00\x10\x08\x02\x00\x00\x00"
#define PHOTO(id_) "/api/v1/people/{" id_ "}/photo"
#define BYTES(text_) .raw_body = text_, .raw_body_bytes = sizeof(text_) - 1
#define SEND(text_, type_) BYTES(text_), .headers = "Content-Type: " type_

STORY(photos, a_photo_is_kept_shown_replaced_and_removed)
{
    static const struct step steps[] = {
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell'}", .want = 201,
         .has = "{'photo_version': null}"},
        {"none", GET(PHOTO("ann.id")), .want_err = "not_found"},
        {"send", PUT(PHOTO("ann.id")), .as = "cashier", SEND(JPEG, "image/jpeg"), .want = 200,
         .has = "{'person_id': '{ann.id}', 'photo_version': '*', 'content_type': 'image/jpeg'}"},
        {"as sent", SQL("SELECT octet_length(content) FROM person_photo WHERE content_type = 'image/jpeg'"),
         .text = "41"},
        {"named by its hash",
         SQL("SELECT version = left(encode(sha256(content), 'hex'), 16) FROM person_photo"), .text = "t"},
        {"in the person", GET("/api/v1/people/{ann.id}"), .want = 200,
         .has = "{'photo_version': '{send.photo_version}', 'version': 1}"},
        {"in lists", GET("/api/v1/people?q=ann"), .want = 200,
         .has = "{'items': [{'photo_version': '{send.photo_version}'}]}"},
        {"show", GET(PHOTO("ann.id") "?v={send.photo_version}"), .as = "finance", .want = 200,
         .want_header = "Content-Type: image/jpeg"},
        {"its name", GET(PHOTO("ann.id") "?v={send.photo_version}"), .want = 200,
         .want_header = "ETag: \"{send.photo_version}\""},
        {"kept an hour", GET(PHOTO("ann.id") "?v={send.photo_version}"), .want = 200,
         .want_header = "Cache-Control: private, max-age=3600"},
        {"no guessing", GET(PHOTO("ann.id")), .want = 200, .want_header = "X-Content-Type-Options: nosniff"},
        {"asked each time", GET(PHOTO("ann.id")), .want = 200,
         .want_header = "Cache-Control: private, no-cache"},
        {"all of it", GET(PHOTO("ann.id")), .want = 200, .want_header = "Content-Length: 41"},
        {"known", GET(PHOTO("ann.id")), .headers = "If-None-Match: {show.@etag}", .want = 304},
        {"the same again", PUT(PHOTO("ann.id")), SEND(JPEG, "image/jpeg"), .want = 200,
         .has = "{'photo_version': '{send.photo_version}'}"},
        {"another", PUT(PHOTO("ann.id")), SEND(PNG, "image/jpeg"), .want = 200,
         .has = "{'content_type': 'image/png'}"},
        {"its first bytes say what it is", GET(PHOTO("ann.id") "?v={send.photo_version}"), .want = 200,
         .want_header = "Content-Type: image/png"},
        {"the old name is asked for each time", GET(PHOTO("ann.id") "?v={send.photo_version}"),
         .headers = "If-None-Match: {show.@etag}", .want = 200,
         .want_header = "Cache-Control: private, no-cache"},
        {"one each", SQL("SELECT count(*) FROM person_photo"), .text = "1"},
        {"remove", DELETE(PHOTO("ann.id")), .as = "hr", .want = 204},
        {"gone", GET(PHOTO("ann.id")), .want_err = "not_found"},
        {"again", DELETE(PHOTO("ann.id")), .want = 204},
        {"for good", SQL("SELECT count(*) FROM person_photo"), .text = "0"},
        {"audit",
         SQL("SELECT string_agg(action || coalesce(' ' || (detail ->> 'bytes'), ''), ', ' ORDER BY no) "
             "FROM audit WHERE action LIKE 'person.photo%'"),
         .text = "person.photo 41, person.photo 29, person.photo_remove"},
    };
    story_play(story, steps, STEPS(steps));
}

STORY(photos, what_is_refused)
{
    static char large[HTTP_BODY_PHOTO_BYTES_MAX + 1];
    memset(large, 'x', sizeof large);
    memcpy(large, JPEG, sizeof(JPEG) - 1);
    static const struct step steps[] = {
        {"ann", POST("/api/v1/people"), .body = "{'name': 'Ann Bell'}", .want = 201},
        {"text", PUT(PHOTO("ann.id")), SEND("no picture", "image/jpeg"), .want_err = "photo_unusable"},
        {"svg", PUT(PHOTO("ann.id")), SEND("<svg onload='alert(1)'/>", "image/svg+xml"),
         .want_err = "photo_unusable"},
        {"gif", PUT(PHOTO("ann.id")), SEND("GIF89a\x10\x00\x10\x00", "image/gif"),
         .want_err = "photo_unusable"},
        {"nothing", PUT(PHOTO("ann.id")), .want_err = "photo_unusable"},
        {"cut off", PUT(PHOTO("ann.id")), SEND("\xFF\xD8\xFF\xE0\x00\x10JFIF", "image/jpeg"),
         .want_err = "photo_unusable"},
        {"too wide", PUT(PHOTO("ann.id")), SEND(WIDE_PNG, "image/png"), .want_err = "photo_unusable"},
        {"just fits", PUT(PHOTO("ann.id")), .raw_body = large, .raw_body_bytes = sizeof large - 1,
         .headers = "Content-Type: image/jpeg", .want = 200},
        {"too large", PUT(PHOTO("ann.id")), .raw_body = large, .raw_body_bytes = sizeof large,
         .headers = "Content-Type: image/jpeg", .want_err = "body_too_large"},
        {"nobody's", PUT(PHOTO("new.none")), SEND(JPEG, "image/jpeg"), .want_err = "not_found"},
        {"not an id", GET("/api/v1/people/7/photo"), .want_err = "not_found"},
        {"no such person", DELETE(PHOTO("new.none")), .want_err = "not_found"},
        {"a strange question", GET(PHOTO("ann.id") "?w=1"), .want_err = "bad_field", .pointer = "/query/w"},
        {"finance sends", PUT(PHOTO("ann.id")), .as = "finance", SEND(JPEG, "image/jpeg"),
         .want_err = "forbidden"},
        {"finance removes", DELETE(PHOTO("ann.id")), .as = "finance", .want_err = "forbidden"},
        {"a technician looks", GET(PHOTO("ann.id")), .as = "technician", .want_err = "forbidden"},
        {"nobody looks", GET(PHOTO("ann.id")), .as = "nobody", .want_err = "unauthenticated"},
        {"nobody sends", PUT(PHOTO("ann.id")), .as = "nobody", SEND(JPEG, "image/jpeg"),
         .want_err = "unauthenticated"},
        {"another site", PUT(PHOTO("ann.id")), BYTES(JPEG),
         .headers = "Content-Type: image/jpeg\nSec-Fetch-Site: cross-site", .want_err = "cross_site"},
    };
    story_play(story, steps, STEPS(steps));
}
