/* SPDX-License-Identifier: Apache-2.0
 *
 * Names to addresses under a deadline, for the engines. The client libraries resolve inside their connect calls and
 * block the thread for as long as the resolver likes, so names are looked up here first. Any thread.
 */
#ifndef MIGRATIOND_ENGINE_RESOLVE_RESOLVE_H
#define MIGRATIOND_ENGINE_RESOLVE_RESOLVE_H

#include <stddef.h>

#include "base/deadline.h"
#include "base/error.h"

struct engine_address {
    char text[64]; /* numeric, with its scope */
};

/* At most `limit` addresses of `host`, in the resolver's order. ERROR_UNREACHABLE or ERROR_TIMEOUT. A lookup that hangs
 * is left to the C library's own helper thread and frees itself when it ends; that library runs at most 20 at once, so
 * that a dead resolver costs a bounded number of threads and later lookups time out, too. */
int engine_resolve(const char *host, struct deadline deadline, struct engine_address *ret_addresses, size_t limit,
                   size_t *ret_count, struct error *reterr);

#endif
