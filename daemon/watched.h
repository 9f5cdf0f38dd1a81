/* SPDX-License-Identifier: Apache-2.0
 *
 * One configured database as the daemon watches it: its connection, what the last looks found, and the two looks
 * themselves. A journal look and a deep look may run at the same time, in two workers; each of them at most once. What
 * they share is guarded by the watched database's own mutex, which is held while a view is put together, never across
 * I/O; publishing and telling happen under it, so that views and events of one database never overtake each other
 * (order of locks: watched, then publication or events).
 */
#ifndef MIGRATIOND_DAEMON_WATCHED_H
#define MIGRATIOND_DAEMON_WATCHED_H

#include "daemon/events.h"
#include "daemon/log.h"
#include "daemon/publication.h"

struct watched;

/* Starts with nothing observed. Changes are told to `events` (NULL: to nobody), which must live as long. One reference;
 * NULL when memory is out. */
struct watched *watched_new(struct config *config, size_t database, struct events *events)
    __attribute__((warn_unused_result));
struct watched *watched_ref(struct watched *watched);
void watched_unref(struct watched *watched);

/* Another configuration with equal settings for this database, in which it has the index `database`. */
void watched_set_config(struct watched *watched, struct config *config, size_t database);

/* What is known of the database now, for a set of views under `config`, in which it has the index `database`; NULL when
 * memory is out. */
struct view *watched_view(struct watched *watched, struct config *config, size_t database)
    __attribute__((warn_unused_result));

/* Publishes what a look found between watched_view's making of `shown` and the publication of its set, which would be
 * lost until the next look. */
void watched_catch_up(struct watched *watched, struct publication *publication, const struct view *shown);

/* Publishes and tells when the last good look has become too old, which no look has said yet: time alone changes what a
 * database is, and the next look may take as long as it likes. */
void watched_follow_clock(struct watched *watched, struct publication *publication);

/* How a look went, for whoever schedules the next one. */
struct look_result {
    enum error_code error;
    bool schema_due; /* journal look: a deep look should follow at once */
    int64_t took_ms;
    int64_t settle_in_ms; /* journal look: the expectation's files are changing, look again then; 0: they are not */
};

/* Looks at the journals, publishes, and keeps the connection if `keep_connection`. At most one at a time per database.
 */
void watched_look_journal(struct watched *watched, bool keep_connection, struct publication *publication,
                          struct look_result *ret_result);

/* Reads the schema on a connection of its own, publishes; unless connections are kept, leaves it open for the journal
 * look that follows. At most one at a time per database. */
void watched_look_deep(struct watched *watched, bool keep_connection, struct publication *publication,
                       struct look_result *ret_result);

DEFINE_CLEANUP(watched, struct watched *, watched_unref);

#endif
