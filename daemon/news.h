/* SPDX-License-Identifier: Apache-2.0
 *
 * What the world was told of one watched database last, and what it is still to be told. A change is noted before the
 * view that shows it is published, and told after: whoever reads the number of the newest event and then the views
 * misses nothing. Belongs to a struct watched and is guarded by its lock.
 */
#ifndef MIGRATIOND_DAEMON_NEWS_H
#define MIGRATIOND_DAEMON_NEWS_H

#include "daemon/drift_watch.h"
#include "daemon/events.h"
#include "report/report_event.h"

/* The newest of each kind; an older one that could not be told any more is not worth telling. */
enum news_kind { NEWS_STATE, NEWS_DRIFT, NEWS_KINDS };

struct untold {
    bool pending;
    int64_t at_ms; /* unix time */
    struct strbuf body;
};

struct news {
    struct events *events;      /* NULL */
    struct report_before state; /* as noted last; static texts */
    uint64_t heads;             /* hash of those that went with it */
    struct report_before drift;
    uint64_t items; /* hash of the confirmed ones */
    struct untold untold[NEWS_KINDS];
};

void news_init(struct news *news, struct events *events);
void news_done(struct news *news);

/* Notes where the database stands; an event if state, code or heads changed. Returns whether state or code did. */
bool news_note_state(struct news *news, const struct database_report *report, int64_t at_ms);

/* Notes what a deep look compared; an event if the verdict, its code or the confirmed items changed. What another look
 * will tell in a moment, and what stands still while a migration runs, is no news. */
void news_note_drift(struct news *news, const struct drift_status *status, int64_t monotonic_now_ms, int64_t at_ms);

/* Tells what was noted. */
void news_tell(struct news *news, const char *database);

#endif
