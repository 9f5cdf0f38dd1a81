/* SPDX-License-Identifier: Apache-2.0
 *
 * What `migrationctl diff` and `plan` share: two sides, their differences, and folders of files. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_DRIFT_H
#define MIGRATIOND_DAEMON_CTL_DRIFT_H

#include "daemon/ctl_side.h"
#include "drift/drift.h"
#include "report/report_drift.h"

enum { CTL_PATH = 4096 };

struct ctl_drift {
    struct arena *arena; /* of the policy */
    struct drift_policy policy;
    struct ctl_side reference;
    struct ctl_side live;
    struct drift_report *report; /* NULL where the reference is ahead */
};
void ctl_drift_done(struct ctl_drift *drift);

/* Reads the arguments REFERENCE and LIVE and compares them. An exit code; a failure was said. */
int ctl_drift_read(const struct ctl_options *options, struct ctl_drift *drift);
struct drift_context ctl_drift_context(const struct ctl_drift *drift);
int ctl_drift_exit(enum drift_verdict verdict);

/* The same exit code for the database of the daemon that the first argument names. */
int ctl_daemon_drift(const struct ctl_options *options);

/* Makes `directory` and in it a folder named after the time now, in UTC: 2026-11-20, or 2026-11-20T10-00-00Z. False
 * with a message. */
enum ctl_folder { FOLDER_OF_DAY, FOLDER_OF_SECOND };
bool ctl_make_directory(const char *directory, enum ctl_folder folder, char ret_path[static CTL_PATH]);

/* Writes a file under another name first, so that it is there whole or not at all. False with a message. */
bool ctl_write_file(const char *directory, const char *name, const struct strbuf *text);

DEFINE_CLEANUP_VALUE(ctl_drift, struct ctl_drift, ctl_drift_done);

#endif
