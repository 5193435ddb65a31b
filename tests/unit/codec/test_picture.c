/* Beginnings of pictures, written down by the formats' own descriptions. */
#include "codec/picture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* APP0, a Huffman table, a fill byte, then the frame: 3 components, 480 high, 320 wide. */
static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF, 0xE0, 0,    6,    'J',  'F',  0,  1, 0xFF, 0xC4,
                               0,    4,    9,    9,    0xFF, 0xFF, 0xC0, 0,    17, 8, 0x01, 0xE0,
                               0x01, 0x40, 3,    1,    0x22, 0,    2,    0x11, 1,  3, 0x11, 1};
static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0, 0, 0, 13,
                              'I',  'H', 'D', 'R', 0,    0,    0x02, 0x58, 0, 0, 1, 0x90};
static const uint8_t webp_lossy[] = {'R',  'I', 'F', 'F',  40,   0,    0,    0,    'W',  'E',
                                     'B',  'P', 'V', 'P',  '8',  ' ',  28,   0,    0,    0,
                                     0x30, 1,   0,   0x9D, 0x01, 0x2A, 0xE0, 0x01, 0x58, 0x02};
static const uint8_t webp_lossless[] = {'R',  'I',  'F',  'F',  40,   0,   0,  0, 'W', 'E',
                                        'B',  'P',  'V',  'P',  '8',  'L', 28, 0, 0,   0,
                                        0x2F, 0xDF, 0xC1, 0x95, 0x00, 0,   0,  0, 0,   0};
static const uint8_t webp_extended[] = {'R',  'I', 'F', 'F', 40,   0,   0,  0,    'W', 'E',
                                        'B',  'P', 'V', 'P', '8',  'X', 10, 0,    0,   0,
                                        0x10, 0,   0,   0,   0xDF, 1,   0,  0x57, 2,   0};

static void check(const uint8_t *bytes, size_t count, struct picture wanted)
{
    struct picture picture;
    cr_assert(picture_inspect(bytes, count, &picture));
    cr_assert_eq(picture.kind, wanted.kind);
    cr_assert_eq(picture.width, wanted.width);
    cr_assert_eq(picture.height, wanted.height);
    /* Cut off anywhere before its size is told it is no picture, and nothing is read behind the end: each
     * piece lies in memory of its own. */
    for (size_t length = 0; length < count; length++) {
        uint8_t *piece = malloc(length ? length : 1);
        memcpy(piece, bytes, length);
        struct picture cut;
        if (picture_inspect(piece, length, &cut))
            cr_assert_eq(cut.width, wanted.width, "%zu bytes", length);
        free(piece);
    }
}

Test(codec_picture, kinds_and_sizes)
{
    check(jpeg, sizeof jpeg, (struct picture){PICTURE_JPEG, 320, 480});
    check(png, sizeof png, (struct picture){PICTURE_PNG, 600, 400});
    check(webp_lossy, sizeof webp_lossy, (struct picture){PICTURE_WEBP, 480, 600});
    check(webp_lossless, sizeof webp_lossless, (struct picture){PICTURE_WEBP, 480, 600});
    check(webp_extended, sizeof webp_extended, (struct picture){PICTURE_WEBP, 480, 600});
}

static bool is_picture(const char *bytes, size_t count)
{
    struct picture picture;
    return picture_inspect((const uint8_t *)bytes, count, &picture);
}

Test(codec_picture, what_is_none)
{
    cr_assert_not(is_picture("", 0));
    cr_assert_not(is_picture("GIF89a\x10\x00\x10\x00", 10));
    cr_assert_not(is_picture("<svg xmlns='http://www.w3.org/2000/svg'/>", 41));
    cr_assert_not(is_picture("\xFF\xD8\xFF\xDA\x00\x08", 6), "a scan without a frame");
    cr_assert_not(is_picture("\xFF\xD8\xFF\xE0\x00\x01\xFF\xC0", 8), "a segment shorter than its length");
    cr_assert_not(is_picture("\xFF\xD8\xFF\xD8\xFF\xD8", 6), "a start in a start");
    cr_assert_not(is_picture("\xFF\xD8\xFF\xC0\x00\x06\x08\x01\x01\x01\x01", 11),
                  "a frame that is too short");
    cr_assert_not(is_picture("\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x00\x00\x10", 11), "no height");
}

Test(codec_picture, damaged_bytes_never_read_behind_the_end)
{
    static const struct {
        const uint8_t *bytes;
        size_t count;
    } all[] = {{jpeg, sizeof jpeg},
               {png, sizeof png},
               {webp_lossy, sizeof webp_lossy},
               {webp_lossless, sizeof webp_lossless},
               {webp_extended, sizeof webp_extended}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (size_t at = 0; at < all[i].count; at++) {
            for (int value = 0; value < 256; value += 5) {
                uint8_t *copy = malloc(all[i].count);
                struct picture picture;
                memcpy(copy, all[i].bytes, all[i].count);
                copy[at] = (uint8_t)value;
                bool fine = picture_inspect(copy, all[i].count, &picture);
                cr_assert(!fine || (picture.width > 0 && picture.height > 0));
                free(copy);
            }
        }
    }
}

Test(codec_picture, content_types)
{
    cr_assert_str_eq(picture_content_type(PICTURE_JPEG), "image/jpeg");
    cr_assert_str_eq(picture_content_type(PICTURE_PNG), "image/png");
    cr_assert_str_eq(picture_content_type(PICTURE_WEBP), "image/webp");
}
