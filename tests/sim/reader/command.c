#include "tests/sim/reader/command.h"

#include "base/bytes.h"
#include "tests/sim/reader/card_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 5
#define NS_PER_MS UINT64_C(1000000)

struct words {
    char *at[WORDS_MAX + 1];
    unsigned count;
};

typedef void command_handler(struct command_context *context, const struct words *words,
                             struct command_reply *reply);

__attribute__((format(printf, 2, 3))) static void say(struct command_reply *reply, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reply->text, sizeof reply->text, format, arguments);
    va_end(arguments);
}

static bool number_of(const char *text, long long minimum, long long maximum, long long *ret_number)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < minimum || number > maximum)
        return false;
    *ret_number = number;
    return true;
}

/* Reads word `index` as a number, or says which word is wrong. */
static bool number_word(const struct words *words, unsigned index, long long maximum, long long *ret_number,
                        struct command_reply *reply)
{
    if (index < words->count && number_of(words->at[index], 0, maximum, ret_number))
        return true;
    say(reply, "error %s: word %u must be a number from 0 to %lld", words->at[0], index + 1, maximum);
    return false;
}

/* "on" or "off" as the second word. */
static bool switch_word(const struct words *words, bool *ret_on, struct command_reply *reply)
{
    const char *word = words->count == 2 ? words->at[1] : "";
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0) {
        say(reply, "error %s: say on or off", words->at[0]);
        return false;
    }
    *ret_on = strcmp(word, "on") == 0;
    say(reply, "ok");
    return true;
}

static void run_new(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    uint8_t uid[CARD_UID_BYTES_LONG];
    char error[CARD_FILE_ERROR_BYTES];
    bool is_4k = words->count == 4 && strcmp(words->at[2], "4k") == 0;
    if (words->count != 4 || (!is_4k && strcmp(words->at[2], "1k") != 0)) {
        say(reply, "error usage: new FILE 1k|4k UID");
        return;
    }
    int uid_bytes = bytes_from_hex_any(words->at[3], uid, sizeof uid);
    if (uid_bytes != 4 && uid_bytes != CARD_UID_BYTES_LONG) {
        say(reply, "error new: the UID has 4 or 7 bytes in hex");
        return;
    }
    static struct card card; /* too large for the stack of a sanitizer build */
    card_make_blank(&card, is_4k ? CARD_KIND_4K : CARD_KIND_1K, uid, (size_t)uid_bytes);
    if (card_file_create(context->reader->field.directory, words->at[1], &card, error))
        say(reply, "ok");
    else
        say(reply, "error new: %s", error);
}

static void run_place(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    char error[CARD_FILE_ERROR_BYTES];
    if (words->count < 2 || words->count > 3) {
        say(reply, "error usage: place FILE [FILE2]");
        return;
    }
    const char *second_name = words->count == 3 ? words->at[2] : NULL;
    if (field_place(&context->reader->field, words->at[1], second_name, error))
        say(reply, "ok");
    else
        say(reply, "error place: %s", error);
    reader_field_changed(context->reader);
}

static void run_phone(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    (void)words;
    say(reply, field_place_phone(&context->reader->field) ? "ok" : "error phone: out of memory");
    reader_field_changed(context->reader);
}

static void run_remove(struct command_context *context, const struct words *words,
                       struct command_reply *reply)
{
    (void)words;
    field_remove(&context->reader->field);
    say(reply, "ok");
}

static void arm(struct command_context *context, enum field_fault fault, const struct words *words,
                unsigned index, struct command_reply *reply)
{
    long long countdown;
    if (!number_word(words, index, SIM_COUNTDOWN_MAX, &countdown, reply))
        return;
    context->reader->field.countdown[fault] = (unsigned)countdown;
    say(reply, "ok");
}

static void run_cut(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    bool by_select = words->count == 3 && strcmp(words->at[2], "select") == 0;
    if (words->count != 2 && !by_select) {
        say(reply, "error usage: cut N [select]");
        return;
    }
    context->cut_base = context->reader->field.cuts_done;
    arm(context, by_select ? FAULT_CUT_SELECT : FAULT_CUT, words, 1, reply);
}

static void run_tear(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    struct card_tear *tear = &context->reader->field.tear;
    long long countdown;
    enum tear_kind kind = TEAR_OLD;
    if (!number_word(words, 1, SIM_COUNTDOWN_MAX, &countdown, reply))
        return;
    bool disarms = countdown == 0 && words->count == 2;
    if (!disarms && (words->count != 3 || !tear_kind_from_text(words->at[2], &kind))) {
        say(reply, "error usage: tear N old|zero|ff|mixed|marginal|new");
        return;
    }
    context->tear_base = context->reader->field.tears_done;
    tear->countdown = (unsigned)countdown;
    tear->kind = kind;
    say(reply, "ok");
}

static void run_stall(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    struct field *field = &context->reader->field;
    long long stall_ms;
    bool whole_line = words->count == 4 && strcmp(words->at[3], "line") == 0;
    if (words->count != 3 && !whole_line) {
        say(reply, "error usage: stall MS N [line]");
        return;
    }
    if (!number_word(words, 1, SIM_STALL_MS_MAX, &stall_ms, reply))
        return;
    field->stall_ms = (unsigned)stall_ms;
    field->stall_line = whole_line;
    arm(context, FAULT_STALL, words, 2, reply);
}

static void run_corrupt(struct command_context *context, const struct words *words,
                        struct command_reply *reply)
{
    arm(context, FAULT_CORRUPT, words, 1, reply);
}

static void run_lose(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    arm(context, FAULT_LOSE, words, 1, reply);
}

static void run_mute(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    if (words->count == 3 && strcmp(words->at[1], "at") == 0)
        arm(context, FAULT_MUTE, words, 2, reply);
    else
        switch_word(words, &context->reader->muted, reply);
}

static void run_unplug(struct command_context *context, const struct words *words,
                       struct command_reply *reply)
{
    if (words->count == 3 && strcmp(words->at[1], "at") == 0) {
        arm(context, FAULT_UNPLUG, words, 2, reply);
        return;
    }
    reader_unplug(context->reader);
    say(reply, "ok");
}

static void run_plug(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    (void)words;
    if (reader_plug(context->reader))
        say(reply, "ok");
    else
        say(reply, "error plug: %s", strerror(errno));
}

static void run_pacing(struct command_context *context, const struct words *words,
                       struct command_reply *reply)
{
    switch_word(words, &context->reader->pacing, reply);
}

static void run_negative(struct command_context *context, const struct words *words,
                         struct command_reply *reply)
{
    struct field *field = &context->reader->field;
    if (!switch_word(words, &field->negative_operands_allowed, reply))
        return;
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++) {
        if (field->slots[i].card)
            field->slots[i].card->negative_operands_allowed = field->negative_operands_allowed;
    }
}

static void run_seed(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    long long seed;
    if (!number_word(words, 1, LLONG_MAX, &seed, reply))
        return;
    context->reader->field.tear.random = (uint64_t)seed;
    say(reply, "ok");
}

static void run_disarm(struct command_context *context, const struct words *words,
                       struct command_reply *reply)
{
    (void)words;
    memset(context->reader->field.countdown, 0, sizeof context->reader->field.countdown);
    context->reader->field.tear.countdown = 0;
    say(reply, "ok");
}

static void run_log(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    struct field *field = &context->reader->field;
    char path[PATH_MAX];
    if (words->count != 2) {
        say(reply, "error usage: log FILE|off");
    } else if (strcmp(words->at[1], "off") == 0) {
        field_log_to(field, NULL);
        say(reply, "ok");
    } else if (!card_file_name_ok(words->at[1])) {
        say(reply, "error log: a plain file name in the card folder, please");
    } else {
        snprintf(path, sizeof path, "%s/%s", field->directory, words->at[1]);
        if (field_log_to(field, path))
            say(reply, "ok");
        else
            say(reply, "error log: %s", strerror(errno));
    }
}

static void run_count(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    (void)words;
    const struct field_counts *counts = &context->reader->field.counts;
    say(reply, "ok commands=%" PRIu64 " refused=%" PRIu64, counts->commands, counts->refused);
    for (int command = 0; command < FIELD_COMMANDS; command++) {
        size_t length = strlen(reply->text);
        snprintf(reply->text + length, sizeof reply->text - length, " %s=%" PRIu64,
                 field_command_text((enum field_command)command), counts->by_command[command]);
    }
}

static void run_status(struct command_context *context, const struct words *words,
                       struct command_reply *reply)
{
    (void)words;
    const struct reader *reader = context->reader;
    const struct field *field = &reader->field;
    unsigned cards = 0;
    for (unsigned i = 0; i < SIM_FIELD_CARDS_MAX; i++)
        cards += field->slots[i].card != NULL;
    say(reply,
        "ok cards=%u plugged=%d muted=%d pacing=%d cut=%u tear=%u cuts_done=%" PRIu64 " tears_done=%" PRIu64,
        cards, port_plugged(&reader->port), reader->muted, reader->pacing, field->countdown[FAULT_CUT],
        field->tear.countdown, field->cuts_done, field->tears_done);
}

static void run_dump(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    char error[CARD_FILE_ERROR_BYTES];
    static struct card card;
    if (words->count != 2) {
        say(reply, "error usage: dump FILE");
        return;
    }
    if (!card_file_peek(context->reader->field.directory, words->at[1], &card, error)) {
        say(reply, "error dump: %s", error);
        return;
    }
    say(reply, "ok ");
    bytes_to_hex(card.memory, (size_t)card.block_count * CARD_BLOCK_BYTES, reply->text + strlen(reply->text));
}

/* The file alone: a card on a reader is locked and refused, as its content is the field's. */
static void run_write(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    char error[CARD_FILE_ERROR_BYTES];
    uint8_t block[CARD_BLOCK_BYTES];
    long long index;
    static struct card card;
    if (words->count != 4 || bytes_from_hex_any(words->at[3], block, sizeof block) != (int)sizeof block) {
        say(reply, "error usage: write FILE BLOCK HEX, with 16 bytes");
        return;
    }
    if (!number_word(words, 2, CARD_BLOCKS_MAX - 1, &index, reply))
        return;
    if (!card_file_open(context->reader->field.directory, words->at[1], &card, error)) {
        say(reply, "error write: %s", error);
        return;
    }
    bool inside = index < (long long)card.block_count;
    if (inside) {
        memcpy(card.memory + (size_t)index * CARD_BLOCK_BYTES, block, sizeof block);
        card.marginal[index].marked = false;
    }
    bool kept = inside && card.store(&card, (unsigned)index, true);
    card_file_close(&card);
    if (kept)
        say(reply, "ok");
    else if (inside)
        say(reply, "error write: %s", strerror(errno));
    else
        say(reply, "error write: the card has no such block");
}

static void run_quit(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    (void)context;
    (void)words;
    reply->quit = true;
    say(reply, "ok");
}

struct wait_word {
    const char *word;
    bool has_number;
};

static const struct wait_word wait_words[WAIT_KINDS] = {
    [WAIT_IDLE] = {"idle", true},          [WAIT_CUT] = {"cut", false},
    [WAIT_TORN] = {"torn", false},         [WAIT_COMMANDS] = {"commands", true},
    [WAIT_SELECTED] = {"selected", false},
};

static void run_wait(struct command_context *context, const struct words *words, struct command_reply *reply)
{
    const char *word = words->count > 1 ? words->at[1] : "";
    for (int kind = WAIT_NOTHING + 1; kind < WAIT_KINDS; kind++) {
        if (strcmp(word, wait_words[kind].word) != 0)
            continue;
        long long number = 0, timeout_ms;
        unsigned timeout_index = wait_words[kind].has_number ? 3 : 2;
        if (wait_words[kind].has_number && !number_word(words, 2, SIM_WAIT_MS_MAX, &number, reply))
            return;
        if (!number_word(words, timeout_index, SIM_WAIT_MS_MAX, &timeout_ms, reply))
            return;
        reply->wait = (struct command_wait){
            .kind = (enum command_wait_kind)kind,
            .number = (uint64_t)number,
            .deadline_ns = field_now_ns() + (uint64_t)timeout_ms * NS_PER_MS,
            .base = kind == WAIT_CUT ? context->cut_base : context->tear_base,
        };
        return;
    }
    say(reply, "error usage: wait idle MS TIMEOUT | cut TIMEOUT | torn TIMEOUT | commands N TIMEOUT | "
               "selected TIMEOUT");
}

struct command_row {
    const char *verb;
    command_handler *handler;
};

static const struct command_row rows[] = {
    {"new", run_new},       {"place", run_place}, {"remove", run_remove},     {"phone", run_phone},
    {"cut", run_cut},       {"tear", run_tear},   {"stall", run_stall},       {"corrupt", run_corrupt},
    {"lose", run_lose},     {"mute", run_mute},   {"unplug", run_unplug},     {"plug", run_plug},
    {"pacing", run_pacing}, {"seed", run_seed},   {"negative", run_negative}, {"disarm", run_disarm},
    {"log", run_log},       {"count", run_count}, {"status", run_status},     {"dump", run_dump},
    {"wait", run_wait},     {"write", run_write}, {"quit", run_quit},
};

void command_run(struct command_context *context, char *line, struct command_reply *ret_reply)
{
    struct words words = {0};
    char *rest = line;
    ret_reply->text[0] = '\0';
    ret_reply->wait.kind = WAIT_NOTHING;
    ret_reply->quit = false;
    for (char *word; (word = strsep(&rest, " \t\r")) && words.count <= WORDS_MAX;) {
        if (*word)
            words.at[words.count++] = word;
    }
    if (words.count == 0 || words.count > WORDS_MAX) {
        say(ret_reply, "error a command has 1 to %d words", WORDS_MAX);
        return;
    }
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].verb, words.at[0]) == 0) {
            rows[i].handler(context, &words, ret_reply);
            return;
        }
    }
    say(ret_reply, "error unknown command");
}

bool command_wait_over(const struct command_context *context, const struct command_wait *wait,
                       const char **ret_text, uint64_t *ret_again_ns)
{
    const struct field *field = &context->reader->field;
    uint64_t now_ns = field_now_ns(), idle_at_ns = field->last_command_ns + wait->number * NS_PER_MS;
    bool over = (wait->kind == WAIT_IDLE && now_ns >= idle_at_ns) ||
                (wait->kind == WAIT_CUT && field->cuts_done > wait->base) ||
                (wait->kind == WAIT_TORN && field->tears_done > wait->base) ||
                (wait->kind == WAIT_COMMANDS && field->counts.commands >= wait->number) ||
                (wait->kind == WAIT_SELECTED && field->counts.by_command[COMMAND_SELECT] > 0);
    *ret_text = over ? "ok" : "error timeout";
    *ret_again_ns = wait->deadline_ns;
    if (wait->kind == WAIT_IDLE && idle_at_ns < wait->deadline_ns)
        *ret_again_ns = idle_at_ns;
    return over || now_ns >= wait->deadline_ns;
}
