/* SPDX-License-Identifier: Apache-2.0
 *
 * Drizzle's snapshots, as drizzle-kit writes them beside its migrations: version 7 for PostgreSQL, 5 for MySQL, 6 for
 * SQLite. Pure.
 */
#ifndef MIGRATIOND_REFERENCE_DRIZZLE_SNAPSHOT_H
#define MIGRATIOND_REFERENCE_DRIZZLE_SNAPSHOT_H

#include "reference/declared.h"

/* Reads a snapshot for `engine`; `name` is the file's, for messages: "name: tables.users.columns.id: what". Another
 * engine's snapshot and unknown versions are ERROR_UNSUPPORTED, what cannot be a snapshot ERROR_INVALID. */
int drizzle_snapshot_parse(const char *text, size_t length, const char *name, const char *engine,
                           struct declared **ret_declared, struct error *reterr);

#endif
