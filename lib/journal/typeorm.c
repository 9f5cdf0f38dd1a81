/* SPDX-License-Identifier: Apache-2.0
 *
 * TypeORM: a list of class names, each of which ends in the time that orders it.
 */
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/detect.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "journal/typeorm_files.h"

enum { CELL_TIMESTAMP, CELL_NAME };

static const char *const default_tables[] = {"migrations", NULL};
static const char *const columns[] = {"id", "timestamp", "name", NULL};
static const struct cell_request cells[] = {
    [CELL_TIMESTAMP] = {"timestamp", CELL_TEXT},
    [CELL_NAME] = {"name", CELL_TEXT},
};

/* Three columns that many tables have: the time must be a number, and the table speak of migrations. */
static bool fits(const struct schema *schema, const struct schema_relation *relation)
{
    return strcasestr(schema_text(schema, relation->name), "migration") &&
           strncasecmp(detect_column_type(schema, relation, "timestamp"), "bigint", 6) == 0;
}

static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "id",
     .fits = fits,
     .proven_by_rows = true},
};

/* When a migration was applied is not recorded: its time is that of its writing. */
static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    struct journal_entry *entry = NULL;
    int64_t recorded = 0;
    int64_t named = 0;
    if (!cell_integer(row[CELL_TIMESTAMP], &recorded) || !row[CELL_NAME] ||
        !typeorm_timestamp(row[CELL_NAME], lengths[CELL_NAME], &named) || named != recorded) {
        journal_builder_invalid(builder, "name does not end in the row's timestamp");
        return 0;
    }
    return named_row(builder, row[CELL_NAME], lengths[CELL_NAME], NULL, &entry, reterr);
}

static int order_times(const char *a, const char *b)
{
    int64_t time_a = 0;
    int64_t time_b = 0;
    typeorm_timestamp(a, strlen(a), &time_a);
    typeorm_timestamp(b, strlen(b), &time_b);
    if (time_a != time_b)
        return time_a < time_b ? -1 : 1;
    return strcmp(a, b);
}

static int order_migrations(const struct migration *a, const struct migration *b)
{
    return order_times(a->revision, b->revision);
}

static const struct list_traits traits = {
    .order = order_times,
    .late = LATE_APPLIES,
    .apply = "typeorm migration:run -d <data source>",
    .remark_later = "TypeORM itself would still run: it ignores rows that it has no class for",
};

const struct tool tool_typeorm = {
    .name = "typeorm",
    .title = "TypeORM",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "classes in *.ts, *.js",
              .order = "time in the class name",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = typeorm_read_files,
    .order = order_migrations,
    .traits = &traits,
};
