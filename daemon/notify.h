/* SPDX-License-Identifier: Apache-2.0
 *
 * What systemd is told, and the sockets that it hands over. Without systemd every call does nothing; with a
 * manager that does not read, none waits longer than a second. Main thread only.
 */
#ifndef MIGRATIOND_DAEMON_NOTIFY_H
#define MIGRATIOND_DAEMON_NOTIFY_H

#include <stdint.h>

#include "daemon/view.h"

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

/* STATUS=: "42/45 ok, 2 behind, 1 unknown; 3 waiters". */
void notify_status(const struct view_set *set, int64_t waiters);

/* The keep-alive; only when scheduler and HTTP loops make progress. */
void notify_alive(void);

/* Milliseconds between keep-alives that the service manager wants (half its limit), or 0 when it wants none. */
int64_t notify_watchdog_ms(void);

/* File descriptor of the socket that was handed over under `name` ("listen", "probe"), or -1. */
int notify_socket(const char *name);

#endif
