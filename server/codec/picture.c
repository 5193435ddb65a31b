#include "codec/picture.h"

#include <string.h>

#define JPEG_START 0xD8
#define JPEG_FILL 0xFF
#define JPEG_SCAN 0xDA /* entropy-coded data follows: no frame header any more */
#define PNG_HEAD_BYTES 24
#define WEBP_HEAD_BYTES 30

static uint32_t big_endian(const uint8_t *bytes, int count)
{
    uint32_t number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

static uint32_t little_endian(const uint8_t *bytes, int count)
{
    uint32_t number = 0;
    for (int i = count - 1; i >= 0; i--)
        number = number << 8 | bytes[i];
    return number;
}

/* Start of frame: C0..CF but C4 (Huffman tables), C8 (reserved) and CC (arithmetic conditioning). */
static bool is_frame(uint8_t marker)
{
    return (marker & 0xF0) == 0xC0 && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* Markers without a length: TEM and the restart markers RST0..RST7. */
static bool is_bare(uint8_t marker)
{
    return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7);
}

/* Walks the segments up to the frame header: FF, marker, length (itself included), and there precision,
 * height, width. */
static bool inspect_jpeg(const uint8_t *bytes, size_t count, struct picture *ret_picture)
{
    size_t at = 2;
    while (at + 4 <= count) {
        uint8_t marker = bytes[at + 1];
        if (bytes[at] != JPEG_FILL || marker == JPEG_SCAN || marker == JPEG_START)
            return false;
        if (marker == JPEG_FILL || is_bare(marker)) {
            at += marker == JPEG_FILL ? 1 : 2;
            continue;
        }
        size_t length = big_endian(bytes + at + 2, 2);
        if (length < 2)
            return false;
        if (is_frame(marker)) {
            if (length < 7 || at + 9 > count)
                return false;
            *ret_picture =
                (struct picture){PICTURE_JPEG, big_endian(bytes + at + 7, 2), big_endian(bytes + at + 5, 2)};
            return true;
        }
        at += 2 + length;
    }
    return false;
}

/* The header chunk comes first: length 13, "IHDR", width, height. */
static bool inspect_png(const uint8_t *bytes, size_t count, struct picture *ret_picture)
{
    if (count < PNG_HEAD_BYTES || big_endian(bytes + 8, 4) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0)
        return false;
    *ret_picture = (struct picture){PICTURE_PNG, big_endian(bytes + 16, 4), big_endian(bytes + 20, 4)};
    return true;
}

/* The first chunk tells the size: lossy (a key frame with its start code), lossless (14 bits each less 1),
 * extended (24 bits each less 1). */
static bool inspect_webp(const uint8_t *bytes, size_t count, struct picture *ret_picture)
{
    if (count < WEBP_HEAD_BYTES)
        return false;
    const uint8_t *data = bytes + 20;
    ret_picture->kind = PICTURE_WEBP;
    if (memcmp(bytes + 12, "VP8 ", 4) == 0 && (data[0] & 1) == 0 &&
        memcmp(data + 3, "\x9D\x01\x2A", 3) == 0) {
        ret_picture->width = little_endian(data + 6, 2) & 0x3FFF;
        ret_picture->height = little_endian(data + 8, 2) & 0x3FFF;
        return true;
    }
    if (memcmp(bytes + 12, "VP8L", 4) == 0 && data[0] == 0x2F) {
        uint32_t sizes = little_endian(data + 1, 4);
        ret_picture->width = (sizes & 0x3FFF) + 1;
        ret_picture->height = (sizes >> 14 & 0x3FFF) + 1;
        return true;
    }
    if (memcmp(bytes + 12, "VP8X", 4) == 0) {
        ret_picture->width = little_endian(data + 4, 3) + 1;
        ret_picture->height = little_endian(data + 7, 3) + 1;
        return true;
    }
    return false;
}

bool picture_inspect(const uint8_t *bytes, size_t count, struct picture *ret_picture)
{
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    bool fine = false;

    *ret_picture = (struct picture){0};
    if (count >= 3 && bytes[0] == JPEG_FILL && bytes[1] == JPEG_START && bytes[2] == JPEG_FILL)
        fine = inspect_jpeg(bytes, count, ret_picture);
    else if (count >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
        fine = inspect_png(bytes, count, ret_picture);
    else if (count >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        fine = inspect_webp(bytes, count, ret_picture);
    return fine && ret_picture->width > 0 && ret_picture->height > 0;
}

const char *picture_content_type(enum picture_kind kind)
{
    static const char *const types[] = {
        [PICTURE_JPEG] = "image/jpeg", [PICTURE_PNG] = "image/png", [PICTURE_WEBP] = "image/webp"};
    return types[kind];
}
