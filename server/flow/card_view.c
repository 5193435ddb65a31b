#include "flow/card_view.h"

#include "base/bytes.h"
#include "flow/site_keys.h"

#include <string.h>

static const char *const purse_names[PURSES] = {"consumption", "water", "times"};

const char *purse_name(enum card_purse purse)
{
    return purse_names[purse];
}

int purse_from_name(const char *name)
{
    for (int purse = 0; name && purse < PURSES; purse++) {
        if (strcmp(name, purse_names[purse]) == 0)
            return purse;
    }
    return -1;
}

static int64_t integer(json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

bool card_view_keys(json_t *body, int version, const struct card_uid *uid, struct card_keys *ret_keys)
{
    uint8_t sealed[SITE_PASSWORD_SEALED_BYTES];
    const char *text = json_string_value(json_object_get(body, "password_sealed"));
    if (!text || !bytes_from_hex(text, sealed, sizeof sealed))
        return false;
    struct site_seal seal = {.version = version,
                             .site_id = (uint16_t)integer(body, "site_id"),
                             .password_sealed = sealed,
                             .password_sealed_bytes = sizeof sealed};
    struct site_keys site;
    if (!site_keys_expand(&seal, &site))
        return false;
    card_keys_derive(&site, uid, ret_keys);
    site_keys_clear(&site);
    return true;
}

/* The card's own version first, then every other: a torn issue may be of any. */
static bool keys_fill(json_t *body, struct card_view *view)
{
    int own = (int)integer(body, "key_version");
    if (!card_view_keys(body, own, &view->uid, &view->keys[0]))
        return false;
    view->key_count = 1;
    for (int version = site_keys_newest(); view->mode != READ_KNOWN && version > 0; version--) {
        if (version == own || view->key_count == READ_TRIES_MAX - 1)
            continue;
        if (!card_view_keys(body, version, &view->uid, &view->keys[view->key_count]))
            return false;
        view->key_count++;
    }
    return true;
}

static enum epoch_state epoch_state_of(const char *word)
{
    if (strcmp(word, "open") == 0)
        return EPOCH_OPEN;
    return strcmp(word, "proven") == 0 ? EPOCH_PROVEN : EPOCH_VOID;
}

bool card_view_purse(json_t *purse, struct ledger_epoch *epochs, struct purse_ledger *ret_purse)
{
    json_t *rows = json_object_get(purse, "epochs");
    size_t count = json_array_size(rows);
    if (!json_is_array(rows) || count > VIEW_EPOCHS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        json_int_t no;
        json_int_t opening;
        json_int_t stored;
        const char *role;
        const char *state;
        json_int_t lowest;
        if (json_unpack(json_array_get(rows, i), "[I,I,I,s,s,I]", &no, &opening, &stored, &role, &state,
                        &lowest) != 0)
            return false;
        epochs[i] = (struct ledger_epoch){
            .terms = {.epoch_no = no, .opening_minor = opening, .stored_minor = stored},
            .role = strcmp(role, "fence") == 0 ? EPOCH_FENCE : EPOCH_LEG,
            .state = epoch_state_of(state),
            .acknowledged = strcmp(state, "proven") == 0,
            .lowest_minor = lowest,
        };
    }
    *ret_purse = (struct purse_ledger){
        .in_use = true,
        .now = {.epoch_no = integer(purse, "no"),
                .lowest_minor = integer(purse, "lowest"),
                .lowest_ordered_minor = integer(purse, "ordered")},
        .highest_epoch_no = integer(purse, "highest"),
        .epochs = epochs,
        .epoch_count = count,
    };
    return true;
}

static bool purses_fill(json_t *body, struct card_view *view)
{
    json_t *purses = json_object_get(body, "purses");
    json_t *floors = json_object_get(body, "floor");
    json_t *issued = json_object_get(body, "issue_epochs");
    for (int i = 0; i < PURSES; i++) {
        json_t *purse = json_object_get(purses, purse_names[i]);
        struct purse_ledger *ledger = &view->ledger.purses[i];
        /* An issue is proven by its whole content only (R34), never purse by purse: all that is known of a
         * purse is the epoch in which it has to be empty. */
        if (view->ledger.issuing)
            ledger->now.epoch_no = integer(issued, purse_names[i]);
        if (!purse || view->ledger.issuing || (i == PURSE_TIMES && !view->uses_times))
            continue;
        if (!card_view_purse(purse, view->epochs[i], ledger))
            return false;
        json_t *floor = json_object_get(floors, purse_names[i]);
        ledger->floor_known = json_is_object(floor);
        ledger->floor = (struct proven_level){.epoch_no = integer(floor, "no"),
                                              .lowest_minor = integer(floor, "lowest"),
                                              .lowest_ordered_minor = integer(floor, "ordered")};
    }
    return true;
}

static enum read_kind mode_of(const char *word)
{
    if (strcmp(word, "known") == 0)
        return READ_KNOWN;
    return strcmp(word, "issuing") == 0 ? READ_ISSUING : READ_UNKNOWN;
}

bool card_view_parse(json_t *body, struct card_view *ret_view)
{
    *ret_view = (struct card_view){0};
    const char *uid = json_string_value(json_object_get(body, "uid"));
    const char *mode = json_string_value(json_object_get(body, "mode"));
    json_t *card = json_object_get(body, "card");
    if (!uid || !mode || !card_uid_parse(uid, &ret_view->uid))
        return false;
    ret_view->mode = mode_of(mode);
    ret_view->start_sector = (uint8_t)integer(body, "start_sector");
    ret_view->uses_times = json_is_true(json_object_get(body, "uses_times"));
    ret_view->version = integer(body, "version");
    if (json_is_object(card)) {
        const char *state = json_string_value(json_object_get(card, "state"));
        ret_view->ledger.known = true;
        ret_view->ledger.issuing = state && strcmp(state, "issuing") == 0;
        ret_view->ledger.unissuing = json_is_true(json_object_get(body, "unissuing"));
        ret_view->ledger.id = (struct id_fields){.key_version = (uint8_t)integer(body, "key_version"),
                                                 .site_id = (uint16_t)integer(body, "site_id"),
                                                 .card_no = (uint32_t)integer(card, "card_no"),
                                                 .issued_days = (uint16_t)integer(card, "issued_days"),
                                                 .expires_days = (uint16_t)integer(card, "expires_days")};
    }
    if (keys_fill(body, ret_view) && purses_fill(body, ret_view))
        return true;
    card_view_clear(ret_view);
    return false;
}

void card_view_clear(struct card_view *view)
{
    for (size_t i = 0; i < READ_TRIES_MAX - 1; i++)
        card_keys_clear(&view->keys[i]);
    view->key_count = 0;
}

struct read_request card_view_read_request(const struct card_view *view)
{
    return (struct read_request){.kind = view->mode,
                                 .keys = view->keys,
                                 .key_count = view->key_count,
                                 .start_sector = view->start_sector,
                                 .times = view->uses_times};
}
