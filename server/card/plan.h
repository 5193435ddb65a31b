/* Plans: what an agent does to one card (card design 6.2, 6.3, 9, 10.4). Pure and deterministic: the same
 * request gives the same steps, so a plan row asked for again by the same run gets the same bytes.
 *
 * plan_build: recharge, withdraw, grant, load, retire, cancel, fence (all PLAN_ACT_WRITE), refresh, repair.
 * plan_build_issue: issue, also the continuation of a torn one, and the re-issue of a used medium; un-issue:
 * the way back to a blank card.
 *
 * A plan holds card keys: clear it as soon as it is sealed. */
#ifndef CARDWRIGHT_CARD_PLAN_H
#define CARDWRIGHT_CARD_PLAN_H

#include "base/ids.h"
#include "card/epoch.h"
#include "card/image.h"

#include <stddef.h>

enum plan_step_kind {
    STEP_AUTH,   /* block, slot, key */
    STEP_OPEN,   /* block, slot, key: this key must open the sector (guard of an issue) */
    STEP_EXPECT, /* block, data: read and compare; the guard */
    STEP_BEGIN,  /* started from here on */
    STEP_WRITE,  /* block, data */
    STEP_CHECK,  /* block, data: read back and compare */
    STEP_LEG,    /* leg_id, epoch_no: report this leg as written */
};

struct plan_step {
    enum plan_step_kind kind;
    uint8_t block; /* physical number */
    enum key_slot slot;
    uint8_t key[CARD_KEY_BYTES];
    uint8_t data[CARD_BLOCK_BYTES];
    struct uuid leg_id;
    int64_t epoch_no;
};

#define GUARD_HASH_BYTES 32

struct card_plan {
    struct plan_step steps[PLAN_STEPS_MAX];
    size_t step_count;
    size_t command_count; /* reader exchanges: auth, open, expect, write and check are one each */
    size_t write_count;
    /* SHA-256 over the guard blocks, ascending: number(u8) | 16 bytes (issue: | key slot u8 | key version u8,
     * 0 = transport, of the key that opened the sector). Known before the plan row is written: see
     * plan_guard_hash. */
    uint8_t guard_hash[GUARD_HASH_BYTES];
    bool overflow; /* more steps than PLAN_STEPS_MAX were asked for; plan_build never returns OK with it */
};

enum plan_outcome {
    PLAN_OK,
    PLAN_BAD_REQUEST,     /* no leg, a purse twice, times with money, values out of range of the format */
    PLAN_BLOCK_MISSING,   /* a block of the guard was not in the presentation: read again */
    PLAN_SECTOR_CLOSED,   /* a sector of the plan was not opened with our keys */
    PLAN_UNREADABLE,      /* the purse to be written is unreadable: only a repair may write it */
    PLAN_NO_FREE_RECORD,  /* R41: no record place may be overwritten; case */
    PLAN_EPOCH_UNKNOWN,   /* the card shows an epoch the request gives no terms for */
    PLAN_EPOCH_NOT_NEWER, /* the leg's epoch is not newer than what the card shows */
    PLAN_NOTHING_TO_DO,   /* refresh: both slots are equal already */
    PLAN_TOO_LONG,
};
const char *plan_outcome_word(enum plan_outcome outcome);

enum plan_act {
    /* the legs' new epochs: any operation, and fences (T = t) */
    PLAN_ACT_WRITE,
    /* the epoch and value in force once more, into the other slot; leg.terms.epoch_no = that epoch */
    PLAN_ACT_REFRESH,
    /* one purse: new epoch, T = L of the ledger, both slots, flag repaired (R39). Whether one is needed is
     * the evidence's word: unreadable, other_slot_bad or repair_again */
    PLAN_ACT_REPAIR,
};

struct plan_leg {
    enum card_purse purse;
    struct uuid leg_id;       /* the leg's id, or the fence's */
    struct epoch_terms terms; /* epoch_no, T, S to be written. S = 0 for water and times */
};

/* What the ledger says about one purse, written or not: the record written names the epochs of both money
 * purses. */
struct plan_purse {
    int64_t committed_epoch_no;
    /* Terms of the committed epoch and of every allocated one above it (the card may show any of them). */
    const struct epoch_terms *epochs;
    size_t epoch_count;
    bool has_open; /* a leg or fence of this purse is open, this plan's own not counted (R23, R24) */
};

struct plan_request {
    enum plan_act act;
    const struct plan_leg *legs; /* one, or consumption then water */
    size_t leg_count;
    struct plan_purse purses[PURSES]; /* consumption and water always; times for a plan on times */
    bool emptied_for_good; /* retire, cancel: sets the flag cancelled, allows three writes for withdrawals */
    const struct card_image *image; /* the presentation the plan is built on */
    const struct card_decoded *decoded;
    const struct card_keys *keys;
};

/* Builds the plan. `ret_plan` is written in any case and must be cleared with plan_clear. */
enum plan_outcome plan_build(const struct plan_request *request, struct card_plan *ret_plan);

/* The guard hash alone, for the plan row that is committed before the plan is built (R2). Same outcomes as
 * plan_build as far as the guard decides them. */
enum plan_outcome plan_guard_hash(const struct plan_request *request, uint8_t ret_hash[GUARD_HASH_BYTES]);

/* ---- issue ---- */
struct plan_issue_request {
    struct uuid leg_id;
    struct id_fields id; /* what the ID block will hold; key_version and site_id must be those of `keys` */
    int64_t epoch_no[PURSES]; /* epoch of the empty purses: 1, or the next one on a used medium */
    bool authority_sectors;   /* format L5 and L6 too (empty) */
    bool continued;           /* an earlier plan of this operation may have been torn on this card */
    /* An un-issue: every block empty, transport keys and access bits, as the card was delivered. `id` and
     * `epoch_no` are then not looked at; `keys` are those the card has. */
    bool unissue;
    const struct card_image *image; /* blocks 0..2 of every sector, and which key opened it */
    const struct card_keys *keys;   /* the keys the card gets (un-issue: has) */
    const struct card_keys *former; /* keys of older site key versions for a used medium; may be NULL */
    size_t former_count;
};
enum plan_outcome plan_build_issue(const struct plan_issue_request *request, struct card_plan *ret_plan);
enum plan_outcome plan_issue_guard_hash(const struct plan_issue_request *request,
                                        uint8_t ret_hash[GUARD_HASH_BYTES]);

/* The image after the whole plan was written and read back: what the card holds then. After an issue every
 * sector is opened by the new derived key A, after an un-issue by the transport key. */
void plan_apply(const struct card_plan *plan, const struct card_keys *keys, struct card_image *image);

void plan_clear(struct card_plan *plan);

/* ---- wire form (plan_json.c) ---- */
struct plan_header {
    struct uuid plan_id;
    uint8_t run[16]; /* of the agent process it is made for */
    struct card_uid uid;
    const char *kind; /* "issue", "recharge", ..., "fence", "refresh" */
};

/* Writes {"plan","run","uid","kind","start_within_ms","steps"} (see plan_json.c) as text into `buffer`;
 * nothing secret goes through memory that is not wiped. Returns the length without NUL, or 0 if `capacity`
 * (PLAN_JSON_BYTES_MAX is always enough) is too small. The caller wipes the buffer after sealing. */
size_t plan_to_json(const struct plan_header *header, const struct card_plan *plan, char *buffer,
                    size_t capacity);

#endif
