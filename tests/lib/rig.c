/* Setting a site up and taking it down, and the acts of its operators. */
#include "tests/lib/rig_internal.h"

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/token.h"

#include <curl/curl.h>
#include <errno.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NEWS_MS 100 /* within which the screen hears what an answer knows already */

struct rig_desk *rig_desk(struct rig *rig, int number)
{
    return &rig->desks[number];
}

/* ---- people who work there ---- */

/* An operator with a live session, put straight into the database: logging in is tested elsewhere. */
static void make_operator(PGconn *owner, const char *name, const char *role, char ret_id[RIG_ID_BYTES],
                          char ret_cookie[160])
{
    struct uuid operator_id = uuid_make_v7(), session_id = uuid_make_v7();
    struct token token;
    char session_text[UUID_TEXT_BYTES], hash[2 * SHA256_BYTES + 1], sql[1024];
    uuid_format(&operator_id, ret_id);
    uuid_format(&session_id, session_text);
    token_make(&token);
    bytes_to_hex(token.sha256, SHA256_BYTES, hash);
    snprintf(ret_cookie, 160, "sid=%s", token.text);
    snprintf(sql, sizeof sql,
             "INSERT INTO operator (id, name, full_name) VALUES ('%s', '%s', 'Rig %s');"
             "INSERT INTO operator_role VALUES ('%s', '%s');"
             "INSERT INTO session (id, token_sha256, operator_id, expires_at) "
             "VALUES ('%s', '\\x%s', '%s', now() + interval '12 hours')",
             ret_id, name, name, ret_id, role, session_text, hash, ret_id);
    test_pg_exec(owner, sql);
}

/* ---- start ---- */

static bool make_directories(struct rig *rig)
{
    snprintf(rig->directory, sizeof rig->directory, "/tmp/rig-XXXXXX");
    if (!mkdtemp(rig->directory))
        return false;
    snprintf(rig->cards, sizeof rig->cards, "%s/cards", rig->directory);
    return mkdir(rig->cards, 0700) == 0;
}

static bool start_servers(struct rig *rig)
{
    struct server_options options = {.environment = rig->options.environment,
                                     .database_host = rig->options.database_host};
    rig->server_count = rig->options.server_count ? rig->options.server_count : 1;
    for (int i = 0; i < rig->server_count; i++) {
        rig->servers[i] = server_start(&options);
        if (!rig->servers[i])
            return false;
        options.beside = rig->servers[0];
    }
    return !rig->options.servers_up || rig->options.servers_up(rig, rig->options.context);
}

static void set_database(struct rig *rig, PGconn *owner)
{
    char sql[256], id[RIG_ID_BYTES];
    make_operator(owner, "rig-admin", "admin", id, rig->admin_cookie);
    if (rig->options.safe_commits)
        return;
    PGconn *admin = test_pg_connect(rig->servers[0]->pg.admin);
    snprintf(sql, sizeof sql, "ALTER DATABASE %s SET synchronous_commit = off", rig->servers[0]->pg.name);
    test_pg_exec(admin, sql);
    PQfinish(admin);
}

/* Settings of every rig: the digits, times in use at 1.00 each, and withdrawals without a second password. */
static bool set_site(struct rig_desk *desk, PGconn *owner)
{
    json_t *answer = NULL;
    int status = rig_admin_call(desk, "PUT", "/api/v1/settings/system-password",
                                "{'digits': '" RIG_DIGITS "'}", &answer);
    bool fine = status / 100 == 2 || rig_refused(desk, "system password", status, answer);
    json_decref(answer);
    test_pg_exec(owner, "UPDATE site SET uses_times = true, times_price_minor = 100, times_limit = 100000, "
                        "withdraw_step_up_minor = 10000000, drawer_may_go_negative = true");
    return fine;
}

static bool start_reader(struct rig_desk *desk)
{
    char name[24];
    struct sim_reader_options options = {.program = getenv("SIM_READER"),
                                         .directory = desk->rig->directory,
                                         .cards = desk->rig->cards,
                                         .name = name,
                                         .pacing = desk->rig->options.pacing};
    snprintf(name, sizeof name, "reader%d", (int)(desk - desk->rig->desks));
    if (!options.program)
        return rig_problem(desk, "SIM_READER is not set");
    return sim_reader_start(&desk->reader, &options) || rig_problem(desk, "the reader did not start");
}

/* The desk's row, its agent's pairing code, and the operator's seat. */
static bool make_desk(struct rig_desk *desk, char ret_code[16])
{
    char body[128], path[96];
    json_t *answer = NULL;
    snprintf(body, sizeof body, "{'name': 'Desk %d'}", (int)(desk - desk->rig->desks) + 1);
    int status = rig_admin_call(desk, "POST", "/api/v1/desks", body, &answer);
    snprintf(desk->id, sizeof desk->id, "%s", rig_text(answer, "id"));
    bool fine = (status == 201 && *desk->id) || rig_refused(desk, "desk", status, answer);
    json_decref(answer);
    if (!fine)
        return false;
    snprintf(path, sizeof path, "/api/v1/desks/%s/pairings", desk->id);
    status = rig_admin_call(desk, "POST", path, NULL, &answer);
    snprintf(ret_code, 16, "%s", rig_text(answer, "code"));
    fine = *ret_code || rig_refused(desk, "pairing", status, answer);
    json_decref(answer);
    snprintf(body, sizeof body, "{'desk_id': '%s'}", desk->id);
    status = fine ? rig_call(desk, "PUT", "/api/v1/session/desk", body, &answer) : 0;
    fine = fine && (status / 100 == 2 || rig_refused(desk, "seat", status, answer));
    json_decref(answer);
    return fine;
}

static bool start_desk(struct rig *rig, int number, PGconn *owner)
{
    struct rig_desk *desk = &rig->desks[number];
    char name[32], code[16];
    desk->rig = rig;
    desk->server = rig->servers[number % rig->server_count];
    desk->http = curl_easy_init();
    desk->operations = json_object();
    snprintf(desk->state_directory, sizeof desk->state_directory, "%s/agent%d", rig->directory, number);
    snprintf(desk->agent_log, sizeof desk->agent_log, "%s/agent%d.log", rig->directory, number);
    snprintf(name, sizeof name, "rig-%d", number);
    make_operator(owner, name, "admin", desk->operator_id, desk->cookie);
    if (number == 0 && !set_site(desk, owner))
        return false;
    return start_reader(desk) && make_desk(desk, code) && rig_agent_spawn(desk, code) &&
           rig_wait_agent(desk) && rig_stream_open(desk);
}

struct rig *rig_start(const struct rig_options *options)
{
    struct rig *rig = calloc(1, sizeof *rig);
    if (!rig || sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return NULL;
    rig->options = *options;
    bool fine = make_directories(rig) && start_servers(rig);
    PGconn *owner = fine ? test_pg_connect(rig->servers[0]->pg.owner) : NULL;
    if (fine)
        set_database(rig, owner);
    int wanted = options->desk_count ? options->desk_count : 1;
    for (int i = 0; fine && i < wanted && i < RIG_DESKS_MAX; i++) {
        rig->desk_count = i + 1;
        fine = start_desk(rig, i, owner);
        if (!fine)
            fprintf(stderr, "desk %d: %s\n", i, rig->desks[i].problem);
    }
    PQfinish(owner);
    if (fine)
        return rig;
    rig_stop(rig);
    return NULL;
}

/* ---- stop ---- */

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
    (void)facts;
    (void)kind;
    (void)walk;
    return remove(path);
}

static bool stop_desk(struct rig_desk *desk)
{
    bool fine = rig_agent_halt(desk);
    if (!fine)
        fprintf(stderr, "%s\n", desk->problem);
    rig_stream_close(desk);
    if (desk->reader.pid > 0 && !sim_reader_stop(&desk->reader)) {
        fprintf(stderr, "a simulated reader did not end by itself\n");
        fine = false;
    }
    if (desk->http)
        curl_easy_cleanup(desk->http);
    json_decref(desk->card);
    json_decref(desk->operations);
    return fine;
}

bool rig_stop(struct rig *rig)
{
    bool fine = true;
    for (int i = 0; i < rig->desk_count; i++)
        fine = stop_desk(&rig->desks[i]) && fine;
    for (int i = rig->server_count - 1; i >= 0; i--) /* the first owns the database */
        fine = (!rig->servers[i] || server_stop(rig->servers[i])) && fine;
    if (*rig->directory && !getenv("RIG_KEEP"))
        nftw(rig->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(rig);
    return fine;
}

/* ---- acts ---- */

bool rig_person(struct rig_desk *desk, const char *name, char ret_id[RIG_ID_BYTES])
{
    char body[160];
    json_t *answer = NULL;
    snprintf(body, sizeof body, "{'name': '%s'}", name);
    int status = rig_admin_call(desk, "POST", "/api/v1/people", body, &answer);
    snprintf(ret_id, RIG_ID_BYTES, "%s", rig_text(answer, "id"));
    bool fine = (status == 201 && *ret_id) || rig_refused(desk, "person", status, answer);
    json_decref(answer);
    return fine;
}

/* What a desk is told of an operation, taken from an answer. */
static void keep(struct rig_desk *desk, json_t *operation)
{
    if (*rig_text(operation, "id"))
        json_object_set(desk->operations, rig_text(operation, "id"), operation);
}

/* Sends an act; its key becomes the id. */
static bool act_send(struct rig_desk *desk, const struct rig_request *request)
{
    json_t *answer = NULL;
    int status = rig_send(desk, request, &answer);
    bool fine = status == 201 || rig_refused(desk, "act", status, answer);
    if (fine && !*rig_operation_state(desk, request->key))
        keep(desk, answer); /* news of the stream may be ahead of it */
    json_decref(answer);
    return fine;
}

static bool act(struct rig_desk *desk, const char *path, const char *body, char ret_id[RIG_ID_BYTES])
{
    struct uuid key = uuid_make_v7();
    uuid_format(&key, ret_id);
    return act_send(desk, &(struct rig_request){"POST", path, body, ret_id, desk->cookie, NULL});
}

bool rig_operation(struct rig_desk *desk, const char *kind, const char *members, char ret_id[RIG_ID_BYTES])
{
    char path[96], body[512];
    snprintf(path, sizeof path, "/api/v1/desks/%s/operations", desk->id);
    snprintf(body, sizeof body, "{'kind': '%s', 'presentation_id': '%s', %s", kind,
             rig_card_text(desk, "presentation_id"), members + strspn(members, "{ "));
    return act(desk, path, body, ret_id);
}

bool rig_was_disturbed(struct rig_desk *desk, const char *code)
{
    if (strcmp(code, "card_changed") != 0 && strcmp(code, "agent_offline") != 0)
        return false;
    rig_listen(desk, NEWS_MS);
    return rig_wait_agent(desk) && rig_wait_card(desk);
}

bool rig_ask(struct rig_desk *desk, const char *kind, const char *members, char ret_id[RIG_ID_BYTES])
{
    for (int64_t until_ms = rig_now_ms() + rig_wait_ms(desk);;) {
        char code[32];
        if (rig_operation(desk, kind, members, ret_id))
            return true;
        snprintf(code, sizeof code, "%.*s", (int)strcspn(desk->problem, ":"), desk->problem);
        if (rig_now_ms() >= until_ms || !rig_was_disturbed(desk, code))
            return false;
    }
}

bool rig_issue(struct rig_desk *desk, const char *person_id, char ret_id[RIG_ID_BYTES])
{
    char members[80];
    snprintf(members, sizeof members, "{'person_id': '%s'}", person_id);
    return rig_ask(desk, "issue", members, ret_id);
}

bool rig_unissue(struct rig_desk *desk, PGconn *pg, char ret_id[RIG_ID_BYTES])
{
    char path[96], body[256], sql[512], hash[2 * SHA256_BYTES + 1];
    struct uuid key = uuid_make_v7();
    struct token token;
    uuid_format(&key, ret_id);
    token_make(&token);
    bytes_to_hex(token.sha256, SHA256_BYTES, hash);
    snprintf(sql, sizeof sql,
             "INSERT INTO step_up (token_sha256, session_id, operator_id, purpose, operation_id, expires_at) "
             "SELECT '\\x%s', id, operator_id, 'unissue', '%s', now() + interval '2 minutes' FROM session "
             "WHERE operator_id = '%s'",
             hash, ret_id, desk->operator_id);
    test_pg_exec(pg, sql);
    snprintf(path, sizeof path, "/api/v1/desks/%s/operations", desk->id);
    snprintf(body, sizeof body, "{'kind': 'unissue', 'presentation_id': '%s', 'reason': 'rig'}",
             rig_card_text(desk, "presentation_id"));
    return act_send(desk, &(struct rig_request){"POST", path, body, ret_id, desk->cookie, token.text});
}

bool rig_reverse(struct rig_desk *desk, const char *operation_id, char ret_id[RIG_ID_BYTES])
{
    char path[96], body[256];
    snprintf(path, sizeof path, "/api/v1/operations/%s/reverse", operation_id);
    snprintf(body, sizeof body, "{'desk_id': '%s', 'presentation_id': '%s', 'reason': 'rig'}", desk->id,
             rig_card_text(desk, "presentation_id"));
    return act(desk, path, body, ret_id);
}

bool rig_cancel(struct rig_desk *desk, const char *operation_id, bool scrap)
{
    char path[96];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/api/v1/operations/%s/cancel", operation_id);
    int status = rig_call(desk, "POST", path, scrap ? "{'scrap': true}" : "{}", &answer);
    bool fine = status / 100 == 2 || rig_refused(desk, "cancel", status, answer);
    json_decref(answer);
    return fine;
}

json_t *rig_operation_read(struct rig_desk *desk, const char *operation_id)
{
    char path[96];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/api/v1/operations/%s", operation_id);
    int status = rig_call(desk, "GET", path, NULL, &answer);
    if (status != 200) {
        rig_refused(desk, "operation", status, answer);
        json_decref(answer);
        return NULL;
    }
    keep(desk, answer);
    json_decref(answer);
    return json_object_get(desk->operations, operation_id);
}
