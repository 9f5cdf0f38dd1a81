/* SPDX-License-Identifier: Apache-2.0
 *
 * What /v1/events sends, as a stream that waits: the picture of all databases to begin with, then each event as it is
 * told, and a heartbeat when nothing is. A client that comes back with the id that it saw last goes on behind it; where
 * that cannot be (another process, or too long ago) it is told to forget all, and is shown the picture again, as
 * everybody is after the configuration was read again. On the HTTP loop that serves it.
 */
#ifndef MIGRATIOND_DAEMON_EVENT_STREAM_H
#define MIGRATIOND_DAEMON_EVENT_STREAM_H

#include "daemon/events.h"
#include "daemon/http_response.h"
#include "daemon/publication.h"

/* Which events are wanted. */
struct event_filter {
    unsigned kinds;  /* bit (1 << enum event_kind) */
    char *databases; /* names, each behind the NUL of the one before, with an empty one at the end; NULL: all. Owned */
};

void event_filter_done(struct event_filter *filter);

/* Whether events of that subject, a database or a gate of `config`, are wanted. */
bool event_filter_takes(const struct event_filter *filter, const struct config *config, const char *subject);

struct event_stream_setup {
    struct events *events;
    struct publication *publication; /* in which there is a view set already */
    const char *last_id;             /* NULL: the client is new */
    bool trusted; /* needs no token: others must show theirs anew now and then, and when the configuration changes */
};

/* Takes over what `filter` holds, also on failure. False when memory is out. */
bool event_stream_open(const struct event_stream_setup *setup, struct event_filter *filter,
                       struct http_stream *ret_stream);

DEFINE_CLEANUP_VALUE(event_filter, struct event_filter, event_filter_done);

#endif
