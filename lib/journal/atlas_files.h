/* SPDX-License-Identifier: Apache-2.0
 *
 * Atlas' migrations: the *.sql of one folder, with atlas.sum, which has their checksums. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_ATLAS_FILES_H
#define MIGRATIOND_JOURNAL_ATLAS_FILES_H

#include "journal/migration_list.h"

/* See struct tool.read_files. A folder whose atlas.sum does not fit its files is ERROR_INVALID: Atlas refuses it. */
int atlas_read_files(const char *directory, struct migration_set *set, struct error *reterr);

#endif
