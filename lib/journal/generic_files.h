/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrations of a home-made tool: files whose names are, or begin with, their revisions.
 */
#ifndef MIGRATIOND_JOURNAL_GENERIC_FILES_H
#define MIGRATIOND_JOURNAL_GENERIC_FILES_H

#include "base/error.h"
#include "model/migration_set.h"

/* The read_files slot. SQL files, else all that is no text for people: revision is the name without extension, key what
 * stands before the first '_', '-' or '.'. */
int generic_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* The number in a revision, "V012" as "12", in `arena`; `*ret_number` NULL if there is none. False: no memory. */
bool generic_number(const char *revision, struct arena *arena, const char **ret_number);

#endif
