/* Names that others made must not make a message that the server refuses, or none at all: the agent would
 * greet it for ever. */
#include "agent/messages.h"
#include "agent/plain_text.h"
#include "agent/strict_json.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistr.h>

static struct speaker speaker = {.run_text = "00"};

/* The text of a member "a.b" of a message, which is freed. */
static const char *member(char *text, const char *object, const char *name)
{
    static char found[1024];
    cr_assert(text, "no message");
    json_t *message = strict_json_load(text, strlen(text), 65536);
    json_t *holder = object ? json_object_get(message, object) : message;
    const char *value = json_string_value(json_object_get(holder, name));
    cr_assert(value, "%s has no %s", text, name);
    snprintf(found, sizeof found, "%s", value);
    json_decref(message);
    strict_json_free_text(text);
    return found;
}

static struct reader_facts reader_called(const char *name)
{
    struct reader_facts reader = {.state = READER_STATE_OK};
    snprintf(reader.name, sizeof reader.name, "%s", name);
    return reader;
}

Test(agent_messages, a_long_reader_name_is_what_hello_and_poll_take)
{
    char name[300] = "";
    memset(name, 'x', sizeof name - 1);
    struct reader_facts reader = reader_called(name);
    cr_assert_eq(strlen(member(message_hello(&speaker, &reader), "reader", "name")), AGENT_NAME_BYTES_MAX);
    cr_assert_eq(strlen(member(message_poll(&speaker, &reader, 1), "reader", "name")), AGENT_NAME_BYTES_MAX);
    cr_assert_leq(AGENT_NAME_BYTES_MAX, READER_NAME_CHARACTERS_MAX);
    cr_assert_leq(AGENT_NAME_BYTES_MAX, PRINTER_NAME_CHARACTERS_MAX);
    cr_assert_leq(AGENT_NAME_BYTES_MAX, AGENT_HOST_CHARACTERS_MAX);
}

/* Wherever the cut falls, also in the buffer that the name came in. */
Test(agent_messages, a_name_is_cut_between_characters)
{
    for (int shift = 0; shift < 3; shift++) {
        char name[300] = "";
        memset(name, 'x', (size_t)shift);
        for (size_t used = (size_t)shift; used + 3 < sizeof name; used += 3)
            memcpy(name + used, "\xe8\xaf\xbb", 3);
        struct reader_facts reader = reader_called(name);
        const char *said = member(message_hello(&speaker, &reader), "reader", "name");
        cr_assert_null(u8_check((const uint8_t *)said, strlen(said)));
        cr_assert_gt(strlen(said), AGENT_NAME_BYTES_MAX - 3);
        cr_assert_leq(strlen(said), AGENT_NAME_BYTES_MAX);
        cr_assert_eq(strncmp(said, name, strlen(said)), 0);
    }
}

Test(agent_messages, names_that_are_no_text_are_made_one)
{
    struct reader_facts reader = reader_called("ACR\x01\xff"
                                               "122\xe8\xaf");
    cr_assert_str_eq(member(message_hello(&speaker, &reader), "reader", "name"), "ACR??122??");
    speaker.printer = "/dev/\xfclp";
    cr_assert_str_eq(member(message_hello(&speaker, &reader), "printer", "name"), "/dev/?lp");
    speaker.printer = NULL;
    uint8_t key[32] = {0};
    cr_assert_str_eq(member(message_pair("CODE", key, true, "K\xe4sse\n"), NULL, "host"), "K?sse?");
}

Test(agent_messages, plain_text_keeps_what_is_plain_and_only_that)
{
    static const char *const texts[][2] = {
        {"", ""},
        {"pn532_uart:/dev/ttyUSB0", "pn532_uart:/dev/ttyUSB0"},
        {"读卡器 é 😀", "读卡器 é 😀"},
        {"a\tb\x7f", "a?b?"},
        {"\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6", "????"},
        {"\xed\xa0\x80", "???"}, /* half a surrogate pair */
        {"\xc0\x80", "??"},      /* a NUL written too long */
    };
    char made[64];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        plain_text(texts[i][0], made, sizeof made);
        cr_expect_str_eq(made, texts[i][1], "%s became %s", texts[i][0], made);
    }
    plain_text("abcdef", made, 4);
    cr_expect_str_eq(made, "abc");
    plain_text("ab\xe8\xaf\xbb", made, 5);
    cr_expect_str_eq(made, "ab");
    plain_text("ab\xe8\xaf\xbb", made, 1);
    cr_expect_str_eq(made, "");
}
