/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define poison(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#define unpoison(address, size) ASAN_UNPOISON_MEMORY_REGION(address, size)
enum { RED_ZONE = 16 };
#else
#define poison(address, size) ((void)(address), (void)(size))
#define unpoison(address, size) ((void)(address), (void)(size))
enum { RED_ZONE = 0 };
#endif

enum { FIRST_CHUNK = 1024, LARGEST_CHUNK = 256 * 1024 };

struct chunk {
    struct chunk *next;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *chunks;
    size_t used; /* in the newest chunk */
    size_t total;
    size_t limit;
};

struct arena *arena_new(size_t limit)
{
    struct arena *arena = mem_calloc(1, sizeof *arena);
    if (arena)
        arena->limit = limit;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *chunk = arena->chunks; chunk;) {
        struct chunk *next = chunk->next;
        unpoison(chunk->bytes, chunk->size);
        mem_free(chunk);
        chunk = next;
    }
    mem_free(arena);
}

static bool add_chunk(struct arena *arena, size_t needed)
{
    size_t size = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < needed)
        size = needed;
    if (size > arena->limit - arena->total)
        size = needed;
    if (size > arena->limit - arena->total)
        return false;
    struct chunk *chunk = mem_alloc(sizeof *chunk + size);
    if (!chunk)
        return false;
    chunk->next = arena->chunks;
    chunk->size = size;
    poison(chunk->bytes, size);
    arena->chunks = chunk;
    arena->used = 0;
    arena->total += size;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t mask = _Alignof(max_align_t) - 1;
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t reserved = ((size ? size : 1) + RED_ZONE + mask) & ~mask;
    if ((!arena->chunks || arena->chunks->size - arena->used < reserved) && !add_chunk(arena, reserved))
        return NULL;
    void *block = arena->chunks->bytes + arena->used;
    arena->used += reserved;
    unpoison(block, size);
    return memset(block, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    if (!text)
        return NULL;
    char *copy = arena_alloc(arena, length + 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list measured;
    va_copy(measured, arguments);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

size_t arena_size(const struct arena *arena)
{
    return arena->total;
}
