/* SPDX-License-Identifier: Apache-2.0
 *
 * What happened, as it happens: one hub that looks and gates tell, and that streams (/v1/events) and the history listen
 * to. An event is immutable and reference-counted. The hub keeps the newest LIMIT_EVENTS, or LIMIT_EVENTS_BYTES of
 * them, so that a stream that was cut goes on where it stopped. Any thread.
 */
#ifndef MIGRATIOND_DAEMON_EVENTS_H
#define MIGRATIOND_DAEMON_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

enum event_kind {
    EVENT_STATE,     /* a database's migration state changed */
    EVENT_DRIFT,     /* a database's drift verdict or confirmed items changed */
    EVENT_ADMISSION, /* a startup signal was answered */
    EVENT_FAIL_OPEN, /* a gate opened although a database cannot be seen */
    EVENT_CHECK,     /* a check's state or code changed */
    EVENT_KINDS
};

/* "state", "drift", "admission", "fail_open", "check". */
const char *event_kind_name(enum event_kind kind);

struct event {
    unsigned references; /* atomic */
    uint64_t number;     /* 1, 2, … since the hub was made */
    enum event_kind kind;
    int64_t at_ms;       /* unix time */
    const char *subject; /* a database's or a gate's name */
    const char *body;    /* one JSON object */
};

struct event *event_ref(struct event *event);
void event_unref(struct event *event);

struct events;

struct events *events_new(void) __attribute__((warn_unused_result));
void events_free(struct events *events);

/* Tells one thing. `body` is copied. Fails only for want of memory; then listeners hear nothing, and the number is used
 * up, so that a stream notices the gap. `events` NULL: nobody listens. */
int events_emit(struct events *events, enum event_kind kind, const char *subject, const struct strbuf *body,
                int64_t at_ms, struct error *reterr);

/* What was told before cannot be gone on from: the configuration is another one. Whoever has not come this far has
 * missed something. */
void events_break(struct events *events);

/* Called for every event in the order of their numbers, by the thread that emitted it, under the hub's lock: it must
 * not block, and must not call the hub. A listener hears what is emitted after it was added, until the hub ends. */
enum { EVENT_LISTENERS = 4 };
void events_listen(struct events *events, void (*heard)(void *payload, struct event *event), void *payload);

/* The number of the newest event; 0 before the first. */
uint64_t events_newest(const struct events *events);

/* The event after `number`, one reference; NULL when there is none yet. Sets `*ret_missed` when events between were
 * dropped already, or were never kept for want of memory: then it is the oldest that is kept after the gap, if any. A
 * number that no event has had yet counts as missed, too: it is not of this hub. */
struct event *events_after(struct events *events, uint64_t number, bool *ret_missed);

/* Tells this hub from one of another process: numbers mean nothing across a restart. Lower-case hexadecimal. */
const char *events_epoch(const struct events *events);

DEFINE_CLEANUP(event, struct event *, event_unref);
DEFINE_CLEANUP(events, struct events *, events_free);

#endif
