#include "tests/bench/desk.h"

#include "base/bytes.h"
#include "crypto/request_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void uuid_text(char text[static UUID_TEXT_BYTES])
{
    struct uuid id = uuid_make_v7();
    uuid_format(&id, text);
}

static void agent_send(struct desk *desk, const char *target, const char *body)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct signed_request request = {.method = "POST",
                                     .target = target,
                                     .unix_ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000,
                                     .body = body,
                                     .body_bytes = strlen(body)};
    uint8_t mac[SHA256_BYTES];
    char mac_text[2 * SHA256_BYTES + 1];
    char agent_text[UUID_TEXT_BYTES];
    char headers[256];
    request_sign(desk->agent_key, &request, mac);
    bytes_to_hex(mac, sizeof mac, mac_text);
    uuid_format(&desk->agent_id, agent_text);
    snprintf(headers, sizeof headers, "Authorization: Cardwright agent=%s, time=%lld, mac=%s\r\n", agent_text,
             (long long)request.unix_ms, mac_text);
    desk->target = target;
    bench_send(&desk->agent_conn, target, headers, body);
}

static void poll_send(struct desk *desk)
{
    char body[160];
    snprintf(body, sizeof body,
             "{\"run\":\"%s\",\"reader\":{\"state\":\"ok\",\"name\":\"bench\"},\"at\":%lld}", desk->run,
             ++desk->polls);
    agent_send(desk, "/agent/v1/poll", body);
}

static void presence_send(struct desk *desk)
{
    char body[256];
    uuid_text(desk->presence);
    snprintf(body, sizeof body,
             "{\"run\":\"%s\",\"presence\":\"%s\",\"cards\":1,\"uid\":\"%s\",\"atqa\":\"0004\",\"sak\":"
             "\"08\",\"ats\":\"\"}",
             desk->run, desk->presence, desk->uid);
    agent_send(desk, "/agent/v1/presence", body);
}

/* A sealed text of the server, opened and parsed; the caller releases it. */
static json_t *unseal(struct desk *desk, json_t *task, const char *id_name)
{
    struct seal_context context = {.agent_key = desk->agent_key, .agent_id = desk->agent_id};
    const char *hex = json_string_value(json_object_get(task, "sealed"));
    uint8_t sealed[16 * 1024];
    char text[16 * 1024];
    int bytes = hex ? bytes_from_hex_any(hex, sealed, sizeof sealed) : -1;
    if (bytes < 0 || !uuid_parse(json_string_value(json_object_get(task, id_name)), &context.id))
        bench_fail("a task without a plan");
    ssize_t length = agent_open(&context, sealed, (size_t)bytes, text);
    json_t *plan = length < 0 ? NULL : json_loadb(text, (size_t)length, 0, NULL);
    if (!plan)
        bench_fail("a plan that does not open");
    return plan;
}

/* Index of the first try whose key is key A of the sector, or -1. */
static int try_opens(struct desk *desk, json_t *sector)
{
    size_t i;
    json_t *try;
    int number = (int)json_integer_value(json_object_get(sector, "sector"));
    json_array_foreach(json_object_get(sector, "tries"), i, try)
    {
        uint8_t key[6];
        if (bytes_from_hex(json_string_value(json_array_get(try, 1)), key, 6) &&
            memcmp(key, desk->card[4 * number + 3], 6) == 0)
            return (int)i;
    }
    return -1;
}

static void presentation_send(struct desk *desk, json_t *read_plan)
{
    size_t i;
    size_t k;
    json_t *sector;
    json_t *block;
    json_t *blocks = json_object();
    json_t *sectors = json_object();
    json_array_foreach(json_object_get(read_plan, "sectors"), i, sector)
    {
        char name[12];
        int key = try_opens(desk, sector);
        snprintf(name, sizeof name, "%d", (int)json_integer_value(json_object_get(sector, "sector")));
        json_object_set_new(sectors, name,
                            key < 0 ? json_pack("{s:s}", "result", "auth")
                                    : json_pack("{s:s,s:i}", "result", "ok", "key", key));
        json_array_foreach(json_object_get(sector, "blocks"), k, block)
        {
            char hex[33];
            int number = (int)json_integer_value(block);
            snprintf(name, sizeof name, "%d", number);
            bytes_to_hex(desk->card[number], 16, hex);
            json_object_set_new(blocks, name, json_string(hex));
        }
    }
    uuid_text(desk->presentation);
    json_t *body =
        json_pack("{s:s,s:s,s:s,s:s,s:o,s:o}", "run", desk->run, "presence", desk->presence, "presentation",
                  desk->presentation, "uid", desk->uid, "blocks", blocks, "sectors", sectors);
    char *text = json_dumps(body, JSON_COMPACT);
    agent_send(desk, "/agent/v1/presentation", text);
    free(text);
    json_decref(body);
}

/* Carries the plan out on the card in memory and reports it as written. */
static void plan_run(struct desk *desk, json_t *task)
{
    size_t i;
    json_t *step;
    json_t *plan = unseal(desk, task, "plan");
    json_t *legs = json_array();
    json_t *blocks = json_object();
    json_array_foreach(json_object_get(plan, "steps"), i, step)
    {
        const char *word = json_string_value(json_array_get(step, 0));
        int number = (int)json_integer_value(json_array_get(step, 1));
        if (strcmp(word, "leg") == 0)
            json_array_append_new(legs, json_pack("[O,O]", json_array_get(step, 1), json_array_get(step, 2)));
        if (strcmp(word, "write") != 0 || number >= DESK_BLOCKS)
            continue;
        char name[12];
        snprintf(name, sizeof name, "%d", number);
        bytes_from_hex(json_string_value(json_array_get(step, 2)), desk->card[number], 16);
        if (number % 4 != 3)
            json_object_set(blocks, name, json_array_get(step, 2));
    }
    char presentation[UUID_TEXT_BYTES];
    uuid_text(presentation);
    json_t *body =
        json_pack("{s:s,s:O,s:s,s:o,s:o,s:s,s:s,s:i,s:i}", "run", desk->run, "plan",
                  json_object_get(task, "plan"), "result", "written", "legs", legs, "blocks", blocks,
                  "presentation", presentation, "reason", "done", "commands", 10, "card_ms", 85);
    char *text = json_dumps(body, JSON_COMPACT);
    memcpy(desk->presentation, presentation, sizeof presentation);
    agent_send(desk, "/agent/v1/report", text);
    free(text);
    json_decref(body);
    json_decref(plan);
}

static void operation_send(struct desk *desk, const char *fields)
{
    char target[96];
    char headers[256];
    char key[UUID_TEXT_BYTES];
    char body[256];
    uuid_text(key);
    snprintf(target, sizeof target, "/api/v1/desks/%s/operations", desk->desk_id);
    snprintf(headers, sizeof headers, "Cookie: %s\r\nIdempotency-Key: %s\r\n", desk->cookie, key);
    snprintf(body, sizeof body, "{\"presentation_id\":\"%s\",%s}", desk->presentation, fields);
    bench_send(&desk->operator_conn, target, headers, body);
}

static void cycle_begin(struct desk *desk)
{
    desk->is_prepared = false;
    desk->is_reported = false;
    desk->begun_us = bench_now_us();
    operation_send(desk, "\"kind\":\"recharge\",\"consumption_minor\":1");
    poll_send(desk);
}

static void cycle_end(struct desk *desk)
{
    if (!desk->is_prepared || !desk->is_reported)
        return;
    desk->done++;
    if (desk->latency_count < (int)(sizeof desk->latencies_us / sizeof *desk->latencies_us))
        desk->latencies_us[desk->latency_count++] = bench_now_us() - desk->begun_us;
    if (desk->running)
        cycle_begin(desk);
}

static void on_operator(struct bench_conn *conn, int status, char *body)
{
    struct desk *desk = conn->owner;
    if (status != 201)
        bench_fail("desk %d: operation answered %d: %s", desk->number, status, body);
    desk->is_prepared = true;
    cycle_end(desk);
}

static void on_task(struct desk *desk, json_t *answer)
{
    json_t *task = json_array_get(json_object_get(answer, "tasks"), 0);
    const char *word = json_string_value(json_object_get(task, "task"));
    if (!word)
        poll_send(desk);
    else if (strcmp(word, "plan") == 0)
        plan_run(desk, task);
    else if (strcmp(word, "read") == 0)
        presence_send(desk);
    else
        bench_fail("desk %d: task %s", desk->number, word);
}

static void on_agent(struct bench_conn *conn, int status, char *body)
{
    struct desk *desk = conn->owner;
    const char *what = desk->target + strlen("/agent/v1/");
    if (status != 200)
        bench_fail("desk %d: %s answered %d: %s", desk->number, what, status, body);
    json_t *answer = json_loads(body, 0, NULL);
    if (strcmp(what, "poll") == 0) {
        on_task(desk, answer);
    } else if (strcmp(what, "presence") == 0) {
        json_t *read_plan = unseal(desk, answer, "read");
        presentation_send(desk, read_plan);
        json_decref(read_plan);
    } else {
        desk->is_reported = true;
        if (strcmp(what, "report") == 0)
            cycle_end(desk);
    }
    json_decref(answer);
}

static void wait_reported(struct desk *desk)
{
    int64_t until_us = bench_now_us() + 10 * 1000000LL;
    while (!desk->is_reported) {
        if (bench_now_us() > until_us)
            bench_fail("desk %d: nothing came for 10 s after %s", desk->number, desk->target);
        bench_turn(desk->epoll_fd, 100);
    }
    desk->is_reported = false;
}

void desk_issue(struct desk *desk)
{
    char fields[128];
    desk->operator_conn.owner = desk->agent_conn.owner = desk;
    desk->operator_conn.reply = on_operator;
    desk->agent_conn.reply = on_agent;
    presence_send(desk);
    wait_reported(desk);
    snprintf(fields, sizeof fields, "\"kind\":\"issue\",\"person_id\":\"%s\"", desk->person_id);
    operation_send(desk, fields);
    poll_send(desk);
    wait_reported(desk); /* the plan */
    poll_send(desk);     /* the server asks for a new reading */
    wait_reported(desk);
    desk->done = 0;
    desk->latency_count = 0;
    desk->is_prepared = desk->is_reported = true;
}

void desk_begin(struct desk *desk)
{
    desk->running = true;
    cycle_begin(desk);
}

bool desk_is_idle(const struct desk *desk)
{
    return desk->is_prepared && desk->is_reported;
}
