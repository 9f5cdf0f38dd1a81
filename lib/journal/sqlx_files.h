/* SPDX-License-Identifier: Apache-2.0
 *
 * sqlx's migrations: files that begin with a number and an underscore. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_SQLX_FILES_H
#define MIGRATIOND_JOURNAL_SQLX_FILES_H

#include "journal/migration_list.h"

/* See struct tool.read_files. */
int sqlx_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* The number that `length` decimal digits stand for, without leading zeros; NULL when memory is out. */
const char *sqlx_version(const char *digits, size_t length, struct arena *arena);

#endif
