/* Fuzz target: what an agent says of a card, as the server reads it. The input is the JSON of a presentation.
 * It is judged against the ledger's view of a card in use, or (first byte '?') of a card nobody knows; what
 * is taken must be what the database is told, and the stored form of it must read back as the same. */
#include "flow/reading.h"
#include "http/json_scan.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PURSE_EPOCHS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Consumption 200.00 and water 50.00 in epoch 2, with a recharge of each still open in epoch 3. */
static void fill_purse(struct card_view *view, int purse, int64_t value_minor)
{
    struct ledger_epoch *epochs = view->epochs[purse];
    for (int i = 0; i < PURSE_EPOCHS; i++)
        epochs[i] = (struct ledger_epoch){
            .terms = {.epoch_no = i + 1, .opening_minor = value_minor + i, .stored_minor = value_minor},
            .role = i == 0 ? EPOCH_FENCE : EPOCH_LEG,
            .state = i == 2 ? EPOCH_OPEN : EPOCH_PROVEN,
            .acknowledged = i < 2,
            .lowest_minor = value_minor};
    view->ledger.purses[purse] = (struct purse_ledger){.in_use = true,
                                                       .now = {2, value_minor, value_minor},
                                                       .floor = {1, value_minor, value_minor},
                                                       .floor_known = true,
                                                       .highest_epoch_no = PURSE_EPOCHS,
                                                       .epochs = epochs,
                                                       .epoch_count = PURSE_EPOCHS};
}

static void make_view(struct card_view *view, bool known)
{
    static const uint8_t key[SITE_KEY_BYTES] = {7};
    const struct site_key_input input = {.key = key, .version = 1, .site_id = 1, .digits = "2580"};
    struct site_keys site;
    *view =
        (struct card_view){.mode = known ? READ_KNOWN : READ_UNKNOWN, .start_sector = 1, .uses_times = true};
    must(card_uid_parse("9c3ad15e", &view->uid) && site_keys_init(&input, &site));
    card_keys_derive(&site, &view->uid, &view->keys[0]);
    view->key_count = 1;
    site_keys_clear(&site);
    if (!known)
        return;
    view->ledger.known = true;
    view->ledger.id =
        (struct id_fields){.key_version = 1, .site_id = 1, .card_no = 100001, .expires_days = 65535};
    fill_purse(view, PURSE_CONSUMPTION, 20000);
    fill_purse(view, PURSE_WATER, 5000);
    fill_purse(view, PURSE_TIMES, 0);
}

/* What is stored is read again when a plan is built: it must give the same image. */
static void check_stored(const struct card_view *view, json_t *reading)
{
    struct card_image image;
    struct image_source source = {reading, &view->uid, view->start_sector, NULL};
    must(card_image_from_json(&source, &image) == NULL);
    json_t *again = card_image_to_json(&image);
    must(json_equal(json_object_get(again, "blocks"), json_object_get(reading, "blocks")));
    must(json_equal(json_object_get(again, "sectors"), json_object_get(reading, "sectors")));
    json_decref(again);
}

static void check_reading(const struct card_view *view, json_t *reading)
{
    const char *purse;
    json_t *seen;
    must(json_is_string(json_object_get(reading, "state")) &&
         json_is_object(json_object_get(reading, "seen")));
    json_object_foreach(json_object_get(reading, "seen"), purse, seen)
    {
        must(purse_from_name(purse) >= 0);
        must(json_is_string(json_object_get(seen, "verdict")) &&
             json_is_string(json_object_get(seen, "contradiction")));
        must(json_is_integer(json_object_get(seen, "epoch_no")) &&
             json_is_boolean(json_object_get(seen, "provisional")));
    }
    check_stored(view, reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_fault fault;
    struct card_view view;
    bool known = size == 0 || data[0] != '?';
    if (sodium_init() < 0)
        return 0;
    json_t *message = json_scan_object((const char *)data + !known, size - !known, &fault);
    if (!message)
        return 0;
    make_view(&view, known);
    const char *problem = NULL;
    struct reading_answer answer = {"presentation", "presence", message};
    json_t *reading = reading_merge(&view, &answer, &problem);
    must((reading == NULL) == (problem != NULL));
    if (reading)
        check_reading(&view, reading);
    json_decref(reading);
    json_decref(message);
    card_view_clear(&view);
    return 0;
}
