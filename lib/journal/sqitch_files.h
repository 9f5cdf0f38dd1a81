/* SPDX-License-Identifier: Apache-2.0
 *
 * A project of Sqitch: its plan and the scripts that deploy its changes. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_SQITCH_FILES_H
#define MIGRATIOND_JOURNAL_SQITCH_FILES_H

#include "journal/migration_list.h"

/* See struct tool.read_files. */
int sqitch_read_files(const char *directory, struct migration_set *set, struct error *reterr);

#endif
