/* tests/vectors/agent/vectors.json: the wire form, fixed apart from the code of either side. */
#include "agent/plan.h"
#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/request_sign.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#define VECTOR_FILE "tests/vectors/agent/vectors.json"

static json_t *file;
static uint8_t key[AGENT_KEY_BYTES];
static struct plan_problem problem;

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    cr_assert(text, "%s is missing", name);
    return text;
}

static void set_up(void)
{
    json_error_t error;
    cr_assert_geq(sodium_init(), 0);
    file = json_load_file(VECTOR_FILE, 0, &error);
    cr_assert(file, VECTOR_FILE ": %s", error.text);
    cr_assert(bytes_from_hex(text_of(file, "agent_key"), key, sizeof key));
}

static void tear_down(void)
{
    json_decref(file);
}

TestSuite(agent_vectors, .init = set_up, .fini = tear_down);

Test(agent_vectors, requests_are_signed_like_this)
{
    size_t index;
    json_t *vector;
    cr_assert_geq(json_array_size(json_object_get(file, "requests")), 3);
    json_array_foreach(json_object_get(file, "requests"), index, vector)
    {
        struct signed_request request = {.method = "POST",
                                         .target = text_of(vector, "target"),
                                         .unix_ms = json_integer_value(json_object_get(vector, "unix_ms")),
                                         .body = text_of(vector, "body"),
                                         .body_bytes = strlen(text_of(vector, "body"))};
        uint8_t mac[SHA256_BYTES];
        char hex[2 * SHA256_BYTES + 1];
        request_sign(key, &request, mac);
        bytes_to_hex(mac, sizeof mac, hex);
        cr_assert_str_eq(hex, text_of(vector, "mac"), "request %zu", index);
    }
}

Test(agent_vectors, the_clock_is_proven_like_this)
{
    const json_t *clock = json_object_get(file, "clock");
    uint8_t mac[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    request_sign_time(key, json_integer_value(json_object_get(clock, "server_time_ms")),
                      json_integer_value(json_object_get(clock, "time")), mac);
    bytes_to_hex(mac, sizeof mac, hex);
    cr_assert_str_eq(hex, text_of(clock, "time_mac"));
}

/* Opens a sealed text of the file and compares it with the open one. Returns its length. */
static size_t open_vector(const char *name, char *text, size_t text_bytes)
{
    const json_t *vector = json_object_get(file, name);
    struct seal_context context = {.agent_key = key};
    static uint8_t sealed[PLAN_JSON_BYTES_MAX];
    cr_assert(uuid_parse(text_of(vector, "id"), &context.id));
    cr_assert(uuid_parse(text_of(file, "agent_id"), &context.agent_id));
    int count = bytes_from_hex_any(text_of(vector, "sealed"), sealed, sizeof sealed);
    cr_assert_gt(count, 0);
    cr_assert_leq((size_t)count, text_bytes);
    ssize_t opened = agent_open(&context, sealed, (size_t)count, text);
    cr_assert_eq(opened, (ssize_t)strlen(text_of(vector, "text")));
    cr_assert_eq(memcmp(text, text_of(vector, "text"), (size_t)opened), 0);
    return (size_t)opened;
}

Test(agent_vectors, a_sealed_plan_opens_and_parses)
{
    static char text[PLAN_JSON_BYTES_MAX];
    static struct plan plan;
    size_t count = open_vector("plan", text, sizeof text);
    cr_assert(plan_parse(text, count, &plan, &problem), "%s", problem.text);
    cr_assert_eq(plan.step_count, 12);
    cr_assert_eq(plan.steps[9].kind, STEP_WRITE);
    cr_assert_eq(plan.steps[9].block, 9);
    cr_assert_eq(plan.steps[9].data[12], 6, "the new epoch");
}

Test(agent_vectors, a_sealed_read_plan_opens_and_parses)
{
    static char text[PLAN_JSON_BYTES_MAX];
    static struct read_plan plan;
    size_t count = open_vector("read", text, sizeof text);
    cr_assert(read_plan_parse(text, count, &plan, &problem), "%s", problem.text);
    cr_assert_eq(plan.sector_count, 2);
    cr_assert_eq(plan.sectors[0].keys[1].bytes[0], 0xff);
}
