/* The route table. http knows no api: the table is given to http_server_new, and every matched request goes
 * to the one dispatch function given with it. */
#ifndef CARDWRIGHT_HTTP_ROUTE_H
#define CARDWRIGHT_HTTP_ROUTE_H

#include "base/limits.h"
#include "base/permissions.h"

#include <stddef.h>

enum http_method { METHOD_GET = 1, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_COUNT };

/* FAST: runs in the loop thread, at most three database stages, never blocks. WORK: plain blocking code on
 * the pool. STREAM: server-sent events, loop thread. */
enum lane { LANE_FAST = 1, LANE_WORK, LANE_STREAM };

/* KEYED: needs an Idempotency-Key, and a repeat answers the first result. */
enum replay { REPLAY_NONE = 1, REPLAY_KEYED };

enum body_kind {
    BODY_NONE = 1,     /* a body is refused */
    BODY_JSON,         /* one JSON object, at most HTTP_BODY_BYTES_MAX */
    BODY_JSON_MAYBE,   /* the same, and no body reads as {} */
    BODY_JSON_RECORDS, /* one JSON object, at most HTTP_BODY_RECORDS_BYTES_MAX */
    BODY_RAW,          /* any type, at most HTTP_BODY_BYTES_MAX */
    BODY_RAW_PHOTO,    /* any type, at most HTTP_BODY_PHOTO_BYTES_MAX */
    BODY_RAW_DEVICE,   /* any type, at most HTTP_BODY_DEVICE_BYTES_MAX */
    BODY_IMPORT        /* any type, at most HTTP_BODY_IMPORT_BYTES_MAX */
};

struct route {
    enum http_method method;
    const char
        *path; /* "/api/v1/people/:person_id"; a parameter fills one whole segment, or ends at a ":verb" */
    const char *name; /* the handler's name: label of metrics and logs */
    enum perm perm;
    enum lane lane;
    enum replay replay;
    enum body_kind body;
    const char *help;
};

struct route_table;

struct route_match {
    const struct route *route; /* NULL: no such path, or not with this method */
    const char
        *values[HTTP_ROUTE_PARAMS_MAX]; /* in the order of the path, still percent-encoded, not terminated */
    size_t value_bytes[HTTP_ROUTE_PARAMS_MAX];
    unsigned methods; /* bit 1 << METHOD_x of each method this path takes; 0: no such path */
};

/* Sorts `routes` (borrowed, must outlive it) for matching. NULL with an entry in the log: two rows collide or
 * a row is malformed. */
struct route_table *route_table_new(const struct route *routes, size_t count);
void route_table_free(struct route_table *table);
size_t route_count(const struct route_table *table);
const struct route *route_at(const struct route_table *table, size_t index);
size_t route_index(const struct route_table *table, const struct route *route); /* of a route of this table */

/* Finds path (without query). HEAD is matched as GET by the caller. */
void route_find(const struct route_table *table, enum http_method method, const char *path,
                struct route_match *ret);

/* Name of the n-th parameter of a route's path and its length; NULL if it has fewer. */
const char *route_param_name(const struct route *route, int index, size_t *ret_bytes);

const char *method_name(enum http_method method);
enum http_method method_parse(const char *name); /* 0: unknown; "HEAD" is METHOD_GET */
const char *lane_name(enum lane lane);

#endif
