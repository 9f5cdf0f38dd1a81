/* SPDX-License-Identifier: Apache-2.0
 *
 * A line on standard error that tells what is being done: on a terminal only, and only from the second on in which
 * there is something to wait for. A thread of its own writes it, so that it stands there while a database is waited
 * for. Its calls come from one thread.
 */
#ifndef MIGRATIOND_DAEMON_CTL_PROGRESS_H
#define MIGRATIOND_DAEMON_CTL_PROGRESS_H

#include "base/cleanup.h"

struct ctl_progress;

/* NULL where nobody would read it, and where there is no memory or thread for it; the others accept that. */
struct ctl_progress *ctl_progress_new(void) __attribute__((warn_unused_result));

/* What is being done now: "orders: no_orphans (3 of 12)". */
void ctl_progress_say(struct ctl_progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the line away. */
void ctl_progress_free(struct ctl_progress *progress);

DEFINE_CLEANUP(ctl_progress, struct ctl_progress *, ctl_progress_free);

#endif
