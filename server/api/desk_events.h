/* GET /api/v1/desks/:desk_id/events: what happens at a desk, as server-sent events. */
#ifndef CARDWRIGHT_API_DESK_EVENTS_H
#define CARDWRIGHT_API_DESK_EVENTS_H

/* Loop thread: every open stream reads what is new; called each RE_READ_MS and when hints may be lost. */
void desk_events_read_all(void);

#endif
