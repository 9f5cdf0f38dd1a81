/* SPDX-License-Identifier: Apache-2.0
 *
 * EF Core's migrations: classes with a [Migration("…")] attribute, which the tools put into a file of their own beside
 * the migration (….Designer.cs). One thread.
 */
#ifndef MIGRATIOND_JOURNAL_EF_CORE_FILES_H
#define MIGRATIOND_JOURNAL_EF_CORE_FILES_H

#include "journal/migration_list.h"

/* See struct tool.read_files. */
int ef_core_read_files(const char *directory, struct migration_set *set, struct error *reterr);

/* What ids are compared by, which is without case. NULL when memory is out. */
const char *ef_core_key(const char *id, struct arena *arena);

/* What the attributes of a class say; texts of the source, which is borrowed, lengths 0 where there is none. */
struct ef_core_attributes {
    const char *id;
    size_t id_length;
    const char *context; /* the DbContext's class */
    size_t context_length;
};

/* Reads the attributes of a C# file, past comments and strings. */
void ef_core_read_attributes(const char *text, size_t length, struct ef_core_attributes *ret_attributes);

#endif
