#include "tests/sim/reader/tear.h"

#include <string.h>

static const char *const kind_texts[TEAR_KINDS] = {
    [TEAR_OLD] = "old",     [TEAR_ZERO] = "zero",         [TEAR_FF] = "ff",
    [TEAR_MIXED] = "mixed", [TEAR_MARGINAL] = "marginal", [TEAR_NEW] = "new",
};

bool tear_kind_from_text(const char *text, enum tear_kind *ret_kind)
{
    for (int kind = 0; kind < TEAR_KINDS; kind++) {
        if (strcmp(text, kind_texts[kind]) == 0) {
            *ret_kind = (enum tear_kind)kind;
            return true;
        }
    }
    return false;
}

const char *tear_kind_text(enum tear_kind kind)
{
    return kind_texts[kind];
}

uint64_t tear_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Some of the differing bytes become new, at least one stays old where two or more differ: otherwise the
 * "mixture" would be one of the clean cases under another name. */
static void mix_once(uint8_t content[CARD_BLOCK_BYTES], const uint8_t written[CARD_BLOCK_BYTES],
                     uint64_t *random)
{
    unsigned differing[CARD_BLOCK_BYTES], count = 0;
    for (unsigned i = 0; i < CARD_BLOCK_BYTES; i++) {
        if (content[i] != written[i])
            differing[count++] = i;
    }
    if (count == 1) { /* a single byte is torn bit by bit */
        uint8_t from_new = (uint8_t)tear_random(random);
        uint8_t *byte = &content[differing[0]];
        *byte = (uint8_t)((*byte & ~from_new) | (written[differing[0]] & from_new));
    }
    if (count < 2)
        return;
    unsigned stays = (unsigned)(tear_random(random) % count);
    unsigned goes = (stays + 1 + (unsigned)(tear_random(random) % (count - 1))) % count;
    uint64_t choice = tear_random(random);
    for (unsigned i = 0; i < count; i++) {
        if (i != stays && (i == goes || choice >> i & 1))
            content[differing[i]] = written[differing[i]];
    }
}

static bool is_value_block(const uint8_t content[CARD_BLOCK_BYTES])
{
    bool sound = memcmp(content, content + 8, 4) == 0 && content[12] == content[14] &&
                 content[13] == content[15] && (content[12] ^ content[13]) == 0xFF;
    for (unsigned i = 0; i < 4; i++)
        sound = sound && (content[i] ^ content[4 + i]) == 0xFF;
    return sound;
}

/* A sound value block that is neither of the two contents. It would pass every check that value blocks have,
 * and no reader could tell; but a chip cannot leave one: while it erases, and again while it programs, all
 * bits of a block move one way only, so what a value loses its complement does not gain (the address
 * likewise). A mixture drawn at random knows nothing of that, so it is drawn anew. */
static bool is_hybrid(const uint8_t content[CARD_BLOCK_BYTES], const uint8_t before[CARD_BLOCK_BYTES],
                      const uint8_t after[CARD_BLOCK_BYTES])
{
    return is_value_block(content) && memcmp(content, before, CARD_BLOCK_BYTES) != 0 &&
           memcmp(content, after, CARD_BLOCK_BYTES) != 0;
}

static void mix_bytes(uint8_t content[CARD_BLOCK_BYTES], const uint8_t written[CARD_BLOCK_BYTES],
                      uint64_t *random)
{
    uint8_t before[CARD_BLOCK_BYTES];
    memcpy(before, content, CARD_BLOCK_BYTES);
    do {
        memcpy(content, before, CARD_BLOCK_BYTES);
        mix_once(content, written, random);
    } while (is_hybrid(content, before, written));
}

static void mark_marginal(struct tear_marginal *marginal, uint8_t content[CARD_BLOCK_BYTES],
                          const uint8_t written[CARD_BLOCK_BYTES], uint64_t *random)
{
    memset(marginal, 0, sizeof *marginal);
    marginal->marked = true;
    memcpy(marginal->before, content, CARD_BLOCK_BYTES);
    memcpy(marginal->after, written, CARD_BLOCK_BYTES);
    /* The same content written again is weak against the erased state, which it passed through. */
    if (memcmp(marginal->before, marginal->after, CARD_BLOCK_BYTES) == 0)
        memset(marginal->before, 0, CARD_BLOCK_BYTES);
    if (memcmp(marginal->before, marginal->after, CARD_BLOCK_BYTES) == 0)
        memset(marginal->before, 0xFF, CARD_BLOCK_BYTES);
    mix_bytes(content, written, random);
}

void tear_block(enum tear_kind kind, uint8_t content[CARD_BLOCK_BYTES],
                const uint8_t written[CARD_BLOCK_BYTES], struct tear_marginal *marginal, uint64_t *random)
{
    if (kind == TEAR_MARGINAL) {
        mark_marginal(marginal, content, written, random);
        return;
    }
    if (kind != TEAR_OLD) /* nothing was touched: weak bits of an earlier tear stay weak */
        memset(marginal, 0, sizeof *marginal);
    if (kind == TEAR_ZERO)
        memset(content, 0x00, CARD_BLOCK_BYTES);
    if (kind == TEAR_FF)
        memset(content, 0xFF, CARD_BLOCK_BYTES);
    if (kind == TEAR_MIXED)
        mix_bytes(content, written, random);
    if (kind == TEAR_NEW)
        memcpy(content, written, CARD_BLOCK_BYTES);
}

static void draw_marginal(const struct tear_marginal *marginal, uint64_t *random,
                          uint8_t ret_content[CARD_BLOCK_BYTES])
{
    do {
        uint64_t choice = tear_random(random) % 4;
        for (unsigned i = 0; i < CARD_BLOCK_BYTES; i++) {
            uint8_t from_after = choice == 0 ? 0x00 : choice == 1 ? 0xFF : (uint8_t)tear_random(random);
            ret_content[i] =
                (uint8_t)((marginal->before[i] & ~from_after) | (marginal->after[i] & from_after));
        }
    } while (is_hybrid(ret_content, marginal->before, marginal->after));
}

void tear_marginal_read(struct tear_marginal *marginal, uint64_t *random,
                        uint8_t ret_content[CARD_BLOCK_BYTES])
{
    bool repeats = marginal->was_read && !marginal->repeated && tear_random(random) % 2 == 0;
    if (repeats)
        memcpy(ret_content, marginal->last, CARD_BLOCK_BYTES);
    else
        draw_marginal(marginal, random, ret_content);
    if (!repeats && marginal->was_read && memcmp(ret_content, marginal->last, CARD_BLOCK_BYTES) == 0) {
        bool was_before = memcmp(marginal->last, marginal->before, CARD_BLOCK_BYTES) == 0;
        memcpy(ret_content, was_before ? marginal->after : marginal->before, CARD_BLOCK_BYTES);
    }
    memcpy(marginal->last, ret_content, CARD_BLOCK_BYTES);
    marginal->was_read = true;
    marginal->repeated = repeats;
}
