/* SPDX-License-Identifier: Apache-2.0
 *
 * A binary heap of tasks by the moment at which they are due. Tasks know their place, so one can be moved or taken out.
 * Guarded by the scheduler's lock.
 */
#ifndef MIGRATIOND_DAEMON_DUE_HEAP_H
#define MIGRATIOND_DAEMON_DUE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct due_task {
    int64_t due_ms; /* monotonic */
    size_t place;   /* 1-based index in the heap; 0: not in it */
};

struct due_heap {
    struct due_task **tasks;
    size_t count;
    size_t capacity;
};

/* Makes room for `capacity` tasks in all, so that heap_put cannot fail; false when memory is out. */
bool due_heap_reserve(struct due_heap *heap, size_t capacity);
void due_heap_done(struct due_heap *heap);

/* Puts a task in, or moves it when it is in already. */
void due_heap_put(struct due_heap *heap, struct due_task *task, int64_t due_ms);

/* Takes it out if it is in. */
void due_heap_remove(struct due_heap *heap, struct due_task *task);

/* The earliest task, or NULL. */
struct due_task *due_heap_first(const struct due_heap *heap);

#endif
