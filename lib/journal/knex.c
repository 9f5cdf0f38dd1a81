/* SPDX-License-Identifier: Apache-2.0
 *
 * Knex: a list of file names, and a lock row that is invisible while the whole run is one transaction.
 */
#include "base/cleanup.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_NAME, CELL_TIME };

static const char *const default_tables[] = {"knex_migrations", NULL};
static const char *const columns[] = {"id", "name", "batch", "migration_time", NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_TIME] = {"migration_time", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "id"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    struct journal_entry *entry = NULL;
    return named_row(builder, row[CELL_NAME], lengths[CELL_NAME], row[CELL_TIME], &entry, reterr);
}

/* A run in one transaction shows by what it wrote to the lock table, any other by the row itself. */
static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    static const struct lock_row row = {.held = "is_locked"};
    const char *table = arena_printf(plan->arena, "%s_lock", address->table);
    if (!table) {
        plan->failed = true;
        return;
    }
    if (server_is_postgres(server))
        lock_plan_relation(plan, address->schema, table);
    lock_plan_row(plan, &row, address->schema, "%s", table);
}

static bool claims(const char *name)
{
    return named_begins_with_number(name, '_');
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "db/migrations", "src/migrations", "database/migrations", NULL};
    static const char *const marks[] = {"knex", "Knex", NULL};
    static const struct named_extension extensions[] = {
        {".js", EXTENSION_KEPT}, {".cjs", EXTENSION_KEPT},    {".ts", EXTENSION_KEPT},
        {".co", EXTENSION_KEPT}, {".coffee", EXTENSION_KEPT}, {".litcoffee", EXTENSION_KEPT},
        {".eg", EXTENSION_KEPT}, {".iced", EXTENSION_KEPT},   {".ls", EXTENSION_KEPT},
    };
    static const struct named_layout layout = {
        .title = "Knex",
        .folders = folders,
        .extensions = extensions,
        .extension_count = ARRAY_LENGTH(extensions),
        .marks = marks,
        .claims = claims,
        .remark_extension = "Knex loads no files of this kind unless loadExtensions names it",
    };
    return named_files_read(&layout, directory, set, reterr);
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits traits = {
        .order = order_bytes,
        .late = LATE_APPLIES,
        .unknown_refused = true,
        .apply = "knex migrate:latest",
        .release = "knex migrate:unlock",
        .repair_unknown = "deploy the release that has {revision}, or put the file back: Knex lists and runs nothing "
                          "while it is missing",
        .remark_unknown =
            "Knex refuses to migrate while an applied migration has no file (\"the migration directory is "
            "corrupt\")",
        .remark_later = "Knex itself would refuse to run: the applied migration has no file here",
    };
    return named_compare(request, &traits, "Knex", arena, ret_comparison, reterr);
}

const struct tool tool_knex = {
    .name = "knex",
    .title = "Knex",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*.js, *.cjs, *.ts",
              .order = "file name",
              .lock = "the lock table's row; on PostgreSQL also what an open transaction wrote to it"},
    .read_files = read_files,
    .order = named_order,
    .compare = compare,
};
