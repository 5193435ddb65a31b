/* sim-reader: a PN532 on a pseudo-terminal with cards behind it. README.md says how to use it. */
#include "tests/sim/reader/control.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define READER_PRIORITY (-10)

struct options {
    const char *link;
    const char *control;
    const char *cards;
    const char *log;
    bool pacing;
    bool exit_with_parent;
};

static bool read_options(int argc, char **argv, struct options *ret_options)
{
    static const struct option known[] = {
        {"link", required_argument, NULL, 'l'},
        {"control", required_argument, NULL, 'c'},
        {"cards", required_argument, NULL, 'd'},
        {"log", required_argument, NULL, 'o'},
        {"pacing", no_argument, NULL, 'p'},
        {"exit-with-parent", no_argument, NULL, 'x'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'l':
            ret_options->link = optarg;
            break;
        case 'c':
            ret_options->control = optarg;
            break;
        case 'd':
            ret_options->cards = optarg;
            break;
        case 'o':
            ret_options->log = optarg;
            break;
        case 'p':
            ret_options->pacing = true;
            break;
        case 'x':
            ret_options->exit_with_parent = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && ret_options->link && ret_options->control && ret_options->cards;
}

/* Asks the kernel to end us with the parent, and notices a parent that was quicker. */
static void follow_parent(void)
{
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        exit(EXIT_SUCCESS);
}

/* SIGTERM, SIGINT and SIGHUP as a descriptor: the loop ends by itself and cleans up. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static uint64_t sooner(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns == 0 || (b_ns != 0 && b_ns < a_ns) ? b_ns : a_ns;
}

/* Sleeps until something is ready or `until_ns` (0: no limit). */
static bool sleep_until(struct pollfd *set, unsigned count, uint64_t until_ns)
{
    struct timespec wait = {0};
    uint64_t now_ns = field_now_ns();
    if (until_ns > now_ns) {
        wait.tv_sec = (time_t)((until_ns - now_ns) / NS_PER_S);
        wait.tv_nsec = (long)((until_ns - now_ns) % NS_PER_S);
    }
    return ppoll(set, count, until_ns ? &wait : NULL, NULL) >= 0 || errno == EINTR;
}

static void serve(struct reader *reader, struct control *control, int signals)
{
    while (!control->quit) {
        struct pollfd set[3 + SIM_CONTROL_CLIENTS_MAX];
        uint64_t until_ns = sooner(reader_turn(reader), control_turn(control));
        if (control->quit)
            break;
        set[0] = (struct pollfd){.fd = signals, .events = POLLIN};
        set[1] = (struct pollfd){.fd = reader->port.master, .events = POLLIN};
        unsigned count = control_poll_set(control, set + 2);
        if (!sleep_until(set, count + 2, until_ns) || set[0].revents)
            break;
        if (set[1].revents)
            reader_receive(reader);
        control_serve(control, set + 2, count);
    }
}

int main(int argc, char **argv)
{
    static struct reader reader;
    static struct control control;
    struct options options = {0};
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: sim-reader --link PATH --control SOCKET --cards DIR [--pacing] [--log FILE]"
                        " [--exit-with-parent]\n");
        return 2;
    }
    if (options.exit_with_parent)
        follow_parent();
    /* A chip of its own answers in time however busy the computer is; granted to administrators only. */
    setpriority(PRIO_PROCESS, 0, READER_PRIORITY);
    int signals = open_signals();
    if (strlen(options.cards) > SIM_FOLDER_BYTES_MAX) {
        fprintf(stderr, "sim-reader: card folder: longer than %d bytes\n", SIM_FOLDER_BYTES_MAX);
        return 1;
    }
    if (access(options.cards, W_OK | X_OK) != 0) {
        fprintf(stderr, "sim-reader: card folder %s: %s\n", options.cards, strerror(errno));
        return 1;
    }
    if (!reader_open(&reader, options.link, options.cards)) {
        fprintf(stderr, "sim-reader: line %s: %s\n", options.link, strerror(errno));
        return 1;
    }
    reader.pacing = options.pacing;
    bool ok = !options.log || field_log_to(&reader.field, options.log);
    if (!ok)
        fprintf(stderr, "sim-reader: log %s: %s\n", options.log, strerror(errno));
    if (ok && !control_open(&control, options.control, &reader)) {
        fprintf(stderr, "sim-reader: control socket %s: %s\n", options.control, strerror(errno));
        ok = false;
    }
    if (ok) {
        serve(&reader, &control, signals);
        control_close(&control);
    }
    reader_close(&reader);
    close(signals);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
