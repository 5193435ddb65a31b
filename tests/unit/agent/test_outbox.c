/* The outbox: order, repetition, and what need not be said any more. */
#include "agent/outbox.h"
#include "agent/strict_json.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "http_peer.h"

#include <curl/curl.h>
#include <sodium.h>

#define NAMES_BYTES 1024
#define NOW_MS 1000

static struct http_peer peer;
static struct link *link_to_peer;
static struct identity *identity;
static struct desk_queue *queue;
static struct outbox *outbox;
static atomic_int settled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char heard[NAMES_BYTES]; /* "presence:1 report:2 ", accepted ones only */
static atomic_int failures;     /* of the next requests, each is answered `failure_status` */
static int failure_status = 503;
static const char *failure_code = "scripted";
static const char *failing_name; /* only these; NULL: all */

static void note_settled(void *context)
{
    (void)context;
    atomic_fetch_add(&settled, 1);
}

static void hear(const struct peer_request *request, struct peer_answer *reply)
{
    bool fails = (!failing_name || strcmp(failing_name, request->name) == 0) && atomic_load(&failures) > 0;
    if (fails) {
        atomic_fetch_sub(&failures, 1);
        reply->status = failure_status;
        snprintf(reply->body, sizeof reply->body, "{\"code\":\"%s\"}", failure_code);
        return;
    }
    int number = 0;
    sscanf(request->body, "{\"n\":%d}", &number);
    pthread_mutex_lock(&lock);
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, "%s:%d ", request->name, number);
    pthread_mutex_unlock(&lock);
    bool is_presence = strcmp(request->name, "presence") == 0;
    snprintf(
        reply->body, sizeof reply->body, "%s",
        is_presence
            ? "{\"state\":\"read\",\"read\":\"01900000-0000-7000-8000-000000000002\",\"sealed\":\"00ff\"}"
            : "{}");
}

static void set_up(void)
{
    char error[256];
    cr_assert_geq(sodium_init(), 0);
    cr_assert_eq(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    peer_start(&peer, hear);
    identity = identity_new();
    struct link_options options = {.server = peer.url};
    link_to_peer = link_new(&options, error, sizeof error);
    link_set_identity(link_to_peer, identity);
    queue = desk_queue_new();
    struct outbox_setup setup = {.link = link_to_peer, .queue = queue, .settled = note_settled};
    outbox = outbox_new(&setup);
    cr_assert(outbox);
}

static void tear_down(void)
{
    outbox_free(outbox, 0);
    desk_queue_free(queue);
    link_free(link_to_peer);
    identity_free(identity);
    peer_stop(&peer);
    clock_fake(-1, -1);
}

TestSuite(agent_outbox, .init = set_up, .fini = tear_down);

static void push(enum outbox_kind kind, uint8_t number)
{
    struct uuid id = {{number}};
    char *text = malloc(32);
    snprintf(text, 32, "{\"n\":%d}", number);
    outbox_push(outbox, kind, &id, text);
}

/* Waits until all that is `wanted` has been heard, and says what was. */
static void expect(const char *wanted)
{
    char now[NAMES_BYTES] = "";
    for (int i = 0; i < 5000 && strlen(now) < strlen(wanted); i++) {
        usleep(1000);
        pthread_mutex_lock(&lock);
        memcpy(now, heard, sizeof now);
        pthread_mutex_unlock(&lock);
    }
    cr_assert_str_eq(now, wanted);
}

Test(agent_outbox, nothing_before_the_server_knows_us_then_all_in_order)
{
    push(OUTBOX_PRESENCE, 1);
    push(OUTBOX_PRESENTATION, 1);
    push(OUTBOX_REPORT, 2);
    push(OUTBOX_REMOVED, 3);
    cr_assert_eq(atomic_load(&peer.requests), 0);
    outbox_open(outbox);
    expect("presence:1 presentation:1 report:2 removed:3 ");
    cr_assert_eq(outbox_report_count(outbox), 0);
}

Test(agent_outbox, the_answer_to_a_presence_becomes_a_task)
{
    struct desk_task task;
    push(OUTBOX_PRESENCE, 1);
    outbox_open(outbox);
    cr_assert(desk_queue_pop(queue, 5000, &task));
    cr_assert_eq(task.kind, DESK_READ_PLAN);
    cr_assert_eq(task.presence.bytes[0], 1);
    cr_assert_eq(task.id.bytes[15], 2);
    cr_assert_eq(task.sealed_bytes, 2);
    cr_assert_eq(task.sealed[1], 0xff);
    desk_task_free(&task);
}

Test(agent_outbox, a_report_is_repeated_until_it_is_answered)
{
    atomic_store(&failures, 4);
    push(OUTBOX_REPORT, 1);
    outbox_open(outbox);
    expect("report:1 ");
    cr_assert_eq(atomic_load(&peer.requests), 5);
    for (int i = 0; i < 5000 && atomic_load(&settled) == 0; i++)
        usleep(1000);
    cr_assert_eq(atomic_load(&settled), 1);
}

Test(agent_outbox, a_report_is_repeated_over_broken_connections)
{
    atomic_store(&failures, 3);
    failure_status = 0;
    push(OUTBOX_REPORT, 1);
    outbox_open(outbox);
    expect("report:1 ");
}

Test(agent_outbox, a_refused_message_is_not_repeated)
{
    atomic_store(&failures, 1);
    failure_status = 409;
    push(OUTBOX_REMOVED, 1);
    push(OUTBOX_REMOVED, 2);
    outbox_open(outbox);
    expect("removed:2 ");
    cr_assert_eq(atomic_load(&peer.requests), 2);
}

/* Waits until `requests` have come. */
static void expect_requests(int requests)
{
    for (int i = 0; i < 5000 && atomic_load(&peer.requests) < requests; i++)
        usleep(1000);
    cr_assert_eq(atomic_load(&peer.requests), requests);
}

/* The next report, at a time that stands still: no pause is over before the test says so. */
static void refuse_report(int status, const char *code)
{
    clock_fake(NOW_MS, NOW_MS);
    failure_status = status;
    failure_code = code;
    failing_name = "report";
    atomic_store(&failures, 1);
}

/* A proxy's wrong Host header, for a minute: nothing would ever report this plan again. */
Test(agent_outbox, a_refused_report_waits_and_lets_the_others_past)
{
    refuse_report(403, "cross_site");
    outbox_open(outbox);
    push(OUTBOX_REPORT, 1);
    expect_requests(1);
    push(OUTBOX_REMOVED, 2);
    push(OUTBOX_REPORT, 3);
    expect("removed:2 report:3 ");
    for (int i = 0; i < 5000 && outbox_report_count(outbox) > 1; i++)
        usleep(1000);
    cr_assert_eq(outbox_report_count(outbox), 1, "and is kept");
    cr_assert_eq(atomic_load(&settled), 1, "only the other one is settled");
}

Test(agent_outbox, a_refused_report_is_sent_again_after_a_pause)
{
    refuse_report(403, "cross_site");
    outbox_open(outbox);
    push(OUTBOX_REPORT, 1);
    push(OUTBOX_REMOVED, 2);
    expect("removed:2 ");
    clock_fake(NOW_MS + AGENT_REPORT_PAUSE_MS_MIN, NOW_MS);
    expect("removed:2 report:1 ");
    cr_assert_eq(atomic_load(&peer.requests), 3);
}

Test(agent_outbox, a_greeting_ends_the_pause_of_a_refused_report)
{
    refuse_report(403, "cross_site");
    outbox_open(outbox);
    push(OUTBOX_REPORT, 1);
    push(OUTBOX_REMOVED, 2);
    expect("removed:2 ");
    outbox_open(outbox);
    expect("removed:2 report:1 ");
}

static void expect_given_up(int status, const char *code)
{
    refuse_report(status, code);
    outbox_open(outbox);
    push(OUTBOX_REPORT, 1);
    push(OUTBOX_REMOVED, 2);
    expect("removed:2 ");
    cr_assert_eq(outbox_report_count(outbox), 0);
}

Test(agent_outbox, a_report_is_given_up_when_the_server_has_no_such_plan)
{
    expect_given_up(404, "not_found");
}

Test(agent_outbox, a_report_is_given_up_when_the_plan_is_another_runs)
{
    expect_given_up(409, "agent_replaced");
}

Test(agent_outbox, a_report_that_makes_the_server_stumble_does_not_block_the_rest)
{
    atomic_store(&failures, 1);
    failure_status = 500;
    failing_name = "report";
    push(OUTBOX_REPORT, 1);
    push(OUTBOX_REMOVED, 2);
    outbox_open(outbox);
    expect("removed:2 report:1 ");
}

Test(agent_outbox, cards_that_came_and_left_unheard_are_not_told)
{
    push(OUTBOX_PRESENCE, 1);
    push(OUTBOX_REMOVED, 1);
    push(OUTBOX_PRESENCE, 2);
    push(OUTBOX_PRESENCE, 3); /* read anew */
    outbox_open(outbox);
    expect("presence:3 ");
}

/* The server may have taken the first one in before it fell silent: it would show that card for ever. */
Test(agent_outbox, a_card_that_may_have_been_heard_of_is_taken_back)
{
    atomic_store(&failures, 2);
    failure_status = 0;
    push(OUTBOX_PRESENCE, 1);
    outbox_open(outbox);
    for (int i = 0; i < 5000 && atomic_load(&peer.requests) == 0; i++)
        usleep(1000);
    push(OUTBOX_PRESENCE, 2); /* read anew */
    push(OUTBOX_REMOVED, 2);
    expect("presence:2 removed:2 ");
}

Test(agent_outbox, a_card_that_left_for_sure_is_forgotten)
{
    outbox_open(outbox);
    push(OUTBOX_PRESENCE, 1);
    expect("presence:1 ");
    push(OUTBOX_REMOVED, 1);
    expect("presence:1 removed:1 ");
    atomic_store(&failures, 1000);
    failing_name = "report";
    push(OUTBOX_REPORT, 9); /* holds the line */
    for (int i = 0; i < 5000 && atomic_load(&failures) == 1000; i++)
        usleep(1000);
    push(OUTBOX_PRESENCE, 3);
    push(OUTBOX_REMOVED, 3);
    atomic_store(&failures, 0);
    expect("presence:1 removed:1 report:9 ");
}

Test(agent_outbox, one_report_of_a_plan_at_a_time)
{
    push(OUTBOX_REPORT, 1);
    push(OUTBOX_REPORT, 1);
    push(OUTBOX_REPORT, 2);
    cr_assert_eq(outbox_report_count(outbox), 2);
    outbox_open(outbox);
    expect("report:1 report:2 ");
}

Test(agent_outbox, it_is_bounded_and_reports_are_never_pushed_out)
{
    for (uint8_t i = 1; i <= AGENT_OUTBOX_REPORTS_MAX; i++)
        push(OUTBOX_REPORT, i);
    for (int i = 0; i < 3 * AGENT_OUTBOX_MESSAGES_MAX; i++)
        push(OUTBOX_PRESENTATION, (uint8_t)i);
    cr_assert_eq(outbox_report_count(outbox), AGENT_OUTBOX_REPORTS_MAX);
    outbox_open(outbox);
    char wanted[NAMES_BYTES] = "";
    for (int i = 1; i <= AGENT_OUTBOX_REPORTS_MAX; i++)
        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "report:%d ", i);
    for (int i = 0; i < 5000 && atomic_load(&settled) < AGENT_OUTBOX_REPORTS_MAX; i++)
        usleep(1000);
    pthread_mutex_lock(&lock);
    cr_assert_eq(strncmp(heard, wanted, strlen(wanted)), 0, "%s", heard);
    pthread_mutex_unlock(&lock);
}

Test(agent_outbox, reports_are_still_delivered_when_the_agent_ends)
{
    atomic_store(&failures, 1);
    outbox_open(outbox);
    push(OUTBOX_REPORT, 1);
    outbox_free(outbox, 3000);
    outbox = NULL;
    cr_assert_str_eq(heard, "report:1 ");
}

/* The next wish for a new presence, and how long it is to wait; -1: none came. */
static int64_t next_wish(void)
{
    struct desk_task task;
    if (!desk_queue_pop(queue, 5000, &task))
        return -1;
    desk_task_free(&task);
    return task.kind == DESK_PRESENT ? task.pause_ms : -1;
}

static void refuse_next(const char *code)
{
    failure_code = code;
    failure_status = 409;
    atomic_store(&failures, 1);
}

Test(agent_outbox, a_card_the_server_refused_is_presented_again_after_a_pause)
{
    refuse_next("bad_field");
    push(OUTBOX_PRESENCE, 1);
    outbox_open(outbox);
    cr_assert_eq(next_wish(), AGENT_REFUSED_CARD_PAUSE_MS);
    refuse_next("bad_field");
    push(OUTBOX_PRESENTATION, 1);
    cr_assert_eq(next_wish(), AGENT_REFUSED_CARD_PAUSE_MS);
    refuse_next("card_changed");
    push(OUTBOX_PRESENTATION, 2);
    cr_assert_eq(next_wish(), AGENT_REREAD_PAUSE_MS);
}

Test(agent_outbox, another_process_at_the_desk_is_no_reason_to_read_the_card)
{
    struct desk_task task;
    refuse_next("agent_replaced");
    push(OUTBOX_PRESENTATION, 1);
    push(OUTBOX_REMOVED, 2);
    outbox_open(outbox);
    expect("removed:2 ");
    cr_assert_not(desk_queue_pop(queue, 0, &task));
}

Test(agent_outbox, says_whether_a_presence_is_still_to_be_told)
{
    cr_assert_not(outbox_tells_presence(outbox));
    push(OUTBOX_PRESENCE, 1);
    cr_assert(outbox_tells_presence(outbox));
    outbox_open(outbox);
    push(OUTBOX_REMOVED, 2);
    expect("presence:1 removed:2 ");
    cr_assert_not(outbox_tells_presence(outbox));
}
