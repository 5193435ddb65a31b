#include "flow/plan_task.h"

#include "base/bytes.h"
#include "card/plan.h"
#include "flow/card_view.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct task {
    json_t *body;
    json_t *request;
    const char *act;
    struct card_uid uid;
    struct id_fields id;
    uint8_t start_sector;
    struct card_keys keys;
    struct card_image image;
    struct card_decoded decoded;
    struct purse_ledger purses[PURSES];
    struct ledger_epoch epochs[PURSES][VIEW_EPOCHS_MAX];
    struct epoch_terms terms[PURSES][VIEW_EPOCHS_MAX];
    struct plan_leg legs[PURSES];
    size_t leg_count;
};

static int64_t integer(json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Whether the plan carries out an operation of this kind: no fence, no refresh. */
static bool is_operation(const struct task *task, const char *kind)
{
    const char *word = json_string_value(json_object_get(task->request, "operation_kind"));
    return strcmp(task->act, "operation") == 0 && word && strcmp(word, kind) == 0;
}

static bool legs_parse(struct task *task)
{
    json_t *legs = json_object_get(task->request, "legs");
    size_t i;
    json_t *leg;
    if (json_array_size(legs) == 0 || json_array_size(legs) > PURSES)
        return false;
    json_array_foreach(legs, i, leg)
    {
        struct plan_leg *to = &task->legs[i];
        json_t *name = json_object_get(leg, "purse");
        int purse = purse_from_name(json_string_value(name));
        const char *id = json_string_value(json_object_get(leg, "leg"));
        bool whole_card = is_operation(task, "unissue") && json_is_null(name);
        if ((purse < 0 && !whole_card) || !id || !uuid_parse(id, &to->leg_id))
            return false;
        to->purse = whole_card ? PURSE_CONSUMPTION : (enum card_purse)purse;
        to->terms = (struct epoch_terms){.epoch_no = integer(leg, "epoch_no"),
                                         .opening_minor = integer(leg, "opening"),
                                         .stored_minor = integer(leg, "stored")};
    }
    task->leg_count = json_array_size(legs);
    return true;
}

static bool purses_parse(struct task *task)
{
    json_t *purses = json_object_get(task->request, "purses");
    for (int i = 0; i < PURSES; i++) {
        json_t *purse = json_object_get(purses, purse_name(i));
        if (purse && !card_view_purse(purse, task->epochs[i], &task->purses[i]))
            return false;
        for (size_t k = 0; k < task->purses[i].epoch_count; k++)
            task->terms[i][k] = task->epochs[i][k].terms;
    }
    return true;
}

static const char *task_parse(struct task *task)
{
    json_t *card = json_object_get(task->request, "card");
    const char *uid = json_string_value(json_object_get(task->body, "uid"));
    task->act = json_string_value(json_object_get(task->request, "act"));
    task->start_sector = (uint8_t)integer(card, "start_sector");
    task->id = (struct id_fields){.key_version = (uint8_t)integer(card, "key_version"),
                                  .site_id = (uint16_t)integer(card, "site_id"),
                                  .card_no = (uint32_t)integer(card, "card_no"),
                                  .issued_days = (uint16_t)integer(card, "issued_days"),
                                  .expires_days = (uint16_t)integer(card, "expires_days")};
    if (!task->act || !uid || !card_uid_parse(uid, &task->uid) || !legs_parse(task) || !purses_parse(task))
        return "the plan row is not what fn_plan_take makes";
    json_object_set(task->body, "site_id", json_object_get(card, "site_id"));
    if (!card_view_keys(task->body, task->id.key_version, &task->uid, &task->keys))
        return "the keys of this card cannot be derived on this server";
    struct image_source source = {task->body, &task->uid, task->start_sector, NULL};
    const char *problem = card_image_from_json(&source, &task->image);
    if (!problem)
        card_decode(&task->image, &task->keys, &task->decoded);
    return problem;
}

/* A leg or fence of a purse that this plan does not write is open: then the guard holds that purse too (R23,
 * R24). */
static bool has_open(const struct task *task, int purse)
{
    for (size_t i = 0; i < task->leg_count; i++) {
        if ((int)task->legs[i].purse == purse)
            return false;
    }
    for (size_t i = 0; i < task->purses[purse].epoch_count; i++) {
        const struct ledger_epoch *epoch = &task->purses[purse].epochs[i];
        if (epoch->state == EPOCH_OPEN && epoch->terms.epoch_no > task->purses[purse].now.epoch_no)
            return true;
    }
    return false;
}

static enum plan_outcome money_build(const struct task *task, struct card_plan *plan)
{
    struct plan_request request = {
        .act = strcmp(task->act, "refresh") == 0 ? PLAN_ACT_REFRESH : PLAN_ACT_WRITE,
        .legs = task->legs,
        .leg_count = task->leg_count,
        .image = &task->image,
        .decoded = &task->decoded,
        .keys = &task->keys,
    };
    for (int i = 0; i < PURSES; i++) {
        request.purses[i] = (struct plan_purse){.committed_epoch_no = task->purses[i].now.epoch_no,
                                                .epochs = task->terms[i],
                                                .epoch_count = task->purses[i].epoch_count,
                                                .has_open = has_open(task, i)};
    }
    return plan_build(&request, plan);
}

static enum plan_outcome issue_build(const struct task *task, struct card_plan *plan)
{
    struct card_keys former[READ_TRIES_MAX - 1];
    struct plan_issue_request request = {.leg_id = task->legs[0].leg_id,
                                         .id = task->id,
                                         .unissue = is_operation(task, "unissue"),
                                         .continued =
                                             json_is_true(json_object_get(task->request, "continued")),
                                         .image = &task->image,
                                         .keys = &task->keys,
                                         .former = former};
    for (size_t i = 0; i < task->leg_count; i++)
        request.epoch_no[task->legs[i].purse] = task->legs[i].terms.epoch_no;
    int newest = (int)integer(task->body, "newest_key_version");
    for (int version = newest; version > 0 && request.former_count < READ_TRIES_MAX - 1; version--) {
        if (version != task->id.key_version &&
            card_view_keys(task->body, version, &task->uid, &former[request.former_count]))
            request.former_count++;
    }
    enum plan_outcome outcome = plan_build_issue(&request, plan);
    for (size_t i = 0; i < request.former_count; i++)
        card_keys_clear(&former[i]);
    return outcome;
}

static char *plan_seal(const struct task *task, const struct card_plan *plan,
                       const struct seal_context *context)
{
    const char *run = json_string_value(json_object_get(task->body, "run"));
    struct plan_header header = {.plan_id = context->id, .uid = task->uid, .kind = task->act};
    if (!run || !bytes_from_hex(run, header.run, sizeof header.run))
        return NULL;
    char text[PLAN_JSON_BYTES_MAX];
    size_t length = plan_to_json(&header, plan, text, sizeof text);
    size_t sealed_bytes = length + SEAL_OVERHEAD_BYTES;
    uint8_t *sealed = malloc(sealed_bytes);
    char *hex = malloc(2 * sealed_bytes + 1);
    if (length > 0 && sealed && hex) {
        agent_seal(context, text, length, sealed);
        bytes_to_hex(sealed, sealed_bytes, hex);
    } else {
        free(hex);
        hex = NULL;
    }
    free(sealed);
    sodium_memzero(text, sizeof text);
    return hex;
}

char *plan_task_seal(json_t *body, const struct seal_context *context, const char **ret_problem)
{
    struct task *task = calloc(1, sizeof *task);
    struct card_plan *plan = calloc(1, sizeof *plan);
    char *hex = NULL;
    if (task && plan) {
        task->body = body;
        task->request = json_object_get(body, "request");
        *ret_problem = task_parse(task);
        if (!*ret_problem) {
            bool issue = is_operation(task, "issue") || is_operation(task, "unissue");
            enum plan_outcome outcome = issue ? issue_build(task, plan) : money_build(task, plan);
            *ret_problem = outcome == PLAN_OK ? NULL : plan_outcome_word(outcome);
        }
        if (!*ret_problem)
            hex = plan_seal(task, plan, context);
        plan_clear(plan);
        card_keys_clear(&task->keys);
    }
    free(plan);
    free(task);
    return hex;
}
