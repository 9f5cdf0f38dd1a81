/* SPDX-License-Identifier: Apache-2.0
 *
 * Flyway's migrations below a location.
 */
#ifndef MIGRATIOND_JOURNAL_FLYWAY_FILES_H
#define MIGRATIOND_JOURNAL_FLYWAY_FILES_H

#include "base/error.h"
#include "model/migration_set.h"

/* The read_files slot: versions in their order, then repeatables by description. Java migrations cannot be seen. */
int flyway_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* How Flyway records a repeatable: "R:" and the description, blanks for underscores, cut at 200 characters as its
 * column cuts it. NULL: no memory. */
char *flyway_repeatable_name(struct arena *arena, const char *description, size_t length);

#endif
