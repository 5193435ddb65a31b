/* Simulated cards of a training site: asked by the screen, done by the desk's simulated reader. */
#include "api/agent_auth.h"
#include "api/answer.h"
#include "api/desk_wake.h"
#include "api/fast.h"
#include "api/outcome.h"
#include "api/routes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "card/layout.h"
#include "http/in.h"
#include "http/reply.h"
#include "http/wait.h"

#include <stdlib.h>
#include <string.h>

/* ---- POST /api/v1/desks/:desk_id/training ---- */

enum action {
    ACTION_NEW,
    ACTION_PLACE,
    ACTION_REMOVE,
    ACTION_CUT,
    ACTION_TEAR,
    ACTION_LIST,
    ACTION_UNPLUG,
    ACTION_PLUG,
    ACTION_PHONE,
    ACTION_DAMAGE
};
static const char *const action_words[] = {"new",    "place", "remove", "cut",    "tear", "list",
                                           "unplug", "plug",  "phone",  "damage", NULL};
static const char *const chip_words[] = {"1k", "4k", NULL};
static const char *const keys_words[] = {"factory", "foreign", NULL};
static const char *const tear_words[] = {"old", "zero", "ff", "mixed", "marginal", NULL};

/* Members beside `action`, and the actions that need or may have them. */
struct asked {
    int action;
    const char *card;
    const char *second;
    int keys;
    bool has_keys;
    int chip;
    bool has_chip;
    struct in_bytes uid;
    bool has_uid;
    int64_t command;
    bool has_command;
    int64_t write;
    bool has_write;
    int kind;
    bool has_kind;
};

struct member_rule {
    const char *pointer;
    bool given;
    unsigned needed; /* bit set of actions */
    unsigned allowed;
};

static void check_member(struct request *rq, const struct asked *asked, const struct member_rule *rule)
{
    unsigned bit = 1u << asked->action;
    if (!rule->given && (rule->needed & bit))
        field_error_add(rq, rule->pointer, "missing", "This action needs it.");
    if (rule->given && !((rule->needed | rule->allowed) & bit))
        field_error_add(rq, rule->pointer, "unknown", "This action does not take it.");
}

/* The name becomes that of a file, and a word on the line to the simulator. */
static void check_name(struct request *rq, const char *pointer, const char *name)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (name && (name[0] == '-' || strspn(name, letters) != strlen(name)))
        field_error_add(rq, pointer, "name", "Letters, digits, - and _ only: it becomes the name of a file.");
}

static bool asked_read(struct request *rq, struct asked *in)
{
    const struct in_field spec[] = {
        IN_ENUM("action", &in->action, action_words),
        IN_TEXT_OPT("card", &in->card, 1, TRAINING_CARD_CHARACTERS_MAX, NULL),
        IN_TEXT_OPT("second", &in->second, 1, TRAINING_CARD_CHARACTERS_MAX, NULL),
        IN_ENUM_OPT("keys", &in->keys, keys_words, &in->has_keys),
        IN_ENUM_OPT("chip", &in->chip, chip_words, &in->has_chip),
        IN_HEX_OPT("uid", &in->uid, 4, 7, &in->has_uid),
        IN_INT_OPT("command", &in->command, 1, TRAINING_COUNT_MAX, &in->has_command),
        IN_INT_OPT("write", &in->write, 1, TRAINING_COUNT_MAX, &in->has_write),
        IN_ENUM_OPT("kind", &in->kind, tear_words, &in->has_kind),
        IN_END,
    };
    if (!in_read(rq, spec))
        return false;
    const struct member_rule rules[] = {
        {"/card", in->card != NULL, 1u << ACTION_PLACE | 1u << ACTION_DAMAGE, 1u << ACTION_NEW},
        {"/second", in->second != NULL, 0, 1u << ACTION_PLACE},
        {"/keys", in->has_keys, 0, 1u << ACTION_NEW},
        {"/chip", in->has_chip, 0, 1u << ACTION_NEW},
        {"/uid", in->has_uid, 0, 1u << ACTION_NEW},
        {"/command", in->has_command, 1u << ACTION_CUT, 0},
        {"/write", in->has_write, 1u << ACTION_TEAR, 0},
        {"/kind", in->has_kind, 1u << ACTION_TEAR, 0},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        check_member(rq, in, &rules[i]);
    if (in->has_uid && in->uid.count != 4 && in->uid.count != 7)
        field_error_add(rq, "/uid", "length", "A UID has 8 or 14 hex digits.");
    check_name(rq, "/card", in->card);
    check_name(rq, "/second", in->second);
    return in_done(rq);
}

struct task {
    struct uuid id;
    struct uuid desk_id;
    char *body; /* in the memory of the request */
    int64_t until_ms;
};

static void task_look(struct request *rq, struct task *task);

static bool create_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct task *task = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, task->id.bytes);
    db_bind_uuid(&call->params, task->desk_id.bytes);
    db_bind_text(&call->params, task->body);
    db_bind_text(&call->params, request_id(rq));
    return true;
}

/* Waits for the answer, woken by it under the id of the task; an answer that another server took is found by
 * looking again each RE_READ_MS. What is not there in time is answered 202 with the id. */
static void task_woken(struct request *rq, enum wait_why why)
{
    (void)why;
    task_look(rq, fast_state(rq));
}

static enum fast_next task_wait(struct request *rq, const struct task *task, const char *body)
{
    int64_t left_ms = task->until_ms - clock_monotonic_ms();
    if (left_ms <= 0) {
        reply_json(rq, 202, body);
        return FAST_REPLIED;
    }
    wait_park(rq, task->id.bytes, left_ms < RE_READ_MS ? (int)left_ms : RE_READ_MS, task_woken);
    return FAST_PARKED;
}

static bool look_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct task *task = state;
    fast_bind_token(rq, &call->params);
    db_bind_uuid(&call->params, task->id.bytes);
    return true;
}

static enum fast_next look_next(struct request *rq, void *state, const struct db_rows *rows,
                                const struct fast_stage **ret_next)
{
    (void)ret_next;
    if (strcmp(db_text(rows, 0, 0), "waiting") == 0)
        return task_wait(rq, state, db_text(rows, 0, 1));
    outcome_reply(rq, rows);
    return FAST_REPLIED;
}

static void task_look(struct request *rq, struct task *task)
{
    static const struct fast_stage look = {
        .statement = "training_read", .bind = look_bind, .next = look_next, .repeatable = true};
    fast_run(rq, &look, task);
}

static enum fast_next create_next(struct request *rq, void *state, const struct db_rows *rows,
                                  const struct fast_stage **ret_next)
{
    (void)ret_next;
    struct task *task = state;
    const char *extra = db_text(rows, 0, 2);
    const char *outcome = db_text(rows, 0, 0);
    if (strcmp(outcome, "training_only") == 0 && extra) {
        reply_error(rq, ERR_TRAINING_ONLY,
                    "The reader of this desk is a real one; only simulated ones take orders.");
        return FAST_REPLIED;
    }
    if (strcmp(outcome, "done") != 0) {
        outcome_reply(rq, rows);
        return FAST_REPLIED;
    }
    desk_wake(&task->desk_id);
    return task_wait(rq, task, db_text(rows, 0, 1));
}

/* The task as the agent gets it. Damage falls on both records of the money purses, without which no slot
 * counts; their blocks are of a card that starts in sector 0 here, and the database moves them to where this
 * site's cards start. */
static char *task_body(struct request *rq, const struct asked *in)
{
    json_t *body = json_copy(request_body_json(rq));
    if (in->action == ACTION_DAMAGE) {
        json_t *blocks = json_array();
        for (int i = 0; i < 2; i++)
            json_array_append_new(
                blocks, json_integer(layout_block_no(0, layout_purses[PURSE_CONSUMPTION].records[i])));
        json_object_set_new(body, "blocks", blocks);
    }
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

void desks_desk_training_post(struct request *rq)
{
    static const struct fast_stage create = {
        .statement = "training_create", .bind = create_bind, .next = create_next};
    struct asked in = {0};
    struct task *task = request_alloc(rq, sizeof *task);
    if (!request_param_uuid(rq, "desk_id", &task->desk_id) || !asked_read(rq, &in))
        return;
    CLEANUP(cleanup_free) char *body = task_body(rq, &in);
    task->body = request_copy(rq, body ? body : "{}");
    task->id = uuid_make_v7();
    task->until_ms = clock_monotonic_ms() + TRAINING_WAIT_MS;
    fast_run(rq, &create, task);
}

/* ---- GET /api/v1/desks/:desk_id/training ---- */

void desks_desk_training_get(struct request *rq, struct db_conn *db)
{
    struct uuid id;
    struct db_params params = {0};
    if (!request_param_uuid(rq, "desk_id", &id))
        return;
    db_bind_uuid(&params, id.bytes);
    answer_run(rq, db, "training_cards", &params, NULL);
}

/* ---- POST /agent/v1/training: the answer of the simulated reader ---- */

struct result {
    struct in_bytes run;
    struct uuid id;
    char *body;
};

static bool result_bind(struct request *rq, void *state, struct db_call *call)
{
    const struct result *result = state;
    fast_bind_agent(rq, &call->params);
    db_bind_bytes(&call->params, result->run.bytes, result->run.count);
    db_bind_uuid(&call->params, result->id.bytes);
    db_bind_text(&call->params, result->body);
    return true;
}

static enum fast_next result_next(struct request *rq, void *state, const struct db_rows *rows,
                                  const struct fast_stage **ret_next)
{
    (void)ret_next;
    const struct result *result = state;
    wait_wake(request_server(rq), result->id.bytes);
    outcome_reply(rq, rows);
    return FAST_REPLIED;
}

static bool result_read(struct request *rq, struct result *result)
{
    bool ok = false;
    const char *message = NULL;
    json_t *cards = NULL;
    const struct in_field spec[] = {IN_HEX("run", &result->run, AGENT_RUN_BYTES, AGENT_RUN_BYTES),
                                    IN_UUID("id", &result->id),
                                    IN_BOOL("ok", &ok),
                                    IN_TEXT("message", &message, 0, TRAINING_MESSAGE_CHARACTERS_MAX),
                                    IN_ARRAY("cards", &cards, 0, TRAINING_CARDS_MAX),
                                    IN_END};
    if (!in_read(rq, spec))
        return false;
    size_t index;
    json_t *card;
    json_array_foreach(cards, index, card)
    {
        const char *name = NULL;
        struct in_bytes uid;
        int chip;
        bool on_reader;
        bool blank;
        const struct in_field card_spec[] = {IN_TEXT("card", &name, 1, TRAINING_CARD_CHARACTERS_MAX),
                                             IN_HEX("uid", &uid, 4, 7),
                                             IN_ENUM("chip", &chip, chip_words),
                                             IN_BOOL("blank", &blank),
                                             IN_BOOL("on_reader", &on_reader),
                                             IN_END};
        in_object(rq, request_printf(rq, "/cards/%zu", index), card, card_spec);
    }
    if (!in_done(rq))
        return false;
    json_t *body = json_pack("{s:b, s:s, s:O}", "ok", ok, "message", message, "cards", cards);
    char *text = json_dumps(body, JSON_COMPACT);
    result->body = request_copy(rq, text ? text : "{}");
    free(text);
    json_decref(body);
    return true;
}

static void result_run(struct request *rq, const struct agent_identity *agent)
{
    static const struct fast_stage store = {
        .statement = "training_result", .bind = result_bind, .next = result_next, .repeatable = true};
    (void)agent;
    struct result *result = request_alloc(rq, sizeof *result);
    if (result_read(rq, result))
        fast_run(rq, &store, result);
}

void agent_training_post(struct request *rq)
{
    agent_auth_then(rq, result_run);
}
