/* SPDX-License-Identifier: Apache-2.0
 *
 * MikroORM: a list of file names without their extension.
 */
#include <string.h>

#include "base/cleanup.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_NAME, CELL_TIME };

static const char *const default_tables[] = {"mikro_orm_migrations", NULL};
static const char *const columns[] = {"id", "name", "executed_at", NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_TIME] = {"executed_at", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns, .exact = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells), .order_by = "id"},
};

/* Old versions recorded the extension; the tool reads over it, and so do we. */
static size_t without_extension(const char *name, size_t length)
{
    bool script = length > 3 && (memcmp(name + length - 3, ".js", 3) == 0 || memcmp(name + length - 3, ".ts", 3) == 0);
    return script ? length - 3 : length;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    struct journal_entry *entry = NULL;
    size_t length = row[CELL_NAME] ? without_extension(row[CELL_NAME], lengths[CELL_NAME]) : 0;
    return named_row(builder, row[CELL_NAME], length, row[CELL_TIME], &entry, reterr);
}

static bool claims(const char *name)
{
    return strncmp(name, "Migration", 9) == 0 && strspn(name + 9, "0123456789") == 14;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "src/migrations", "dist/migrations", "src/database/migrations",
                                          NULL};
    static const char *const marks[] = {"@mikro-orm/", NULL};
    static const struct named_extension extensions[] = {
        {".js", EXTENSION_DROPPED}, {".ts", EXTENSION_DROPPED}, {".cjs", EXTENSION_KEPT}};
    static const struct named_layout layout = {
        .title = "MikroORM",
        .folders = folders,
        .extensions = extensions,
        .extension_count = ARRAY_LENGTH(extensions),
        .marks = marks,
        .claims = claims,
        .remark_extension = "MikroORM runs no files of this kind",
    };
    return named_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .order = order_bytes,
    .late = LATE_APPLIES,
    .apply = "mikro-orm migration:up",
    .remark_later = "MikroORM itself would still run: it ignores rows that it has no file for",
};

const struct tool tool_mikroorm = {
    .name = "mikroorm",
    .title = "MikroORM",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*.js, *.ts, *.cjs",
              .order = "file name",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = read_files,
    .order = named_order,
    .traits = &traits,
};
