/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program must get right that waits in front of another one, perhaps as process 1 of a container: to end at once
 * when it is told to, and to become the command so that signals reach it. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_PROCESS_H
#define MIGRATIOND_DAEMON_WAIT_PROCESS_H

/* From now on SIGTERM, SIGINT, SIGQUIT and SIGHUP end the process, as process 1, too, unless whoever started it has
 * them ignored. No signal stays blocked: the command inherits that. */
void wait_end_on_signals(void);

/* Becomes the command. Returns only when that failed: 126 or 127, after a message in the name of `program`. */
int wait_become(const char *program, char *const *command);

#endif
