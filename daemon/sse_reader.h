/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads server-sent events from bytes as they come, cut anywhere, by the rules of the HTML standard ("Server-sent
 * events", interpretation): lines end with LF, CR or both; an event ends with an empty line, and one that was cut off
 * before is none. Owned by one thread.
 */
#ifndef MIGRATIOND_DAEMON_SSE_READER_H
#define MIGRATIOND_DAEMON_SSE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum { SSE_NAME_SIZE = 64, SSE_LAST_ID_SIZE = 256 };

struct sse_event {
    const char *name; /* "message" where the stream gives none */
    const char *data;
};

struct sse_reader {
    struct strbuf line;
    struct strbuf data;
    char name[SSE_NAME_SIZE];
    char id[SSE_LAST_ID_SIZE];      /* of the event that is being read */
    char last_id[SSE_LAST_ID_SIZE]; /* of the last one that was complete: what a client comes back with; "" */
    int64_t retry_ms;               /* as the stream asks for; 0: it did not */
    bool has_data;
    bool after_cr;
    /* Called for each event; false ends the reading. */
    bool (*heard)(void *payload, const struct sse_event *event);
    void *payload;
};

/* A line or an event of more than `limit` bytes is an error. */
void sse_reader_init(struct sse_reader *reader, size_t limit,
                     bool (*heard)(void *payload, const struct sse_event *event), void *payload);
void sse_reader_done(struct sse_reader *reader);

/* A new connection: what was begun is forgotten, the last id and the time to wait are not. */
void sse_reader_restart(struct sse_reader *reader);

enum sse_outcome { SSE_MORE, SSE_ENDED /* as `heard` wanted */, SSE_TOO_LONG /* or memory is out */ };
enum sse_outcome sse_reader_feed(struct sse_reader *reader, const char *bytes, size_t length);

DEFINE_CLEANUP_VALUE(sse_reader, struct sse_reader, sse_reader_done);

#endif
