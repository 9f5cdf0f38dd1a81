/* SPDX-License-Identifier: Apache-2.0
 *
 * Ecto: a set of numbers with the times when they were applied.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "journal/numbered_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "journal/version_table.h"

enum { CELL_VERSION, CELL_INSERTED };

static const char *const default_tables[] = {"schema_migrations", NULL};
static const char *const columns[] = {"version", "inserted_at", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_INSERTED] = {"inserted_at", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "version",
     .proven_by_rows = true},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct journal_entry *entry = NULL;
    (void)shape;
    if (version_table_entry(builder, row[CELL_VERSION], lengths[CELL_VERSION], false, &entry, reterr) < 0)
        return -1;
    if (entry && !cell_integer(row[CELL_INSERTED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    return 0;
}

/* A second connection holds the table for the whole run. On MySQL the lock's name has the repository's in it, which the
 * database does not tell. */
static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    if (server_is_postgres(server))
        lock_plan_relation_weak(plan, address->schema, address->table);
}

static bool accepts(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && name[digits] == '_' && name[digits + 1] != '.' &&
           (has_suffix(name, ".exs") || has_suffix(name, ".ex"));
}

static enum numbered_use use(const char *name)
{
    return has_suffix(name, ".exs") ? NUMBERED_RUN : NUMBERED_IGNORED;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"priv/repo/migrations", NULL};
    static const char *const marks[] = {"Ecto.Migration", NULL};
    static const struct numbered_layout layout = {
        .title = "Ecto",
        .rule = {.folders = folders, .depth = LIMIT_DIRECTORY_DEPTH, .accepts = accepts},
        .use = use,
        .remark = "Ecto passes over it: migrations end in .exs",
        .marks = marks,
        .unique_names = true,
    };
    return numbered_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .question_key = numbered_question_key,
    .order = order_numbers,
    .late = LATE_APPLIES,
    .apply = "mix ecto.migrate",
    .remark_later = "Ecto itself would still run: mix ecto.migrations shows such versions as FILE NOT FOUND",
};

const struct tool tool_ecto = {
    .name = "ecto",
    .title = "Ecto",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "priv/repo/migrations/**/N_*.exs",
              .order = "version",
              .lock = "a lock on the journal (PostgreSQL)"},
    .read_files = read_files,
    .traits = &traits,
};
