#include "api/desk_wake.h"

#include "api/desk_events.h"
#include "http/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_port *operator_port;

void desk_wake_start(struct api_port *port)
{
    operator_port = port;
}

void desk_wake_stop(void)
{
    operator_port = NULL;
}

static uint64_t wake_counts[DESK_WAKE_SLOTS];

static uint64_t *wake_slot(const struct uuid *desk_id)
{
    uint32_t hash;
    memcpy(&hash, desk_id->bytes + UUID_BYTES - sizeof hash, sizeof hash); /* the random end of a UUIDv7 */
    return &wake_counts[hash % DESK_WAKE_SLOTS];
}

uint64_t desk_wake_count(const struct uuid *desk_id)
{
    return *wake_slot(desk_id);
}

static void wake_here(const struct uuid *desk_id)
{
    ++*wake_slot(desk_id);
    wait_wake(operator_port->server, desk_id->bytes);
}

void desk_wake(const struct uuid *desk_id)
{
    if (!operator_port)
        return;
    wake_here(desk_id);
    if (operator_port->listen) {
        char hint[5 + UUID_TEXT_BYTES] = "desk ";
        uuid_format(desk_id, hint + 5);
        hint_send(operator_port->listen, hint);
    }
}

void desk_wake_rows(const struct db_rows *rows, const char *column)
{
    int index = db_rows_column(rows, column);
    const char *text = index < 0 || db_rows_count(rows) == 0 ? NULL : db_text(rows, 0, index);
    while (text && *text) {
        char id_text[UUID_TEXT_BYTES];
        struct uuid desk_id;
        text += strspn(text, "{,");
        size_t length = strcspn(text, ",}");
        if (length == UUID_TEXT_BYTES - 1) {
            memcpy(id_text, text, length);
            id_text[length] = '\0';
            if (uuid_parse(id_text, &desk_id))
                desk_wake(&desk_id);
        }
        text += length;
        text += *text == '}';
    }
}

struct wake_task {
    struct loop_task task;
    struct uuid desk_id;
};

static void wake_run(struct loop_task *task)
{
    struct wake_task *wake = (struct wake_task *)task;
    desk_wake(&wake->desk_id);
    free(wake);
}

void desk_wake_post(const struct uuid *desk_id)
{
    struct wake_task *wake = operator_port ? malloc(sizeof *wake) : NULL;
    if (!wake)
        return; /* the waiters read again within RE_READ_MS anyway */
    *wake = (struct wake_task){.task.run = wake_run, .desk_id = *desk_id};
    loop_post(operator_port->loop, &wake->task);
}

void desk_wake_hint(void *context, const char *hint)
{
    (void)context;
    struct uuid desk_id;
    if (!operator_port)
        return;
    if (!hint)
        desk_events_read_all();
    else if (strncmp(hint, "desk ", 5) == 0 && uuid_parse(hint + 5, &desk_id))
        wake_here(&desk_id);
}
