/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a gate is, as people write it:
 *
 *   http://HOST[:PORT]/v1/gates/NAME        HOST: a name, an IPv4 address, or an IPv6 address in brackets
 *   unix:/run/migrationd/api.sock:/v1/gates/NAME
 *
 * Pure; nothing but libc.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_ADDRESS_H
#define MIGRATIOND_DAEMON_WAIT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* A host's name has at most 253 characters, a unix socket's path 107. */
enum { WAIT_HOST_SIZE = 256, WAIT_PORT_SIZE = 8, WAIT_SOCKET_SIZE = 108, WAIT_TARGET_SIZE = 2048 };

struct wait_address {
    char host[WAIT_HOST_SIZE];                       /* without brackets; "" for a unix socket */
    char port[WAIT_PORT_SIZE];                       /* "80" where none was written */
    char socket[WAIT_SOCKET_SIZE];                   /* "" for TCP */
    char field[WAIT_HOST_SIZE + WAIT_PORT_SIZE + 2]; /* the Host field: as written */
    char target[WAIT_TARGET_SIZE]; /* "/v1/gates/orders-api", as written: no query, no slash at the end */
};

/* False after one sentence in `problem`. */
bool wait_address_parse(const char *text, struct wait_address *ret_address, char *problem, size_t size);

/* Percent-encodes one segment or value onto `out`. */
void wait_encode(struct strbuf *out, const char *text);

#endif
