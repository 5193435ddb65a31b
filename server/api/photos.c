/* The photo of a holder. It lies in a table of its own and is named by the hash of its bytes, so the address
 * that a page uses changes with the photo. */
#include "api/answer.h"
#include "api/outcome.h"
#include "api/routes.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/picture.h"
#include "crypto/hmac.h"
#include "http/in.h"
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_BYTES 8 /* of the SHA-256; two photos of one person are told apart, no more is needed */

/* ---- PUT /api/v1/people/:person_id/photo ---- */

/* False: it replied. */
static bool picture_read(struct request *rq, struct picture *ret_picture)
{
    size_t count = 0;
    const char *body = request_body(rq, &count);
    if (!body || !picture_inspect((const uint8_t *)body, count, ret_picture)) {
        reply_error(rq, ERR_PHOTO_UNUSABLE, "The file does not begin like a JPEG, PNG or WebP picture.");
        return false;
    }
    if (ret_picture->width > PHOTO_SIDE_PIXELS_MAX || ret_picture->height > PHOTO_SIDE_PIXELS_MAX) {
        reply_error(rq, ERR_PHOTO_UNUSABLE, "The picture has %u by %u pixels; %d on a side are accepted.",
                    ret_picture->width, ret_picture->height, PHOTO_SIDE_PIXELS_MAX);
        return false;
    }
    return true;
}

void people_person_photo_put(struct request *rq, struct db_conn *db)
{
    struct picture picture;
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "person_id") || !picture_read(rq, &picture))
        return;
    size_t count = 0;
    const char *body = request_body(rq, &count);
    uint8_t digest[SHA256_BYTES];
    char version[2 * VERSION_BYTES + 1];
    sha256(body, count, digest);
    bytes_to_hex(digest, VERSION_BYTES, version);
    db_bind_bytes(&params, (const uint8_t *)body, count);
    db_bind_text(&params, picture_content_type(picture.kind));
    db_bind_text(&params, version);
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "person_photo_set", &params, NULL);
}

/* ---- GET /api/v1/people/:person_id/photo ---- */

/* Row: outcome, content, content_type, version. The address with ?v= names one photo for ever, so it is kept
 * an hour without asking; without it the browser asks each time. Never by a proxy: it is a face. */
static void photo_reply(struct request *rq, const struct db_rows *rows, const char *wanted_version)
{
    const char *version = db_text(rows, 0, 3);
    const char *etag = request_printf(rq, "\"%s\"", version);
    const char *known = request_header(rq, "If-None-Match");
    bool named = wanted_version && strcmp(wanted_version, version) == 0;
    reply_header(rq, "ETag", etag);
    reply_header(rq, "Cache-Control", named ? "private, max-age=3600" : "private, no-cache");
    if (known && strstr(known, etag)) {
        reply_empty(rq, 304);
        return;
    }
    CLEANUP(cleanup_free) uint8_t *content = malloc(HTTP_BODY_PHOTO_BYTES_MAX);
    int count = content ? db_bytes(rows, 0, 1, content, HTTP_BODY_PHOTO_BYTES_MAX) : -1;
    if (count < 0)
        reply_error(rq, ERR_INTERNAL, NULL);
    else
        reply_bytes(rq, 200, db_text(rows, 0, 2), content, (size_t)count);
}

void people_person_photo_get(struct request *rq, struct db_conn *db)
{
    const char *version = NULL;
    const struct in_field spec[] = {IN_TEXT_OPT("v", &version, 1, 2 * VERSION_BYTES, NULL), IN_END};
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "person_id") || !in_query(rq, spec))
        return;
    CLEANUP(db_rows_release) struct db_rows *rows = NULL;
    enum err err = db_query(db, "person_photo_read", &params, &rows);
    if (err)
        reply_error(rq, err, NULL);
    else if (db_rows_count(rows) > 0 && strcmp(db_text(rows, 0, 0), "done") == 0)
        photo_reply(rq, rows, version);
    else
        outcome_reply(rq, rows);
}

/* ---- DELETE /api/v1/people/:person_id/photo ---- */

void people_person_photo_delete(struct request *rq, struct db_conn *db)
{
    struct db_params params = {0};
    if (!answer_bind_target(rq, &params, "person_id"))
        return;
    db_bind_text(&params, request_id(rq));
    answer_run(rq, db, "person_photo_remove", &params, NULL);
}
