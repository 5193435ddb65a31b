#include "tests/lib/story_desk.h"

#include "tests/lib/story_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 30000 /* for what must come, also on a busy machine */
#define LOOK_MS 200   /* between two looks when no event says that there is news */

struct story_desk {
    struct story *story;
    const char *as;
    char id[37];
    char folder[200];
    pid_t agent;
    struct story_stream *stream;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void print_log(const struct story_desk *desk)
{
    char path[256], line[1024];
    snprintf(path, sizeof path, "%s/log", desk->folder);
    FILE *log = fopen(path, "re");
    fprintf(stderr, "--- log of the agent ---\n");
    while (log && fgets(line, sizeof line, log))
        fputs(line, stderr);
    if (log)
        fclose(log);
}

static void fail(struct story_desk *desk, const char *what)
{
    print_log(desk);
    story_fail(desk->story, "%s", what);
}

/* ---- the agent ---- */

static void run_agent(const struct story_desk *desk, const char *code, pid_t parent)
{
    char log_path[256], state[256], cards[256], paper[256];
    const char *program = getenv("CARDWRIGHT_AGENT");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    snprintf(log_path, sizeof log_path, "%s/log", desk->folder);
    snprintf(state, sizeof state, "%s/state", desk->folder);
    snprintf(cards, sizeof cards, "%s/cards", desk->folder);
    snprintf(paper, sizeof paper, "%s/paper", desk->folder);
    int log = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int null = open("/dev/null", O_RDONLY);
    if (!program || getppid() != parent || log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
        dup2(log, 2) < 0)
        _exit(126);
    execl(program, program, "--server", story_server(desk->story)->url, "--simulate", cards, "--state", state,
          "--printer", paper, "--pair", code, (char *)NULL);
    _exit(127);
}

static void start_agent(struct story_desk *desk)
{
    const struct step code = {.label = "pairing", POST("/api/v1/desks/{set.desk}/pairings"), .want = 201};
    story_step(desk->story, &code);
    char typed[40];
    snprintf(typed, sizeof typed, "%s", story_value(desk->story, "pairing", "code"));
    pid_t parent = getpid();
    desk->agent = fork();
    if (desk->agent == 0)
        run_agent(desk, typed, parent);
    cr_assert_gt(desk->agent, 0);
}

/* ---- what the desk shows ---- */

/* The present of the desk, borrowed. */
static json_t *look(struct story_desk *desk)
{
    const struct step live = {
        .label = "live", GET("/api/v1/desks/{set.desk}/live"), .as = desk->as, .want = 200};
    story_step(desk->story, &live);
    return story_answer(desk->story, "live");
}

static const char *text_of(json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

/* Until the next event, or a while. */
static void wait_for_news(struct story_desk *desk)
{
    json_decref(story_stream_next(desk->stream, NULL, LOOK_MS));
}

static void wait_for_reader(struct story_desk *desk)
{
    for (int64_t until_ms = now_ms() + WAIT_MS; now_ms() < until_ms; wait_for_news(desk)) {
        json_t *agent = json_object_get(look(desk), "agent");
        if (json_is_true(json_object_get(agent, "online")) &&
            strcmp(text_of(agent, "reader_state"), "ok") == 0)
            return;
    }
    fail(desk, "the reader of the desk did not come up");
}

void story_desk_shows(struct story_desk *desk, const char *state)
{
    for (int64_t until_ms = now_ms() + WAIT_MS; now_ms() < until_ms; wait_for_news(desk)) {
        json_t *card = json_object_get(look(desk), "card");
        const char *reading = text_of(card, "presentation_id");
        if (strcmp(text_of(card, "state"), state) == 0 && *reading &&
            json_is_null(json_object_get(card, "operation"))) {
            story_set(desk->story, "reading", reading);
            return;
        }
    }
    char *shown = json_dumps(look(desk), JSON_INDENT(1));
    fprintf(stderr, "the desk shows %s\n", shown);
    free(shown);
    fail(desk, "the desk did not show the wanted state of the card");
}

void story_desk_shows_none(struct story_desk *desk)
{
    for (int64_t until_ms = now_ms() + WAIT_MS; now_ms() < until_ms; wait_for_news(desk))
        if (json_is_null(json_object_get(look(desk), "card")))
            return;
    fail(desk, "the desk still shows a card");
}

void story_desk_wait(struct story_desk *desk, const char *label, const char *state)
{
    char path[128];
    snprintf(path, sizeof path, "/api/v1/operations/%s", story_value(desk->story, label, "id"));
    const struct step read = {.label = "operation", GET(path), .as = desk->as, .want = 200};
    for (int64_t until_ms = now_ms() + WAIT_MS; now_ms() < until_ms; wait_for_news(desk)) {
        story_step(desk->story, &read);
        json_t *operation = story_answer(desk->story, "operation");
        if (strcmp(text_of(operation, "state"), state) != 0)
            continue;
        bool wiped = strcmp(text_of(operation, "kind"), "unissue") == 0 && strcmp(state, "completed") == 0;
        if (json_is_string(json_object_get(operation, "finished_at")))
            story_desk_shows(desk, wiped ? "blank" : "active");
        return;
    }
    fail(desk, "the operation did not reach the wanted state");
}

/* ---- life ---- */

struct story_desk *story_desk_start(struct story *story, const char *as)
{
    static const struct step made[] = {
        {"desk", POST("/api/v1/desks"), .body = "{'name': 'Main desk'}", .want = 201},
        {"digits", PUT("/api/v1/settings/system-password"), .body = "{'digits': '2580'}", .want = 204},
    };
    struct story_desk *desk = calloc(1, sizeof *desk);
    cr_assert(desk, "no memory");
    desk->story = story;
    desk->as = as;
    story_play(story, made, STEPS(made));
    snprintf(desk->id, sizeof desk->id, "%s", story_value(story, "desk", "id"));
    story_set(story, "desk", desk->id);
    snprintf(desk->folder, sizeof desk->folder, "%s/desk", story_server(story)->directory);
    cr_assert_eq(mkdir(desk->folder, 0700), 0);
    story_set(story, "folder", desk->folder);
    const struct step sit = {.label = "sit",
                             PUT("/api/v1/session/desk"),
                             .as = as,
                             .want = 200,
                             .body = "{'desk_id': '{set.desk}'}"};
    story_step(story, &sit);
    desk->stream = story_stream_open(story, as, "/api/v1/desks/{set.desk}/events", NULL);
    start_agent(desk);
    wait_for_reader(desk);
    return desk;
}

struct story_desk *story_desk_start_issued(struct story *story, const char *as)
{
    static const struct step ann = {"ann", POST("/api/v1/people"),
                                    .body = "{'name': 'Ann Bell', 'personnel_no': 'A-1'}", .want = 201};
    const struct step issue = {
        "issue", OPERATIONS_BY(as), ACT("issue", "'person_id': '{ann.id}', 'printed_no': 'R 7'"),
        .has = "{'kind': 'issue', 'state': 'prepared', 'person': {'name': 'Ann Bell'}, 'card': "
               "{'printed_no': 'R 7', 'state': 'issuing'}, 'cash_to_take_minor': 0}"};
    struct story_desk *desk = story_desk_start(story, as);
    story_step(story, &ann);
    story_desk_card(desk, "red", "9c3ad15e");
    story_step(story, &issue);
    story_desk_wait(desk, "issue", "completed");
    return desk;
}

void story_desk_stop(struct story_desk *desk)
{
    int status = 0;
    story_stream_close(desk->stream);
    kill(desk->agent, SIGTERM);
    cr_assert_eq(waitpid(desk->agent, &status, 0), desk->agent);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        print_log(desk);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the agent ended with status %d", status);
    char *said =
        server_command(story_server(desk->story), (const char *const[]){"verify-ledger", NULL}, &status);
    cr_expect_eq(status, 0, "%s", said);
    free(said);
    free(desk);
}

void story_desk_training(struct story_desk *desk, const char *action, const char *members)
{
    char body[300];
    snprintf(body, sizeof body, "{'action': '%s'%s}", action, members);
    const struct step ask = {.label = "training",
                             POST("/api/v1/desks/{set.desk}/training"),
                             .as = desk->as,
                             .body = body,
                             .want = 200,
                             .has = "{'ok': true, 'done': true}"};
    story_step(desk->story, &ask);
}

void story_desk_card(struct story_desk *desk, const char *name, const char *uid_hex)
{
    char members[200];
    snprintf(members, sizeof members, ", 'card': '%s', 'chip': '1k', 'uid': '%s'", name, uid_hex);
    story_desk_training(desk, "new", members);
    snprintf(members, sizeof members, ", 'card': '%s'", name);
    story_desk_training(desk, "place", members);
    story_desk_shows(desk, "blank");
}
