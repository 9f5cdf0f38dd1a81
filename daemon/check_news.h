/* SPDX-License-Identifier: Apache-2.0
 *
 * What the world was told of one database's checks last: events of each change of a check's state or code, and a line
 * in the log where its state changes. What stands still while a migration runs, and what will be asked again in a
 * moment since one has run, is no news. Belongs to a struct watched and is guarded by its lock; of each check no more
 * is kept than what was told last.
 */
#ifndef MIGRATIOND_DAEMON_CHECK_NEWS_H
#define MIGRATIOND_DAEMON_CHECK_NEWS_H

#include "daemon/events.h"
#include "daemon/view.h"

struct check_news {
    struct events *events; /* NULL */
    struct told_check {
        const char *state; /* static; NULL: nothing was told */
        const char *code;
    } * told;               /* by index of the check in the database */
    int64_t valid_until_ms; /* monotonic time before which time alone changes nothing of what was told */
};

/* False when memory is out; check_news_done is called nevertheless. */
bool check_news_init(struct check_news *news, struct events *events, size_t count) __attribute__((warn_unused_result));
void check_news_done(struct check_news *news);

/* Tells what is new in a view that was just published. */
void check_news_tell(struct check_news *news, const struct view *view, int64_t monotonic_now_ms, int64_t unix_now_ms);

#endif
