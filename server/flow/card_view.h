/* What the database says of one chip, parsed for the pure card code: keys, ledger and how to read it. Comes
 * as the JSON body of fn_presence, fn_presentation_view and fn_plan_take. */
#ifndef CARDWRIGHT_FLOW_CARD_VIEW_H
#define CARDWRIGHT_FLOW_CARD_VIEW_H

#include "card/evidence.h"
#include "card/read_plan.h"

#include <jansson.h>

struct card_view {
    struct card_uid uid;
    enum read_kind mode;
    uint8_t start_sector;
    bool uses_times;
    int64_t version;                           /* card.ledger_version at the time of the view */
    struct card_keys keys[READ_TRIES_MAX - 1]; /* the first is of the card's own version */
    size_t key_count;
    struct card_ledger ledger;
    struct ledger_epoch epochs[PURSES][VIEW_EPOCHS_MAX]; /* what ledger.purses point to */
};

/* Reads the body of fn_presence or fn_presentation_view. False: it is not what the functions return, or the
 * keys of this site cannot be derived; `ret_view` is cleared then. The caller clears it otherwise. */
bool card_view_parse(json_t *body, struct card_view *ret_view);
void card_view_clear(struct card_view *view);

/* How this card is read: for read_plan_build and read_tries_for. Borrows from `view`. */
struct read_request card_view_read_request(const struct card_view *view);

/* Parts for the plan task: keys of one version; epochs of one purse object {no, lowest, ordered, highest,
 * epochs}. */
bool card_view_keys(json_t *body, int version, const struct card_uid *uid, struct card_keys *ret_keys);
bool card_view_purse(json_t *purse, struct ledger_epoch *epochs, struct purse_ledger *ret_purse);

/* Name of a purse in SQL and JSON, and back; -1: none of that name. */
const char *purse_name(enum card_purse purse);
int purse_from_name(const char *name);

#endif
