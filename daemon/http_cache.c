/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_cache.h"

#include <microhttpd.h>
#include <string.h>

#include "base/digest.h"

static size_t slot_of(const char *target, size_t length)
{
    return hash64(target, length) % HTTP_CACHE_SLOTS;
}

const struct http_cached *http_cache_find(const struct http_cache *cache, const char *target, uint64_t generation,
                                          int64_t now_ms)
{
    const struct http_cached *entry = &cache->slots[slot_of(target, strlen(target))];
    if (!entry->reply || entry->generation != generation || entry->until_ms <= now_ms ||
        strcmp(entry->target, target) != 0)
        return NULL;
    return entry;
}

void http_cache_keep(struct http_cache *cache, const char *target, const struct http_cached *entry)
{
    size_t length = strlen(target);
    if (length >= HTTP_CACHE_TARGET) {
        MHD_destroy_response(entry->reply);
        return;
    }
    struct http_cached *slot = &cache->slots[slot_of(target, length)];
    if (slot->reply)
        MHD_destroy_response(slot->reply);
    *slot = *entry;
    memcpy(slot->target, target, length + 1);
}

void http_cache_done(struct http_cache *cache)
{
    for (size_t i = 0; i < HTTP_CACHE_SLOTS; i++) {
        if (cache->slots[i].reply)
            MHD_destroy_response(cache->slots[i].reply);
    }
    memset(cache, 0, sizeof *cache);
}
