/* The log: one line an event on stderr, logfmt or JSON. Never keys, passwords, tokens, card blocks; names of
 * people at debug level only. The caller's fault, the wrong moment and our fault are told apart by `blame`.
 *
 *     log_warn("http.listen_failed", LOG_TEXT("address", address), LOG_INT("port", port), LOG_ERRNO(errno));
 */
#ifndef CARDWRIGHT_BASE_LOG_H
#define CARDWRIGHT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };
enum log_kind { LOG_KIND_END, LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_BOOL, LOG_KIND_ERRNO };

struct log_field {
    enum log_kind kind;
    const char *name; /* a lower-case word, units last: "took_ms" */
    const char *text; /* NULL is written as an empty text */
    int64_t number;
};

#define LOG_TEXT(name_, text_)                                                                               \
    {                                                                                                        \
        LOG_KIND_TEXT, (name_), (text_), 0                                                                   \
    }
#define LOG_INT(name_, number_)                                                                              \
    {                                                                                                        \
        LOG_KIND_INT, (name_), NULL, (int64_t)(number_)                                                      \
    }
#define LOG_BOOL(name_, flag_)                                                                               \
    {                                                                                                        \
        LOG_KIND_BOOL, (name_), NULL, (flag_) ? 1 : 0                                                        \
    }
#define LOG_ERRNO(errno_)                                                                                    \
    {                                                                                                        \
        LOG_KIND_ERRNO, "error", NULL, (errno_)                                                              \
    }

#define log_debug(event, ...) LOG_EVENT(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) LOG_EVENT(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_EVENT(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_EVENT(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define LOG_EVENT(level, event, ...)                                                                         \
    do {                                                                                                     \
        if (log_enabled(level))                                                                              \
            log_write(level, event,                                                                          \
                      (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){LOG_KIND_END, 0, 0, 0}});        \
    } while (0)

bool log_enabled(enum log_level level);

/* Writes one line with one write(2), so lines of several threads do not mix. `event` is "area.what_happened";
 * `fields` end with LOG_KIND_END. A line longer than LOG_LINE_BYTES_MAX is cut. Keeps errno. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* Process-wide. Default: info, logfmt, file descriptor 2. */
void log_set_level(enum log_level level);
void log_set_json(bool json);
void log_set_fd(int fd);

/* "debug", "info", "warn", "error"; false: none of these. */
bool log_parse_level(const char *text, enum log_level *ret_level);

/* While set, every line of this thread carries request_id and trace_id; NULL takes it away. Borrowed. */
void log_set_request(const char *request_id, const char *trace_id);

#endif
