/* SPDX-License-Identifier: Apache-2.0
 *
 * When what is expected of one configured journal is to be read again: after a change, of files once two listings in a
 * row are equal, and when journals of other tools appear, since these tell what uncertain files are. Used by one
 * thread.
 */
#ifndef MIGRATIOND_DAEMON_EXPECTATION_WATCH_H
#define MIGRATIOND_DAEMON_EXPECTATION_WATCH_H

#include "daemon/expectation.h"
#include "model/snapshot.h"

/* More tools than this in one database, and the files have to be told by themselves. */
enum { LIKELY_MAXIMUM = 16 };

struct expectation_watch {
    bool read;
    struct digest token; /* of what was read */
    bool changing;
    struct digest candidate; /* of the newest listing, when it differs */
    int64_t candidate_at_ms;
    int64_t checked_at_ms;
    const struct tool *likely[LIKELY_MAXIMUM]; /* when it was read */
    size_t likely_count;
};

/* Looks at what `question` asks for, whose likely tools are taken from `snapshot` (may be NULL). `*ret_expectation` is
 * what to replace `current` (may be NULL) with, NULL where nothing is new; `*ret_settle_in_ms` is set when files are
 * changing: look again then. -1 when memory is out. */
int expectation_follow(struct expectation_watch *watch, struct expectation_question *question,
                       const struct snapshot *snapshot, const struct expectation *current,
                       struct expectation **ret_expectation, int64_t *ret_settle_in_ms);

#endif
