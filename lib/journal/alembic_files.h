/* SPDX-License-Identifier: Apache-2.0
 *
 * An Alembic project's revision scripts as a graph in topological order.
 */
#ifndef MIGRATIOND_JOURNAL_ALEMBIC_FILES_H
#define MIGRATIOND_JOURNAL_ALEMBIC_FILES_H

#include <stdbool.h>

#include "base/error.h"
#include "model/migration_set.h"

enum { ALEMBIC_FOLDERS_MAXIMUM = 64 };

/* Where the scripts are: folders relative to the directory given, "." for itself. */
struct alembic_layout {
    const char *folders[ALEMBIC_FOLDERS_MAXIMUM];
    size_t count;
    bool recursive;
    bool certain; /* by more than the folder's name: an empty project is one, too */
};

/* `directory` is a project's root (alembic.ini), a script location (versions/ in it) or versions/ itself. No folder: it
 * is none of these. */
int alembic_find_layout(const char *directory, struct arena *arena, struct alembic_layout *ret_layout,
                        struct error *reterr);

/* The read_files slot. A directory of which only a part can be understood is an error: half a graph would lie. */
int alembic_read_files(const char *directory, struct migration_set *set, struct error *reterr);

#endif
