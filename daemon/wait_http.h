/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain HTTP/1.1 over IPv4, IPv6 and unix sockets, one connection per request: the transport of programs that link no
 * HTTP library. Every address of a host is tried. Connecting, writing and reading stand under one deadline of ours, so
 * that whoever refuses, hangs or trickles costs no more than the request's time. Redirects are answers like others.
 * Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_HTTP_H
#define MIGRATIOND_DAEMON_WAIT_HTTP_H

#include "daemon/wait_address.h"
#include "daemon/wait_transport.h"

struct wait_http {
    const struct wait_address *address; /* borrowed */
    const char *agent;                  /* "migration-wait": of User-Agent */
};

/* A wait_transport's `exchange`; `payload` is a struct wait_http. */
void wait_http_exchange(void *payload, const struct wait_request *request, struct wait_answer *ret_answer);

#endif
