/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sse_reader.h"

#include <stdio.h>
#include <string.h>

void sse_reader_init(struct sse_reader *reader, size_t limit,
                     bool (*heard)(void *payload, const struct sse_event *event), void *payload)
{
    *reader = (struct sse_reader){.line = STRBUF(limit), .data = STRBUF(limit), .heard = heard, .payload = payload};
}

void sse_reader_done(struct sse_reader *reader)
{
    strbuf_done(&reader->line);
    strbuf_done(&reader->data);
}

static void begin_event(struct sse_reader *reader)
{
    strbuf_clear(&reader->data);
    reader->has_data = false;
    reader->name[0] = '\0';
}

void sse_reader_restart(struct sse_reader *reader)
{
    strbuf_clear(&reader->line);
    begin_event(reader);
    memcpy(reader->id, reader->last_id, sizeof reader->id);
    reader->after_cr = false;
}

static bool end_event(struct sse_reader *reader)
{
    memcpy(reader->last_id, reader->id, sizeof reader->last_id);
    struct sse_event event = {.name = *reader->name ? reader->name : "message", .data = strbuf_text(&reader->data)};
    bool more = !reader->has_data || reader->heard(reader->payload, &event);
    begin_event(reader);
    return more;
}

static void set_retry(struct sse_reader *reader, const char *value)
{
    int64_t milliseconds = 0;
    for (const char *digit = value; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || milliseconds > INT64_MAX / 10 - 10)
            return;
        milliseconds = milliseconds * 10 + (*digit - '0');
    }
    if (*value)
        reader->retry_ms = milliseconds;
}

/* What is unknown, and names and ids too long to be ours, are passed over. */
static void take_field(struct sse_reader *reader, const char *name, const char *value)
{
    if (strcmp(name, "data") == 0) {
        if (reader->has_data)
            strbuf_add_char(&reader->data, '\n');
        strbuf_add_string(&reader->data, value);
        reader->has_data = true;
    } else if (strcmp(name, "event") == 0 && strlen(value) < sizeof reader->name) {
        snprintf(reader->name, sizeof reader->name, "%s", value);
    } else if (strcmp(name, "id") == 0 && strlen(value) < sizeof reader->id) {
        snprintf(reader->id, sizeof reader->id, "%s", value);
    } else if (strcmp(name, "retry") == 0) {
        set_retry(reader, value);
    }
}

static bool take_line(struct sse_reader *reader)
{
    char none[] = "";
    char *line = reader->line.length > 0 ? reader->line.bytes : none;
    bool more = true;
    if (!*line) {
        more = end_event(reader);
    } else if (*line != ':') {
        char *colon = strchr(line, ':');
        char *value = colon ? colon + 1 : none;
        if (colon)
            *colon = '\0';
        take_field(reader, line, value + (*value == ' '));
    }
    strbuf_clear(&reader->line);
    return more;
}

static bool is_whole(const struct sse_reader *reader)
{
    return strbuf_ok(&reader->line) && strbuf_ok(&reader->data);
}

enum sse_outcome sse_reader_feed(struct sse_reader *reader, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        if (*bytes == '\n' && reader->after_cr) {
            reader->after_cr = false;
            bytes++;
            continue;
        }
        const char *stop = bytes;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        reader->after_cr = false;
        strbuf_add(&reader->line, bytes, (size_t)(stop - bytes));
        bytes = stop;
        if (stop == end)
            break;
        reader->after_cr = *bytes++ == '\r';
        if (!is_whole(reader))
            return SSE_TOO_LONG;
        if (!take_line(reader))
            return SSE_ENDED;
    }
    return is_whole(reader) ? SSE_MORE : SSE_TOO_LONG;
}
