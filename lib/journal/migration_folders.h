/* SPDX-License-Identifier: Apache-2.0
 *
 * The migrations of one tool that stand in several folders, as one set in the tool's order. What stands in which folder
 * and what is there twice are remarks of the set. Reads files; otherwise pure; any thread.
 */
#ifndef MIGRATIOND_JOURNAL_MIGRATION_FOLDERS_H
#define MIGRATIOND_JOURNAL_MIGRATION_FOLDERS_H

#include "journal/tool.h"

/* As migration_files_read, which it is where there is one folder. Files are named from the folder on that all have in
 * common. Of several migrations with one revision the first folder's counts. */
int migration_folders_read(const struct tool *tool, const struct tool *likely, const char *const *folders, size_t count,
                           struct migration_set **ret_set, struct error *reterr);

/* As migration_files_token, over all of them. */
int migration_folders_token(const char *const *folders, size_t count, struct digest *ret_token, struct error *reterr);

#endif
