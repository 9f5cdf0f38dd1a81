/* SPDX-License-Identifier: Apache-2.0
 *
 * Follows a stream of events of the daemon for as long as it takes: comes back after every loss with the id of the last
 * event, at growing, scattered distances, and notices a daemon that has fallen silent. Ends when `heard` says so, when
 * the daemon refuses for good, on SIGINT, or when nobody reads standard output any more. Single-threaded; changes the
 * process's way with SIGINT and SIGPIPE.
 */
#ifndef MIGRATIOND_DAEMON_CTL_STREAM_H
#define MIGRATIOND_DAEMON_CTL_STREAM_H

#include "daemon/ctl.h"
#include "daemon/sse_reader.h"

/* An exit code: what a daemon that cannot be reached at first, or refuses, stands for was said. `heard` returns false
 * to end with CTL_OK. */
int ctl_stream(const struct ctl_options *options, const char *path,
               bool (*heard)(void *payload, const struct sse_event *event), void *payload);

#endif
