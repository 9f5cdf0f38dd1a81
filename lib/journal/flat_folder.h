/* SPDX-License-Identifier: Apache-2.0
 *
 * The migrations of tools that keep one file for each in one folder, told by the files' names: where the folder is, and
 * what stands in it. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_FLAT_FOLDER_H
#define MIGRATIOND_JOURNAL_FLAT_FOLDER_H

#include "base/strbuf.h"
#include "journal/migration_list.h"

struct folder_rule {
    const char *const *folders; /* NULL-terminated: where the tool keeps them below a project's root */
    unsigned depth;             /* of what is read: 1 for the folder alone */
    bool (*accepts)(const char *name);
};

/* Adds a migration for each accepted file of the first folder that has any, the directory itself being asked last: file
 * and revision (its name without extension) are set, both in the set's arena, in the order of the paths. None at all is
 * ERROR_NOT_FOUND. */
int flat_folder_read(const char *directory, const struct folder_rule *rule, struct migration_set *set,
                     struct migration_list *list, struct error *reterr);

/* Whether one of the files holds that text: what an author of the tool's migrations must have written. */
int flat_folder_mentions(const char *directory, const struct migration_list *list, const char *text, bool *ret_found,
                         struct error *reterr);

/* The part of a path behind the last slash. */
const char *file_name(const char *path);

bool has_suffix(const char *text, const char *suffix);

#endif
