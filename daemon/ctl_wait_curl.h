/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport of `migrationctl wait` where plain sockets do not do: TLS. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_WAIT_CURL_H
#define MIGRATIOND_DAEMON_CTL_WAIT_CURL_H

#include "daemon/ctl.h"
#include "daemon/wait_transport.h"

/* `options` are borrowed; the token is theirs. */
struct wait_transport ctl_curl_transport(const struct ctl_options *options);

#endif
