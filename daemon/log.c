/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/digest.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "json/json_writer.h"

enum { MESSAGE_SIZE = 1024, LINE_LIMIT = 8192 };
enum { READER_MS = 100 }; /* how long a line waits for a reader that is behind */
enum { REPEAT_FIRST_MS = 60 * 1000, REPEAT_CAP_MS = 60 * 60 * 1000 };

static enum log_format format_used = LOG_FORMAT_LOGFMT;
static enum log_level most_detailed_level = LOG_LEVEL_INFO;
static bool to_journal = false;

/* systemd names the journal's socket by device and inode; standard error may have been redirected since. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status = {0};
    if (!stream || fstat(STDERR_FILENO, &status) < 0)
        return false;
    char own[64] = "";
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    return strcmp(stream, own) == 0;
}

void log_init(enum log_format format, enum log_level most_detailed)
{
    to_journal = format == LOG_FORMAT_AUTO && stderr_is_journal();
    format_used = format == LOG_FORMAT_JSON ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT;
    most_detailed_level = most_detailed;
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
        [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
    };
    return names[level];
}

static void add_quoted(struct strbuf *line, const char *text)
{
    strbuf_add_char(line, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_add_char(line, '\\');
        strbuf_add_char(line, *text);
    }
    strbuf_add_char(line, '"');
}

static void add_time(char *buffer, size_t size)
{
    struct timespec now = {0};
    struct tm parts = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(buffer + used, size - used, ".%03ldZ", now.tv_nsec / 1000000);
}

static void write_logfmt(struct strbuf *line, const char *time, enum log_level level, const char *event,
                         const char *database, const char *message)
{
    strbuf_printf(line, "time=%s level=%s event=%s", time, level_name(level), event);
    if (database) {
        strbuf_add_string(line, " database=");
        add_quoted(line, database);
    }
    strbuf_add_string(line, " message=");
    add_quoted(line, message);
    strbuf_add_char(line, '\n');
}

static void write_json(struct strbuf *line, const char *time, enum log_level level, const char *event,
                       const char *database, const char *message)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, line, 0);
    json_open_object(&writer);
    json_key_string(&writer, "time", time);
    json_key_string(&writer, "level", level_name(level));
    json_key_string(&writer, "event", event);
    if (database)
        json_key_string(&writer, "database", database);
    json_key_string(&writer, "message", message);
    json_close_object(&writer);
    strbuf_add_char(line, '\n');
}

static void send_to_journal(enum log_level level, const char *event, const char *database, const char *message)
{
    if (database)
        sd_journal_send("MESSAGE=%s: %s", database, message, "PRIORITY=%d", (int)level, "MIGRATIOND_EVENT=%s", event,
                        "MIGRATIOND_DATABASE=%s", database, NULL);
    else
        sd_journal_send("MESSAGE=%s", message, "PRIORITY=%d", (int)level, "MIGRATIOND_EVENT=%s", event, NULL);
}

/* Whoever reads standard error may have stopped: neither looks nor signals wait for that, the line is lost. */
static bool is_read(void)
{
    struct pollfd reader = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&reader, 1, READER_MS) == 1 && (reader.revents & POLLOUT);
}

/* One line; makes `message` printable in its place. */
static void say(enum log_level level, const char *event, const char *database, char *message, size_t size)
{
    utf8_make_line(message, size);
    if (to_journal) {
        send_to_journal(level, event, database, message);
        return;
    }
    char time[40] = "";
    add_time(time, sizeof time);
    cleanup(strbuf) struct strbuf line = STRBUF(LINE_LIMIT);
    if (format_used == LOG_FORMAT_JSON)
        write_json(&line, time, level, event, database, message);
    else
        write_logfmt(&line, time, level, event, database, message);
    /* A log that cannot be written has nowhere to complain. */
    if (strbuf_ok(&line) && is_read() && write(STDERR_FILENO, strbuf_text(&line), line.length) < 0)
        return;
}

void log_event(enum log_level level, const char *event, const char *database, const char *format, ...)
{
    char message[MESSAGE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (level <= most_detailed_level)
        say(level, event, database, message, sizeof message);
}

void complaint_raise(struct complaint *complaint, enum log_level level, const char *event, const char *database,
                     const char *message)
{
    int64_t now = monotonic_ms();
    uint64_t hash = hash64(message, strlen(message));
    bool repeated = complaint->active && complaint->hash == hash;
    if (repeated && now < complaint->next_ms) {
        complaint->suppressed++;
        return;
    }
    int64_t distance = !repeated ? REPEAT_FIRST_MS : complaint->distance_ms * 2;
    if (distance > REPEAT_CAP_MS)
        distance = REPEAT_CAP_MS;
    char text[MESSAGE_SIZE] = "";
    if (repeated)
        snprintf(text, sizeof text, "%s (%u times more since it was last said)", message, complaint->suppressed);
    else
        snprintf(text, sizeof text, "%s", message);
    if (level <= most_detailed_level)
        say(level, event, database, text, sizeof text);
    *complaint = (struct complaint){.hash = hash, .next_ms = now + distance, .distance_ms = distance, .active = true};
}

void complaint_release(struct complaint *complaint, const char *event, const char *database, const char *message)
{
    if (!complaint->active)
        return;
    char text[MESSAGE_SIZE] = "";
    snprintf(text, sizeof text, "%s", message);
    if (most_detailed_level >= LOG_LEVEL_NOTICE)
        say(LOG_LEVEL_NOTICE, event, database, text, sizeof text);
    *complaint = (struct complaint){0};
}
