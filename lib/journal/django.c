/* SPDX-License-Identifier: Apache-2.0
 *
 * Django: one table for all apps, each a journal of its own whose order is the graph's. Unapplying deletes the row.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/django_files.h"
#include "journal/django_squashes.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_APP, CELL_NAME, CELL_APPLIED };

static const char *const default_tables[] = {"django_migrations", NULL};
static const char *const columns[] = {"id", "app", "name", "applied", NULL};
static const struct cell_request cells[] = {
    [CELL_APP] = {"app", CELL_TEXT},
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_APPLIED] = {"applied", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns, .exact = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells), .order_by = "id"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!row[CELL_APP] || !row[CELL_NAME] || lengths[CELL_APP] == 0 || lengths[CELL_NAME] == 0) {
        journal_builder_invalid(builder, "app or name is empty");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    const char *name = NULL;
    if (!entry)
        return -1;
    if (!cell_integer(row[CELL_APPLIED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    if (!journal_builder_text(builder, row[CELL_APP], lengths[CELL_APP], &entry->part) ||
        !journal_builder_text(builder, row[CELL_NAME], lengths[CELL_NAME], &name))
        return error_no_memory(reterr);
    entry->revision = arena_printf(builder->journal->arena, "%s.%s", entry->part, name);
    return entry->revision ? 0 : error_no_memory(reterr);
}

static int by_revision(const void *pa, const void *pb)
{
    const struct journal_entry *a = pa;
    const struct journal_entry *b = pb;
    int order = strcmp(a->revision, b->revision);
    return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

/* Nothing keeps a migration from being recorded twice: the rows are a set. */
static int finish(struct journal_builder *builder, struct error *reterr)
{
    (void)reterr;
    if (builder->count < 2)
        return 0;
    qsort(builder->entries, builder->count, sizeof *builder->entries, by_revision);
    size_t kept = 1;
    for (size_t i = 1; i < builder->count; i++)
        if (strcmp(builder->entries[i].revision, builder->entries[kept - 1].revision) != 0)
            builder->entries[kept++] = builder->entries[i];
    builder->count = kept;
    return 0;
}

static bool has_part(const struct migration_set *set, const char *part)
{
    for (size_t i = 0; set && i < set->count; i++) {
        const char *own = set->migrations[i].part;
        if (!part || (own && strcmp(own, part) == 0))
            return true;
    }
    return false;
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    struct list_traits traits = {
        .by_revision = true,
        .late = LATE_REFUSES,
        .apply = "python manage.py migrate",
        .repair_late = "look at `python manage.py showmigrations --plan`; only if the database already has what "
                       "{revision} makes, record it with `python manage.py migrate --fake`",
        .remark_late = "Django refuses to migrate a history in which something is applied before what it depends on",
        .remark_later = "Django itself would still run: it ignores rows that it has no file for",
    };
    struct django_state state = {0};
    struct compare_request own = *request;
    if (own.expected && own.expected->whole) /* an app's dependencies are other apps' migrations */
        own.expected = own.expected->whole;
    if (!has_part(request->expected, request->journal->address.part))
        own.expected = NULL;
    if (!own.expected)
        return compare_list(&own, &traits, arena, ret_comparison, reterr);
    if (!django_resolve(&own, arena, &state))
        return error_no_memory(reterr);
    own.journal = &state.journal;
    own.expected = &state.expected;
    traits.refused = state.refused;
    if (compare_list(&own, &traits, arena, ret_comparison, reterr) < 0)
        return -1;
    if (state.conflict && ret_comparison->pending.count > 0) {
        ret_comparison->multiple_heads = true;
        ret_comparison->expected_revision = own.revision ? own.revision : state.conflict;
        ret_comparison->remark = "Django migrates nothing while an app has several last migrations";
        ret_comparison->next_repair = "python manage.py makemigrations --merge";
    }
    return 0;
}

const struct tool tool_django = {
    .name = "django",
    .title = "Django",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = tool_locks_written_table,
    .parts = true,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*/migrations/*.py",
              .order = "graph, per app",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = django_read_files,
    .compare = compare,
};
