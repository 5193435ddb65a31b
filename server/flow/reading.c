#include "flow/reading.h"

#include "base/bytes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static char *seal_text(const struct seal_context *context, const char *text, size_t length)
{
    size_t sealed_bytes = length + SEAL_OVERHEAD_BYTES;
    uint8_t *sealed = malloc(sealed_bytes);
    char *hex = malloc(2 * sealed_bytes + 1);
    if (sealed && hex) {
        agent_seal(context, text, length, sealed);
        bytes_to_hex(sealed, sealed_bytes, hex);
    } else {
        free(hex);
        hex = NULL;
    }
    free(sealed);
    return hex;
}

char *reading_plan_seal(const struct card_view *view, const struct seal_context *context)
{
    struct read_request request = card_view_read_request(view);
    struct read_plan plan;
    char text[READ_PLAN_JSON_BYTES_MAX];
    char *hex = NULL;
    if (read_plan_build(&request, &plan)) {
        size_t length = read_plan_to_json(&plan, &context->id, &view->uid, text, sizeof text);
        if (length > 0)
            hex = seal_text(context, text, length);
    }
    read_plan_clear(&plan);
    sodium_memzero(text, sizeof text);
    return hex;
}

/* The keys under which the card's content makes sense: those that opened it, else the card's own. */
static const struct card_keys *keys_that_opened(const struct card_view *view, const struct card_image *image)
{
    for (int i = 0; i < CARD_SECTORS_LOGICAL; i++) {
        uint8_t version = image->sectors[i].opened.version;
        for (size_t k = 0; version != 0 && k < view->key_count; k++) {
            if (view->keys[k].version == version)
                return &view->keys[k];
        }
    }
    return &view->keys[0];
}

static json_t *seen_purse(const struct purse_evidence *evidence)
{
    return json_pack("{s:s,s:s,s:I,s:I,s:b,s:b,s:b}", "verdict", purse_verdict_word(evidence->verdict),
                     "contradiction", contradiction_word(evidence->contradiction), "epoch_no",
                     (json_int_t)evidence->epoch_no, "value", (json_int_t)evidence->value_minor, "lower",
                     evidence->value_is_lower, "provisional", evidence->provisional, "spare_slot_bad",
                     evidence->other_slot_bad);
}

json_t *reading_merge(const struct card_view *view, const struct reading_answer *answer,
                      const char **ret_problem)
{
    struct read_request request = card_view_read_request(view);
    struct read_tries tries;
    if (!read_tries_for(&request, &tries)) {
        *ret_problem = "the read plan of this presence is not known any more; present the card anew";
        return NULL;
    }
    struct card_image image;
    const struct card_uid *uid = &view->uid;
    struct image_source source = {answer->message, uid, view->start_sector, &tries};
    *ret_problem = card_image_from_json(&source, &image);
    if (*ret_problem)
        return NULL;
    struct card_decoded decoded;
    struct card_evidence evidence;
    card_decode(&image, keys_that_opened(view, &image), &decoded);
    evidence_merge(&image, &decoded, &view->ledger, &evidence);

    json_t *reading = card_image_to_json(&image);
    json_t *seen = json_object();
    for (int i = 0; i < PURSES; i++) {
        if (view->ledger.purses[i].in_use)
            json_object_set_new(seen, purse_name(i), seen_purse(&evidence.purses[i]));
    }
    json_object_set_new(reading, "seen", seen);
    json_object_set_new(reading, "state", json_string(card_verdict_word(evidence.verdict)));
    json_object_set_new(reading, "issue_complete", json_boolean(evidence.issue_complete));
    json_object_set_new(reading, "version", json_integer(view->version));
    json_object_set_new(reading, "presentation_id", json_string(answer->presentation_id));
    json_object_set_new(reading, "presence_id", json_string(answer->presence_id));
    return reading;
}
