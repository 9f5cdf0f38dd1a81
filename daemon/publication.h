/* SPDX-License-Identifier: Apache-2.0
 *
 * The one shared pointer: the current view set, behind one mutex. Acquire copies the pointer and takes a reference
 * under the lock; replacing swaps under the lock and drops the old reference outside it (order of locks: publication,
 * then events). Any thread.
 */
#ifndef MIGRATIOND_DAEMON_PUBLICATION_H
#define MIGRATIOND_DAEMON_PUBLICATION_H

#include "daemon/events.h"
#include "daemon/view.h"

struct publication;

struct publication *publication_new(void) __attribute__((warn_unused_result));
void publication_free(struct publication *publication);

/* The current set, one reference for the caller; NULL before the first publish. */
struct view_set *publication_acquire(struct publication *publication);

/* The generation of the current set, 0 before the first publish: tells without a lock that nothing has changed. */
uint64_t publication_generation(const struct publication *publication);

/* Replaces the whole set (start, reload); takes over the caller's reference. Where there was one before, `events`
 * (NULL) is broken in the same moment: what is told of the new configuration can be gone on from, what was told before
 * cannot.
 */
void publication_publish(struct publication *publication, struct view_set *set, struct events *events);

/* Replaces one database's view if the current set still has `view->config`, then calls the listener; else a reload has
 * overtaken the look, and 1 is returned. Takes over the reference. Fails with ERROR_NO_MEMORY (the old view stays). */
int publication_replace(struct publication *publication, size_t index, struct view *view, struct error *reterr);

/* Called after every change, by the thread that made it, outside the lock: wakes waiters. */
void publication_listen(struct publication *publication, void (*changed)(void *payload), void *payload);

/* Calls the listener although no view changed: a refresh has ended. */
void publication_announce(struct publication *publication);

#endif
