#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic int minimum_level = LOG_LEVEL_INFO;
static atomic_bool write_json;
static _Atomic int output_fd = STDERR_FILENO;
static _Thread_local const char *thread_request_id;
static _Thread_local const char *thread_trace_id;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&minimum_level, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
    atomic_store(&minimum_level, (int)level);
}

void log_set_json(bool json)
{
    atomic_store(&write_json, json);
}

void log_set_fd(int fd)
{
    atomic_store(&output_fd, fd);
}

bool log_parse_level(const char *text, enum log_level *ret_level)
{
    for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++) {
        if (strcmp(text, level_names[level]) == 0) {
            *ret_level = (enum log_level)level;
            return true;
        }
    }
    return false;
}

void log_set_request(const char *request_id, const char *trace_id)
{
    thread_request_id = request_id;
    thread_trace_id = trace_id;
}

/* A quoted text. Control characters and quotes are escaped the JSON way, which logfmt readers know too, so no
 * value can forge a line or a field. */
static void add_quoted(struct buf *line, const char *text)
{
    buf_text(line, "\"");
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            buf_printf(line, "\\%c", *at);
        else if (*at == '\n')
            buf_text(line, "\\n");
        else if (*at < 0x20 || *at == 0x7f)
            buf_printf(line, "\\u%04x", *at);
        else
            buf_add(line, at, 1);
    }
    buf_text(line, "\"");
}

static bool needs_quotes(const char *text)
{
    if (!*text)
        return true;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at <= 0x20 || *at == '"' || *at == '=' || *at == '\\' || *at == 0x7f)
            return true;
    return false;
}

static void add_text(struct buf *line, const char *name, const char *text, bool json)
{
    if (!text)
        text = "";
    if (json)
        buf_printf(line, ",\"%s\":", name);
    else
        buf_printf(line, " %s=", name);
    if (json || needs_quotes(text))
        add_quoted(line, text);
    else
        buf_text(line, text);
}

static void add_field(struct buf *line, const struct log_field *field, bool json)
{
    char text[128];
    switch (field->kind) {
    case LOG_KIND_TEXT:
        add_text(line, field->name, field->text, json);
        break;
    case LOG_KIND_INT:
        buf_printf(line, json ? ",\"%s\":%" PRId64 : " %s=%" PRId64, field->name, field->number);
        break;
    case LOG_KIND_BOOL:
        buf_printf(line, json ? ",\"%s\":%s" : " %s=%s", field->name, field->number ? "true" : "false");
        break;
    case LOG_KIND_ERRNO:
        add_text(line, field->name, strerror_r((int)field->number, text, sizeof text), json);
        break;
    case LOG_KIND_END:
        break;
    }
}

static void compose(struct buf *line, enum log_level level, const char *event, const struct log_field *fields)
{
    bool json = atomic_load(&write_json);
    char now[CLOCK_ISO_BYTES];
    clock_format_iso(clock_unix_ms(), now);
    if (json)
        buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", now, level_names[level]);
    else
        buf_printf(line, "time=%s level=%s", now, level_names[level]);
    add_text(line, "event", event, json);
    for (; fields->kind != LOG_KIND_END; fields++)
        add_field(line, fields, json);
    if (thread_request_id)
        add_text(line, "request_id", thread_request_id, json);
    if (thread_trace_id)
        add_text(line, "trace_id", thread_trace_id, json);
    buf_text(line, json ? "}\n" : "\n");
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    int saved_errno = errno;
    struct buf line = buf_make(LOG_LINE_BYTES_MAX);
    compose(&line, level, event, fields);
    if (line.full) { /* say what happened rather than a broken line of it */
        static const struct log_field cut[] = {LOG_INT("line_cut_bytes_max", LOG_LINE_BYTES_MAX),
                                               {LOG_KIND_END, 0, 0, 0}};
        buf_free(&line);
        compose(&line, level, event, cut);
    }
    ssize_t written = write(atomic_load(&output_fd), buf_string(&line), line.count);
    (void)written; /* nowhere left to complain to */
    buf_free(&line);
    errno = saved_errno;
}
