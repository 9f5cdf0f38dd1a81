/* SPDX-License-Identifier: Apache-2.0
 *
 * Bump allocator for objects that live and die together. One owner, one thread at a time; once nothing is added any
 * more, any number of threads may read what it holds. With AddressSanitizer each block is poisoned behind its last
 * object, so overruns are seen.
 */
#ifndef MIGRATIOND_BASE_ARENA_H
#define MIGRATIOND_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

struct arena;

/* An empty arena that refuses to grow beyond `limit` bytes; NULL when memory is out. */
struct arena *arena_new(size_t limit) __attribute__((warn_unused_result));

/* Frees the arena and everything in it; accepts NULL. */
void arena_free(struct arena *arena);

/* Zeroed memory aligned for any type; NULL when memory or the arena's limit is exhausted. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((warn_unused_result));
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((warn_unused_result));

/* NUL-terminated copies. arena_strdup(NULL) is NULL: check the argument where that matters. */
char *arena_strdup(struct arena *arena, const char *text) __attribute__((warn_unused_result));
char *arena_strndup(struct arena *arena, const char *text, size_t length) __attribute__((warn_unused_result));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0), warn_unused_result));

/* Bytes taken from the system. */
size_t arena_size(const struct arena *arena);

DEFINE_CLEANUP(arena, struct arena *, arena_free);

#endif
