/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets: TCP, unix, or handed in by systemd. One descriptor per HTTP loop: TCP loops get sockets of their
 * own on one port, between which the kernel spreads connections; the others share one socket.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_SOCKET_H
#define MIGRATIOND_DAEMON_HTTP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "daemon/config.h"

enum { HTTP_LOOPS = 64 };

struct http_sockets {
    int fds[HTTP_LOOPS]; /* owned by the caller, who passes them on */
    size_t count;
    char address[160]; /* as bound: "127.0.0.1:8484", "[::1]:8484", "unix:/run/x.sock" */
    char unlink[128];  /* path of a unix socket that we made; "" */
    bool loopback;     /* or a unix socket */
    bool tcp;          /* no unix socket */
};

/* `inherited`: a listening socket from systemd, not taken over, in place of what the configuration says; -1: none. */
int http_sockets_open(const struct config_listener *listener, int inherited, size_t count,
                      struct http_sockets *ret_sockets, struct error *reterr);

/* Closes the descriptors that are still there (-1 where passed on); unlinks nothing. */
void http_sockets_close(struct http_sockets *sockets);

#endif
