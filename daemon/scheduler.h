/* SPDX-License-Identifier: Apache-2.0
 *
 * When each database is looked at, and by whom: a due-time heap, a fixed pool of workers, at most two connections per
 * server at work, one look of a kind per database at a time. Looks: `journal` (cheap, frequent), `deep` (reads the
 * schema) and `checks` (one check at a time). Deep looks and checks share a budget of one per server and of half of the
 * workers, so that journals wait for neither. Offsets are stable (from the names) and jittered by 5 %, failures back
 * off with a cap. All functions may be called by any thread; none blocks on a database.
 */
#ifndef MIGRATIOND_DAEMON_SCHEDULER_H
#define MIGRATIOND_DAEMON_SCHEDULER_H

#include <stdbool.h>

#include "base/deadline.h"
#include "daemon/events.h"
#include "daemon/publication.h"

struct scheduler;

/* Publishes the first view set (nothing observed yet) and starts the workers. What changes is told to `events`, which
 * may be NULL. */
int scheduler_start(struct publication *publication, struct events *events, struct config *config,
                    struct scheduler **ret_scheduler, struct error *reterr);

/* Swaps the configuration: databases that did not change keep schedule, connections and state. */
int scheduler_reload(struct scheduler *scheduler, struct config *config, struct error *reterr);

/* Tells of databases that have not been seen for too long, though their looks have not ended yet. To be called every
 * few seconds by a thread that is no worker: all of those may be held up by servers that hang. */
void scheduler_follow_clock(struct scheduler *scheduler);

/* Ends the workers and frees. Looks in flight are waited for until `deadline`; false when some did not end by then:
 * their threads still run, nothing was freed, and the process had better exit without further ado. */
bool scheduler_stop(struct scheduler *scheduler, struct deadline deadline);

/* Somebody waits on this database (count may rise and fall): its journal is looked at every 100 ms while anybody does.
 */
void scheduler_demand(struct scheduler *scheduler, const char *database, int change);

/* Asks for a deep and a journal look now, at its replicas as well, and for all its checks after. Returns a ticket for
 * scheduler_refreshed; callers that come while one is queued or under way join it. 0 when there is no such database,
 * or, with `*ret_wait_ms` > 0, when the last refresh began less than a second ago. */
uint64_t scheduler_refresh(struct scheduler *scheduler, const char *database, int64_t *ret_wait_ms);

/* Whether the looks of that ticket have ended; publication_listen's listener is called when they do. */
bool scheduler_refreshed(struct scheduler *scheduler, const char *database, uint64_t ticket);

/* Whether the scheduling loop turns and no look has overrun its deadline by far: what the watchdog and /livez ask. */
bool scheduler_is_alive(struct scheduler *scheduler);

#endif
