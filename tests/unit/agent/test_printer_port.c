#include "agent/printer_port.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_printer_XXXXXX";
static char path[64];
static const char *detail;

static void set_up(void)
{
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/lp0", folder);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(agent_printer_port, .init = set_up, .fini = tear_down, .timeout = 60);

Test(agent_printer_port, addresses)
{
    const char *const good[] = {"/dev/usb/lp0", "tcp:printer.local:9100", "tcp:192.0.2.7:9100",
                                "tcp:[::1]:9100"};
    const char *const bad[] = {"",          "lp0",       "tcp:",          "tcp:host",
                               "tcp:host:", "tcp::9100", "tcp:host:nine", "tcp:host:910000"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect(printer_address_good(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(printer_address_good(bad[i]), "%s", bad[i]);
}

Test(agent_printer_port, one_that_is_not_there)
{
    cr_expect_eq(printer_send(path, "abc", 3, &detail), PRINT_ABSENT);
    cr_expect_str_eq(detail, "No such file or directory");
    cr_expect_eq(printer_send("tcp:127.0.0.1:1", "abc", 3, &detail), PRINT_ABSENT);
    cr_expect_str_eq(detail, "Connection refused");
}

Test(agent_printer_port, a_pipe_that_nobody_reads_is_no_printer)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_eq(printer_send(path, "abc", 3, &detail), PRINT_ABSENT);
}

Test(agent_printer_port, bytes_arrive_as_they_are)
{
    char got[8] = "";
    cr_assert_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    cr_expect_eq(printer_send(path, "a\0b", 3, &detail), PRINT_DONE);
    cr_expect_eq(read(reader, got, sizeof got), 3);
    cr_expect_arr_eq(got, "a\0b", 3);
    close(reader);
}

/* A printer whose buffer is full and stays so. */
Test(agent_printer_port, one_that_takes_no_more_is_given_up)
{
    static char much[256 * 1024];
    cr_assert_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    cr_expect_eq(printer_send(path, much, sizeof much, &detail), PRINT_STALLED);
    close(reader);
}

/* ---- a network printer that answers DLE EOT ---- */

struct network_printer {
    int listener;
    uint8_t offline; /* answers; 0: none */
    uint8_t paper;
    char got[64];
    size_t count;
};

static void *serve(void *context)
{
    struct network_printer *printer = context;
    int line = accept(printer->listener, NULL, NULL);
    char sign;
    while (read(line, &sign, 1) == 1) {
        printer->got[printer->count++ % sizeof printer->got] = sign;
        bool asked = printer->count >= 3 && memcmp(printer->got + printer->count - 3, "\x10\x04", 2) == 0;
        uint8_t answer = sign == 2 ? printer->offline : printer->paper;
        if (asked && answer && write(line, &answer, 1) != 1)
            break;
    }
    close(line);
    return NULL;
}

static enum print_result print_on(struct network_printer *printer)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t here_bytes = sizeof here;
    char address[40];
    pthread_t thread;
    printer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(printer->listener, (struct sockaddr *)&here, here_bytes), 0);
    cr_assert_eq(listen(printer->listener, 1), 0);
    cr_assert_eq(getsockname(printer->listener, (struct sockaddr *)&here, &here_bytes), 0);
    snprintf(address, sizeof address, "tcp:127.0.0.1:%u", ntohs(here.sin_port));
    cr_assert_eq(pthread_create(&thread, NULL, serve, printer), 0);
    enum print_result result = printer_send(address, "receipt", 7, &detail);
    pthread_join(thread, NULL);
    close(printer->listener);
    return result;
}

Test(agent_printer_port, a_ready_network_printer_is_asked_and_printed_on)
{
    struct network_printer printer = {.offline = 0x12, .paper = 0x12};
    cr_expect_eq(print_on(&printer), PRINT_DONE);
    cr_expect_arr_eq(printer.got, "\x10\x04\x02\x10\x04\x04receipt", 13);
}

Test(agent_printer_port, one_that_never_answers_is_taken_to_be_ready)
{
    struct network_printer printer = {0};
    cr_expect_eq(print_on(&printer), PRINT_DONE);
    cr_expect_arr_eq(printer.got, "\x10\x04\x02receipt", 10);
}

Test(agent_printer_port, without_paper_nothing_is_sent)
{
    struct network_printer printer = {.offline = 0x32, .paper = 0x72};
    cr_expect_eq(print_on(&printer), PRINT_PAPER);
    cr_expect_eq(printer.count, 6, "only the questions");
}

Test(agent_printer_port, nor_with_an_open_cover)
{
    struct network_printer printer = {.offline = 0x16, .paper = 0x12};
    cr_expect_eq(print_on(&printer), PRINT_COVER);
    cr_expect_eq(printer.count, 6, "only the questions");
}
