/* SPDX-License-Identifier: Apache-2.0
 *
 * A host's addresses under a deadline of ours. No C library's getaddrinfo takes one, and with an unreachable name
 * server it sits for as long as it likes: where the host is no address, a child asks and is killed when time is up.
 * Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_RESOLVE_H
#define MIGRATIOND_DAEMON_WAIT_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/deadline.h"

/* More addresses of one name than anybody tries in turn. */
enum { WAIT_ADDRESSES = 16 };

struct wait_endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

struct wait_endpoints {
    struct wait_endpoint list[WAIT_ADDRESSES]; /* in the order in which to try them */
    size_t count;
};

/* False after one sentence in `problem`. */
bool wait_resolve(const char *host, const char *port, struct deadline deadline, struct wait_endpoints *ret_endpoints,
                  char *problem, size_t size);

#endif
