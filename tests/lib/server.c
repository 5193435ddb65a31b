#include "tests/lib/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT_LOWEST 20000
#define PORT_HIGHEST 31999 /* the kernel gives outgoing connections ports from 32768 on */
#define PORT_TRIES 200
#define START_TRIES 5 /* another program may take the port between the probe and the start */
#define POLL_MS 20
#define HALT_MS 15000
#define COMMAND_OUTPUT_BYTES_MAX 65536

extern char **environ;

/* ---- ports ---- */

static bool port_is_free(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1; /* a port of a server that ended a moment ago is free */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bool free_port = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return free_port;
}

uint16_t server_free_port(void)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        uint16_t random = 0;
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
            return 0;
        uint16_t port = (uint16_t)(PORT_LOWEST + random % (PORT_HIGHEST - PORT_LOWEST));
        if (port_is_free(port))
            return port;
    }
    return 0;
}

/* ---- the environment of the program ---- */

/* Adds "NAME=value" or takes the place of an older value of NAME. */
static void set(struct test_server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void set(struct test_server *server, const char *format, ...)
{
    char *setting = NULL;
    va_list arguments;
    va_start(arguments, format);
    cr_assert(vasprintf(&setting, format, arguments) > 0, "no memory");
    va_end(arguments);
    size_t name_bytes = strcspn(setting, "=") + 1;
    int at = 0;
    while (server->environment[at] && strncmp(server->environment[at], setting, name_bytes) != 0)
        at++;
    cr_assert(at < SERVER_ENVIRONMENT_MAX, "too many settings");
    free(server->environment[at]);
    server->environment[at] = setting;
}

static void set_lines(struct test_server *server, const char *lines)
{
    for (const char *line = lines; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        set(server, "%.*s", (int)strcspn(line, "\n"), line);
}

static void set_ports(struct test_server *server)
{
    server->operator_port = server_free_port();
    do
        server->device_port = server_free_port();
    while (server->device_port == server->operator_port && server->device_port);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", server->operator_port);
    set(server, "CARDWRIGHT_HTTP_OPERATOR_PORT=%d", server->operator_port);
    set(server, "CARDWRIGHT_HTTP_DEVICE_PORT=%d", server->device_port);
}

/* Nothing of the machine's own configuration may reach the program under test. */
static void set_all(struct test_server *server, const struct server_options *options)
{
    char config[200];
    snprintf(config, sizeof(config), "%s/cardwright.conf", server->directory);
    int fd = open(config, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(fd >= 0, "%s: %s", config, strerror(errno));
    close(fd);
    set(server, "CARDWRIGHT_CONFIG=%s", config);
    set(server, "CARDWRIGHT_DATABASE_URL=%s", server->pg.app);
    if (options->database_host)
        set(server, "CARDWRIGHT_DATABASE_URL=host=%s user=cardwright_app dbname=%s", options->database_host,
            server->pg.name);
    set(server, "CARDWRIGHT_DATABASE_OWNER_URL=%s", server->pg.owner);
    set(server, "CARDWRIGHT_DATABASE_READONLY_URL=%s", server->pg.readonly);
    set(server, "CARDWRIGHT_KEYS_SITE_KEY_FILE=%s", server->site_key_path);
    set(server, "CARDWRIGHT_STATE_DIRECTORY=%s", server->directory);
    set(server, "CARDWRIGHT_HTTP_LISTEN=127.0.0.1");
    set(server, "CARDWRIGHT_HTTP_DEVICE_LISTEN=127.0.0.1");
    set(server, "CARDWRIGHT_LOG_LEVEL=debug");
    set_lines(server, options->environment);
}

/* The machine's environment without settings of Cardwright, then the server's own. The caller frees the array
 * only. */
static char **environment_of(const struct test_server *server)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **all = calloc(count + SERVER_ENVIRONMENT_MAX + 1, sizeof(*all));
    cr_assert(all, "no memory");
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        bool ours = strncmp(environ[i], "CARDWRIGHT_", 11) == 0 &&
                    strncmp(environ[i], "CARDWRIGHT_RULE_OFF", 19) != 0;
        bool libpq = strncmp(environ[i], "PG", 2) == 0 || strncmp(environ[i], "DATABASE_URL", 12) == 0;
        if (!ours && !libpq)
            all[used++] = environ[i];
    }
    for (size_t i = 0; server->environment[i]; i++)
        all[used++] = server->environment[i];
    return all;
}

/* ---- the process ---- */

static const char *program(void)
{
    const char *path = getenv("CARDWRIGHTD");
    cr_assert(path && *path, "CARDWRIGHTD is not set: run \"make test-api\"");
    return path;
}

/* In the child: it ends with the test, whatever ends the test. */
static void child_run(int output_fd, char *const argv[], char *const envp[], pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null_fd = open("/dev/null", O_RDONLY);
    if (getppid() != parent || null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(output_fd, 1) < 0)
        _exit(126);
    execve(argv[0], argv, envp);
    _exit(127);
}

static void spawn(struct test_server *server)
{
    char *argv[] = {(char *)program(), "serve", NULL};
    char **envp = environment_of(server);
    int log_fd = open(server->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(log_fd >= 0, "%s: %s", server->log_path, strerror(errno));
    server->log_before = (size_t)lseek(log_fd, 0, SEEK_END);
    pid_t parent = getpid();
    server->pid = fork();
    cr_assert(server->pid >= 0, "fork: %s", strerror(errno));
    if (server->pid == 0) {
        dup2(log_fd, 2);
        child_run(log_fd, argv, envp, parent);
    }
    close(log_fd);
    free(envp);
}

/* True: it has ended (and is reaped), *ret_status is what waitpid said. */
static bool ended(struct test_server *server, int *ret_status)
{
    if (waitpid(server->pid, ret_status, WNOHANG) != server->pid)
        return false;
    server->pid = 0;
    return true;
}

static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static bool is_ready(const struct test_server *server)
{
    char url[100];
    long status = 0;
    snprintf(url, sizeof(url), "%s/readyz", server->url);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 2000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status == 200;
}

/* Before that, a server of another test that was quicker to take the port would answer for it. */
static bool has_bound(const struct test_server *server)
{
    char *log = server_log(server);
    bool bound = strlen(log) > server->log_before && strstr(log + server->log_before, " is at http");
    free(log);
    return bound;
}

static bool wait_ready(struct test_server *server)
{
    int status;
    for (int waited_ms = 0; waited_ms < SERVER_START_MS; waited_ms += POLL_MS) {
        if (ended(server, &status))
            return false;
        if (has_bound(server) && is_ready(server))
            return true;
        poll(NULL, 0, POLL_MS);
    }
    server_kill(server);
    return false;
}

/* ---- log ---- */

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;
    if (!file || getdelim(&text, &capacity, 0, file) < 0) {
        free(text);
        text = strdup("");
    }
    if (file)
        fclose(file);
    return text;
}

char *server_log(const struct test_server *server)
{
    return file_text(server->log_path);
}

/* To stderr, with the sanitizers' reports beside it; true: there are none. */
static bool log_is_clean(const struct test_server *server)
{
    static const char *const reports[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                          "runtime error:", "WARNING: ThreadSanitizer"};
    char *log = server_log(server);
    bool clean = true;
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
        clean = clean && !strstr(log, reports[i]);
    free(log);
    return clean;
}

static void print_log(const struct test_server *server)
{
    char *log = server_log(server);
    fprintf(stderr, "--- log of the server on %s ---\n%s--- end of the log ---\n", server->url, log);
    free(log);
}

/* ---- life ---- */

static void place(struct test_server *server, const struct server_options *options)
{
    const char *parent = getenv("TMPDIR");
    snprintf(server->directory, sizeof(server->directory), "%.90s/cardwright-test-XXXXXX",
             parent ? parent : "/tmp");
    cr_assert(mkdtemp(server->directory), "%s: %s", server->directory, strerror(errno));
    snprintf(server->log_path, sizeof(server->log_path), "%s/server.log", server->directory);
    if (options->beside) {
        server->pg = options->beside->pg;
        memcpy(server->site_key_path, options->beside->site_key_path, sizeof(server->site_key_path));
        return;
    }
    snprintf(server->site_key_path, sizeof(server->site_key_path), "%s/site.key", server->directory);
    test_pg_create(&server->pg, "story", TEST_PG_MIGRATED);
    server->owns_database = true;
    if (!options->no_settings && !options->live) {
        PGconn *owner = test_pg_connect(server->pg.owner);
        test_pg_exec(owner, "UPDATE site SET mode = 'training'");
        PQfinish(owner);
    }
}

struct test_server *server_start(const struct server_options *options)
{
    struct test_server *server = calloc(1, sizeof(*server));
    cr_assert(server, "no memory");
    place(server, options);
    set_all(server, options);
    for (int i = 0; i < START_TRIES; i++) {
        set_ports(server);
        spawn(server);
        if (wait_ready(server))
            return server;
        char *log = server_log(server);
        bool port_was_taken = strstr(log, "http.port_in_use") || strstr(log, "listen_failed");
        free(log);
        if (!port_was_taken)
            break;
    }
    print_log(server);
    server_stop(server);
    return NULL;
}

bool server_halt(struct test_server *server)
{
    int status = -1;
    if (!server->pid)
        return true;
    kill(server->pid, SIGTERM);
    for (int waited_ms = 0; waited_ms < HALT_MS; waited_ms += POLL_MS) {
        if (ended(server, &status)) {
            bool clean = status == 0 && log_is_clean(server);
            if (!clean)
                print_log(server);
            return clean;
        }
        poll(NULL, 0, POLL_MS);
    }
    fprintf(stderr, "the server did not stop within %d ms\n", HALT_MS);
    server_kill(server);
    print_log(server);
    return false;
}

void server_kill(struct test_server *server)
{
    int status;
    if (!server->pid)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, &status, 0);
    server->pid = 0;
}

bool server_restart(struct test_server *server)
{
    spawn(server);
    if (wait_ready(server))
        return true;
    print_log(server);
    return false;
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void free_files(const struct test_server *server)
{
    nftw(server->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool server_stop(struct test_server *server)
{
    bool clean = server_halt(server);
    if (server->owns_database)
        test_pg_drop(&server->pg);
    free_files(server);
    for (size_t i = 0; server->environment[i]; i++)
        free(server->environment[i]);
    free(server);
    return clean;
}

/* ---- commands ---- */

static char *read_all(int fd)
{
    char *text = calloc(1, COMMAND_OUTPUT_BYTES_MAX + 1);
    cr_assert(text, "no memory");
    size_t used = 0;
    ssize_t got;
    while (used < COMMAND_OUTPUT_BYTES_MAX &&
           (got = read(fd, text + used, COMMAND_OUTPUT_BYTES_MAX - used)) > 0)
        used += (size_t)got;
    return text;
}

char *server_command(struct test_server *server, const char *const arguments[], int *ret_exit_status)
{
    char *argv[10] = {(char *)program()};
    for (int i = 0; arguments[i]; i++) {
        cr_assert(i < 8, "at most 8 arguments");
        argv[i + 1] = (char *)arguments[i];
    }
    char **envp = environment_of(server);
    int pipe_fds[2], status = -1;
    cr_assert(pipe2(pipe_fds, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
    pid_t parent = getpid(), child = fork();
    cr_assert(child >= 0, "fork: %s", strerror(errno));
    if (child == 0) {
        dup2(pipe_fds[1], 2);
        child_run(pipe_fds[1], argv, envp, parent);
    }
    close(pipe_fds[1]);
    char *output = read_all(pipe_fds[0]);
    close(pipe_fds[0]);
    waitpid(child, &status, 0);
    *ret_exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    free(envp);
    return output;
}
