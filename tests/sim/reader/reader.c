#include "tests/sim/reader/reader.h"

#include <string.h>

#define READ_BYTES 1024
#define NS_PER_US 1000u
#define NS_PER_MS 1000000u

bool reader_open(struct reader *reader, const char *link, const char *card_directory)
{
    memset(reader, 0, sizeof *reader);
    field_init(&reader->field, card_directory);
    pn532_init(&reader->chip, &reader->field);
    frame_parser_reset(&reader->parser);
    return port_init(&reader->port, link) && port_plug(&reader->port);
}

void reader_close(struct reader *reader)
{
    port_unplug(&reader->port);
    field_close(&reader->field);
}

void reader_unplug(struct reader *reader)
{
    port_unplug(&reader->port);
    pn532_init(&reader->chip, &reader->field);
    frame_parser_reset(&reader->parser);
    reader->outbox_count = 0;
    reader->line_free_ns = 0;
    reader->last.length = 0;
}

bool reader_plug(struct reader *reader)
{
    return port_plug(&reader->port);
}

/* Sends now, or puts in the outbox what is due later or must not overtake. A full outbox drops: so does a
 * chip. */
static void send(struct reader *reader, const uint8_t *bytes, size_t length, uint64_t due_ns)
{
    if (due_ns < reader->line_free_ns)
        due_ns = reader->line_free_ns;
    if (due_ns <= reader->now_ns) {
        port_write(&reader->port, bytes, length);
        return;
    }
    if (reader->outbox_count == SIM_OUTBOX_REPLIES_MAX)
        return;
    struct reader_reply *reply = &reader->outbox[reader->outbox_count++];
    reply->due_ns = due_ns;
    reply->length = length;
    memcpy(reply->bytes, bytes, length);
}

static size_t frame_of(const struct pn532_answer *answer, uint8_t frame[FRAME_BYTES_MAX])
{
    if (answer->outcome == PN532_SYNTAX_ERROR) {
        memcpy(frame, frame_error, sizeof frame_error);
        return sizeof frame_error;
    }
    size_t length = frame_build(frame, answer->data, answer->length);
    if (answer->struck & FAULT_BIT(FAULT_CORRUPT))
        frame[length - 2] ^= 0x5A; /* the data checksum */
    return length;
}

/* Sends the answer of the chip, late if it was held up. Answers never overtake each other, acknowledges do:
 * that is how a late answer comes to be taken for the answer of the next command. */
static void send_answer(struct reader *reader, const struct pn532_answer *answer, bool acknowledge)
{
    uint8_t burst[FRAME_ACK_BYTES + FRAME_BYTES_MAX];
    size_t prefix_bytes = acknowledge ? sizeof frame_ack : 0;
    struct reader_reply *last = &reader->last;
    last->length = frame_of(answer, last->bytes);
    uint64_t due_ns = reader->now_ns + (reader->pacing ? answer->line_us * NS_PER_US : 0);
    if (answer->struck & FAULT_BIT(FAULT_STALL)) {
        uint64_t until_ns = reader->now_ns + (uint64_t)reader->field.stall_ms * NS_PER_MS;
        due_ns = due_ns > until_ns ? due_ns : until_ns;
    }
    if (reader->outbox_count > 0 && reader->outbox[reader->outbox_count - 1].due_ns > due_ns)
        due_ns = reader->outbox[reader->outbox_count - 1].due_ns;
    bool is_lost = answer->struck & FAULT_BIT(FAULT_LOSE);
    if (due_ns <= reader->now_ns && reader->line_free_ns <= reader->now_ns && !is_lost) {
        memcpy(burst, frame_ack, prefix_bytes); /* one write for both: half the wake-ups of the host */
        memcpy(burst + prefix_bytes, last->bytes, last->length);
        port_write(&reader->port, burst, prefix_bytes + last->length);
        return;
    }
    if (acknowledge)
        send(reader, frame_ack, sizeof frame_ack, reader->now_ns);
    if ((answer->struck & FAULT_BIT(FAULT_STALL)) && reader->field.stall_line)
        reader->line_free_ns = due_ns;
    if (!is_lost)
        send(reader, last->bytes, last->length, due_ns);
}

static void handle_command(struct reader *reader, const uint8_t *data, size_t length)
{
    struct pn532_answer answer = {0};
    if (reader->muted || reader->chip.asleep)
        return;
    if (length == 0) {
        answer.outcome = PN532_SYNTAX_ERROR;
    } else {
        pn532_command(&reader->chip, data, length, &answer);
    }
    if (answer.outcome == PN532_UNREACHABLE) {
        reader->muted = answer.struck & FAULT_BIT(FAULT_MUTE);
        if (answer.struck & FAULT_BIT(FAULT_UNPLUG))
            reader_unplug(reader);
    } else if (answer.outcome == PN532_PENDING) {
        send(reader, frame_ack, sizeof frame_ack, reader->now_ns);
    } else {
        send_answer(reader, &answer, true);
    }
}

static void handle_event(struct reader *reader, enum frame_event event)
{
    switch (event) {
    case FRAME_WAKE:
        if (!reader->muted)
            reader->chip.asleep = false;
        break;
    case FRAME_ACK:
        pn532_abort(&reader->chip);
        reader->outbox_count = 0;
        break;
    case FRAME_NACK:
        if (!reader->muted && reader->last.length > 0)
            send(reader, reader->last.bytes, reader->last.length, reader->now_ns);
        break;
    case FRAME_COMMAND:
        handle_command(reader, reader->parser.data + 1, reader->parser.length - 1);
        break;
    case FRAME_NOTHING:
    case FRAME_BAD_LENGTH:
    case FRAME_BAD_DATA:
    case FRAME_BAD_ADDRESS:
        break; /* a damaged frame is not acknowledged; the host repeats it or gives up */
    }
}

void reader_receive(struct reader *reader)
{
    uint8_t bytes[READ_BYTES];
    size_t count = port_read(&reader->port, bytes, sizeof bytes);
    reader->now_ns = field_now_ns();
    for (size_t i = 0; i < count && port_plugged(&reader->port); i++)
        handle_event(reader, frame_parser_byte(&reader->parser, bytes[i]));
}

static void send_due(struct reader *reader)
{
    unsigned sent = 0;
    while (sent < reader->outbox_count && reader->outbox[sent].due_ns <= reader->now_ns) {
        if (!reader->muted)
            port_write(&reader->port, reader->outbox[sent].bytes, reader->outbox[sent].length);
        sent++;
    }
    reader->outbox_count -= sent;
    memmove(reader->outbox, reader->outbox + sent, reader->outbox_count * sizeof reader->outbox[0]);
}

void reader_field_changed(struct reader *reader)
{
    struct pn532_answer answer = {0};
    reader->now_ns = field_now_ns();
    if (!reader->muted && pn532_resume(&reader->chip, reader->now_ns, &answer))
        send_answer(reader, &answer, false);
}

uint64_t reader_turn(struct reader *reader)
{
    reader->now_ns = field_now_ns();
    send_due(reader);
    uint64_t deadline_ns = pn532_deadline_ns(&reader->chip);
    if (deadline_ns && deadline_ns <= reader->now_ns) {
        reader_field_changed(reader);
        if (reader->muted)
            pn532_abort(&reader->chip);
        deadline_ns = pn532_deadline_ns(&reader->chip);
    }
    if (reader->outbox_count > 0 && (deadline_ns == 0 || reader->outbox[0].due_ns < deadline_ns))
        deadline_ns = reader->outbox[0].due_ns;
    return deadline_ns;
}
