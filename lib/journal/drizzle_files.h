/* SPDX-License-Identifier: Apache-2.0
 *
 * Drizzle's migrations: meta/_journal.json and its .sql files, or (since 1.0) one folder per migration.
 */
#ifndef MIGRATIOND_JOURNAL_DRIZZLE_FILES_H
#define MIGRATIOND_JOURNAL_DRIZZLE_FILES_H

#include "base/error.h"
#include "journal/migration_list.h"
#include "model/migration_set.h"

/* The read_files slot. `directory` is the `out` folder or a project with drizzle/ in it. */
int drizzle_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* The entries of a _journal.json, in its order: revision = tag, key = when, file = prefix + tag + ".sql". */
int drizzle_parse_journal(const char *text, size_t length, const char *name, const char *prefix, struct arena *arena,
                          struct migration_list *list, struct error *reterr);

/* Whether a set was read from one folder per migration. */
bool drizzle_has_folders(const struct migration_set *set);

#endif
