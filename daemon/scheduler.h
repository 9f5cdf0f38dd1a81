/* SPDX-License-Identifier: Apache-2.0
 *
 * When each database is looked at, and by whom: a due-time heap, a fixed pool of workers, at most two connections per
 * server at work, one look per database at a time. Looks: `journal` (cheap, frequent) and `deep` (reads the schema).
 * Offsets are stable (from the database's name) and jittered by 10 %, failures back off with a cap. All functions may be called
 * by any thread; none blocks on a database.
 */
#ifndef MIGRATIOND_DAEMON_SCHEDULER_H
#define MIGRATIOND_DAEMON_SCHEDULER_H

#include <stdatomic.h>

#include "daemon/publication.h"

struct scheduler;

/* Publishes the first view set (nothing observed yet) and starts the workers. */
int scheduler_start(struct publication *publication, struct config *config, struct scheduler **ret_scheduler,
                    struct error *reterr);

/* Swaps the configuration: databases that did not change keep schedule, connections and state. */
int scheduler_reload(struct scheduler *scheduler, struct config *config, struct error *reterr);

/* Ends the workers: looks in flight are abandoned at their next wait, at most 0.5 s later; then frees. */
void scheduler_stop(struct scheduler *scheduler);

/* Somebody waits on this database (count may rise and fall): its journal is looked at every 100 ms while anybody does. */
void scheduler_demand(struct scheduler *scheduler, const char *database, int change);

/* Asks for a look (journal and deep) now. Single-flight: a ticket names the look; a second caller joins the one that is
 * under way or queued. Returns 0 when nothing of that name exists, and `*ret_wait_ms` > 0 with ticket 0 when the last refresh was less than a second
 * ago. */
uint64_t scheduler_refresh(struct scheduler *scheduler, const char *database, int64_t *ret_wait_ms);

/* Whether the look of that ticket has ended. */
bool scheduler_refreshed(struct scheduler *scheduler, const char *database, uint64_t ticket);

/* Monotonic time of the scheduling loop's last turn and whether workers make progress: what the watchdog and /livez ask. */
bool scheduler_is_alive(struct scheduler *scheduler, int64_t monotonic_now_ms);

#endif
