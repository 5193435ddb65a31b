/* What a site looks like at the moment a wait has ended in vain. */
#include "tests/lib/rig_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_BYTES_MAX 16384

static const struct {
    const char *title;
    const char *sql;
} questions[] = {
    {"desk_live", "SELECT clock_timestamp() AS asked_at, l.* FROM desk_live l WHERE desk_id = $1"},
    {"plans", "SELECT id, kind, operation_id, presentation_id, attempt, handed_at, sent_at, result, reason, "
              "reported_at "
              "FROM plan WHERE desk_id = $1 ORDER BY handed_at DESC LIMIT 6"},
    {"readings", "SELECT id, presence_id, state, at, sectors, seen FROM presentation WHERE desk_id = $1 "
                 "ORDER BY at DESC LIMIT 6"},
    {"operations",
     "SELECT id, kind, state, created_at, handed_at, cancel_requested_at, finished_at FROM operation "
     "WHERE desk_id = $1 ORDER BY created_at DESC LIMIT 3"},
    {"events", "SELECT no, kind, at, body FROM desk_event WHERE desk_id = $1 ORDER BY no DESC LIMIT 12"},
};

static void print_rows(PGconn *pg, const char *title, const char *sql, const char *desk_id)
{
    PGresult *rows = PQexecParams(pg, sql, 1, NULL, &desk_id, NULL, NULL, 0);
    if (PQresultStatus(rows) != PGRES_TUPLES_OK)
        fprintf(stderr, "--- %s: %s", title, PQerrorMessage(pg));
    for (int row = 0; row < PQntuples(rows); row++) {
        fprintf(stderr, "--- %s %d\n", title, row + 1);
        for (int column = 0; column < PQnfields(rows); column++)
            fprintf(stderr, "    %s = %.600s\n", PQfname(rows, column), PQgetvalue(rows, row, column));
    }
    PQclear(rows);
}

static void print_tail(const char *title, const char *path)
{
    static char text[LOG_BYTES_MAX + 1];
    FILE *file = fopen(path, "re");
    size_t count = 0;
    if (file && (fseek(file, -LOG_BYTES_MAX, SEEK_END) == 0 || fseek(file, 0, SEEK_SET) == 0))
        count = fread(text, 1, LOG_BYTES_MAX, file);
    if (file)
        fclose(file);
    text[count] = '\0';
    fprintf(stderr, "--- end of %s\n%s\n", title, text);
}

void rig_trace(struct rig_desk *desk)
{
    if (!getenv("RIG_TRACE"))
        return;
    fprintf(stderr, "=== desk %s at event %lld: %s\n", desk->id, desk->event_no, desk->problem);
    PGconn *pg = PQconnectdb(desk->rig->servers[0]->pg.owner);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && PQstatus(pg) == CONNECTION_OK; i++)
        print_rows(pg, questions[i].title, questions[i].sql, desk->id);
    PQfinish(pg);
    sim_reader_command(&desk->reader, "count");
    fprintf(stderr, "--- reader: %s\n", desk->reader.reply);
    print_tail("the agent's log", desk->agent_log);
    print_tail("the server's log", desk->server->log_path);
}
