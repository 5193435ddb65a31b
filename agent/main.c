/* cardwright-agent: options, start order, signals, stop order. README.md says what it does. */
#include "agent/agent.h"
#include "agent/desk.h"
#include "agent/options.h"
#include "agent/pairing.h"
#include "agent/probe.h"
#include "agent/reader_nfc.h"
#include "agent/run_id.h"
#include "agent/strict_json.h"
#include "base/bytes.h"
#include "base/log.h"

#include <curl/curl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define EXIT_USAGE 2
#define ERROR_BYTES 512

/* Everything that lives as long as the agent runs, in the order in which it is made. */
struct agent {
    struct options options;
    struct link *link;
    struct identity *identity;
    struct speaker speaker;
    struct simulator *simulator;
    struct reader *reader;
    struct plan_memory *memory;
    struct desk_queue *queue;
    struct outbox *outbox;
    struct printer *printer;
    struct poll *poll;
    struct desk *desk;
    char error[ERROR_BYTES];
};

/* Keys must not end up in a core file, nor be read by a debugger of the same user. */
static void harden_process(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

/* SIGINT and SIGTERM are waited for by the main thread; every thread made later inherits the mask. */
static void block_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGINT);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret_set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool out_of_memory(struct agent *agent)
{
    snprintf(agent->error, sizeof agent->error, "out of memory, or no more threads");
    return false;
}

static bool make_link(struct agent *agent)
{
    struct link_options options = {.server = agent->options.server,
                                   .ca_file = agent->options.ca_file,
                                   .allow_plain_http = agent->options.allow_plain_http};
    agent->link = link_new(&options, agent->error, sizeof agent->error);
    return agent->link != NULL;
}

/* Pairs with the code of the command line and keeps the key. */
static bool pair(struct agent *agent)
{
    char code[PAIRING_CODE_CHARACTERS + 1];
    if (!pairing_code_read(agent->options.pair, code)) {
        snprintf(agent->error, sizeof agent->error, "--pair: a code is 8 letters and digits, like 7K3M-QX2B");
        return false;
    }
    struct pairing_request request = {
        .code = code, .server = agent->options.server, .simulated = agent->options.simulate != NULL};
    struct link_line *line = link_line_new(agent->link);
    bool paired = line && pairing_run(line, &request, agent->identity, agent->error, sizeof agent->error);
    link_line_free(line);
    if (paired)
        log_info("pairing.done", LOG_TEXT("desk", agent->identity->desk_name));
    return paired && identity_save(agent->options.state, agent->identity, agent->error, sizeof agent->error);
}

static bool load_identity(struct agent *agent)
{
    agent->identity = identity_new();
    if (!agent->identity)
        return out_of_memory(agent);
    if (agent->options.pair)
        return pair(agent);
    enum identity_status status =
        identity_load(agent->options.state, agent->identity, agent->error, sizeof agent->error);
    if (status == IDENTITY_NONE)
        snprintf(agent->error, sizeof agent->error,
                 "not paired yet: make a code under Desks and add --pair CODE");
    return status == IDENTITY_OK;
}

static bool make_reader(struct agent *agent)
{
    const char *connstring = agent->options.reader;
    if (agent->options.simulate) {
        agent->simulator = simulator_start(agent->options.simulate, agent->options.sim_reader, agent->error,
                                           sizeof agent->error);
        if (!agent->simulator)
            return false;
        connstring = simulator_connstring(agent->simulator);
    }
    agent->reader = reader_nfc_new(connstring);
    if (!agent->reader)
        snprintf(agent->error, sizeof agent->error, "--reader %.200s is not a name libnfc can use",
                 connstring);
    return agent->reader != NULL;
}

static bool make_printer(struct agent *agent)
{
    struct printer_setup printer = {.address = agent->options.printer,
                                    .identity = agent->identity,
                                    .speaker = &agent->speaker,
                                    .outbox = agent->outbox};
    agent->printer = printer_new(&printer);
    poll_use_printer(agent->poll, agent->printer);
    return agent->printer != NULL;
}

static bool make_threads(struct agent *agent)
{
    agent->memory = plan_memory_new(AGENT_PLANS_REMEMBERED_MAX);
    agent->queue = desk_queue_new();
    if (!agent->memory || !agent->queue)
        return out_of_memory(agent);
    struct poll_setup poll = {.link = agent->link,
                              .speaker = &agent->speaker,
                              .queue = agent->queue,
                              .memory = agent->memory,
                              .simulator = agent->simulator};
    agent->poll = poll_new(&poll);
    if (!agent->poll)
        return out_of_memory(agent);
    struct outbox_setup outbox = {
        .link = agent->link, .queue = agent->queue, .settled = poll_settled, .context = agent->poll};
    agent->outbox = outbox_new(&outbox);
    if (!agent->outbox)
        return out_of_memory(agent);
    poll_use_outbox(agent->poll, agent->outbox);
    if (agent->options.printer && !make_printer(agent))
        return out_of_memory(agent);
    struct desk_setup desk = {.reader = agent->reader,
                              .identity = agent->identity,
                              .speaker = &agent->speaker,
                              .queue = agent->queue,
                              .outbox = agent->outbox,
                              .memory = agent->memory,
                              .poll = agent->poll};
    agent->desk = desk_start(&desk);
    return (agent->desk && poll_start(agent->poll)) || out_of_memory(agent);
}

static bool start(struct agent *agent)
{
    if (!make_link(agent) || !load_identity(agent) || !make_reader(agent))
        return false;
    link_set_identity(agent->link, agent->identity);
    run_id_make(agent->options.state, agent->speaker.run);
    bytes_to_hex(agent->speaker.run, RUN_BYTES, agent->speaker.run_text);
    agent->speaker.simulated = agent->simulator != NULL;
    agent->speaker.printer = agent->options.printer;
    return make_threads(agent);
}

/* No new work first, then the card, then what is still to be said. */
static void stop(struct agent *agent)
{
    poll_stop(agent->poll);
    desk_stop(agent->desk);
    printer_free(agent->printer);
    outbox_free(agent->outbox, AGENT_STOP_FLUSH_MS);
    poll_free(agent->poll);
    desk_queue_free(agent->queue);
    plan_memory_free(agent->memory);
    reader_nfc_free(agent->reader);
    simulator_stop(agent->simulator);
    identity_free(agent->identity);
    link_free(agent->link);
}

static int run_agent(const struct options *options)
{
    struct agent agent = {.options = *options};
    sigset_t signals;
    block_signals(&signals);
    bool started = start(&agent);
    if (started)
        log_info("agent.start", LOG_TEXT("version", AGENT_VERSION), LOG_TEXT("server", options->server),
                 LOG_TEXT("desk", agent.identity->desk_name), LOG_BOOL("simulated", agent.speaker.simulated));
    else
        fprintf(stderr, "cardwright-agent: %s\n", agent.error);
    struct timespec slice = {.tv_sec = AGENT_SIGNAL_SLICE_S};
    while (started && sigtimedwait(&signals, NULL, &slice) < 0)
        if (agent.simulator)
            simulator_watch(agent.simulator);
    if (started)
        log_info("agent.stop", LOG_TEXT("help", "Ctrl-C once more ends it at once"));
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    stop(&agent);
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool set_up_log(const struct options *options)
{
    enum log_level level = LOG_LEVEL_INFO;
    if (options->log_level && !log_parse_level(options->log_level, &level))
        return false;
    log_set_level(level);
    log_set_json(options->log_json);
    return true;
}

int main(int count, char **arguments)
{
    struct options options;
    char error[ERROR_BYTES];
    harden_process();
    if (!options_read(count, arguments, &options, error, sizeof error)) {
        fprintf(stderr, "cardwright-agent: %s\n", error);
        return EXIT_USAGE;
    }
    if (options.mode == MODE_HELP || options.mode == MODE_VERSION) {
        fputs(options.mode == MODE_HELP ? options_help : "cardwright-agent " AGENT_VERSION "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (!set_up_log(&options)) {
        fprintf(stderr, "cardwright-agent: --log-level is debug, info, warn or error\n");
        return EXIT_USAGE;
    }
    strict_json_wipe_memory();
    reader_nfc_prepare();
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fprintf(stderr, "cardwright-agent: the crypto libraries do not start\n");
        return EXIT_FAILURE;
    }
    int status = options.mode == MODE_PROBE ? probe_card(options.reader, options.yes) : run_agent(&options);
    curl_global_cleanup();
    prctl(PR_SET_DUMPABLE, 1); /* the keys are wiped; tools that look for leaks may look now */
    return status;
}
