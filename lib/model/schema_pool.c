/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_pool.h"

#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"

enum { FIRST_BYTES = 4096, FIRST_SLOTS = 1024 };

void schema_pool_done(struct schema_pool *pool)
{
    mem_free(pool->bytes);
    mem_free(pool->slots);
    *pool = (struct schema_pool){0};
}

/* The slot that holds the text, or the free one where it belongs. */
static uint32_t *find_slot(const struct schema_pool *pool, const char *text, size_t length)
{
    size_t mask = pool->slot_count - 1;
    for (size_t i = (size_t)hash64(text, length) & mask;; i = (i + 1) & mask) {
        uint32_t offset = pool->slots[i];
        if (offset == 0)
            return &pool->slots[i];
        if (pool->size - offset > length && memcmp(pool->bytes + offset, text, length) == 0 &&
            pool->bytes[offset + length] == '\0')
            return &pool->slots[i];
    }
}

/* Keeps a quarter of the slots free. */
static bool grow_slots(struct schema_pool *pool)
{
    if (pool->used < pool->slot_count / 4 * 3)
        return true;
    struct schema_pool grown = *pool;
    grown.slot_count = pool->slot_count ? pool->slot_count * 2 : FIRST_SLOTS;
    grown.slots = mem_calloc(grown.slot_count, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t offset = 1; offset < pool->size;) {
        size_t length = strlen(pool->bytes + offset);
        *find_slot(&grown, pool->bytes + offset, length) = (uint32_t)offset;
        offset += length + 1;
    }
    mem_free(pool->slots);
    *pool = grown;
    return true;
}

static bool grow_bytes(struct schema_pool *pool, size_t extra)
{
    size_t needed = pool->size + extra;
    if (needed <= pool->capacity)
        return true;
    size_t capacity = pool->capacity ? pool->capacity * 2 : FIRST_BYTES;
    if (capacity < needed)
        capacity = needed;
    char *grown = mem_resize(pool->bytes, capacity, 1);
    if (!grown)
        return false;
    pool->bytes = grown;
    pool->capacity = capacity;
    return true;
}

/* The absent text stands first. */
static bool begin(struct schema_pool *pool)
{
    if (pool->size > 0)
        return true;
    if (!grow_bytes(pool, 1))
        return false;
    pool->bytes[0] = '\0';
    pool->size = 1;
    return true;
}

enum schema_pool_result schema_pool_add(struct schema_pool *pool, const char *text, size_t length, uint32_t *ret_offset)
{
    *ret_offset = 0;
    if (length == 0)
        return POOL_OK;
    if (!begin(pool) || !grow_slots(pool))
        return POOL_NO_MEMORY;
    uint32_t *slot = find_slot(pool, text, length);
    if (*slot == 0) {
        if (length >= LIMIT_STRING_POOL - pool->size)
            return POOL_FULL;
        if (!grow_bytes(pool, length + 1))
            return POOL_NO_MEMORY;
        memcpy(pool->bytes + pool->size, text, length);
        pool->bytes[pool->size + length] = '\0';
        *slot = (uint32_t)pool->size;
        pool->size += length + 1;
        pool->used++;
    }
    *ret_offset = *slot;
    return POOL_OK;
}

char *schema_pool_steal(struct schema_pool *pool, size_t *ret_size)
{
    mem_free(take(pool->slots));
    pool->slot_count = 0;
    if (!begin(pool))
        return NULL;
    char *bytes = mem_resize(pool->bytes, pool->size, 1);
    if (!bytes)
        return NULL;
    *ret_size = pool->size;
    *pool = (struct schema_pool){0};
    return bytes;
}
