/* SPDX-License-Identifier: Apache-2.0
 *
 * Every heap allocation of lib/ and daemon/ passes through here, so that a test can make the n-th one fail. Sizes are
 * multiplied with overflow checks. Functions return NULL on failure and never abort. Thread-safe.
 */
#ifndef MIGRATIOND_BASE_ALLOC_H
#define MIGRATIOND_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

void *mem_alloc(size_t size) __attribute__((malloc, warn_unused_result));

/* `count` zeroed objects of `size` bytes. */
void *mem_calloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* Resizes to `count` objects of `size` bytes; on failure the old block stays valid and NULL is returned. */
void *mem_resize(void *block, size_t count, size_t size) __attribute__((warn_unused_result));

void mem_free(void *block);

/* Copies; NULL in gives NULL out. */
char *mem_strdup(const char *text) __attribute__((warn_unused_result));
char *mem_strndup(const char *text, size_t length) __attribute__((warn_unused_result));

/* printf into a new string; NULL on failure. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2), warn_unused_result));

/* Makes room for one more element in a growing array: `*array` holds `count` elements of `size` bytes in a block of
 * `*capacity`. Returns false, leaving everything as it was, when memory or `limit` is exhausted. */
bool mem_grow(void *array_pointer, size_t *capacity, size_t count, size_t size, size_t limit)
    __attribute__((warn_unused_result));

/* Test hook, per thread: the allocation after `successes` more ones fails, and every one after it until mem_fault_off.
 * Costs one thread-local comparison per allocation. */
void mem_fault_after(size_t successes);

/* Ends the fault; returns whether any allocation was refused since mem_fault_after. */
bool mem_fault_off(void);

static inline void cleanup_free(void *pointer)
{
    mem_free(*(void **)pointer);
}

#endif
