#include "agent/printer.h"

#include "agent/printer_port.h"
#include "agent/receipt.h"
#include "agent/strict_json.h"
#include "agent/wait.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define SEALED_BYTES_MAX (AGENT_RECEIPT_BYTES_MAX + SEAL_OVERHEAD_BYTES)

struct job {
    struct uuid id;
    uint8_t *sealed; /* owned */
    size_t sealed_bytes;
};

struct printer {
    struct printer_setup setup;
    pthread_t thread;
    struct waiter waiter;
    bool stopping;
    size_t count;
    struct job jobs[AGENT_PRINTER_QUEUE_MAX];
    struct uuid known[AGENT_PRINTS_REMEMBERED_MAX]; /* tasks taken, a ring */
    size_t known_count;
};

/* ---- the thread ---- */

static void answer(const struct printer *printer, const struct uuid *id, const char *problem)
{
    outbox_push(printer->setup.outbox, OUTBOX_PRINTED, id,
                message_printed(printer->setup.speaker, id, problem));
}

/* Opens and lays out a job; NULL, or what is wrong with it. */
static const char *render(const struct printer *printer, const struct job *job, struct buf *out)
{
    struct seal_context context = {.agent_key = printer->setup.identity->key,
                                   .id = job->id,
                                   .agent_id = printer->setup.identity->agent_id};
    CLEANUP(cleanup_free) char *text = malloc(SEALED_BYTES_MAX);
    ssize_t count = text && job->sealed_bytes >= SEAL_OVERHEAD_BYTES
                        ? agent_open(&context, job->sealed, job->sealed_bytes, text)
                        : -1;
    if (count < 0)
        return "it is not sealed for this agent";
    CLEANUP(strict_json_release)
    json_t *receipt = strict_json_load(text, (size_t)count, AGENT_RECEIPT_BYTES_MAX);
    return receipt ? receipt_render(receipt, &job->id, out) : "it is no JSON";
}

static void print(const struct printer *printer, const struct job *job)
{
    static const char *const words[] = {[PRINT_DONE] = NULL,
                                        [PRINT_ABSENT] = "absent",
                                        [PRINT_PAPER] = "paper",
                                        [PRINT_COVER] = "cover",
                                        [PRINT_STALLED] = "stalled"};
    struct buf out = buf_make(AGENT_RECEIPT_BYTES_MAX);
    const char *wrong = render(printer, job, &out);
    if (wrong) {
        log_error("print.refused", LOG_TEXT("why", wrong));
        answer(printer, &job->id, "broken");
    } else {
        const char *detail;
        enum print_result result = printer_send(printer->setup.address, out.bytes, out.count, &detail);
        if (result == PRINT_DONE)
            log_info("print.done", LOG_INT("bytes", out.count));
        else
            log_warn("print.failed", LOG_TEXT("problem", words[result]), LOG_TEXT("detail", detail));
        answer(printer, &job->id, words[result]);
    }
    buf_free(&out);
}

static bool next_job(struct printer *printer, struct job *ret_job)
{
    waiter_lock(&printer->waiter);
    while (printer->count == 0 && !printer->stopping)
        waiter_wait(&printer->waiter, 1000);
    bool got = !printer->stopping;
    if (got) {
        *ret_job = printer->jobs[0];
        printer->count--;
        memmove(printer->jobs, printer->jobs + 1, printer->count * sizeof printer->jobs[0]);
    }
    waiter_unlock(&printer->waiter);
    return got;
}

static void *run(void *context)
{
    struct printer *printer = context;
    struct job job;
    while (next_job(printer, &job)) {
        print(printer, &job);
        free(job.sealed);
    }
    return NULL;
}

/* ---- from the poll ---- */

static bool was_taken(struct printer *printer, const struct uuid *id)
{
    for (size_t i = 0; i < AGENT_PRINTS_REMEMBERED_MAX && i < printer->known_count; i++)
        if (uuid_equal(&printer->known[i], id))
            return true;
    printer->known[printer->known_count++ % AGENT_PRINTS_REMEMBERED_MAX] = *id;
    return false;
}

/* False: too many wait. */
static bool queue_job(struct printer *printer, const struct job *job)
{
    waiter_lock(&printer->waiter);
    bool fits = printer->count < AGENT_PRINTER_QUEUE_MAX;
    if (fits) {
        printer->jobs[printer->count++] = *job;
        waiter_signal(&printer->waiter);
    }
    waiter_unlock(&printer->waiter);
    return fits;
}

bool printer_push(struct printer *printer, const struct uuid *id, const char *sealed_hex)
{
    struct job job = {.id = *id};
    if (was_taken(printer, id))
        return false;
    job.sealed = malloc(SEALED_BYTES_MAX);
    int count = job.sealed ? bytes_from_hex_any(sealed_hex, job.sealed, SEALED_BYTES_MAX) : -1;
    job.sealed_bytes = count > 0 ? (size_t)count : 0;
    if (count > 0 && queue_job(printer, &job))
        return true;
    free(job.sealed);
    answer(printer, id, count > 0 ? "stalled" : "broken");
    return true;
}

struct printer *printer_new(const struct printer_setup *setup)
{
    struct printer *printer = calloc(1, sizeof *printer);
    if (!printer)
        return NULL;
    printer->setup = *setup;
    waiter_init(&printer->waiter);
    if (pthread_create(&printer->thread, NULL, run, printer) == 0)
        return printer;
    waiter_done(&printer->waiter);
    free(printer);
    return NULL;
}

void printer_free(struct printer *printer)
{
    if (!printer)
        return;
    waiter_lock(&printer->waiter);
    printer->stopping = true;
    waiter_signal(&printer->waiter);
    waiter_unlock(&printer->waiter);
    pthread_join(printer->thread, NULL);
    for (size_t i = 0; i < printer->count; i++)
        free(printer->jobs[i].sealed);
    waiter_done(&printer->waiter);
    free(printer);
}
