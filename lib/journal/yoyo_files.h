/* SPDX-License-Identifier: Apache-2.0
 *
 * yoyo's migrations: Python and SQL files of one folder, ordered by what they depend on, then by name.
 */
#ifndef MIGRATIOND_JOURNAL_YOYO_FILES_H
#define MIGRATIOND_JOURNAL_YOYO_FILES_H

#include "base/error.h"
#include "model/migration_set.h"

/* The read_files slot. `directory` is the folder, or a project with migrations/ in it. */
int yoyo_read_files(const char *directory, struct migration_set *set, struct error *reterr);

#endif
