/* SPDX-License-Identifier: Apache-2.0
 *
 * The two forms of a backup, each judged by one function: files, and a catalogue that the database is asked for. Both
 * fill in the run's result, as a kind's `run` does. One thread at a time.
 *
 * Files. Of those that match, the newest decides, and none counts that was not seen to be at rest: two looks must find
 * the same size and time, half a second apart. While a newer one is written or read through, the newest whole one goes
 * on counting, as long as it is young enough itself: a job that runs every night must not close a gate every night. A
 * file that just now ended too early may yet grow, so that for BACKUP_PAUSE_MS it is taken for one that is written, if
 * there is an older one to count. A link or an unreadable file that is the newest counts for nothing: unknown.
 *
 * A catalogue. One row: when the backup finished, as unix time in seconds or as a timestamp; then, if the query selects
 * that, its size in bytes and its name.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_JUDGE_H
#define MIGRATIOND_CHECK_BACKUP_JUDGE_H

#include "check/check.h"

enum {
    BACKUP_FUTURE_MS = 5000, /* clocks of two machines differ as much */
    BACKUP_SETTLE_MS = 500,  /* between two looks at a file, and since its last change */
    BACKUP_AGAIN_MS = 1000,  /* until the next look at what is not settled */
    BACKUP_PAUSE_MS = 10000  /* that a program may pause in the middle of writing */
};

int backup_judge_files(struct check_run *run, struct error *reterr);
int backup_judge_catalogue(struct check_run *run, struct error *reterr);

/* What both forms ask: too old, too small or neither. The result's backup is filled in already. Returns whether it is
 * in order; where it is not, the check has failed with its reason, unless `*ret_status` is -1. */
bool backup_is_in_order(struct check_run *run, const char *name, int *ret_status, struct error *reterr);

/* Whether backup_is_in_order would find it so. */
bool backup_would_do(const struct check_run *run, int64_t finished_at_ms, int64_t size);

#endif
