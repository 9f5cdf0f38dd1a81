/* SPDX-License-Identifier: Apache-2.0
 *
 * refinery's migrations: V1__name.sql and U2__name.sql, at any depth. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_REFINERY_FILES_H
#define MIGRATIOND_JOURNAL_REFINERY_FILES_H

#include "journal/migration_list.h"

/* See struct tool.read_files. */
int refinery_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* Whether its name marks it as free of the order (U). */
bool refinery_is_unversioned(const struct migration *migration);

/* What refinery records for a migration: decimal, as programs with versions of 32 bits compute it and, with a blank
 * between them, of 64; only the latter where the version does not fit the former. NULL when memory is out. */
const char *refinery_checksums(const char *name, size_t name_length, int64_t version, const char *text, size_t length,
                               struct arena *arena);

#endif
