/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tool's journal would hold if the tool itself had applied migrations up to a revision: the statements that make
 * its tables, and its rows. Data in one table (stamp_forms.c); nothing here runs them (engine/stamp.h does). Pure; any
 * thread. A script lives in its arena.
 */
#ifndef MIGRATIOND_JOURNAL_STAMP_H
#define MIGRATIOND_JOURNAL_STAMP_H

#include "base/arena.h"
#include "base/error.h"
#include "engine/stamp.h"
#include "model/dialect.h"
#include "model/migration_set.h"

enum stamp_rows {
    STAMP_ALL,   /* a row for each migration */
    STAMP_LAST,  /* one row: where it stands */
    STAMP_HEADS, /* one row for each that no other one follows */
};

/* A tool's journal on some engines. In `row`, {field} is replaced by a literal or NULL, {#field} by a number, {%field}
 * by hexadecimal digits; the fields are those of stamp.c. */
enum { STAMP_TABLES = 3, STAMP_EXTRAS = 3 };
struct stamp_form {
    const char *tool;
    unsigned engines;                              /* TOOL_POSTGRES | … */
    bool (*fits)(const struct migration_set *set); /* NULL: always; else the tool's version shows in its files */
    const char *table;                             /* the journal's, for messages */
    struct {
        const char *name; /* NULL: it stands on a table named above, or is removed with it */
        const char *sql;
    } tables[STAMP_TABLES + 1];
    const char *before[STAMP_EXTRAS]; /* rows that are there whatever is applied */
    const char *row;
    enum stamp_rows rows;
};

/* What the tool offers for the same purpose; {revision} is filled in. NULL: it has no such command. */
struct stamp_advice {
    const char *tool;
    const char *record; /* what records a revision without running it */
    const char *apply;  /* what applies the rest */
};

/* Parts whose files come with the tool and not with the project, and a table that shows that one is in use. */
struct stamp_part {
    const char *tool;
    const char *part;
    const char *table;
};

extern const struct stamp_part stamp_parts[];
extern const size_t stamp_part_count;

extern const struct stamp_form stamp_forms[];
extern const size_t stamp_form_count;

/* NULL where nothing is known. */
const struct stamp_form *stamp_form_find(const struct migration_set *set, const char *engine);
const struct stamp_advice *stamp_advice_find(const char *tool);

/* Marks in `selected` (set->count flags) what is applied once `revision` is: it and all before it, by the tool's order.
 * "heads" stands for all. To be called once for each revision. ERROR_NOT_FOUND if there is no such revision. */
int stamp_select(const struct migration_set *set, const char *revision, struct arena *arena, bool *selected,
                 struct error *reterr);

/* Revisions to their places. False when memory is out. */
struct text_index;
bool stamp_index(const struct migration_set *set, struct arena *arena, struct text_index *ret_index);

/* For lists: repeatable migrations belong to it only where the newest version does; of a baseline and the versions that
 * it stands for, the versions are chosen where they are there. To be called last. */
void stamp_select_done(const struct migration_set *set, bool *selected);

/* The statements; `*ret_script` and its texts live in `arena`. ERROR_INVALID where a migration cannot be written as a
 * row (no checksum, no number). */
int stamp_make(const struct stamp_form *form, const struct migration_set *set, const bool *selected,
               const struct dialect *dialect, struct arena *arena, struct stamp_script *ret_script,
               struct error *reterr);

#endif
