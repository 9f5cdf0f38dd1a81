/* SPDX-License-Identifier: Apache-2.0
 *
 * Laravel: a list of file names in batches; a roll-back deletes the last batch.
 */
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/flat_folder.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_MIGRATION, CELL_BATCH };

static const char *const default_tables[] = {"migrations", NULL};
static const char *const columns[] = {"id", "migration", "batch", NULL};
static const struct cell_request cells[] = {
    [CELL_MIGRATION] = {"migration", CELL_TEXT},
    [CELL_BATCH] = {"batch", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "id",
     .proven_by_rows = true},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    int64_t batch = 0;
    (void)shape;
    if (!row[CELL_MIGRATION] || lengths[CELL_MIGRATION] == 0 || !cell_integer(row[CELL_BATCH], &batch)) {
        journal_builder_invalid(builder, "migration is empty or batch is no number");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    return journal_builder_text(builder, row[CELL_MIGRATION], lengths[CELL_MIGRATION], &entry->revision)
               ? 0
               : error_no_memory(reterr);
}

/* Laravel globs for *_*.php. */
static bool is_migration(const char *name)
{
    return has_suffix(name, ".php") && strchr(name, '_') && *name != '.';
}

/* 2024_01_31_093000_ as `artisan make:migration` writes it. */
static bool is_dated(const char *revision)
{
    static const char pattern[] = "dddd_dd_dd_dddddd_";
    for (size_t i = 0; pattern[i]; i++)
        if (pattern[i] == 'd' ? revision[i] < '0' || revision[i] > '9' : revision[i] != '_')
            return false;
    return true;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"database/migrations", NULL};
    static const struct folder_rule rule = {.folders = folders, .depth = 1, .accepts = is_migration};
    cleanup(migration_list) struct migration_list list = {0};
    bool dated = false;
    if (flat_folder_read(directory, &rule, set, &list, reterr) < 0 ||
        flat_folder_mentions(directory, &list, "Illuminate\\Database\\Migrations\\Migration", &set->certain, reterr) <
            0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        dated = dated || is_dated(list.items[i].revision);
    if (!dated && !set->certain)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no Laravel migrations", directory);
    return migration_list_finish(&list, set, reterr);
}

static const struct list_traits traits = {
    .by_revision = true,
    .order = order_bytes,
    .late = LATE_APPLIES,
    .apply = "php artisan migrate --force",
    .remark_later = "Laravel itself would still run: it ignores rows that it has no file for, until a roll-back",
};

const struct tool tool_laravel = {
    .name = "laravel",
    .title = "Laravel",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "database/migrations/*_*.php",
              .order = "file name",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = read_files,
    .traits = &traits,
};
