#include "agent/pairing.h"

#include "agent/messages.h"
#include "agent/strict_json.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "crypto/pairing.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOST_NAME_BYTES_MAX 128

bool pairing_code_read(const char *typed, char ret_code[PAIRING_CODE_CHARACTERS + 1])
{
    size_t count = 0;
    for (; *typed; typed++) {
        if (*typed == '-' || *typed == ' ')
            continue;
        int letter = toupper((unsigned char)*typed);
        if (count == PAIRING_CODE_CHARACTERS || !strchr("23456789ABCDEFGHJKMNPQRSTUVWXYZ", letter))
            return false;
        ret_code[count++] = (char)letter;
    }
    ret_code[count] = '\0';
    return count == PAIRING_CODE_CHARACTERS;
}

static bool read_id(const json_t *body, const char *name, struct uuid *ret_id)
{
    const char *text = json_string_value(json_object_get(body, name));
    return text && uuid_parse(text, ret_id);
}

static bool read_answer(const json_t *body, const uint8_t *public_key, const uint8_t *secret_key,
                        struct identity *ret_identity)
{
    const char *sealed_text = json_string_value(json_object_get(body, "sealed_key"));
    const char *desk_name = json_string_value(json_object_get(body, "desk_name"));
    uint8_t sealed[PAIRING_SEALED_BYTES];
    struct identity *draft = identity_new();
    bool good = draft && sealed_text && bytes_from_hex(sealed_text, sealed, sizeof sealed) &&
                read_id(body, "agent_id", &draft->agent_id) && read_id(body, "desk_id", &draft->desk_id) &&
                pairing_open(sealed, public_key, secret_key, draft->key);
    if (good) {
        snprintf(draft->desk_name, sizeof draft->desk_name, "%s", desk_name ? desk_name : "");
        *ret_identity = *draft;
    }
    identity_free(draft);
    return good;
}

static void explain(const struct link_answer *answer, char *error, size_t error_bytes)
{
    const char *code = answer->code;
    if (strcmp(code, "pairing_code_invalid") == 0)
        snprintf(error, error_bytes,
                 "this code is wrong, used or older than ten minutes: make a new one under Desks");
    else if (strcmp(code, "training_only") == 0)
        snprintf(error, error_bytes,
                 "a live site takes real readers only: use --reader instead of --simulate");
    else if (answer->result == LINK_UNREACHABLE)
        snprintf(error, error_bytes, "the server cannot be reached (%s): check --server and the network",
                 answer->detail);
    else
        snprintf(error, error_bytes, "the server did not pair (%ld %s): %s", answer->status, code,
                 answer->detail);
}

bool pairing_run(struct link_line *line, const struct pairing_request *request, struct identity *ret_identity,
                 char *error, size_t error_bytes)
{
    CLEANUP(link_answer_free) struct link_answer answer = {0};
    uint8_t public_key[PAIRING_PUBLIC_BYTES];
    uint8_t secret_key[PAIRING_SECRET_BYTES];
    char host[HOST_NAME_BYTES_MAX] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    pairing_keypair(public_key, secret_key);
    char *text = message_pair(request->code, public_key, request->simulated, host);
    if (text)
        link_call(line, "pair", text, AGENT_CALL_TIMEOUT_MS, &answer);
    bool paired = false;
    if (!text)
        snprintf(error, error_bytes, "out of memory");
    else if (answer.result != LINK_OK)
        explain(&answer, error, error_bytes);
    else if (!read_answer(answer.body, public_key, secret_key, ret_identity))
        snprintf(error, error_bytes, "the server's answer is not a pairing: is %s a Cardwright server?",
                 request->server);
    else
        paired = true;
    if (paired)
        snprintf(ret_identity->server, sizeof ret_identity->server, "%s", request->server);
    if (text)
        strict_json_free_text(text);
    sodium_memzero(secret_key, sizeof secret_key);
    return paired;
}
