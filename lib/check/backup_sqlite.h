/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of SQLite databases: the header says how many pages of which size there are. Pure.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_SQLITE_H
#define MIGRATIOND_CHECK_BACKUP_SQLITE_H

#include "check/backup_format.h"

bool backup_sqlite_begins(const unsigned char *head, size_t length);

/* Ends the walk by the first bytes and the size of what backup_sqlite_begins knows. Returns 0. */
int backup_sqlite_end(struct backup_walk *walk, const unsigned char *head, size_t length, int64_t size);

#endif
