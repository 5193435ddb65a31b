/* Fuzz target: the frame parser of the simulated reader and the chip behind it. The input is what a host
 * sends; every command found in it must survive building and parsing, and is then carried out on a blank
 * card. */
#include "tests/sim/reader/frame.h"
#include "tests/sim/reader/pn532.h"

#include <stdlib.h>
#include <string.h>

#define UID_BYTES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Building what was parsed and parsing it again must give the same command. */
static void round_trip(const struct frame_parser *parsed)
{
    static struct frame_parser again;
    uint8_t frame[FRAME_BYTES_MAX];
    size_t length = frame_build(frame, parsed->data, parsed->length);
    enum frame_event event = FRAME_NOTHING;
    frame_parser_reset(&again);
    for (size_t i = 0; i + 1 < length; i++) /* the postamble is not needed */
        event = frame_parser_byte(&again, frame[i]);
    if (event != FRAME_COMMAND || again.length != parsed->length ||
        memcmp(again.data, parsed->data, parsed->length) != 0)
        abort();
}

static bool put_card(struct field *field)
{
    struct card *card = malloc(sizeof *card);
    if (!card)
        return false;
    card_make_blank(card, CARD_KIND_1K, (const uint8_t[UID_BYTES]){0x11, 0x22, 0x33, 0x44}, UID_BYTES);
    card->tear = &field->tear;
    field->slots[0] = (struct field_slot){.card = card, .serial = field->next_serial++};
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct field field;
    static struct pn532 chip;
    static struct frame_parser parser;
    static struct pn532_answer answer;
    field_init(&field, "");
    pn532_init(&chip, &field);
    frame_parser_reset(&parser);
    if (!put_card(&field))
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (frame_parser_byte(&parser, data[i]) != FRAME_COMMAND)
            continue;
        round_trip(&parser);
        memset(&answer, 0, sizeof answer);
        if (parser.length > 1)
            pn532_command(&chip, parser.data + 1, parser.length - 1, &answer);
        if (answer.length > sizeof answer.data)
            abort();
    }
    field_close(&field);
    return 0;
}
