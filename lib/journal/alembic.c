/* SPDX-License-Identifier: Apache-2.0
 *
 * Alembic: the journal is the set of current heads of a graph, without order, times or checksums.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/alembic_files.h"
#include "journal/compare_graph.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

static const char *const default_tables[] = {"alembic_version", NULL};
static const char *const columns[] = {"version_num", NULL};
static const struct cell_request cells[] = {{"version_num", CELL_TEXT}};
static const struct tool_shape shapes[] = {
    {.columns = columns, .exact = true, .rename_safe = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells)},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!row[0] || lengths[0] == 0) {
        journal_builder_invalid(builder, "version_num is %s", row[0] ? "empty" : "NULL");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    return journal_builder_text(builder, row[0], lengths[0], &entry->revision) ? 0 : error_no_memory(reterr);
}

static int by_revision(const void *a, const void *b)
{
    return strcmp(((const struct journal_entry *)a)->revision, ((const struct journal_entry *)b)->revision);
}

/* The rows are a set; without a primary key (version_table_pk=False) one may stand twice. */
static int finish(struct journal_builder *builder, struct error *reterr)
{
    (void)reterr;
    builder->journal->heads_only = true;
    if (builder->count < 2)
        return 0;
    qsort(builder->entries, builder->count, sizeof *builder->entries, by_revision);
    size_t kept = 1;
    for (size_t i = 1; i < builder->count; i++)
        if (by_revision(&builder->entries[i], &builder->entries[kept - 1]) != 0)
            builder->entries[kept++] = builder->entries[i];
    builder->count = kept;
    return 0;
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct graph_traits traits = {
        .apply_one = "alembic upgrade head",
        .apply_several = "alembic upgrade heads",
        .revert = "alembic downgrade ",
        .repair_heads = "look at `alembic heads --verbose`, then write the merge: alembic merge heads",
        .repair_unknown = "give the files of the release that wrote it (expect: directory), or ask for that revision",
        .remark_later = "Alembic itself, run from these files, would stop: it cannot locate the newer revision",
        .remark_heads = "`alembic upgrade head` refuses to run while several heads are present",
    };
    return compare_graph(request, &traits, arena, ret_comparison, reterr);
}

const struct tool tool_alembic = {
    .name = "alembic",
    .title = "Alembic",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "alembic.ini, versions/*.py",
              .order = "graph",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = alembic_read_files,
    .compare = compare,
};
