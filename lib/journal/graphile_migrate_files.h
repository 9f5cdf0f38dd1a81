/* SPDX-License-Identifier: Apache-2.0
 *
 * graphile-migrate's committed migrations: SQL behind a header that names the hash of the text and that of the one
 * before it.
 */
#ifndef MIGRATIOND_JOURNAL_GRAPHILE_MIGRATE_FILES_H
#define MIGRATIOND_JOURNAL_GRAPHILE_MIGRATE_FILES_H

#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"
#include "model/migration_set.h"

enum { GRAPHILE_HASH_SIZE = 5 + SHA1_HEX_SIZE }; /* "sha1:" and its digits */

/* The read_files slot. `directory` is migrations/, a project with it, or committed/ itself. A migration's key is the
 * hash in its header, which differs from its checksum where the text was changed. */
int graphile_migrate_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* The hash of a body behind its header; `previous` is that of the migration before it, "" for the first. -1 when memory
 * is out. */
int graphile_migrate_hash(const char *previous, const char *body, size_t length,
                          char ret_hash[static GRAPHILE_HASH_SIZE]);

#endif
