/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of SQL files that no tool known here keeps, in the order in which such tools run them: by the number that
 * their names begin with, then by name. What undoes a migration is left out: files named *.down.sql, and in a file
 * whatever follows "-- migrate:down" (dbmate), "-- +goose Down" or "-- Down Migration" (node-pg-migrate).
 */
#ifndef MIGRATIOND_REFERENCE_SQL_FOLDER_H
#define MIGRATIOND_REFERENCE_SQL_FOLDER_H

#include "model/migration_set.h"
#include "reference/reference.h"

/* The files in `directory`, each with the number, or else the name, as its revision. ERROR_NOT_FOUND if it holds none.
 */
int sql_folder_read(const char *directory, struct migration_set **ret_set, struct error *reterr);

/* How much of a file's text makes the migration. */
size_t sql_folder_cut(const char *text, size_t length);

#endif
