/* SPDX-License-Identifier: Apache-2.0
 *
 * Names to addresses under a deadline. libpq would resolve inside PQconnectStartParams and block its thread for as long
 * as the resolver likes, so every name is looked up here and handed to libpq as hostaddr.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_POSTGRES_RESOLVE_H
#define MIGRATIOND_ENGINE_POSTGRES_POSTGRES_RESOLVE_H

#include <stddef.h>

#include "base/deadline.h"
#include "base/error.h"

struct postgres_address {
    char text[64]; /* numeric, with its scope */
};

/* At most `limit` addresses of `host`, in the resolver's order. ERROR_UNREACHABLE or ERROR_TIMEOUT. A lookup that hangs
 * is left to the C library's own helper thread and frees itself when it ends; that library runs at most 20 at once, so
 * that a dead resolver costs a bounded number of threads and later lookups time out, too. */
int postgres_resolve(const char *host, struct deadline deadline, struct postgres_address *ret_addresses, size_t limit,
                     size_t *ret_count, struct error *reterr);

#endif
