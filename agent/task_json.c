#include "agent/task_json.h"

#include "base/bytes.h"
#include "crypto/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NEW_UID_BYTES 4
#define NEW_UID_TEXT_BYTES (2 * NEW_UID_BYTES + 1)

static bool read_id(const json_t *json, const char *name, struct uuid *ret_id)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text && uuid_parse(text, ret_id);
}

static bool read_task(const json_t *json, struct task *ret_task)
{
    static const char *const words[] = {"plan", "cancel", "read", "training", "print"};
    const char *word = json_string_value(json_object_get(json, "task"));
    *ret_task = (struct task){.members = json};
    size_t kind = 0;
    while (word && kind < sizeof words / sizeof *words && strcmp(word, words[kind]) != 0)
        kind++;
    if (!word || kind == sizeof words / sizeof *words)
        return false;
    ret_task->kind = (enum task_kind)kind;
    const char *run = json_string_value(json_object_get(json, "run"));
    ret_task->has_run = run && bytes_from_hex(run, ret_task->run, sizeof ret_task->run);
    ret_task->sealed = json_string_value(json_object_get(json, "sealed"));
    switch (ret_task->kind) {
    case TASK_PLAN:
        return read_id(json, "plan", &ret_task->id) && ret_task->sealed;
    case TASK_CANCEL:
        return read_id(json, "plan", &ret_task->id);
    case TASK_TRAINING:
        return read_id(json, "id", &ret_task->id);
    case TASK_PRINT:
        return read_id(json, "id", &ret_task->id) && ret_task->sealed;
    case TASK_READ:
        break;
    }
    return true;
}

size_t tasks_read(const json_t *answer, struct task *ret_tasks, size_t *ret_skipped)
{
    const json_t *list = json_object_get(answer, "tasks");
    size_t count = 0;
    *ret_skipped = json_is_array(list) ? 0 : 1;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (count < AGENT_TASKS_MAX && read_task(json_array_get(list, i), &ret_tasks[count]))
            count++;
        else
            (*ret_skipped)++;
    }
    return count;
}

/* ---- training ---- */

__attribute__((format(printf, 2, 3))) static void add_line(struct training_lines *lines, const char *format,
                                                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(lines->lines[lines->count++], AGENT_TRAINING_LINE_BYTES_MAX, format, arguments);
    va_end(arguments);
}

/* One word of the control line: nothing in it can be a blank, a path or an option. */
static const char *name_member(const json_t *members, const char *name)
{
    const char *text = json_string_value(json_object_get(members, name));
    size_t length = text ? strlen(text) : 0;
    bool good = length > 0 && length <= TRAINING_CARD_CHARACTERS_MAX && text[0] != '-' &&
                strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
    return good ? text : NULL;
}

static bool integer_within(const json_t *value, int most, int *ret_number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
        return false;
    *ret_number = (int)json_integer_value(value);
    return true;
}

static bool count_member(const json_t *members, const char *name, int *ret_count)
{
    return integer_within(json_object_get(members, name), TRAINING_COUNT_MAX, ret_count);
}

/* A UID as the factory gives them, but never one that means "random" (08) or begins a longer one (88). */
static void make_uid(char ret_uid[NEW_UID_TEXT_BYTES])
{
    uint8_t uid[NEW_UID_BYTES];
    random_bytes(uid, sizeof uid);
    uid[0] = (uint8_t)(0xA0 | (uid[0] & 0x0F));
    bytes_to_hex(uid, sizeof uid, ret_uid);
}

/* A member that may be missing: then it is `otherwise`; NULL: it is there and wrong. */
static const char *name_or(const json_t *members, const char *name, const char *otherwise)
{
    return json_object_get(members, name) ? name_member(members, name) : otherwise;
}

/* Another system's card: every sector under random keys, with the access bits such systems use (both keys
 * read, B writes). A 4K has 32 sectors of four blocks and 8 of sixteen. */
static void lines_foreign(struct training_lines *lines, const char *card, bool is_4k)
{
    static const uint8_t access_bits[4] = {0x78, 0x77, 0x88, 0x69};
    uint8_t trailer[CARD_BLOCK_BYTES];
    char hex[2 * CARD_BLOCK_BYTES + 1];
    for (unsigned sector = 0; sector < (is_4k ? 40 : 16); sector++) {
        unsigned block = sector < 32 ? 4 * sector + 3 : 128 + 16 * (sector - 32) + 15;
        random_bytes(trailer, sizeof trailer);
        memcpy(trailer + CARD_KEY_BYTES, access_bits, sizeof access_bits);
        bytes_to_hex(trailer, sizeof trailer, hex);
        add_line(lines, "write %s %u %s", card, block, hex);
    }
}

static const char *lines_new(const json_t *members, struct training_lines *lines)
{
    char made_uid[NEW_UID_TEXT_BYTES];
    char made_name[TRAINING_CARD_CHARACTERS_MAX];
    make_uid(made_uid);
    const char *uid = name_or(members, "uid", made_uid);
    snprintf(made_name, sizeof made_name, "card-%.14s", uid ? uid : "");
    const char *card = name_or(members, "card", made_name);
    const char *chip = name_or(members, "chip", "1k");
    const char *keys = name_or(members, "keys", "factory");
    if (!card || !chip || !uid || !keys)
        return "new takes card, chip, uid and keys as words of letters, digits, - and _";
    add_line(lines, "new %s %s %s", card, chip, uid);
    if (strcmp(keys, "foreign") == 0)
        lines_foreign(lines, card, strcmp(chip, "4k") == 0);
    return NULL;
}

static const char *lines_place(const json_t *members, struct training_lines *lines)
{
    const char *card = name_member(members, "card");
    const char *second = name_or(members, "second", "");
    if (!card || !second)
        return "place needs the name of a card, and may have a second: letters, digits, - and _";
    add_line(lines, "place %s%s%s", card, *second ? " " : "", second);
    return NULL;
}

/* As a tear leaves a block whose cells were erased and not written: zeros. The card lies on the reader
 * afterwards, whether it did before or not. */
static const char *lines_damage(const json_t *members, struct training_lines *lines)
{
    const char *card = name_member(members, "card");
    const json_t *blocks = json_object_get(members, "blocks");
    size_t count = json_array_size(blocks);
    if (!card || count == 0 || count > TRAINING_DAMAGE_BLOCKS_MAX)
        return "damage needs the name of a card and the numbers of its blocks";
    add_line(lines, "remove");
    for (size_t i = 0; i < count; i++) {
        int block;
        if (!integer_within(json_array_get(blocks, i), CARD_BLOCKS_MAX - 1, &block))
            return "damage: each of blocks is the number of a block";
        add_line(lines, "write %s %d %032d", card, block, 0);
    }
    add_line(lines, "place %s", card);
    return NULL;
}

static const char *lines_cut(const json_t *members, struct training_lines *lines)
{
    int command;
    if (!count_member(members, "command", &command))
        return "cut needs command, a number";
    add_line(lines, "cut %d", command);
    return NULL;
}

static const char *lines_tear(const json_t *members, struct training_lines *lines)
{
    int write;
    const char *kind = name_member(members, "kind");
    if (!count_member(members, "write", &write) || !kind)
        return "tear needs write, a number, and kind";
    add_line(lines, "tear %d %s", write, kind);
    return NULL;
}

const char *training_lines(const json_t *members, struct training_lines *ret_lines)
{
    static const struct {
        const char *action;
        const char *line;
    } plain[] = {
        {"remove", "remove"}, {"unplug", "unplug"}, {"plug", "plug"}, {"phone", "phone"}, {"list", "status"}};
    static const struct {
        const char *action;
        const char *(*write)(const json_t *members, struct training_lines *lines);
    } shapes[] = {{"new", lines_new},
                  {"place", lines_place},
                  {"damage", lines_damage},
                  {"cut", lines_cut},
                  {"tear", lines_tear}};
    const char *action = json_string_value(json_object_get(members, "action"));
    ret_lines->count = 0;
    for (size_t i = 0; action && i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(action, plain[i].action) == 0) {
            add_line(ret_lines, "%s", plain[i].line);
            return NULL;
        }
    }
    for (size_t i = 0; action && i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(action, shapes[i].action) == 0)
            return shapes[i].write(members, ret_lines);
    return "unknown action";
}
