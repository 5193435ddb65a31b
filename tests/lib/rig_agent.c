/* The agents of the rig, and what is done to their readers. */
#include "tests/lib/rig_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define ARGUMENTS_MAX 16
#define ENVIRONMENT_LINES_MAX 16
#define HALT_MS 8000
#define STEP_MS 5

/* ---- process ---- */

/* Puts the lines of `lines` before the process's own environment. The caller frees the array only. */
static char **environment_with(char *lines)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **all = calloc(count + ENVIRONMENT_LINES_MAX + 1, sizeof *all);
    size_t used = 0;
    char *rest = lines;
    while (all && rest && *rest && used < ENVIRONMENT_LINES_MAX)
        all[used++] = strsep(&rest, "\n");
    if (all)
        memcpy(all + used, environ, count * sizeof *all);
    return all;
}

static void child_run(struct rig_desk *desk, const char *const arguments[], char **environment, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int log = open(desk->agent_log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int null = open("/dev/null", O_RDONLY);
    if (getppid() != parent || log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
        dup2(log, 2) < 0)
        _exit(126);
    execve(arguments[0], (char *const *)arguments, environment);
    _exit(127);
}

bool rig_agent_spawn(struct rig_desk *desk, const char *pairing_code)
{
    const struct rig_options *options = &desk->rig->options;
    const char *program = getenv("CARDWRIGHT_AGENT");
    if (!program)
        return rig_problem(desk, "CARDWRIGHT_AGENT is not set");
    const char *arguments[ARGUMENTS_MAX] = {program,
                                            "--server",
                                            options->agent_url ? options->agent_url : desk->server->url,
                                            "--reader",
                                            desk->reader.connstring,
                                            "--state",
                                            desk->state_directory,
                                            "--log",
                                            "logfmt",
                                            "--log-level",
                                            "debug"};
    size_t count = 11;
    if (pairing_code) {
        arguments[count++] = "--pair";
        arguments[count++] = pairing_code;
    }
    char *lines = options->agent_environment ? strdup(options->agent_environment) : NULL;
    char **environment = environment_with(lines);
    pid_t parent = getpid();
    desk->agent = fork();
    if (desk->agent == 0)
        child_run(desk, arguments, environment, parent);
    free(environment);
    free(lines);
    if (desk->agent > 0)
        return true;
    desk->agent = 0;
    return rig_problem(desk, "fork: %s", strerror(errno));
}

/* True: the agent has ended and is reaped. */
static bool has_ended(struct rig_desk *desk, int *ret_status)
{
    if (desk->agent && waitpid(desk->agent, ret_status, WNOHANG) != desk->agent)
        return false;
    desk->agent = 0;
    return true;
}

static void print_log(const struct rig_desk *desk)
{
    char line[1024];
    FILE *log = fopen(desk->agent_log, "re");
    fprintf(stderr, "--- log of the agent of desk %s ---\n", desk->id);
    while (log && fgets(line, sizeof line, log))
        fputs(line, stderr);
    if (log)
        fclose(log);
}

/* The agent's word and the desk's row agree: only then do tasks reach it. */
static bool is_connected(struct rig_desk *desk)
{
    char path[80];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/api/v1/desks/%s/live", desk->id);
    int status = rig_call(desk, "GET", path, NULL, &answer);
    json_t *agent = json_object_get(answer, "agent");
    bool connected = status == 200 && json_is_true(json_object_get(agent, "online")) &&
                     strcmp(rig_text(agent, "reader_state"), "ok") == 0;
    json_decref(answer);
    return connected;
}

bool rig_wait_agent(struct rig_desk *desk)
{
    int status = 0;
    for (int64_t until_ms = rig_now_ms() + RIG_WAIT_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        if (is_connected(desk))
            return true;
        if (has_ended(desk, &status)) {
            print_log(desk);
            return rig_problem(desk, "the agent ended with %d", WEXITSTATUS(status));
        }
    }
    print_log(desk);
    return rig_problem(desk, "the agent did not connect");
}

bool rig_agent_start(struct rig_desk *desk)
{
    return rig_agent_spawn(desk, NULL) && rig_wait_agent(desk);
}

void rig_agent_kill(struct rig_desk *desk)
{
    if (!desk->agent)
        return;
    kill(desk->agent, SIGKILL);
    waitpid(desk->agent, NULL, 0);
    desk->agent = 0;
}

bool rig_agent_halt(struct rig_desk *desk)
{
    int status = 0;
    if (!desk->agent)
        return true;
    kill(desk->agent, SIGCONT);
    kill(desk->agent, SIGTERM);
    for (int64_t until_ms = rig_now_ms() + HALT_MS; rig_now_ms() < until_ms; poll(NULL, 0, STEP_MS)) {
        if (!has_ended(desk, &status))
            continue;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return true;
        print_log(desk);
        return rig_problem(desk, "the agent ended with status %d", status);
    }
    print_log(desk);
    rig_agent_kill(desk);
    return rig_problem(desk, "the agent did not end within %d ms", HALT_MS);
}

void rig_agent_freeze(struct rig_desk *desk)
{
    int status;
    if (!desk->agent)
        return;
    kill(desk->agent, SIGSTOP);
    waitpid(desk->agent, &status, WUNTRACED);
}

void rig_agent_thaw(struct rig_desk *desk)
{
    int status;
    if (!desk->agent)
        return;
    kill(desk->agent, SIGCONT);
    waitpid(desk->agent, &status, WCONTINUED);
}

/* ---- reader ---- */

static bool command_failed(struct rig_desk *desk, const char *what)
{
    return rig_problem(desk, "the simulated reader, %s: %s", what, desk->reader.reply);
}

bool rig_card_new(struct rig_desk *desk, const char *file, const char *chip, const char *uid_hex)
{
    return sim_reader_command(&desk->reader, "new %s %s %s", file, chip, uid_hex) ||
           command_failed(desk, "new");
}

bool rig_remove(struct rig_desk *desk)
{
    if (!sim_reader_command(&desk->reader, "remove"))
        return command_failed(desk, "remove");
    return rig_wait_no_card(desk);
}

bool rig_put(struct rig_desk *desk, const char *file)
{
    return sim_reader_command(&desk->reader, "place %s", file) || command_failed(desk, "place");
}

bool rig_place(struct rig_desk *desk, const char *file)
{
    return rig_remove(desk) && rig_put(desk, file) && rig_wait_card(desk);
}

bool rig_cut(struct rig_desk *desk, int command)
{
    return sim_reader_command(&desk->reader, "cut %d", command) || command_failed(desk, "cut");
}

bool rig_tear(struct rig_desk *desk, int write, const char *kind)
{
    return sim_reader_command(&desk->reader, "tear %d %s", write, kind) || command_failed(desk, "tear");
}

bool rig_disarm(struct rig_desk *desk)
{
    return sim_reader_command(&desk->reader, "disarm") || command_failed(desk, "disarm");
}

bool rig_cut_done(struct rig_desk *desk)
{
    return sim_reader_command(&desk->reader, "wait cut 0");
}

bool rig_torn(struct rig_desk *desk)
{
    return sim_reader_command(&desk->reader, "wait torn 0");
}
