/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiters by the time at which each one's patience ends: a binary heap that knows where each waiter stands, so that any
 * can be taken out. One thread.
 */
#ifndef MIGRATIOND_DAEMON_WAITER_HEAP_H
#define MIGRATIOND_DAEMON_WAITER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wait_group;

struct waiter {
    void *owner;
    int64_t deadline_ms;
    struct wait_group *group;
    struct waiter *next; /* in the group */
    struct waiter *previous;
    size_t position; /* in the heap */
};

struct waiter_heap {
    struct waiter **waiters;
    size_t count;
    size_t capacity;
};

/* False when memory or LIMIT_WAITERS is exhausted. */
bool waiter_heap_push(struct waiter_heap *heap, struct waiter *waiter);
void waiter_heap_remove(struct waiter_heap *heap, struct waiter *waiter);

/* The one whose time ends first; NULL when empty. */
struct waiter *waiter_heap_first(const struct waiter_heap *heap);

void waiter_heap_done(struct waiter_heap *heap);

#endif
