/* One libpq connection that lives in the loop: connects without blocking, tries again with growing pauses,
 * and tells its owner when it is up, when something can be read, and when it is lost. Private to this folder.
 */
#ifndef CARDWRIGHT_DB_LINK_H
#define CARDWRIGHT_DB_LINK_H

#include "base/loop.h"
#include "db/pg.h"

enum db_link_state { DB_LINK_WAITING, DB_LINK_CONNECTING, DB_LINK_UP };

struct db_link;

struct db_link_owner {
    void (*up)(struct db_link *link);       /* connected; libpq is in non-blocking mode */
    void (*readable)(struct db_link *link); /* input was consumed: look with PQisBusy */
    void (*lost)(struct db_link *link);     /* was up; link->pg is closed already */
};

struct db_link {
    struct loop *loop;
    const struct db_settings *settings;
    const struct db_link_owner *owner;
    void *context;
    PGconn *pg; /* NULL while waiting */
    enum db_link_state state;
    int fd; /* registered with the loop, or -1 */
    uint32_t events;
    int pause_ms;
    int64_t next_try_ms;
    bool quiet; /* the reason of this outage is in the log already */
};

void db_link_init(struct db_link *link, struct loop *loop, const struct db_settings *settings,
                  const struct db_link_owner *owner, void *context);

/* Once a turn: begins to connect when it is time and gives up what takes too long. Returns the ms until it
 * wants its next turn, -1 for none. */
int db_link_turn(struct db_link *link);

/* Sends what libpq has buffered; goes on by itself when the socket is full. Calls owner->lost on failure. */
void db_link_flush(struct db_link *link);

/* The connection proved usable: the next loss is answered by the shortest pause again. */
void db_link_settled(struct db_link *link);

/* Closes the connection as if it had broken, telling the owner if it was up. */
void db_link_break(struct db_link *link, const char *reason);

/* Closes it for good and tells nobody. */
void db_link_close(struct db_link *link);

/* Waits `b` of a and b when a is none; the smaller one otherwise. */
int db_sooner_ms(int a_ms, int b_ms);

#endif
