/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrations that are the files of one folder and are recorded by their names, as JavaScript's tools have them. What
 * differs from tool to tool is a struct named_layout. One thread per call; blocks on the file system only.
 */
#ifndef MIGRATIOND_JOURNAL_NAMED_FILES_H
#define MIGRATIOND_JOURNAL_NAMED_FILES_H

#include "journal/compare_list.h"
#include "journal/journal_builder.h"

/* What becomes of a file's extension when its name is recorded. */
enum extension_use {
    EXTENSION_DROPPED,
    EXTENSION_KEPT,
    EXTENSION_HALF /* it holds the way back of a migration in another file, and is none itself */
};

struct named_extension {
    const char *text; /* ".js" */
    enum extension_use use;
};

struct named_layout {
    const char *title;
    const char *const *folders;               /* where a project has them: "migrations"; NULL-terminated */
    const struct named_extension *extensions; /* of what the tool runs: of one stem in two files the first counts */
    size_t extension_count;
    const char *const *marks; /* words in a file that only this tool's migrations hold; NULL-terminated */

    /* Whether a file's name is such that its folder may be the tool's. */
    bool (*claims)(const char *name);

    int (*order)(const char *a, const char *b); /* of recorded names; NULL: bytes */
    const char *remark_extension; /* says of a file of another kind why it would not run: "…" behind its name */
};

/* A whole read_files slot: the migrations in `directory` or in the tool's folder below it. */
int named_files_read(const struct named_layout *layout, const char *directory, struct migration_set *set,
                     struct error *reterr);

/* An entry of that name and time (milliseconds; NULL: unknown). `*ret_entry` is NULL where the name cannot be the
 * tool's, which is then noted. */
int named_row(struct journal_builder *builder, const char *name, size_t length, const char *time_ms,
              struct journal_entry **ret_entry, struct error *reterr);

/* compare_list for tools that record names with their extension: where files and rows differ in nothing but that (.ts
 * where it was written, .js where it is built) the comparison says so. */
int named_compare(const struct compare_request *request, const struct list_traits *traits, const char *title,
                  struct arena *arena, struct comparison *ret_comparison, struct error *reterr);

/* A whole order slot: by the bytes of the recorded names. */
int named_order(const struct migration *a, const struct migration *b);

/* Digits and then that separator begin the name. */
bool named_begins_with_number(const char *name, char separator);

#endif
