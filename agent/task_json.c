#include "agent/task_json.h"

#include "base/bytes.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

#define TRAINING_NAME_BYTES_MAX 40
#define NEW_UID_BYTES 4
#define NEW_UID_TEXT_BYTES (2 * NEW_UID_BYTES + 1)

static bool read_id(const json_t *json, const char *name, struct uuid *ret_id)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text && uuid_parse(text, ret_id);
}

static bool read_task(const json_t *json, struct task *ret_task)
{
    static const char *const words[] = {"plan", "cancel", "read", "training"};
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

/* One word of the control line: nothing in it can be a blank, a path or an option. */
static const char *name_member(const json_t *members, const char *name)
{
    const char *text = json_string_value(json_object_get(members, name));
    size_t length = text ? strlen(text) : 0;
    bool good = length > 0 && length <= TRAINING_NAME_BYTES_MAX && text[0] != '-' &&
                strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
    return good ? text : NULL;
}

static bool count_member(const json_t *members, const char *name, int *ret_count)
{
    const json_t *value = json_object_get(members, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > TRAINING_COUNT_MAX)
        return false;
    *ret_count = (int)json_integer_value(value);
    return true;
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

static const char *line_new(const json_t *members, char *line)
{
    char made_uid[NEW_UID_TEXT_BYTES];
    char made_name[TRAINING_NAME_BYTES_MAX];
    make_uid(made_uid);
    const char *uid = name_or(members, "uid", made_uid);
    snprintf(made_name, sizeof made_name, "card-%.14s", uid ? uid : "");
    const char *card = name_or(members, "card", made_name);
    const char *chip = name_or(members, "chip", "1k");
    if (!card || !chip || !uid)
        return "new takes card, chip and uid as words of letters, digits, - and _";
    snprintf(line, TRAINING_LINE_BYTES_MAX, "new %s %s %s", card, chip, uid);
    return NULL;
}

static const char *line_place(const json_t *members, char *line)
{
    const char *card = name_member(members, "card");
    if (!card)
        return "place needs the name of a card: letters, digits, - and _";
    snprintf(line, TRAINING_LINE_BYTES_MAX, "place %s", card);
    return NULL;
}

static const char *line_cut(const json_t *members, char *line)
{
    int command;
    if (!count_member(members, "command", &command))
        return "cut needs command, a number";
    snprintf(line, TRAINING_LINE_BYTES_MAX, "cut %d", command);
    return NULL;
}

static const char *line_tear(const json_t *members, char *line)
{
    int write;
    const char *kind = name_member(members, "kind");
    if (!count_member(members, "write", &write) || !kind)
        return "tear needs write, a number, and kind";
    snprintf(line, TRAINING_LINE_BYTES_MAX, "tear %d %s", write, kind);
    return NULL;
}

const char *training_line(const json_t *members, char ret_line[TRAINING_LINE_BYTES_MAX])
{
    static const char *const plain[] = {"remove", "unplug", "plug"};
    static const struct {
        const char *action;
        const char *(*write)(const json_t *members, char *line);
    } shapes[] = {{"new", line_new}, {"place", line_place}, {"cut", line_cut}, {"tear", line_tear}};
    const char *action = json_string_value(json_object_get(members, "action"));
    for (size_t i = 0; action && i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(action, plain[i]) == 0) {
            snprintf(ret_line, TRAINING_LINE_BYTES_MAX, "%s", plain[i]);
            return NULL;
        }
    }
    for (size_t i = 0; action && i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(action, shapes[i].action) == 0)
            return shapes[i].write(members, ret_line);
    if (action && strcmp(action, "list") == 0) {
        snprintf(ret_line, TRAINING_LINE_BYTES_MAX, "status");
        return NULL;
    }
    return "unknown action";
}
