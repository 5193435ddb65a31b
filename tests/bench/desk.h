/* A desk at protocol level: an operator and an agent with a card in memory. */
#ifndef CARDWRIGHT_TESTS_BENCH_DESK_H
#define CARDWRIGHT_TESTS_BENCH_DESK_H

#include "base/ids.h"
#include "crypto/aead.h"
#include "tests/bench/bench_http.h"

#include <jansson.h>
#include <stdbool.h>

#define DESK_BLOCKS 64

struct desk {
    int number;
    int epoll_fd;
    struct bench_conn operator_conn;
    struct bench_conn agent_conn;
    char desk_id[UUID_TEXT_BYTES];
    char person_id[UUID_TEXT_BYTES];
    char cookie[96];
    struct uuid agent_id;
    char run[33];
    uint8_t agent_key[AGENT_KEY_BYTES];
    char uid[9];
    uint8_t card[DESK_BLOCKS][16]; /* trailers with both keys */
    char presence[UUID_TEXT_BYTES];
    char presentation[UUID_TEXT_BYTES];
    char report[2048];  /* being built from the plan under way */
    const char *target; /* of the agent's request under way */
    long long polls;
    bool running;     /* recharges go on */
    bool is_prepared; /* the operation of this cycle was answered */
    bool is_reported; /* its report was answered */
    bool is_written;  /* the last report was of a plan written */
    int64_t begun_us;
    long long done;
    int64_t latencies_us[100000];
    int latency_count;
};

/* Reads the card and has it issued to the desk's person: afterwards `presentation` is the one to act on.
 * Turns the epoll set itself. */
void desk_issue(struct desk *desk);

/* Begins one recharge of 1 minor unit after the other; stops after the one under way when `running` is taken
 * back. */
void desk_begin(struct desk *desk);
bool desk_is_idle(const struct desk *desk);

#endif
