/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS on an HTTP loop: libmicrohttpd's sessions with our identity, and our own reads and writes beneath them, which
 * tell a handshake that waits for its peer from a connection with work to do. Everything belongs to the loop's thread.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_TLS_H
#define MIGRATIOND_DAEMON_HTTP_TLS_H

#include <microhttpd.h>

#include "daemon/http_loop.h"
#include "daemon/tls.h"

enum { HTTP_TLS_OPTIONS = 3 };

/* Options and, as the result, flags with which the library is to be started; none for `tls` NULL. */
unsigned http_tls_options(const struct tls *tls, struct MHD_OptionItem ret_options[static HTTP_TLS_OPTIONS]);

/* Before the first byte of a connection. On failure its handshake would fail: close it. */
int http_tls_begin(struct http_loop *loop, struct http_connection *connection, struct MHD_Connection *mhd);

/* Once the library has let go of the session. */
void http_tls_free(struct http_tls *tls);

#endif
