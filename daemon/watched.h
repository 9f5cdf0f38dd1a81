/* SPDX-License-Identifier: Apache-2.0
 *
 * One configured database as the daemon watches it: its connection, what the last looks found, and the looks
 * themselves. A journal look, a deep look and a check may run at the same time; each of them at most once. What
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
    bool kept;            /* run of a check: its connection, for another check that is due at once */
};

/* What a journal look is to leave. */
struct look_wish {
    bool keep_connection;
    bool refresh; /* all checks due */
};

/* Looks at the journals, publishes, and keeps the connection if that is wished. At most one at a time per database. */
void watched_look_journal(struct watched *watched, const struct look_wish *wish, struct publication *publication,
                          struct look_result *ret_result);

/* Reads the schema on a connection of its own, publishes; unless connections are kept, leaves it open for the journal
 * look that follows. At most one at a time per database. */
void watched_look_deep(struct watched *watched, bool keep_connection, struct publication *publication,
                       struct look_result *ret_result);

/* Runs the check that has been due for longest, if one is, and publishes what it found. At most one at a time per
 * database, which must have checks. */
void watched_look_checks(struct watched *watched, struct publication *publication, struct look_result *ret_result);

/* Closes the connection that was kept, while no check runs; never blocks. */
void watched_rest_checks(struct watched *watched);

/* When a check is due, or was (INT64_MAX: not before something happens to the database), and how many have still to run
 * of those that were due by a journal look's wish. Neither waits for the lock: asked after a look has returned, they
 * are as that look has left them, or a later one. */
int64_t watched_checks_due(const struct watched *watched);
size_t watched_checks_awaited(const struct watched *watched);

DEFINE_CLEANUP(watched, struct watched *, watched_unref);

#endif
