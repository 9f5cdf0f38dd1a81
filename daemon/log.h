/* SPDX-License-Identifier: Apache-2.0
 *
 * One line per event on standard error, or structured to journald where that listens (JOURNAL_STREAM). logfmt by
 * default, JSON with log_init(LOG_FORMAT_JSON). Only daemon/ logs. Any thread; a line is written with one write(2), or
 * lost where nobody reads standard error any more: no thread waits longer than 0.1 s for that.
 * Values are made printable; secrets never get here because nothing that holds one is passed.
 */
#ifndef MIGRATIOND_DAEMON_LOG_H
#define MIGRATIOND_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* Before the first thread starts. */
void log_init(enum log_format format, enum log_level most_detailed);

/* `event` is a stable word ("database_state"); `database` may be NULL. */
void log_event(enum log_level level, const char *event, const char *database, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Tells repeats apart from news: the first failure and each change of its text is logged, repeats at growing distance
 * (1 min, doubling to 1 h), recovery once. One per subject; owned by one thread at a time. */
struct complaint {
    uint64_t hash;
    int64_t next_ms; /* monotonic */
    int64_t distance_ms;
    unsigned suppressed;
    bool active;
};
void complaint_raise(struct complaint *complaint, enum log_level level, const char *event, const char *database,
                     const char *message);
void complaint_release(struct complaint *complaint, const char *event, const char *database, const char *message);

#endif
