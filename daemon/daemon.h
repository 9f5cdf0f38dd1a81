/* SPDX-License-Identifier: Apache-2.0
 *
 * The running daemon: start order, the main thread's loop (signals, reloads, watchdog), stop order.
 */
#ifndef MIGRATIOND_DAEMON_DAEMON_H
#define MIGRATIOND_DAEMON_DAEMON_H

#include "daemon/config.h"

/* Keeps SIGHUP, SIGINT and SIGTERM pending from now on, until daemon_run takes them: a signal that comes while the
 * configuration is read still ends in an orderly stop. Before any thread starts. */
void daemon_hold_signals(void);

/* Runs until SIGTERM or SIGINT; returns the process's exit code. `path` is the file that SIGHUP reads again. Takes one
 * reference of its own of `config`. */
int daemon_run(const char *path, struct config *config);

#endif
