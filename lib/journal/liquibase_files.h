/* SPDX-License-Identifier: Apache-2.0
 *
 * Liquibase's change sets, from a root changelog and what it includes.
 */
#ifndef MIGRATIOND_JOURNAL_LIQUIBASE_FILES_H
#define MIGRATIOND_JOURNAL_LIQUIBASE_FILES_H

#include "base/error.h"
#include "model/migration_set.h"

/* The read_files slot. `directory` is where Liquibase's paths begin (its search path, a project with
 * liquibase.properties or src/main/resources), or the changelogs' own folder. */
int liquibase_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* A path as Liquibase compares it: without "classpath:", drive, leading slash, "." and "..". NULL: no memory. */
const char *liquibase_normalise_path(struct arena *arena, const char *path);

/* "id::author::file". */
const char *liquibase_revision(struct arena *arena, const char *id, const char *author, const char *path);

#endif
