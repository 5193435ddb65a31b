/* The callers of a story. */
#include "tests/lib/story_internal.h"

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/token.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const roles[] = {"admin", "cashier", "supervisor", "hr", "finance", "technician"};

static const char *role_of(const char *name)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strncmp(name, roles[i], strlen(roles[i])) == 0)
            return roles[i];
    return NULL;
}

/* An operator with a session, straight in the database: the cookie is as good as one got by a login. */
static void make_operator(struct story *story, struct client *client, const char *role)
{
    struct uuid operator_id = uuid_make_v7(), session_id = uuid_make_v7();
    uuid_format(&operator_id, client->operator_id);
    uuid_format(&session_id, client->session_id);
    struct token token;
    token_make(&token);
    char hash[2 * SHA256_BYTES + 1], sql[1024];
    bytes_to_hex(token.sha256, SHA256_BYTES, hash);
    snprintf(client->cookie, sizeof(client->cookie), "sid=%s", token.text);
    snprintf(sql, sizeof(sql),
             "INSERT INTO operator (id, name, full_name) VALUES ('%s', '%s', 'Story %s');"
             "INSERT INTO operator_role VALUES ('%s', '%s');"
             "INSERT INTO session (id, token_sha256, operator_id, expires_at) "
             "VALUES ('%s', '\\x%s', '%s', now() + interval '12 hours')",
             client->operator_id, client->name, client->name, client->operator_id, role, client->session_id,
             hash, client->operator_id);
    free(story_sql(story, sql));
}

struct client *client_of(struct story *story, const char *as)
{
    const char *name = as ? as : "admin";
    for (int i = 0; i < story->client_count; i++)
        if (strcmp(story->clients[i].name, name) == 0)
            return &story->clients[i];
    if (story->client_count == STORY_CLIENTS_MAX)
        story_fail(story, "more than %d clients", STORY_CLIENTS_MAX);
    struct client *client = &story->clients[story->client_count++];
    snprintf(client->name, sizeof(client->name), "%s", name);
    const char *role = role_of(name);
    if (role)
        make_operator(story, client, role);
    return client;
}

void client_take_cookie(struct client *client, const char *set_cookie)
{
    size_t bytes = strcspn(set_cookie, ";");
    const char *value = memchr(set_cookie, '=', bytes);
    bool gone = strcasestr(set_cookie, "max-age=0") || !value || value + 1 == set_cookie + bytes;
    snprintf(client->cookie, sizeof(client->cookie), "%.*s", gone ? 0 : (int)bytes, set_cookie);
}

void story_cookie_set(struct story *story, const char *as, const char *cookie)
{
    struct client *client = client_of(story, as);
    snprintf(client->cookie, sizeof(client->cookie), "%s", cookie);
}

char *story_cookie_get(struct story *story, const char *as)
{
    return strdup(client_of(story, as)->cookie);
}

void story_client_sign(struct story *story, const char *as, story_sign_fn *sign, void *context)
{
    struct client *client = client_of(story, as);
    client->sign = sign;
    client->sign_context = context;
}
