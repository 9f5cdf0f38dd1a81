/* SPDX-License-Identifier: Apache-2.0
 *
 * Prisma's migrations: a folder for each with its migration.sql, beside migration_lock.toml. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_PRISMA_FILES_H
#define MIGRATIOND_JOURNAL_PRISMA_FILES_H

#include "journal/migration_list.h"

/* See struct tool.read_files. */
int prisma_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* All that Prisma accepts for a script: the SHA-256 as it is, with LF for CRLF and with CRLF for LF, each also as
 * early releases wrote it, without the leading zeros of its bytes. Separated by blanks; NULL when memory is out. */
const char *prisma_checksums(const char *text, size_t length, struct arena *arena);

#endif
