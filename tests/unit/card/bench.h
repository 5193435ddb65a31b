/* A desk in memory: a card of the first vector on the reader, the ledger's rows beside it, and the acts on
 * it. */
#ifndef TESTS_CARD_BENCH_H
#define TESTS_CARD_BENCH_H

#include "soft_card.h"
#include "vectors.h"

#include "card/evidence.h"

#define BENCH_EPOCHS 8

struct bench {
    struct card_keys keys;
    struct soft_card card;
    struct card_image image;
    struct card_decoded decoded;
    struct epoch_terms terms[PURSES][BENCH_EPOCHS];
    size_t term_count[PURSES];
    int64_t committed[PURSES];
    struct plan_leg legs[2];
};

static inline void bench_present(struct bench *bench)
{
    struct read_request request = {
        .kind = READ_KNOWN, .keys = &bench->keys, .key_count = 1, .start_sector = 1, .times = true};
    soft_present(&bench->card, &request, &bench->image);
    card_decode(&bench->image, &bench->keys, &bench->decoded);
}

static inline void bench_terms(struct bench *bench, enum card_purse purse, struct epoch_terms terms)
{
    bench->terms[purse][bench->term_count[purse]++] = terms;
}

/* Copies a vector onto a card whose sectors are formatted, and gives the ledger the rows of its epochs. */
static inline void bench_init(struct bench *bench)
{
    json_t *file = vectors_load();
    const json_t *vector = json_array_get(json_object_get(file, "vectors"), 0);

    memset(bench, 0, sizeof(*bench));
    bench->keys = keys_of(vector);
    soft_card_blank(&bench->card, &bench->keys.uid);
    struct card_image image = image_of(vector, &bench->keys);
    for (uint8_t sector = 0; sector < CARD_SECTORS_LOGICAL; sector++) {
        for (uint8_t block = 0; block < TRAILER_BLOCK; block++)
            memcpy(bench->card.blocks[(1 + sector) * SECTOR_BLOCKS + block],
                   image.sectors[sector].blocks[block], CARD_BLOCK_BYTES);
        trailer_encode(access_profile_of(sector), bench->keys.key_a[sector], bench->keys.key_b[sector],
                       bench->card.blocks[(1 + sector) * SECTOR_BLOCKS + TRAILER_BLOCK]);
    }
    bench_terms(bench, PURSE_CONSUMPTION, (struct epoch_terms){4, 12345, 10000});
    bench_terms(bench, PURSE_CONSUMPTION, (struct epoch_terms){5, 32345, 30000});
    bench_terms(bench, PURSE_WATER, (struct epoch_terms){2, 5000, 0});
    bench_terms(bench, PURSE_TIMES, (struct epoch_terms){2, 10, 0});
    bench->committed[PURSE_CONSUMPTION] = 5;
    bench->committed[PURSE_WATER] = 2;
    bench->committed[PURSE_TIMES] = 2;
    json_decref(file);
    bench_present(bench);
}

static inline struct plan_leg bench_leg(enum card_purse purse, int64_t epoch_no, int64_t opening_minor,
                                        int64_t stored_minor)
{
    struct plan_leg leg = {.purse = purse, .terms = {epoch_no, opening_minor, stored_minor}};
    leg.leg_id.bytes[0] = (uint8_t)(0xA0 + purse);
    return leg;
}

/* A request on the card as it is now; the legs' own terms are added to what the ledger knows. */
static inline struct plan_request bench_request(struct bench *bench, enum plan_act act, size_t leg_count)
{
    struct plan_request request = {.act = act,
                                   .legs = bench->legs,
                                   .leg_count = leg_count,
                                   .image = &bench->image,
                                   .decoded = &bench->decoded,
                                   .keys = &bench->keys};
    for (int purse = 0; purse < PURSES; purse++) {
        request.purses[purse].committed_epoch_no = bench->committed[purse];
        request.purses[purse].epochs = bench->terms[purse];
        request.purses[purse].epoch_count = bench->term_count[purse];
    }
    return request;
}

#endif
