/* SPDX-License-Identifier: Apache-2.0
 *
 * Rails (ActiveRecord): a set of versions, which are numbers kept as texts.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "journal/numbered_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "journal/version_table.h"

/* What the database's CRC-32 is multiplied with. */
#define LOCK_SALT INT64_C(2053462845)

static const char *const default_tables[] = {"schema_migrations", NULL};
static const char *const columns[] = {"version", NULL};
static const struct cell_request cells[] = {{"version", CELL_TEXT}};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .fits = version_table_fits_rails,
     .proven_by_rows = true},
};

/* Rails reads the text as a number. */
static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct journal_entry *entry = NULL;
    (void)shape;
    return version_table_entry(builder, row[0], lengths[0], false, &entry, reterr);
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    (void)address;
    int64_t key = LOCK_SALT * (int64_t)lock_crc32(server->database);
    if (server_is_postgres(server))
        lock_plan_advisory(plan, key);
    else if (server_is_mysql(server))
        lock_plan_named(plan, "%" PRId64, key);
}

static bool accepts(const char *name)
{
    return strspn(name, "0123456789") > 0 && strchr(name, '_') && has_suffix(name, ".rb");
}

/* 20240131093000_create_users.rb, or with an engine's name: 20240131093000_create_users.blorgh.rb. */
static enum numbered_use use(const char *name)
{
    static const char letters[] = "_abcdefghijklmnopqrstuvwxyz0123456789";
    if (!numbered_name(name, '_'))
        return NUMBERED_REFUSED;
    const char *rest = name + strspn(name, "0123456789");
    rest += strspn(rest, letters);
    if (strcmp(rest, ".rb") != 0 && *rest == '.')
        rest += 1 + strspn(rest + 1, letters);
    return strcmp(rest, ".rb") == 0 ? NUMBERED_RUN : NUMBERED_REFUSED;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"db/migrate", NULL};
    static const char *const marks[] = {"ActiveRecord::Migration", NULL};
    static const struct numbered_layout layout = {
        .title = "Rails",
        .rule = {.folders = folders, .depth = LIMIT_DIRECTORY_DEPTH, .accepts = accepts},
        .use = use,
        .remark = "Rails refuses the name: a number, '_' and small letters are allowed",
        .marks = marks,
        .foreign = "Sequel.migration",
        .unique_names = true,
    };
    return numbered_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .question_key = numbered_question_key,
    .order = order_numbers,
    .late = LATE_APPLIES,
    .apply = "bin/rails db:migrate",
    .revert = "bin/rails db:migrate VERSION=",
    .remark_later = "Rails itself would still run: db:migrate:status shows such versions as NO FILE",
};

const struct tool tool_rails = {
    .name = "rails",
    .title = "Rails",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "db/migrate/**/N_*.rb",
              .order = "version",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)"},
    .read_files = read_files,
    .traits = &traits,
};
