/* SPDX-License-Identifier: Apache-2.0
 *
 * dbmate: a set of versions, which are texts: what the files' names begin with.
 */
#include <string.h>

#include "base/cleanup.h"
#include "journal/numbered_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "journal/version_table.h"

static const char *const default_tables[] = {"schema_migrations", NULL};
static const char *const columns[] = {"version", NULL};
static const struct cell_request cells[] = {{"version", CELL_TEXT}};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .fits = version_table_fits_dbmate,
     .proven_by_rows = true},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct journal_entry *entry = NULL;
    (void)shape;
    return version_table_entry(builder, row[0], lengths[0], true, &entry, reterr);
}

/* Files are run by their names, of which '_' follows the digits. */
static int order_files(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    int left = *a ? *a : '_';
    int right = *b ? *b : '_';
    return *a == *b ? 0 : left - right;
}

static bool accepts(const char *name)
{
    return strspn(name, "0123456789") > 0 && has_suffix(name, ".sql");
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"db/migrations", NULL};
    static const char *const marks[] = {"-- migrate:up", NULL};
    static const struct numbered_layout layout = {
        .title = "dbmate",
        .rule = {.folders = folders, .depth = 1, .accepts = accepts},
        .marks = marks,
        .literal = true,
        .duplicates_run = true,
        .order = order_files,
    };
    return numbered_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .question_key = numbered_literal_question_key,
    .order = order_files,
    .late = LATE_APPLIES,
    .apply = "dbmate migrate",
    .remark_later = "dbmate itself would still run: it does not look for files of applied versions",
};

const struct tool tool_dbmate = {
    .name = "dbmate",
    .title = "dbmate",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "db/migrations/N*.sql",
              .order = "file name",
              .lock = "the journal's row lock, at the end of a step (PostgreSQL)"},
    .read_files = read_files,
    .traits = &traits,
};
