/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrations whose files' names begin with their number, as golang-migrate, goose, dbmate, Rails, Ecto and Supabase
 * have them. What differs from tool to tool is a struct numbered_layout. One thread per call; blocks on the file system
 * only.
 */
#ifndef MIGRATIOND_JOURNAL_NUMBERED_FILES_H
#define MIGRATIOND_JOURNAL_NUMBERED_FILES_H

#include "journal/compare_list.h"
#include "journal/flat_folder.h"

enum numbered_use {
    NUMBERED_RUN,
    NUMBERED_HALF,    /* the way back of a migration whose way there is another file */
    NUMBERED_IGNORED, /* looks like one, and is never run */
    NUMBERED_REFUSED, /* the tool runs nothing as long as it is there */
};

struct numbered_layout {
    const char *title;
    struct folder_rule rule;
    enum numbered_use (*use)(const char *name); /* NULL: all that is accepted is run */
    const char *remark;                         /* behind the name of a file that is ignored or refused: why */
    const char *const *marks; /* words that only this tool's migrations hold; NULL-terminated; NULL: names are proof */
    const char *foreign;      /* a word that shows the files to be another program's; NULL */
    bool literal;             /* leading zeros count: 001 is not 1 */
    bool unique_names;        /* what stands behind the number must not stand there twice */
    bool duplicates_run;      /* the tool does not notice two files of one number */
    int (*order)(const char *a, const char *b); /* of revisions; NULL: order_numbers */
};

/* A whole read_files slot but for what else makes a layout certain. Without any of the marks, the set is faint. */
int numbered_files_read(const struct numbered_layout *layout, const char *directory, struct migration_set *set,
                        struct error *reterr);

/* Whether a name begins with digits and that separator. */
bool numbered_name(const char *name, char separator);

/* Whether the digits that a name begins with are at most that number. */
bool numbered_at_most(const char *name, const char *greatest);

/* Whole question_key slots: the number that a person wrote, alone or as the beginning of a file's name; without its
 * leading zeros, or with them. */
bool numbered_question_key(const char *revision, struct arena *arena, const char **ret_key);
bool numbered_literal_question_key(const char *revision, struct arena *arena, const char **ret_key);

/* The digits without leading zeros, in the arena; NULL when memory is out. */
const char *numbered_revision(struct arena *arena, const char *digits, size_t length);

#endif
