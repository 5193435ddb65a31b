/* What kind of picture some bytes are, and how large: only the first structures of a file are looked at,
 * nothing is decoded. Facts about the formats: JPEG, ITU-T T.81 annex B (markers, frame header); PNG, W3C
 * PNG 11.2.2 (signature, IHDR); WebP, RFC 9649 (RIFF container, VP8, VP8L, VP8X). */
#ifndef CARDWRIGHT_CODEC_PICTURE_H
#define CARDWRIGHT_CODEC_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum picture_kind { PICTURE_JPEG, PICTURE_PNG, PICTURE_WEBP };

struct picture {
    enum picture_kind kind;
    uint32_t width; /* pixels */
    uint32_t height;
};

/* False: none of the three kinds, or cut off or damaged before its size is told. Any bytes may be given. */
bool picture_inspect(const uint8_t *bytes, size_t count, struct picture *ret_picture);

/* "image/jpeg", "image/png", "image/webp". */
const char *picture_content_type(enum picture_kind kind);

#endif
