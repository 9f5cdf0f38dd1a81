/* SPDX-License-Identifier: Apache-2.0
 *
 * Atomic reference counts for the few immutable objects that threads share. Dropping the last reference sees every
 * write of those who dropped theirs before (acquire and release in one operation: ThreadSanitizer does not understand
 * fences).
 */
#ifndef MIGRATIOND_BASE_REFCOUNT_H
#define MIGRATIOND_BASE_REFCOUNT_H

#include <stdbool.h>

static inline void refcount_take(unsigned *references)
{
    __atomic_fetch_add(references, 1, __ATOMIC_RELAXED);
}

/* True when that was the last one. */
static inline bool refcount_drop(unsigned *references)
{
    return __atomic_fetch_sub(references, 1, __ATOMIC_ACQ_REL) == 1;
}

#endif
