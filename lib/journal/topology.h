/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders what depends on each other: each number after those that it depends on, and of those that could come next
 * always the smallest. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_TOPOLOGY_H
#define MIGRATIOND_JOURNAL_TOPOLOGY_H

#include <stddef.h>

#include "base/error.h"

struct dependency {
    size_t child;
    size_t parent; /* comes first */
};

/* `ret_order` has room for `count` numbers. A cycle is ERROR_INVALID, and `*ret_cycle` one that comes after itself or
 * after one that does; messages are the caller's. O((count + dependencies) log count). */
int topology_sort(size_t count, const struct dependency *dependencies, size_t dependency_count, size_t *ret_order,
                  size_t *ret_cycle, struct error *reterr);

#endif
