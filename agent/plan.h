/* Plans as the agent runs them, and read plans. Both hold card keys: they live in one place, are wiped after
 * use and never touch a disk or a log (PROTOCOL.md "Sealed plans"; card design 6.2). */
#ifndef CARDWRIGHT_AGENT_PLAN_H
#define CARDWRIGHT_AGENT_PLAN_H

#include "agent/reader.h"
#include "base/ids.h"

#define RUN_BYTES 16

enum plan_step_kind {
    STEP_AUTH,   /* keys[0] opens the sector of `block` */
    STEP_OPEN,   /* the first of `keys` that opens must be number `key_index` */
    STEP_EXPECT, /* `block` must hold `data` */
    STEP_BEGIN,  /* started from here on */
    STEP_WRITE,  /* `data` into `block` */
    STEP_CHECK,  /* read back; of a trailer only access bytes and GPB can be compared */
    STEP_LEG,    /* report this leg */
};

struct plan_key {
    char slot; /* 'A' or 'B' */
    uint8_t bytes[CARD_KEY_BYTES];
};

struct plan_step {
    enum plan_step_kind kind;
    uint8_t block;
    uint8_t key_count;
    uint8_t key_index;
    struct plan_key keys[AGENT_STEP_KEYS_MAX];
    uint8_t data[CARD_BLOCK_BYTES];
    struct uuid leg_id;
    int64_t epoch_no;
};

struct plan {
    struct uuid id;
    uint8_t run[RUN_BYTES]; /* of the agent process it was made for */
    struct reader_uid uid;
    char kind[AGENT_PLAN_KIND_BYTES_MAX];
    int64_t start_within_ms; /* since it arrived */
    size_t step_count;
    struct plan_step steps[PLAN_STEPS_MAX];
};

struct read_sector {
    uint8_t sector;
    uint8_t key_count;
    uint8_t block_count;
    struct plan_key keys[AGENT_STEP_KEYS_MAX];
    uint8_t blocks[CARD_BLOCK_BYTES]; /* a sector has at most 16 blocks */
};

struct read_plan {
    struct uuid id;
    struct reader_uid uid;
    size_t sector_count;
    struct read_sector sectors[AGENT_READ_SECTORS_MAX];
};

/* What is wrong with a text that was refused: names the member, holds no content of it. */
struct plan_problem {
    char text[96];
};

/* Reads a plan from its opened JSON. Strict: every member must be known and in its bounds, there is exactly
 * one "begin", nothing writes before it, nothing touches a block before a sector was opened, block 0 is never
 * written, and the access bytes of a trailer must agree with their complements (a trailer that contradicts
 * itself locks its sector for ever). False: `*ret_problem` says why, `*ret_plan` is wiped. */
bool plan_parse(const char *json, size_t json_bytes, struct plan *ret_plan, struct plan_problem *ret_problem);
void plan_wipe(struct plan *plan);

/* The same for a read plan. */
bool read_plan_parse(const char *json, size_t json_bytes, struct read_plan *ret_plan,
                     struct plan_problem *ret_problem);
void read_plan_wipe(struct read_plan *plan);

/* First block of a sector: 4 blocks a sector, 16 from sector 32 on (MIFARE Classic 4K). */
uint8_t sector_first_block(uint8_t sector);
uint8_t sector_of_block(uint8_t block);

#endif
