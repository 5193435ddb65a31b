#include "http/route.h"

#include "base/limits.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A tree of path segments. A literal child is tried before a parameter, and a parameter may end in ":verb".
 */
struct node {
    const char *text; /* literal, or the suffix behind the parameter; not terminated */
    size_t text_bytes;
    bool is_param;
    struct node *child;
    struct node *sibling;
    const struct route *by_method[METHOD_COUNT];
};

struct route_table {
    struct node root;
    const struct route *routes;
    size_t count;
};

struct segment {
    const char *text;
    size_t bytes;
};

static const char *const method_names[METHOD_COUNT] = {NULL, "GET", "POST", "PUT", "PATCH", "DELETE"};

const char *method_name(enum http_method method)
{
    return method > 0 && method < METHOD_COUNT ? method_names[method] : "";
}

enum http_method method_parse(const char *name)
{
    for (int method = METHOD_GET; method < METHOD_COUNT; method++)
        if (strcmp(name, method_names[method]) == 0)
            return (enum http_method)method;
    return strcmp(name, "HEAD") == 0 ? METHOD_GET : (enum http_method)0;
}

const char *lane_name(enum lane lane)
{
    static const char *const names[] = {"", "fast", "work", "stream"};
    return names[lane];
}

/* Takes the next segment off `*path`; false at its end. Every segment follows a slash. */
static bool next_segment(const char **path, struct segment *ret)
{
    if (**path != '/')
        return false;
    ret->text = *path + 1;
    ret->bytes = strcspn(ret->text, "/");
    *path = ret->text + ret->bytes;
    return true;
}

/* Length of the name in ":name" or ":name:verb", given the text behind the first colon. */
static size_t param_name_bytes(const struct segment *segment)
{
    const char *colon = memchr(segment->text + 1, ':', segment->bytes - 1);
    return (colon ? (size_t)(colon - segment->text) : segment->bytes) - 1;
}

static struct node *find_child(struct node *parent, const struct node *like)
{
    for (struct node *child = parent->child; child; child = child->sibling)
        if (child->is_param == like->is_param && child->text_bytes == like->text_bytes &&
            memcmp(child->text, like->text, like->text_bytes) == 0)
            return child;
    return NULL;
}

/* Keeps siblings in the order in which they are tried: literals, parameters with a verb, plain parameters. */
static int try_order(const struct node *node)
{
    if (!node->is_param)
        return 0;
    return node->text_bytes ? 1 : 2;
}

static struct node *add_child(struct node *parent, const struct node *like)
{
    struct node *made = malloc(sizeof *made);
    if (!made)
        return NULL;
    *made = *like;
    struct node **place = &parent->child;
    while (*place && try_order(*place) <= try_order(made))
        place = &(*place)->sibling;
    made->sibling = *place;
    *place = made;
    return made;
}

static bool add_route(struct route_table *table, const struct route *route)
{
    struct node *at = &table->root;
    const char *path = route->path;
    struct segment segment;
    int params = 0;
    while (next_segment(&path, &segment)) {
        struct node like = {.text = segment.text, .text_bytes = segment.bytes};
        if (segment.bytes > 0 && segment.text[0] == ':') {
            size_t name_bytes = param_name_bytes(&segment);
            like.is_param = true;
            like.text += 1 + name_bytes;
            like.text_bytes -= 1 + name_bytes;
            params++;
        }
        struct node *child = find_child(at, &like);
        at = child ? child : add_child(at, &like);
        if (!at)
            return false;
    }
    if (*path != '\0' || params > HTTP_ROUTE_PARAMS_MAX || route->method <= 0 ||
        route->method >= METHOD_COUNT || route->perm <= PERM_INVALID || route->perm >= PERM_COUNT ||
        at->by_method[route->method]) {
        log_error("http.route_malformed_or_double", LOG_TEXT("method", method_name(route->method)),
                  LOG_TEXT("path", route->path));
        return false;
    }
    at->by_method[route->method] = route;
    return true;
}

struct route_table *route_table_new(const struct route *routes, size_t count)
{
    struct route_table *table = calloc(1, sizeof *table);
    if (!table || count > HTTP_ROUTES_MAX) {
        free(table);
        return NULL;
    }
    table->routes = routes;
    table->count = count;
    for (size_t i = 0; i < count; i++) {
        if (add_route(table, &routes[i]))
            continue;
        route_table_free(table);
        return NULL;
    }
    return table;
}

static void free_children(struct node *node)
{
    while (node->child) {
        struct node *child = node->child;
        node->child = child->sibling;
        free_children(child);
        free(child);
    }
}

void route_table_free(struct route_table *table)
{
    if (!table)
        return;
    free_children(&table->root);
    free(table);
}

size_t route_count(const struct route_table *table)
{
    return table->count;
}

const struct route *route_at(const struct route_table *table, size_t index)
{
    return &table->routes[index];
}

size_t route_index(const struct route_table *table, const struct route *route)
{
    return (size_t)(route - table->routes);
}

static bool segment_fits(const struct node *node, const struct segment *segment, size_t *ret_value_bytes)
{
    if (!node->is_param)
        return node->text_bytes == segment->bytes && memcmp(node->text, segment->text, segment->bytes) == 0;
    if (segment->bytes <= node->text_bytes)
        return false; /* a parameter is never empty */
    *ret_value_bytes = segment->bytes - node->text_bytes;
    return memcmp(segment->text + *ret_value_bytes, node->text, node->text_bytes) == 0;
}

static bool is_route_end(const struct node *node)
{
    for (int method = METHOD_GET; method < METHOD_COUNT; method++)
        if (node->by_method[method])
            return true;
    return false;
}

/* Depth is bounded by HTTP_ROUTE_SEGMENTS_MAX, so the recursion is too. */
static const struct node *descend(const struct node *at, const char *path, int depth,
                                  struct route_match *match)
{
    struct segment segment;
    if (!next_segment(&path, &segment))
        return is_route_end(at) ? at : NULL;
    if (depth >= HTTP_ROUTE_SEGMENTS_MAX)
        return NULL;
    int params = 0;
    while (params < HTTP_ROUTE_PARAMS_MAX && match->values[params])
        params++;
    for (const struct node *child = at->child; child; child = child->sibling) {
        size_t value_bytes = 0;
        if (!segment_fits(child, &segment, &value_bytes))
            continue;
        if (child->is_param && params < HTTP_ROUTE_PARAMS_MAX) {
            match->values[params] = segment.text;
            match->value_bytes[params] = value_bytes;
        }
        const struct node *found = descend(child, path, depth + 1, match);
        if (found)
            return found;
        for (int i = params; i < HTTP_ROUTE_PARAMS_MAX; i++)
            match->values[i] = NULL;
    }
    return NULL;
}

void route_find(const struct route_table *table, enum http_method method, const char *path,
                struct route_match *ret)
{
    *ret = (struct route_match){0};
    const struct node *node = table ? descend(&table->root, path, 0, ret) : NULL;
    if (!node)
        return;
    for (int each = METHOD_GET; each < METHOD_COUNT; each++)
        if (node->by_method[each])
            ret->methods |= 1u << each;
    if (method > 0 && method < METHOD_COUNT)
        ret->route = node->by_method[method];
}

const char *route_param_name(const struct route *route, int index, size_t *ret_bytes)
{
    const char *path = route->path;
    struct segment segment;
    while (next_segment(&path, &segment)) {
        if (segment.bytes == 0 || segment.text[0] != ':' || index-- > 0)
            continue;
        *ret_bytes = param_name_bytes(&segment);
        return segment.text + 1;
    }
    return NULL;
}
