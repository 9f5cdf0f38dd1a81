/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies that may be sent again: for the same target, the same view set, and only until the moment at which time alone
 * could make them untrue. One per loop, used by its thread alone.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_CACHE_H
#define MIGRATIOND_DAEMON_HTTP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Response;
struct http_route;

enum { HTTP_CACHE_SLOTS = 64, HTTP_CACHE_TARGET = 120 };

struct http_cached {
    char target[HTTP_CACHE_TARGET]; /* "": free */
    uint64_t generation;            /* of the view set */
    int64_t until_ms;
    int status;
    bool open; /* it was given to a caller without a token */
    const struct http_route *route;
    struct MHD_Response *reply; /* one reference */
};

struct http_cache {
    struct http_cached slots[HTTP_CACHE_SLOTS];
};

/* NULL when there is none that is still true. */
const struct http_cached *http_cache_find(const struct http_cache *cache, const char *target, uint64_t generation,
                                          int64_t now_ms);

/* Keeps the reply, taking over one reference; whatever stood in its slot goes. Targets that are too long are not kept.
 */
void http_cache_keep(struct http_cache *cache, const char *target, const struct http_cached *entry);

void http_cache_done(struct http_cache *cache);

#endif
