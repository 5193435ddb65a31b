#include "agent/messages.h"

#include "agent/agent.h"
#include "agent/plain_text.h"
#include "agent/strict_json.h"
#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define HEX_BYTES_MAX (2 * AGENT_ATS_BYTES_MAX + 1)
#define NUMBER_TEXT_BYTES 12

/* The text of `message`, which is given back. */
static char *to_text(json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    return text;
}

static json_t *json_hex(const uint8_t *bytes, size_t count)
{
    char text[HEX_BYTES_MAX];
    bytes_to_hex(bytes, count, text);
    return json_string(text);
}

static json_t *json_id(const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    return json_string(text);
}

/* A name as the server takes it, whoever made it. */
static json_t *json_name(const char *name)
{
    char plain[AGENT_NAME_BYTES_MAX + 1];
    plain_text(name, plain, sizeof plain);
    return json_string(plain);
}

static json_t *json_reader(const struct reader_facts *reader)
{
    return json_pack("{s:s,s:o}", "state", reader_state_word(reader->state), "name", json_name(reader->name));
}

char *message_pair(const char *code, const uint8_t *public_key, bool simulated, const char *host)
{
    return to_text(json_pack("{s:s,s:o,s:s,s:i,s:b,s:o}", "code", code, "public_key",
                             json_hex(public_key, 32), "version", AGENT_VERSION, "protocol", AGENT_PROTOCOL,
                             "simulated", simulated, "host", json_name(host)));
}

char *message_hello(const struct speaker *speaker, const struct reader_facts *reader)
{
    json_t *printer = speaker->printer ? json_pack("{s:o}", "name", json_name(speaker->printer)) : NULL;
    return to_text(json_pack("{s:s,s:i,s:s,s:b,s:o,s:o*}", "run", speaker->run_text, "protocol",
                             AGENT_PROTOCOL, "version", AGENT_VERSION, "simulated", speaker->simulated,
                             "reader", json_reader(reader), "printer", printer));
}

char *message_poll(const struct speaker *speaker, const struct reader_facts *reader, int64_t at)
{
    return to_text(json_pack("{s:s,s:o,s:I}", "run", speaker->run_text, "reader", json_reader(reader), "at",
                             (json_int_t)at));
}

char *message_presence(const struct speaker *speaker, const struct uuid *presence,
                       const struct reader_card *card)
{
    return to_text(json_pack("{s:s,s:o,s:i,s:o,s:o,s:o,s:o}", "run", speaker->run_text, "presence",
                             json_id(presence), "cards", card->cards, "uid",
                             json_hex(card->uid.bytes, card->uid.count), "atqa", json_hex(card->atqa, 2),
                             "sak", json_hex(&card->sak, 1), "ats", json_hex(card->ats, card->ats_bytes)));
}

static void set_block(json_t *blocks, uint8_t number, const uint8_t data[CARD_BLOCK_BYTES])
{
    char name[NUMBER_TEXT_BYTES];
    snprintf(name, sizeof name, "%u", number);
    json_object_set_new(blocks, name, json_hex(data, CARD_BLOCK_BYTES));
}

static json_t *json_sectors(const struct reading *reading)
{
    json_t *sectors = json_object();
    for (size_t i = 0; i < reading->sector_count; i++) {
        const struct reading_sector *sector = &reading->sectors[i];
        char name[NUMBER_TEXT_BYTES];
        snprintf(name, sizeof name, "%u", sector->sector);
        json_t *facts = json_pack("{s:s}", "result", sector_result_word(sector->result));
        if (sector->result == SECTOR_OK || sector->result == SECTOR_REFUSED)
            json_object_set_new(facts, "key", json_integer(sector->key_index));
        json_object_set_new(sectors, name, facts);
    }
    return sectors;
}

char *message_presentation(const struct speaker *speaker, const struct uuid *presence,
                           const struct uuid *presentation, const struct reading *reading)
{
    json_t *blocks = json_object();
    for (int number = 0; number < CARD_BLOCKS_MAX; number++)
        if (reading->has_block[number])
            set_block(blocks, (uint8_t)number, reading->blocks[number]);
    return to_text(json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "run", speaker->run_text, "presence",
                             json_id(presence), "presentation", json_id(presentation), "uid",
                             json_hex(reading->uid.bytes, reading->uid.count), "blocks", blocks, "sectors",
                             json_sectors(reading)));
}

char *message_removed(const struct speaker *speaker, const struct uuid *presence)
{
    return to_text(json_pack("{s:s,s:o}", "run", speaker->run_text, "presence", json_id(presence)));
}

char *message_report(const struct speaker *speaker, const struct uuid *plan, const struct uuid *presentation,
                     const struct run_result *result)
{
    json_t *legs = json_array();
    for (size_t i = 0; i < result->leg_count; i++)
        json_array_append_new(
            legs, json_pack("[o,I]", json_id(&result->legs[i].id), (json_int_t)result->legs[i].epoch_no));
    json_t *blocks = json_object();
    for (size_t i = 0; i < result->block_count; i++)
        set_block(blocks, result->blocks[i].number, result->blocks[i].data);
    json_t *message =
        json_pack("{s:s,s:o,s:s,s:o,s:o,s:s,s:i,s:I}", "run", speaker->run_text, "plan", json_id(plan),
                  "result", run_outcome_word(result->outcome), "legs", legs, "blocks", blocks, "reason",
                  result->reason, "commands", (int)result->commands, "card_ms", (json_int_t)result->card_ms);
    if (result->outcome == RUN_WRITTEN)
        json_object_set_new(message, "presentation", json_id(presentation));
    return to_text(message);
}

char *message_printed(const struct speaker *speaker, const struct uuid *print, const char *problem)
{
    return to_text(
        json_pack("{s:s,s:o,s:s*}", "run", speaker->run_text, "id", json_id(print), "problem", problem));
}

char *message_training(const struct speaker *speaker, const char *id, bool ok, const char *text,
                       json_t *cards)
{
    json_t *message =
        json_pack("{s:s,s:s,s:b,s:s}", "run", speaker->run_text, "id", id, "ok", ok, "message", text);
    json_object_set_new(message, "cards", cards ? json_incref(cards) : json_array());
    return to_text(message);
}
