/* Agents on cards (agent/PROTOCOL.md): presence, removed, presentation. */
#include "api/agent_message.h"
#include "api/desk_wake.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/reading.h"
#include "http/reply.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void json_release(json_t **json)
{
    json_decref(*json);
}

/* ---- presence ---- */

static bool presence_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_uuid(&call->params, message->presence_id.bytes);
    db_bind_text(&call->params, message->kind);
    db_bind_bytes(&call->params, message->uid.bytes, message->uid.count);
    db_bind_int64(&call->params, message->sak.bytes[0]);
    return true;
}

static char *read_plan_text(const struct agent_message *message, json_t *body, const struct uuid *read_id)
{
    uint8_t key[AGENT_KEY_BYTES];
    struct card_view view;
    if (!agent_auth_key(message->agent, key))
        return NULL;
    char *sealed = NULL;
    if (card_view_parse(body, &view)) {
        struct seal_context context = {key, *read_id, message->agent->agent_id};
        sealed = reading_plan_seal(&view, &context);
        card_view_clear(&view);
    }
    sodium_memzero(key, sizeof key);
    return sealed;
}

static enum fast_next presence_next(struct request *rq, void *state, const struct db_rows *rows,
                                    const struct fast_stage **ret_next)
{
    (void)ret_next;
    if (!agent_message_done(rq, rows))
        return FAST_REPLIED;
    desk_wake_rows(rows, "wake");
    CLEANUP(json_release) json_t *body = json_loads(db_text(rows, 0, 1), 0, NULL);
    const char *kind = json_string_value(json_object_get(body, "kind"));
    if (!kind || strcmp(kind, "card") != 0) {
        reply_json(rq, 200, request_printf(rq, "{\"state\":\"%s\"}", kind ? kind : "not_supported"));
        return FAST_REPLIED;
    }
    struct uuid read_id = uuid_make_v7();
    char read_text[UUID_TEXT_BYTES];
    uuid_format(&read_id, read_text);
    CLEANUP(cleanup_free) char *sealed = read_plan_text(state, body, &read_id);
    if (!sealed) {
        log_error("agent.read_plan", LOG_TEXT("reason", "the keys of the site cannot be derived"));
        reply_error(rq, ERR_INTERNAL, NULL);
        return FAST_REPLIED;
    }
    reply_json(
        rq, 200,
        request_printf(rq, "{\"state\":\"read\",\"read\":\"%s\",\"sealed\":\"%s\"}", read_text, sealed));
    return FAST_REPLIED;
}

static const struct fast_stage presence_stage = {
    .statement = "presence_add", .bind = presence_bind, .next = presence_next, .repeatable = true};

/* Classic chips have a SAK with bit 3 set (08, 09, 18, 28, 38, 88); bit 5 alone is ISO-DEP, so a phone. A
 * single-size UID that begins with 08 is random (ISO 14443-3): it names nobody. */
static const char *presence_kind(int64_t cards, const struct in_bytes *uid, uint8_t sak)
{
    if (cards > 1)
        return "two_cards";
    bool classic = (sak & 0x08) != 0;
    bool random = uid->count == 4 && uid->bytes[0] == 0x08;
    bool length = uid->count == 4 || uid->count == 7 || uid->count == 10;
    return classic && length && !random ? "card" : "not_supported";
}

static void presence_read(struct request *rq, const struct agent_identity *agent)
{
    struct agent_message *message = agent_message_new(rq, agent);
    int64_t cards = 1;
    struct in_bytes atqa;
    struct in_bytes ats = {0};
    struct in_field spec[] = {
        IN_HEX("run", &message->run, 16, 16), IN_UUID("presence", &message->presence_id),
        IN_INT("cards", &cards, 1, 2),        IN_HEX("uid", &message->uid, 4, CARD_UID_BYTES_MAX),
        IN_HEX("atqa", &atqa, 2, 2),          IN_HEX("sak", &message->sak, 1, 1),
        IN_HEX("ats", &ats, 0, 64),           IN_END};
    if (!in_read(rq, spec))
        return;
    message->kind = presence_kind(cards, &message->uid, message->sak.bytes[0]);
    fast_run(rq, &presence_stage, message);
}

void agent_presence_post(struct request *rq)
{
    agent_auth_then(rq, presence_read);
}

/* ---- removed ---- */

static bool removed_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_uuid(&call->params, message->presence_id.bytes);
    return true;
}

static const struct fast_stage removed_stage = {
    .statement = "presence_end", .bind = removed_bind, .next = agent_message_woken, .repeatable = true};

static void removed_read(struct request *rq, const struct agent_identity *agent)
{
    struct agent_message *message = agent_message_new(rq, agent);
    struct in_field spec[] = {IN_HEX("run", &message->run, 16, 16),
                              IN_UUID("presence", &message->presence_id), IN_END};
    if (in_read(rq, spec))
        fast_run(rq, &removed_stage, message);
}

void agent_removed_post(struct request *rq)
{
    agent_auth_then(rq, removed_read);
}

/* ---- presentation: the ledger's view, the evidence against it, the booking ---- */

static const struct fast_stage view_stage;
static const struct fast_stage apply_stage;

static enum fast_next view_next(struct request *rq, void *state, const struct db_rows *rows,
                                const struct fast_stage **ret_next)
{
    struct agent_message *message = state;
    if (!agent_message_done(rq, rows))
        return FAST_REPLIED;
    CLEANUP(json_release) json_t *body = json_loads(db_text(rows, 0, 1), 0, NULL);
    struct card_view view;
    char presence[UUID_TEXT_BYTES];
    char presentation[UUID_TEXT_BYTES];
    uuid_format(&message->presence_id, presence);
    uuid_format(&message->subject_id, presentation);
    if (!body || !card_view_parse(body, &view)) {
        log_error("agent.view", LOG_TEXT("reason", "view or keys"));
        reply_error(rq, ERR_INTERNAL, NULL);
        return FAST_REPLIED;
    }
    const char *problem = NULL;
    struct reading_answer answer = {presentation, presence, request_body_json(rq)};
    CLEANUP(json_release) json_t *reading = reading_merge(&view, &answer, &problem);
    card_view_clear(&view);
    if (!reading) {
        reply_field_error(rq, "/blocks", "content", problem);
        return FAST_REPLIED;
    }
    CLEANUP(cleanup_free) char *text = json_dumps(reading, JSON_COMPACT);
    message->text = request_copy(rq, text ? text : "{}");
    *ret_next = &apply_stage;
    return FAST_STAGE;
}

static enum fast_next apply_next(struct request *rq, void *state, const struct db_rows *rows,
                                 const struct fast_stage **ret_next)
{
    struct agent_message *message = state;
    if (strcmp(db_text(rows, 0, 0), "stale_view") == 0) {
        if (++message->tries < READING_TRIES_MAX) {
            *ret_next = &view_stage;
            return FAST_STAGE;
        }
        reply_error(rq, ERR_UNAVAILABLE, NULL);
        return FAST_REPLIED;
    }
    if (agent_message_done(rq, rows)) {
        desk_wake_rows(rows, "wake");
        reply_json(rq, 200, db_is_null(rows, 0, 1) ? "{}" : db_text(rows, 0, 1));
    }
    return FAST_REPLIED;
}

static bool apply_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct agent_message *message = state;
    agent_message_bind(rq, message, call);
    db_bind_text(&call->params, message->text);
    return true;
}

static const struct fast_stage view_stage = {
    .statement = "presentation_view", .bind = removed_bind, .next = view_next, .repeatable = true};
static const struct fast_stage apply_stage = {
    .statement = "presentation_add", .bind = apply_bind, .next = apply_next, .repeatable = true};

static void presentation_read(struct request *rq, const struct agent_identity *agent)
{
    struct agent_message *message = agent_message_new(rq, agent);
    json_t *blocks;
    json_t *sectors;
    struct in_field spec[] = {IN_HEX("run", &message->run, 16, 16),
                              IN_UUID("presence", &message->presence_id),
                              IN_UUID("presentation", &message->subject_id),
                              IN_HEX("uid", &message->uid, 4, CARD_UID_BYTES_MAX),
                              IN_OBJECT("blocks", &blocks),
                              IN_OBJECT("sectors", &sectors),
                              IN_END};
    if (in_read(rq, spec))
        fast_run(rq, &view_stage, message);
}

void agent_presentation_post(struct request *rq)
{
    agent_auth_then(rq, presentation_read);
}
