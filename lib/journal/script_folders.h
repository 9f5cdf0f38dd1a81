/* SPDX-License-Identifier: Apache-2.0
 *
 * The migrations of tools that keep a folder for each, with a script of one fixed name in it. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_SCRIPT_FOLDERS_H
#define MIGRATIOND_JOURNAL_SCRIPT_FOLDERS_H

#include "base/error.h"
#include "journal/migration_list.h"

struct script_folders_rule {
    const char *title;          /* of the tool, for messages */
    const char *const *parents; /* NULL-terminated: where the folders stand below a project's root */
    const char *script;         /* "up.sql" */
};

/* Adds a migration for each folder that holds the script, from the first parent that has one, the directory itself
 * being asked last: file and revision (the folder's name) are set, both in the set's arena, in the order of the names.
 * `*ret_parent` is where they stand, "" for the directory itself; a text of the rule. None at all is ERROR_NOT_FOUND. A
 * folder with other files only is ERROR_INVALID beside folders that have it: the tools refuse it. */
int script_folders_read(const char *directory, const struct script_folders_rule *rule, struct migration_set *set,
                        struct migration_list *list, const char **ret_parent, struct error *reterr);

#endif
