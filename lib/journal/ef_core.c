/* SPDX-License-Identifier: Apache-2.0
 *
 * Entity Framework Core: a set of ids that begin with a time; several DbContexts may share one table.
 */
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/ef_core_files.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_ID, CELL_PRODUCT };

static const char *const default_tables[] = {"__EFMigrationsHistory", "__ef_migrations_history", NULL};
static const char *const columns[] = {"migrationid", "productversion", NULL};
static const char *const snake_columns[] = {"migration_id", "product_version", NULL};
static const struct cell_request cells[] = {
    [CELL_ID] = {"MigrationId", CELL_TEXT},
    [CELL_PRODUCT] = {"ProductVersion", CELL_TEXT},
};
static const struct cell_request snake_cells[] = {
    [CELL_ID] = {"migration_id", CELL_TEXT},
    [CELL_PRODUCT] = {"product_version", CELL_TEXT},
};
/* The second is what naming conventions (EFCore.NamingConventions) make of the first. */
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "MigrationId"},
    {.columns = snake_columns,
     .exact = true,
     .cells = snake_cells,
     .cell_count = ARRAY_LENGTH(snake_cells),
     .order_by = "migration_id"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!row[CELL_ID] || lengths[CELL_ID] == 0) {
        journal_builder_invalid(builder, "the id is empty");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!journal_builder_text(builder, row[CELL_ID], lengths[CELL_ID], &entry->revision))
        return error_no_memory(reterr);
    entry->key = ef_core_key(entry->revision, builder->journal->arena);
    return entry->key ? 0 : error_no_memory(reterr);
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    static const struct lock_row row = {.since = "Timestamp"};
    if (server_is_postgres(server))
        lock_plan_relation(plan, address->schema, address->table);
    else if (server_is_mysql(server))
        lock_plan_named(plan, "__%s_EFMigrationsLock", server->database);
    else
        lock_plan_row(plan, &row, address->schema, "__EFMigrationsLock");
}

static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    *ret_key = ef_core_key(revision, arena);
    return *ret_key != NULL;
}

static const struct list_traits traits = {
    .question_key = question_key,
    .order = order_bytes,
    .late = LATE_APPLIES,
    .apply = "dotnet ef database update",
    .revert = "dotnet ef database update ",
    .release = "delete the row of __EFMigrationsLock, which EF Core on SQLite waits for without end: "
               "DELETE FROM \"__EFMigrationsLock\"",
    .remark_later = "EF Core itself would still run: it ignores rows that it has no class for, such as those of "
                    "another DbContext that shares the table",
};

const struct tool tool_ef_core = {
    .name = "efcore",
    .title = "EF Core",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*_*.cs, *.Designer.cs",
              .order = "id",
              .lock = "the journal's table lock (PostgreSQL), GET_LOCK (MySQL), __EFMigrationsLock (SQLite)"},
    .read_files = ef_core_read_files,
    .traits = &traits,
};
