#include "api/sweep.h"

#include "api/desk_events.h"
#include "api/desk_wake.h"
#include "base/limits.h"

static struct {
    struct api_port *port;
    struct db_call call;
    bool is_running;
    int64_t next_ms;
} sweep;

static void sweep_done(struct db_call *call, enum err err, const struct db_rows *rows)
{
    (void)call;
    sweep.is_running = false;
    for (int row = 0; err == OK && row < db_rows_count(rows); row++) {
        struct uuid desk_id;
        if (db_uuid(rows, row, 0, desk_id.bytes))
            desk_wake(&desk_id);
    }
}

static int sweep_turn(void *context)
{
    struct api_port *port = context;
    int64_t now_ms = loop_now_ms(port->loop);
    if (now_ms >= sweep.next_ms) {
        sweep.next_ms = now_ms + RE_READ_MS;
        desk_events_read_all();
        if (!sweep.is_running && db_fast_ready(port->fast)) {
            sweep.is_running = true;
            sweep.call = (struct db_call){.name = "sweep", .done = sweep_done};
            db_fast_submit(port->fast, &sweep.call);
        }
    }
    return (int)(sweep.next_ms - now_ms);
}

void sweep_start(struct api_port *port)
{
    sweep.port = port;
    loop_turn_add(port->loop, sweep_turn, port);
}
