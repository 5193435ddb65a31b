#include "tests/sim/reader/access.h"

#define NONE 0
#define A (1 << ACCESS_KEY_A)
#define B (1 << ACCESS_KEY_B)
#define AB (A | B)

/* Table 8 of the data sheet; rows 000, 001, .. 111; columns read, write, increment,
 * decrement/transfer/restore. */
static const uint8_t data_rights[ACCESS_CONDITIONS][4] = {
    {AB, AB, AB, AB},         /* 000 transport */
    {AB, NONE, NONE, AB},     /* 001 value, not reloadable */
    {AB, NONE, NONE, NONE},   /* 010 read only */
    {B, B, NONE, NONE},       /* 011 */
    {AB, B, NONE, NONE},      /* 100 */
    {B, NONE, NONE, NONE},    /* 101 */
    {AB, B, B, AB},           /* 110 purse */
    {NONE, NONE, NONE, NONE}, /* 111 */
};

struct trailer_row {
    uint8_t write_key_a;
    uint8_t read_bits;
    uint8_t write_bits;
    uint8_t read_key_b;
    uint8_t write_key_b;
};

/* Table 7 of the data sheet, same order of rows. */
static const struct trailer_row trailer_rights[ACCESS_CONDITIONS] = {
    {A, A, NONE, A, A},           /* 000 */
    {A, A, A, A, A},              /* 001 transport */
    {NONE, A, NONE, A, NONE},     /* 010 */
    {B, AB, B, NONE, B},          /* 011 */
    {B, AB, NONE, NONE, B},       /* 100 */
    {NONE, AB, B, NONE, NONE},    /* 101 */
    {NONE, AB, NONE, NONE, NONE}, /* 110 */
    {NONE, AB, NONE, NONE, NONE}, /* 111 */
};

bool access_decode(const uint8_t trailer[16], uint8_t ret_conditions[ACCESS_GROUPS])
{
    uint8_t c1 = trailer[7] >> 4, not_c1 = trailer[6] & 0x0F;
    uint8_t c2 = trailer[8] & 0x0F, not_c2 = trailer[6] >> 4;
    uint8_t c3 = trailer[8] >> 4, not_c3 = trailer[7] & 0x0F;
    if ((c1 ^ not_c1) != 0x0F || (c2 ^ not_c2) != 0x0F || (c3 ^ not_c3) != 0x0F)
        return false;
    for (unsigned group = 0; group < ACCESS_GROUPS; group++) {
        ret_conditions[group] =
            (uint8_t)((c1 >> group & 1) << 2 | (c2 >> group & 1) << 1 | (c3 >> group & 1));
    }
    return true;
}

bool access_data(uint8_t condition, enum access_key key, enum access_operation operation)
{
    return data_rights[condition % ACCESS_CONDITIONS][operation] >> key & 1;
}

struct access_trailer access_trailer(uint8_t condition, enum access_key key)
{
    const struct trailer_row *row = &trailer_rights[condition % ACCESS_CONDITIONS];
    return (struct access_trailer){
        .write_key_a = row->write_key_a >> key & 1,
        .read_bits = row->read_bits >> key & 1,
        .write_bits = row->write_bits >> key & 1,
        .read_key_b = row->read_key_b >> key & 1,
        .write_key_b = row->write_key_b >> key & 1,
    };
}

bool access_key_b_is_data(uint8_t trailer_condition)
{
    return trailer_rights[trailer_condition % ACCESS_CONDITIONS].read_key_b != NONE;
}
