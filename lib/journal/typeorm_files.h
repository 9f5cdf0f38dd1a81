/* SPDX-License-Identifier: Apache-2.0
 *
 * TypeORM's migrations: classes, in files of any name, that end in a time in milliseconds.
 */
#ifndef MIGRATIOND_JOURNAL_TYPEORM_FILES_H
#define MIGRATIOND_JOURNAL_TYPEORM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/migration_set.h"

/* The read_files slot. `directory` is the folder of the migrations or a project with src/migrations and the like. */
int typeorm_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* The time that the tool reads from a migration's name: the number with which its last 13 characters begin. False: the
 * tool would refuse that name. */
bool typeorm_timestamp(const char *name, size_t length, int64_t *ret_timestamp);

#endif
