#include "agent/simulate.h"

#include "agent/task_json.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPLY_BYTES_MAX (2 * CARD_BLOCKS_MAX * CARD_BLOCK_BYTES + 128)
#define UID_TEXT_BYTES (2 * CARD_UID_BYTES_MAX + 1)
#define INFO_LINE_BYTES_MAX 160

extern char **environ;

struct simulator {
    pid_t pid; /* 0: not running */
    int64_t died_ms;
    char program[PATH_MAX];
    char link[PATH_MAX];
    char control[PATH_MAX];
    char cards[PATH_MAX];
    char connstring[AGENT_CONNSTRING_BYTES_MAX];
    char placed[2][TRAINING_CARD_CHARACTERS_MAX + 1]; /* the cards put on the reader last; "" none */
};

/* ---- control socket: one line, one answer ---- */

static int connect_control(const struct simulator *simulator)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(simulator->control) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, simulator->control, strlen(simulator->control) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Reads up to a line end; false: none came in time. */
static bool read_line(int fd, char *ret_line, size_t line_bytes)
{
    size_t count = 0;
    while (count + 1 < line_bytes) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, SIM_READER_START_MS_MAX) <= 0)
            return false;
        ssize_t got = read(fd, ret_line + count, line_bytes - 1 - count);
        if (got <= 0)
            return false;
        count += (size_t)got;
        char *end = memchr(ret_line, '\n', count);
        if (end) {
            *end = '\0';
            return true;
        }
    }
    return false;
}

/* One command and its answer without the line end. False: the simulator does not answer; the text says so. */
static bool ask(const struct simulator *simulator, const char *command, char *ret_answer, size_t answer_bytes)
{
    char line[AGENT_TRAINING_LINE_BYTES_MAX + 1];
    int length = snprintf(line, sizeof line, "%s\n", command);
    int fd = connect_control(simulator);
    bool answered = fd >= 0 && send(fd, line, (size_t)length, MSG_NOSIGNAL) == length &&
                    read_line(fd, ret_answer, answer_bytes);
    if (!answered)
        snprintf(ret_answer, answer_bytes, "error the simulated reader does not answer");
    if (fd >= 0)
        close(fd);
    return answered;
}

/* ---- process ---- */

static bool spawn_it(struct simulator *simulator)
{
    char *arguments[] = {
        simulator->program, "--link",         simulator->link,      "--control", simulator->control,
        "--cards",          simulator->cards, "--exit-with-parent", NULL};
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP); /* not our Ctrl-C */
    posix_spawnattr_setsigmask(&attributes, &none);
    int failure = posix_spawn(&simulator->pid, simulator->program, NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    if (failure)
        simulator->pid = 0;
    errno = failure;
    return failure == 0;
}

/* True if the process is gone; its entry in the process table is cleared then. */
static bool has_ended(struct simulator *simulator)
{
    if (simulator->pid && waitpid(simulator->pid, NULL, WNOHANG) == simulator->pid)
        simulator->pid = 0;
    return simulator->pid == 0;
}

static bool wait_until_it_answers(struct simulator *simulator)
{
    char answer[256];
    int64_t until_ms = clock_monotonic_ms() + SIM_READER_START_MS_MAX;
    while (!has_ended(simulator) && clock_monotonic_ms() < until_ms) {
        if (ask(simulator, "status", answer, sizeof answer))
            return true;
        struct timespec pause = {.tv_nsec = AGENT_SIM_START_CHECK_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    return false;
}

static bool folder_made(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The program beside this one, which is how the build leaves them. */
static void default_program(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    size_t kept = slash ? (size_t)(slash - path) + 1 : 0;
    snprintf(path + kept, PATH_MAX - kept, "sim-reader");
}

static bool set_paths(struct simulator *simulator, const char *folder, const char *program)
{
    char real[PATH_MAX];
    if (!folder_made(folder) || !realpath(folder, real))
        return false;
    bool fits = snprintf(simulator->link, sizeof simulator->link, "%s/reader", real) < PATH_MAX &&
                snprintf(simulator->control, sizeof simulator->control, "%s/control", real) < PATH_MAX &&
                snprintf(simulator->cards, sizeof simulator->cards, "%s/cards", real) < PATH_MAX &&
                snprintf(simulator->connstring, sizeof simulator->connstring, "pn532_uart:%s:115200",
                         simulator->link) < AGENT_CONNSTRING_BYTES_MAX;
    errno = fits ? 0 : ENAMETOOLONG;
    if (program)
        snprintf(simulator->program, sizeof simulator->program, "%s", program);
    else
        default_program(simulator->program);
    return fits && folder_made(simulator->cards);
}

struct simulator *simulator_start(const char *folder, const char *program, char *error, size_t error_bytes)
{
    struct simulator *simulator = calloc(1, sizeof *simulator);
    if (!simulator || !set_paths(simulator, folder, program)) {
        snprintf(error, error_bytes, "--simulate %s: %s", folder, strerror(errno));
        free(simulator);
        return NULL;
    }
    if (spawn_it(simulator) && wait_until_it_answers(simulator))
        return simulator;
    snprintf(error, error_bytes, "%s does not start: %s", simulator->program,
             errno ? strerror(errno) : "its message is above");
    simulator_stop(simulator);
    return NULL;
}

void simulator_stop(struct simulator *simulator)
{
    if (!simulator)
        return;
    if (!has_ended(simulator)) {
        kill(simulator->pid, SIGTERM);
        waitpid(simulator->pid, NULL, 0);
    }
    free(simulator);
}

const char *simulator_connstring(const struct simulator *simulator)
{
    return simulator->connstring;
}

void simulator_watch(struct simulator *simulator)
{
    if (!has_ended(simulator))
        return;
    int64_t now_ms = clock_monotonic_ms();
    if (simulator->died_ms == 0)
        log_error("simulator.died", LOG_TEXT("program", simulator->program));
    if (now_ms - simulator->died_ms < AGENT_SIM_RESTART_PAUSE_MS)
        return;
    simulator->died_ms = now_ms;
    if (!spawn_it(simulator))
        log_error("simulator.not_started", LOG_ERRNO(errno));
}

/* ---- training ---- */

/* The UID in NAME.info, which the simulator writes when the dump alone does not tell; false: there is none.
 */
static bool read_info_uid(const struct simulator *simulator, const char *name, char ret_uid[UID_TEXT_BYTES])
{
    char path[PATH_MAX];
    char line[INFO_LINE_BYTES_MAX];
    bool found = false;
    if (snprintf(path, sizeof path, "%s/%s.info", simulator->cards, name) >= PATH_MAX)
        return false;
    CLEANUP(cleanup_file) FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = sscanf(line, "uid %20[0-9a-fA-F]", ret_uid) == 1;
    return found;
}

/* Whether every sector of this image (hex) is as the factory leaves it: nobody's card. */
static bool image_is_blank(const char *image, bool is_4k)
{
    static const char factory[] = "ffffffffffffff078069ffffffffffff";
    for (size_t sector = 0; sector < (is_4k ? 40 : 16); sector++) {
        size_t block = sector < 32 ? 4 * sector + 3 : 128 + 16 * (sector - 32) + 15;
        if (strncmp(image + 2 * CARD_BLOCK_BYTES * block, factory, sizeof factory - 1) != 0)
            return false;
    }
    return true;
}

/* What the image of a card says: {card, uid, chip, blank}; NULL: the file is not a card. */
static json_t *describe_card(const struct simulator *simulator, const char *name)
{
    char command[AGENT_TRAINING_LINE_BYTES_MAX];
    char uid[UID_TEXT_BYTES];
    CLEANUP(cleanup_free) char *answer = malloc(REPLY_BYTES_MAX);
    snprintf(command, sizeof command, "dump %.64s", name);
    if (!answer || !ask(simulator, command, answer, REPLY_BYTES_MAX) || strncmp(answer, "ok ", 3) != 0)
        return NULL;
    const char *image = answer + 3;
    if (!read_info_uid(simulator, name, uid))
        snprintf(uid, sizeof uid, "%.8s", image);
    bool is_4k = strlen(image) > (size_t)2 * 64 * CARD_BLOCK_BYTES;
    return json_pack("{s:s,s:s,s:s,s:b}", "card", name, "uid", uid, "chip", is_4k ? "4k" : "1k", "blank",
                     image_is_blank(image, is_4k));
}

static bool field_is_empty(const struct simulator *simulator)
{
    char answer[512];
    return !ask(simulator, "status", answer, sizeof answer) || strstr(answer, "cards=0") != NULL;
}

static bool is_placed(const struct simulator *simulator, const char *name)
{
    return strcmp(name, simulator->placed[0]) == 0 || strcmp(name, simulator->placed[1]) == 0;
}

/* Only what a task can name is a card; beside it lie what a dump cannot say, and copies of whoever trains. */
static int is_card_name(const struct dirent *entry)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(entry->d_name);
    return length <= TRAINING_CARD_CHARACTERS_MAX && strspn(entry->d_name, letters) == length;
}

/* In the order of their names, card-9 before card-10: a card keeps its place on the screen. */
static json_t *list_cards(const struct simulator *simulator)
{
    json_t *cards = json_array();
    struct dirent **entries = NULL;
    bool is_empty = field_is_empty(simulator);
    int count = scandir(simulator->cards, &entries, is_card_name, versionsort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        bool fits = json_array_size(cards) < TRAINING_CARDS_MAX;
        json_t *facts = fits ? describe_card(simulator, name) : NULL;
        if (facts) {
            json_object_set_new(facts, "on_reader", json_boolean(!is_empty && is_placed(simulator, name)));
            json_array_append_new(cards, facts);
        }
        free(entries[i]);
    }
    free(entries);
    return cards;
}

/* What lies on the reader after this line, so that the list can name it. */
static void remember_placed(struct simulator *simulator, const char *line)
{
    bool places = strncmp(line, "place ", 6) == 0;
    if (!places && strcmp(line, "remove") != 0 && strcmp(line, "phone") != 0)
        return;
    memset(simulator->placed, 0, sizeof simulator->placed);
    if (places)
        sscanf(line, "place %40s %40s", simulator->placed[0], simulator->placed[1]);
}

bool simulator_do(struct simulator *simulator, const json_t *task, char *message, size_t message_bytes,
                  json_t **ret_cards)
{
    struct training_lines script;
    char answer[512] = "ok";
    *ret_cards = NULL;
    const char *wrong = training_lines(task, &script);
    if (wrong) {
        snprintf(message, message_bytes, "%s", wrong);
        return false;
    }
    bool done = true;
    for (size_t i = 0; i < script.count && done; i++) {
        done = ask(simulator, script.lines[i], answer, sizeof answer) && strncmp(answer, "ok", 2) == 0;
        if (done)
            remember_placed(simulator, script.lines[i]);
    }
    snprintf(message, message_bytes, "%s", done ? "ok" : answer);
    *ret_cards = list_cards(simulator);
    return done;
}
