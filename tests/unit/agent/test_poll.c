/* What becomes of the tasks of a poll. Nothing is sent before a test opens the outbox. */
#include "agent/poll.h"
#include "agent/strict_json.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "http_peer.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NOW_MS 5000
#define ID "01900000-0000-7000-8000-000000000001"
#define PLAN "{\"task\":\"plan\",\"plan\":\"" ID "\",\"sealed\":\"00112233\"}"
#define CANCEL "{\"task\":\"cancel\",\"plan\":\"" ID "\"}"

static struct speaker speaker;
static struct poll_setup setup;
static struct poll *poll;
static struct outbox *outbox;
static struct desk_task task;
static struct uuid id;
static struct http_peer peer;
static struct identity *identity;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char report[PEER_REQUEST_BYTES]; /* the first that was sent */

static void hear(const struct peer_request *request, struct peer_answer *reply)
{
    pthread_mutex_lock(&lock);
    if (!report[0])
        snprintf(report, sizeof report, "%s", request->body);
    pthread_mutex_unlock(&lock);
    snprintf(reply->body, sizeof reply->body, "{}");
}

static void nothing(void *context)
{
    (void)context;
}

static void set_up(void)
{
    char error[256];
    cr_assert_geq(sodium_init(), 0);
    cr_assert_eq(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    clock_fake(NOW_MS, NOW_MS);
    memset(speaker.run, 9, sizeof speaker.run);
    bytes_to_hex(speaker.run, sizeof speaker.run, speaker.run_text);
    peer_start(&peer, hear);
    identity = identity_new();
    struct link_options options = {.server = peer.url};
    setup = (struct poll_setup){.link = link_new(&options, error, sizeof error),
                                .speaker = &speaker,
                                .queue = desk_queue_new(),
                                .memory = plan_memory_new(64)};
    link_set_identity(setup.link, identity);
    struct outbox_setup outbox_setup = {.link = setup.link, .queue = setup.queue, .settled = nothing};
    outbox = outbox_new(&outbox_setup);
    poll = poll_new(&setup);
    poll_use_outbox(poll, outbox);
    uuid_parse(ID, &id);
}

static void tear_down(void)
{
    outbox_free(outbox, 0);
    poll_free(poll);
    desk_queue_free(setup.queue);
    plan_memory_free(setup.memory);
    link_free(setup.link);
    identity_free(identity);
    peer_stop(&peer);
    clock_fake(-1, -1);
}

TestSuite(agent_poll, .init = set_up, .fini = tear_down);

/* Dispatches a list of tasks; true: something new was among them. */
static bool get(const char *tasks)
{
    char text[4096];
    int count = snprintf(text, sizeof text, "{\"tasks\":[%s]}", tasks);
    json_t *answer = strict_json_load(text, (size_t)count, sizeof text);
    cr_assert(answer);
    bool any_new = poll_dispatch(poll, answer);
    json_decref(answer);
    return any_new;
}

static bool pop(void)
{
    return desk_queue_pop(setup.queue, 0, &task);
}

Test(agent_poll, a_plan_goes_to_the_desk_once)
{
    cr_assert(get(PLAN));
    cr_assert_not(get(PLAN), "known, so the next poll waits a little");
    cr_assert(pop());
    cr_assert_eq(task.kind, DESK_PLAN);
    cr_assert_eq(task.sealed_bytes, 4);
    cr_assert_eq(task.arrived_ms, NOW_MS);
    desk_task_free(&task);
    cr_assert_not(pop());
    cr_assert_eq(outbox_report_count(outbox), 0);
}

/* Sends what waits; the first report says this. */
static void expect_report(const char *result, const char *reason)
{
    char now[sizeof report] = "";
    outbox_open(outbox);
    for (int i = 0; i < 5000 && !now[0]; i++) {
        usleep(1000);
        pthread_mutex_lock(&lock);
        memcpy(now, report, sizeof now);
        pthread_mutex_unlock(&lock);
    }
    json_t *said = strict_json_load(now, strlen(now), sizeof now);
    cr_assert_str_eq(json_string_value(json_object_get(said, "plan")), ID);
    cr_assert_str_eq(json_string_value(json_object_get(said, "result")), result);
    cr_assert_str_eq(json_string_value(json_object_get(said, "reason")), reason);
    cr_assert_eq(json_array_size(json_object_get(said, "legs")), 0);
    cr_assert_eq(json_object_size(json_object_get(said, "blocks")), 0);
    json_decref(said);
}

static void start_and_end(void)
{
    cr_assert_eq(plan_memory_arrive(setup.memory, &id), PLAN_UNKNOWN);
    cr_assert(plan_memory_start(setup.memory, &id));
    plan_memory_end(setup.memory, &id);
}

/* Its report was given up, or could not be written: the server would ask for ever, and make no other plan. */
Test(agent_poll, r15_a_plan_that_ended_is_reported_as_unknown_when_it_comes_again)
{
    start_and_end();
    cr_assert_not(get(PLAN));
    cr_assert_not(get(PLAN));
    cr_assert_not(pop(), "and does not run again");
    cr_assert_eq(outbox_report_count(outbox), 1, "one at a time");
    expect_report("unknown", "lost");
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_ENDED);
}

Test(agent_poll, r15_a_cancel_of_a_plan_that_ended_is_answered_with_unknown)
{
    start_and_end();
    cr_assert_not(get(CANCEL));
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_ENDED);
    expect_report("unknown", "lost");
}

/* Nobody knows any more whether it was started. */
Test(agent_poll, a_forgotten_plan_is_unknown_not_burnt)
{
    for (unsigned i = 0; i < 2 * 64; i++)
        plan_memory_start(setup.memory, &(struct uuid){{0x01, 0x91, (uint8_t)i}});
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_FORGOTTEN);
    cr_assert_not(get(PLAN));
    cr_assert_not(pop());
    cr_assert_not(get(CANCEL));
    cr_assert_eq(outbox_report_count(outbox), 1);
    expect_report("unknown", "lost");
}

/* Its own report is still to come, and what it says must not be said less well before. */
Test(agent_poll, a_plan_that_runs_is_not_reported)
{
    cr_assert(plan_memory_start(setup.memory, &id));
    cr_assert_not(get(PLAN));
    cr_assert_eq(outbox_report_count(outbox), 0);
}

Test(agent_poll, a_cancel_burns_what_is_not_started)
{
    cr_assert(get(PLAN "," CANCEL));
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_BURNT);
    cr_assert_eq(outbox_report_count(outbox), 1);
}

Test(agent_poll, a_cancel_burns_what_never_came)
{
    cr_assert(get(CANCEL));
    cr_assert_not(get(CANCEL));
    cr_assert_eq(outbox_report_count(outbox), 1, "one receipt at a time");
    cr_assert_not(get(PLAN));
    cr_assert_not(pop(), "and it stays burnt");
}

Test(agent_poll, r15_a_cancel_leaves_a_started_plan_alone)
{
    cr_assert(plan_memory_start(setup.memory, &id));
    cr_assert_not(get(CANCEL));
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_STARTED);
    cr_assert_eq(outbox_report_count(outbox), 0);
}

Test(agent_poll, r17_a_cancel_for_another_run_is_not_ours)
{
    cr_assert_not(
        get("{\"task\":\"cancel\",\"plan\":\"" ID "\",\"run\":\"00000000000000000000000000000000\"}"));
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_UNKNOWN);
    cr_assert_eq(outbox_report_count(outbox), 0);
}

Test(agent_poll, a_cancel_for_this_run_is)
{
    cr_assert(get("{\"task\":\"cancel\",\"plan\":\"" ID "\",\"run\":\"09090909090909090909090909090909\"}"));
    cr_assert_eq(outbox_report_count(outbox), 1);
}

Test(agent_poll, a_plan_that_is_no_hex_is_burnt)
{
    cr_assert(get("{\"task\":\"plan\",\"plan\":\"" ID "\",\"sealed\":\"xy\"}"));
    cr_assert_eq(plan_memory_look(setup.memory, &id), PLAN_BURNT);
    cr_assert_eq(outbox_report_count(outbox), 1);
}

Test(agent_poll, plans_beyond_the_queue_are_burnt_not_forgotten)
{
    for (int i = 0; i < AGENT_TASKS_MAX + 2; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"task\":\"plan\",\"plan\":\"01900000-0000-7000-8000-0000000001%02x\",\"sealed\":\"00\"}",
                 i);
        cr_assert(get(text));
    }
    cr_assert_eq(outbox_report_count(outbox), 2);
}

Test(agent_poll, reading_anew_is_asked_for_once_at_a_time)
{
    cr_assert(get("{\"task\":\"read\"}"));
    cr_assert_not(get("{\"task\":\"read\"}"));
    cr_assert(pop());
    cr_assert_eq(task.kind, DESK_PRESENT);
    cr_assert_not(pop());
    clock_fake(NOW_MS + AGENT_REREAD_PAUSE_MS, NOW_MS);
    cr_assert(get("{\"task\":\"read\"}"));
}

Test(agent_poll, nothing_to_do)
{
    cr_assert(get(""), "an empty answer came after the server's wait: poll again at once");
    cr_assert_not(get("{\"task\":\"of a later version\"}"));
}
