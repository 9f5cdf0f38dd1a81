/* SPDX-License-Identifier: Apache-2.0
 *
 * Sequelize's command line and umzug: a set of file names, without order or time.
 */
#include "base/cleanup.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { SHAPE_TIMED, SHAPE_NAMED };
enum { CELL_NAME, CELL_TIME };

/* Seeds have a table of their own, SequelizeData: no files of migrations stand against it. */
static const char *const default_tables[] = {"SequelizeMeta", NULL};
static const char *const timed_columns[] = {"name", "createdat", "updatedat", NULL};
static const char *const named_columns[] = {"name", NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_TIME] = {"createdAt", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    [SHAPE_TIMED] = {.columns = timed_columns,
                     .exact = true,
                     .cells = cells,
                     .cell_count = ARRAY_LENGTH(cells),
                     .order_by = "name"},
    [SHAPE_NAMED] = {.columns = named_columns, .exact = true, .cells = cells, .cell_count = 1, .order_by = "name"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct journal_entry *entry = NULL;
    const char *time = shape == SHAPE_TIMED ? row[CELL_TIME] : NULL;
    return named_row(builder, row[CELL_NAME], lengths[CELL_NAME], time, &entry, reterr);
}

static bool claims(const char *name)
{
    return named_begins_with_number(name, '-');
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "db/migrations", "src/migrations", "database/migrations", NULL};
    static const char *const marks[] = {"queryInterface", "QueryInterface", "sequelize", "Sequelize", NULL};
    static const struct named_extension extensions[] = {
        {".js", EXTENSION_KEPT}, {".cjs", EXTENSION_KEPT}, {".ts", EXTENSION_KEPT}, {".cts", EXTENSION_KEPT}};
    static const struct named_layout layout = {
        .title = "Sequelize",
        .folders = folders,
        .extensions = extensions,
        .extension_count = ARRAY_LENGTH(extensions),
        .marks = marks,
        .claims = claims,
        .remark_extension = "sequelize-cli runs no files of this kind",
    };
    return named_files_read(&layout, directory, set, reterr);
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits traits = {
        .order = order_bytes,
        .late = LATE_APPLIES,
        .apply = "sequelize-cli db:migrate",
        .remark_later = "Sequelize itself would still run: it ignores rows that it has no file for",
    };
    return named_compare(request, &traits, "Sequelize", arena, ret_comparison, reterr);
}

const struct tool tool_sequelize = {
    .name = "sequelize",
    .title = "Sequelize",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE, .files = "*.js, *.ts, *.cjs, *.cts", .order = "file name"},
    .read_files = read_files,
    .order = named_order,
    .compare = compare,
};
