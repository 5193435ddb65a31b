/* The wire form of a plan, as agent/PROTOCOL.md fixes it:
 *   {"plan":id,"run":hex,"uid":hex,"kind":text,"start_within_ms":n,"steps":[["auth",8,"B","<key>"], ...]} */
#include "card/plan.h"
#include "card/wire.h"

#include <inttypes.h>
#include <string.h>

static void write_key_step(struct wire *wire, const struct plan_step *step)
{
    wire_format(wire, "[\"auth\",%u,\"%c\",", step->block, (char)step->slot);
    wire_hex(wire, step->key, CARD_KEY_BYTES);
    wire_format(wire, "]");
}

/* One try: the presentation showed which key opens the sector, and any other answer fails the guard. */
static void write_open_step(struct wire *wire, const struct plan_step *step)
{
    wire_format(wire, "[\"open\",%u,[[\"%c\",", step->block, (char)step->slot);
    wire_hex(wire, step->key, CARD_KEY_BYTES);
    wire_format(wire, "]],0]");
}

static void write_data_step(struct wire *wire, const char *word, const struct plan_step *step)
{
    wire_format(wire, "[\"%s\",%u,", word, step->block);
    wire_hex(wire, step->data, CARD_BLOCK_BYTES);
    wire_format(wire, "]");
}

static void write_leg_step(struct wire *wire, const struct plan_step *step)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(&step->leg_id, id);
    wire_format(wire, "[\"leg\",\"%s\",%" PRId64 "]", id, step->epoch_no);
}

static void write_step(struct wire *wire, const struct plan_step *step)
{
    switch (step->kind) {
    case STEP_AUTH:
        write_key_step(wire, step);
        break;
    case STEP_OPEN:
        write_open_step(wire, step);
        break;
    case STEP_EXPECT:
        write_data_step(wire, "expect", step);
        break;
    case STEP_BEGIN:
        wire_format(wire, "[\"begin\"]");
        break;
    case STEP_WRITE:
        write_data_step(wire, "write", step);
        break;
    case STEP_CHECK:
        write_data_step(wire, "check", step);
        break;
    case STEP_LEG:
        write_leg_step(wire, step);
        break;
    }
}

size_t plan_to_json(const struct plan_header *header, const struct card_plan *plan, char *buffer,
                    size_t capacity)
{
    struct wire wire = {.text = buffer, .capacity = capacity};
    char id[UUID_TEXT_BYTES];

    /* The kind is a word of ours; anything else would need escaping and is refused. */
    if (strspn(header->kind, "abcdefghijklmnopqrstuvwxyz_") != strlen(header->kind))
        return 0;
    uuid_format(&header->plan_id, id);
    wire_format(&wire, "{\"plan\":\"%s\",\"run\":", id);
    wire_hex(&wire, header->run, sizeof(header->run));
    wire_format(&wire, ",\"uid\":");
    wire_hex(&wire, header->uid.bytes, header->uid.length);
    wire_format(&wire, ",\"kind\":\"%s\",\"start_within_ms\":%d,\"steps\":[", header->kind,
                PLAN_START_WITHIN_MS);
    for (size_t i = 0; i < plan->step_count && !wire.full; i++) {
        if (i > 0)
            wire_format(&wire, ",");
        write_step(&wire, &plan->steps[i]);
    }
    wire_format(&wire, "]}");
    return wire.full ? 0 : wire.length;
}
